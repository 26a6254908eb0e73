#include "unit/device_tree_source.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace bulkhead::test {

namespace {

std::vector<std::byte> compile(const std::string& text)
{
    std::vector<std::byte> blob;
    std::string name = (std::filesystem::temp_directory_path() / "bulkhead-tree-XXXXXX").string();
    const int file = mkstemp(name.data());
    if (file < 0) throw std::runtime_error{"cannot make " + name};
    const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    close(file);
    // -q -q: the trees of these tests are wrong on purpose; -f: make them all the same.
    FILE* compiler = popen(("dtc -q -q -f -I dts -O dtb " + name).c_str(), "r");
    std::array<std::byte, 4096> chunk{};
    while (compiler != nullptr) {
        const auto size = std::fread(chunk.data(), 1, chunk.size(), compiler);
        if (size == 0) break;
        blob.insert(blob.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(size));
    }
    const bool compiled = compiler != nullptr && pclose(compiler) == 0;
    std::filesystem::remove(name);
    if (!written || !compiled) throw std::runtime_error{"dtc refuses this tree:\n" + text};
    blob.shrink_to_fit();
    return blob;
}

} // namespace

CompiledTree::CompiledTree(std::string_view source)
    : blob_(compile("/dts-v1/;\n" + std::string{source}))
{
}

CompiledTree CompiledTree::from_file(std::string_view name)
{
    const auto path = std::filesystem::path{BULKHEAD_TEST_DATA} / name;
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    CompiledTree tree;
    tree.blob_ = compile(text.str());
    return tree;
}

} // namespace bulkhead::test
