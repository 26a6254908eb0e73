#pragma once

/// A variable that nobody writes once guests run: its page is read-only from then on, so that a
/// stray or forged store is a panic and not a change. All zero at first: it lies in `.bss`.
#define READ_ONLY_AFTER_BOOT [[gnu::section(".bss.read_only_after_boot")]]
