#pragma once

#include "devicetree/tree.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace bulkhead::test {

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
    std::unique_ptr<devicetree::NodeTable> nodes_ = std::make_unique<devicetree::NodeTable>();
};

} // namespace bulkhead::test
