#pragma once
#include <stdexcept>
#include <string>

namespace bulkhead::tool {

/// A command that cannot go on. The text is for the person who has to act: what went wrong, and
/// what to do about it. main() prints it and exits with 1.
class Failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The user asked to stop (SIGINT or SIGTERM). Unwinds through everything that owns a child
/// process, so that nothing is left running, and ends the tool with 130.
class Interrupted : public std::exception {
public:
    [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }
};

} // namespace bulkhead::tool
