#pragma once

#include <cstdint>

namespace bulkhead::test {

/// Offsets that the distributor and a redistributor's SGI frame have in common (IHI 0069, 12.8),
/// and those of the distributor alone.
enum GicRegister : std::uint16_t {
    igroupr = 0x80,
    isenabler = 0x100,
    icenabler = 0x180,
    ispendr = 0x200,
    icpendr = 0x280,
    isactiver = 0x300,
    icactiver = 0x380,
    ipriorityr = 0x400,
    itargetsr = 0x800,
    icfgr = 0xc00,
    sgir = 0xf00,
    irouter = 0x6000,
};

} // namespace bulkhead::test
