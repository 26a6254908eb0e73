#pragma once

#include "kit/gic.hpp"

#include <cstdint>

/// This CPU's end of the GIC, whichever version: what the driver in gic.hpp does not need itself.
namespace bulkhead::guest::gic {

std::uint8_t priority_mask();
void set_priority_mask(std::uint8_t mask);
std::uint8_t binary_point();
void set_binary_point(std::uint8_t point);
std::uint8_t running_priority();
/// The highest priority pending interrupt, without acknowledging it.
Acknowledged highest_pending();
/// Whether interrupts are signalled to this CPU at all.
void set_signalling(bool enabled);
/// EOImode 1: end() only drops the priority, and deactivate() must follow.
void set_split_end(bool split);
bool split_end();
void deactivate(Acknowledged interrupt);

} // namespace bulkhead::guest::gic
