#pragma once

namespace bulkhead::tool {

/// SIGINT and SIGTERM, turned into a descriptor that every wait of the tool also watches. So a
/// CTRL-c unwinds through the owners of child processes and never leaves an emulator behind.
namespace interruption {

/// Blocks the signals and opens the descriptor. Called once, first thing in main().
void watch();

/// Readable when the user asked to stop.
int descriptor();

/// Throws Interrupted if the user asked to stop.
void check();

/// Gives a child process the default handling back; between fork and exec.
void restore_for_child() noexcept;

} // namespace interruption
} // namespace bulkhead::tool
