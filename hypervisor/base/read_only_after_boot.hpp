#pragma once

/// A variable that nobody writes once guests run: its page is read-only from then on, so that a
/// stray or forged store is a panic and not a change. All zero at first: it lies in `.bss`.
#define READ_ONLY_AFTER_BOOT [[gnu::section(".bss.read_only_after_boot")]]
/// The same with a value that is in the image's file, and without any.
#define INITIALISED_READ_ONLY_AFTER_BOOT [[gnu::section(".boot_data")]]
#define UNINITIALISED_READ_ONLY_AFTER_BOOT [[gnu::section(".noinit.read_only_after_boot")]]
