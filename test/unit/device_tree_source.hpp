#pragma once

#include "devicetree/tree.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace bulkhead::test {

/// One with room for the largest tree.
class LargeNodeTable : public devicetree::NodeTable {
public:
    LargeNodeTable() : NodeTable(room_) {}

private:
    std::array<Entry, most> room_{};
};

/// A device tree compiled by dtc, in memory that ends where it ends: a read past it is found.
class CompiledTree {
public:
    /// `source`: what follows "/dts-v1/;".
    explicit CompiledTree(std::string_view source);
    /// A file of test/data.
    static CompiledTree from_file(std::string_view name);

    [[nodiscard]] devicetree::Tree tree() const { return *devicetree::Tree::open(blob_, *nodes_); }
    [[nodiscard]] const std::vector<std::byte>& blob() const { return blob_; }

private:
    CompiledTree() = default;

    std::vector<std::byte> blob_;
    std::unique_ptr<LargeNodeTable> nodes_ = std::make_unique<LargeNodeTable>();
};

} // namespace bulkhead::test
