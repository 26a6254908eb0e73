#include "device_tree.hpp"

#include "failure.hpp"
#include "file_contents.hpp"

#include <fmt/format.h>
extern "C" {
#include <libfdt.h>
}

namespace bulkhead::tool {
namespace {

constexpr std::size_t spare_room = 64 * 1024;

std::uint32_t cell_at(std::string_view value, std::size_t index)
{
    std::uint32_t cell = 0;
    for (std::size_t byte = 0; byte < 4; ++byte)
        cell = (cell << 8U) | static_cast<unsigned char>(value[index * 4 + byte]);
    return cell;
}

void append_cell(std::string& value, std::uint32_t cell)
{
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        value += static_cast<char>((cell >> shift) & 0xffU);
}

void append_number(std::string& value, std::uint64_t number, std::uint32_t cells)
{
    for (std::uint32_t left = cells; left > 0; --left)
        append_cell(value, left > 2 ? 0 : static_cast<std::uint32_t>(number >> (32U * (left - 1))));
}

std::pair<std::string, std::string> split(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

} // namespace

DeviceTree::DeviceTree(std::string bytes, const std::string& name)
    : bytes_{std::move(bytes)}, name_{name}
{
    if (const int error = ::fdt_check_full(bytes_.data(), bytes_.size()); error != 0)
        throw Failure{fmt::format("{}: not a sound device tree ({}); make one with dtc", name,
                                  ::fdt_strerror(error))};
    const std::string original = std::move(bytes_);
    bytes_.assign(original.size() + spare_room, '\0');
    if (const int error =
            ::fdt_open_into(original.data(), bytes_.data(), static_cast<int>(bytes_.size()));
        error != 0)
        throw Failure{fmt::format("{}: cannot be edited: {}", name, ::fdt_strerror(error))};
}

DeviceTree DeviceTree::empty()
{
    std::string bytes(256, '\0');
    ::fdt_create_empty_tree(bytes.data(), static_cast<int>(bytes.size()));
    return {std::move(bytes), "new tree"};
}

DeviceTree DeviceTree::read(const std::filesystem::path& path)
{
    return {read_file(path), path.string()};
}

int DeviceTree::node(const std::string& path) const
{
    const int offset = ::fdt_path_offset(bytes_.data(), path.c_str());
    if (offset < 0) throw Failure{fmt::format("{}: {}: {}", name_, path, ::fdt_strerror(offset))};
    return offset;
}

bool DeviceTree::has_node(const std::string& path) const
{
    return ::fdt_path_offset(bytes_.data(), path.c_str()) >= 0;
}

bool DeviceTree::has_property(const std::string& path, const std::string& name) const
{
    return ::fdt_getprop(bytes_.data(), node(path), name.c_str(), nullptr) != nullptr;
}

std::vector<std::string> DeviceTree::children(const std::string& path) const
{
    std::vector<std::string> paths;
    const int parent = node(path);
    for (int child = ::fdt_first_subnode(bytes_.data(), parent); child >= 0;
         child = ::fdt_next_subnode(bytes_.data(), child)) {
        const char* name = ::fdt_get_name(bytes_.data(), child, nullptr);
        paths.push_back(path == "/" ? fmt::format("/{}", name) : fmt::format("{}/{}", path, name));
    }
    return paths;
}

std::vector<std::string> DeviceTree::texts(const std::string& path, const std::string& name) const
{
    std::vector<std::string> texts;
    const int offset = node(path);
    const int count = ::fdt_stringlist_count(bytes_.data(), offset, name.c_str());
    for (int index = 0; index < count; ++index)
        texts.emplace_back(
            ::fdt_stringlist_get(bytes_.data(), offset, name.c_str(), index, nullptr));
    return texts;
}

std::string DeviceTree::text(const std::string& path, const std::string& name) const
{
    const auto all = texts(path, name);
    return all.empty() ? std::string{} : all.front();
}

std::vector<std::uint32_t> DeviceTree::cells(const std::string& path, const std::string& name) const
{
    int length = 0;
    const void* value = ::fdt_getprop(bytes_.data(), node(path), name.c_str(), &length);
    std::vector<std::uint32_t> cells;
    if (value == nullptr) return cells;
    const std::string_view bytes{static_cast<const char*>(value), static_cast<std::size_t>(length)};
    for (std::size_t index = 0; index < bytes.size() / 4; ++index)
        cells.push_back(cell_at(bytes, index));
    return cells;
}

DeviceTree::CellCounts DeviceTree::cell_counts_below(const std::string& path) const
{
    // Devicetree Specification v0.4, 2.3.5: 2 and 1 if the properties are not there.
    const auto address = cells(path, "#address-cells");
    const auto size = cells(path, "#size-cells");
    return {address.empty() ? 2 : address.front(), size.empty() ? 1 : size.front()};
}

std::vector<std::vector<std::uint64_t>>
DeviceTree::entries(const std::string& path, const std::string& name,
                    std::span<const std::uint32_t> cell_counts) const
{
    std::size_t cells_each = 0;
    for (const std::uint32_t count : cell_counts)
        cells_each += count;
    const std::vector<std::uint32_t> values = cells(path, name);
    std::vector<std::vector<std::uint64_t>> entries;
    for (std::size_t next = 0; cells_each != 0 && next + cells_each <= values.size();) {
        entries.emplace_back();
        for (const std::uint32_t count : cell_counts) {
            std::uint64_t number = 0;
            for (std::uint32_t left = count; left > 0; --left)
                number = (number << 32U) | values[next++];
            entries.back().push_back(number);
        }
    }
    return entries;
}

std::vector<MemoryRange> DeviceTree::reg(const std::string& path) const
{
    const auto [address_cells, size_cells] = cell_counts_below(split(path).first);
    const std::uint32_t counts[] = {address_cells, size_cells};
    std::vector<MemoryRange> ranges;
    for (const auto& entry : entries(path, "reg", counts))
        ranges.push_back({entry[0], entry[1]});
    return ranges;
}

std::vector<DeviceTree::Window> DeviceTree::ranges(const std::string& path) const
{
    const auto [child_cells, size_cells] = cell_counts_below(path);
    const std::uint32_t counts[] = {child_cells, cell_counts_below(split(path).first).address,
                                    size_cells};
    std::vector<Window> windows;
    for (const auto& entry : entries(path, "ranges", counts))
        windows.push_back({entry[0], entry[1], entry[2]});
    return windows;
}

std::vector<std::string> DeviceTree::properties(const std::string& path) const
{
    std::vector<std::string> names;
    for (int property = ::fdt_first_property_offset(bytes_.data(), node(path)); property >= 0;
         property = ::fdt_next_property_offset(bytes_.data(), property)) {
        const char* name = nullptr;
        ::fdt_getprop_by_offset(bytes_.data(), property, &name, nullptr);
        names.emplace_back(name);
    }
    return names;
}

std::string DeviceTree::bytes_of(const std::string& path, const std::string& name) const
{
    int length = 0;
    const void* value = ::fdt_getprop(bytes_.data(), node(path), name.c_str(), &length);
    if (value == nullptr) return {};
    return {static_cast<const char*>(value), static_cast<std::size_t>(length)};
}

std::vector<MemoryRange> DeviceTree::reservations() const
{
    std::vector<MemoryRange> ranges;
    for (int index = 0; index < ::fdt_num_mem_rsv(bytes_.data()); ++index) {
        MemoryRange range;
        if (::fdt_get_mem_rsv(bytes_.data(), index, &range.start, &range.size) == 0)
            ranges.push_back(range);
    }
    return ranges;
}

void DeviceTree::change(const std::string& what, const std::function<int(void*)>& edit)
{
    int error = edit(bytes_.data());
    if (error == -FDT_ERR_NOSPACE) {
        std::string larger(bytes_.size() * 2, '\0');
        ::fdt_open_into(bytes_.data(), larger.data(), static_cast<int>(larger.size()));
        bytes_ = std::move(larger);
        error = edit(bytes_.data());
    }
    if (error < 0) throw Failure{fmt::format("{}: {}: {}", name_, what, ::fdt_strerror(error))};
}

void DeviceTree::add_node(const std::string& path)
{
    const auto [parent, name] = split(path);
    change(path, [&](void* tree) { return ::fdt_add_subnode(tree, node(parent), name.c_str()); });
}

void DeviceTree::remove_node(const std::string& path)
{
    change(path, [&](void* tree) { return ::fdt_del_node(tree, node(path)); });
}

void DeviceTree::remove_property(const std::string& path, const std::string& name)
{
    if (has_property(path, name))
        change(path, [&](void* tree) { return ::fdt_delprop(tree, node(path), name.c_str()); });
}

void DeviceTree::set_bytes(const std::string& path, const std::string& name, std::string_view value)
{
    change(path + "/" + name, [&](void* tree) {
        return ::fdt_setprop(tree, node(path), name.c_str(), value.data(),
                             static_cast<int>(value.size()));
    });
}

void DeviceTree::set_flag(const std::string& path, const std::string& name)
{
    set_bytes(path, name, {});
}

void DeviceTree::set_text(const std::string& path, const std::string& name, const std::string& text)
{
    set_texts(path, name, {&text, 1});
}

void DeviceTree::set_texts(const std::string& path, const std::string& name,
                           std::span<const std::string> texts)
{
    std::string value;
    for (const std::string& text : texts)
        value.append(text.c_str(), text.size() + 1);
    set_bytes(path, name, value);
}

void DeviceTree::set_cell(const std::string& path, const std::string& name, std::uint32_t cell)
{
    std::string value;
    append_cell(value, cell);
    set_bytes(path, name, value);
}

void DeviceTree::set_cells(const std::string& path, const std::string& name,
                           std::span<const std::uint32_t> cells)
{
    std::string value;
    for (const std::uint32_t cell : cells)
        append_cell(value, cell);
    set_bytes(path, name, value);
}

void DeviceTree::set_number64(const std::string& path, const std::string& name,
                              std::uint64_t number)
{
    set_numbers64(path, name, {&number, 1});
}

void DeviceTree::set_numbers64(const std::string& path, const std::string& name,
                               std::span<const std::uint64_t> numbers)
{
    std::string value;
    for (const std::uint64_t number : numbers)
        append_number(value, number, 2);
    set_bytes(path, name, value);
}

void DeviceTree::set_reg(const std::string& path, std::span<const MemoryRange> ranges)
{
    const auto [address_cells, size_cells] = cell_counts_below(split(path).first);
    std::string value;
    for (const MemoryRange& range : ranges) {
        append_number(value, range.start, address_cells);
        append_number(value, range.size, size_cells);
    }
    set_bytes(path, "reg", value);
}

std::string DeviceTree::bytes() const
{
    std::string packed = bytes_;
    ::fdt_pack(packed.data());
    packed.resize(fdt_totalsize(packed.data()));
    return packed;
}

} // namespace bulkhead::tool
