#pragma once
#include <string>
#include <string_view>

namespace bulkhead::tool {

/// The line prefix with which the initrd says that the shell runs, and what on.
inline constexpr std::string_view shell_marker = "shell: ";

/// What has to follow in Linux's command line for the initrd to power the domain off once the
/// shell runs, instead of serving it ("--" ends the kernel's own options).
inline constexpr std::string_view power_off_option = "-- poweroff";

/// A first root file system for Linux: busybox, and an init that mounts what is needed, says what
/// Linux found, and opens a shell on the console.
std::string busybox_initrd(std::string_view busybox);

} // namespace bulkhead::tool
