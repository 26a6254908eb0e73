#pragma once

#include "kit/field.hpp"
#include "kit/mmio.hpp"

namespace bulkhead::guest {

/// Distributor (GICv2: IHI 0048, 4.3; GICv3: IHI 0069, 12.9). GICv3's redistributors have the
/// registers from IGROUPR to ICFGR at the same offsets in their second frame, for INTIDs 0-31.
struct Gicd {
    static constexpr At<std::uint32_t> CTLR{0x000};
    static constexpr At<std::uint32_t> TYPER{0x004};
    static constexpr At<std::uint32_t> IIDR{0x008};
    static constexpr AtEach<std::uint32_t> IGROUPR{0x080};
    static constexpr AtEach<std::uint32_t> ISENABLER{0x100};
    static constexpr AtEach<std::uint32_t> ICENABLER{0x180};
    static constexpr AtEach<std::uint32_t> ISPENDR{0x200};
    static constexpr AtEach<std::uint32_t> ICPENDR{0x280};
    static constexpr AtEach<std::uint32_t> ISACTIVER{0x300};
    static constexpr AtEach<std::uint32_t> ICACTIVER{0x380};
    static constexpr AtEach<std::uint32_t> IPRIORITYR{0x400}; // four to a word
    static constexpr AtEach<std::uint8_t> IPRIORITYR_BYTE{0x400};
    static constexpr AtEach<std::uint32_t> ITARGETSR{0x800}; // GICv2, or no affinity routing
    static constexpr AtEach<std::uint8_t> ITARGETSR_BYTE{0x800};
    static constexpr AtEach<std::uint32_t> ICFGR{0xc00};     // two bits each, the upper: edge
    static constexpr At<std::uint32_t> SGIR{0xf00};          // GICv2
    static constexpr AtEach<std::uint32_t> CPENDSGIR{0xf10}; // GICv2
    static constexpr AtEach<std::uint32_t> SPENDSGIR{0xf20}; // GICv2
    static constexpr AtEach<std::uint64_t> IROUTER{0x6000};  // GICv3, by INTID
    static constexpr At<std::uint32_t> PIDR2_V2{0xfe8};
    static constexpr At<std::uint32_t> PIDR2_V3{0xffe8};

    struct Control {
        /// GICv2: all interrupts, or Group 1's if this is the non-secure view of both groups.
        using Enable = Bit<0>;
        /// GICv3: Group 1's, whether or not there are two Security states.
        using EnableGrp1 = Bit<0>;
        using EnableGrp1A = Bit<1>;
        using ARE_NS = Bit<4>;
        using DS = Bit<6>;
        using RWP = Bit<31>;
    };
    struct Type {
        using ITLinesNumber = Field<4, 0>; // INTIDs in units of 32, less one
        using CPUNumber = Field<7, 5>;
        using SecurityExtn = Bit<10>;
        using MBIS = Bit<16>;
        using LPIS = Bit<17>;
        using IDbits = Field<23, 19>;
        using A3V = Bit<24>;
        using No1N = Bit<25>;
    };
    struct Sgi {
        using INTID = Field<3, 0>;
        using CPUTargetList = Field<23, 16>;
        using TargetListFilter = Field<25, 24>;
        static constexpr std::uint64_t listed = 0;
        static constexpr std::uint64_t all_others = 1;
        static constexpr std::uint64_t self = 2;
    };
    using ArchRev = Field<7, 4>; // of PIDR2
};

/// Redistributor of one CPU: 64 KiB for itself, 64 KiB for its SGIs and PPIs (IHI 0069, 12.10),
/// and two more frames when TYPER says VLPIS.
struct Gicr {
    static constexpr std::uint32_t frame_size = 0x1'0000;
    static constexpr At<std::uint32_t> CTLR{0x000};
    static constexpr At<std::uint32_t> IIDR{0x004};
    static constexpr At<std::uint64_t> TYPER{0x008};
    static constexpr AtEach<std::uint32_t> TYPER_WORD{0x008};
    static constexpr At<std::uint32_t> WAKER{0x014};
    static constexpr At<std::uint32_t> PIDR2{0xffe8};

    struct Control {
        using RWP = Bit<3>;
    };
    struct Type {
        using PLPIS = Bit<0>;
        using VLPIS = Bit<1>;
        using Last = Bit<4>;
        using Processor_Number = Field<23, 8>;
        using Affinity_Value = Field<63, 32>; // Aff3.Aff2.Aff1.Aff0
    };
    struct Waker {
        using ProcessorSleep = Bit<1>;
        using ChildrenAsleep = Bit<2>;
    };
};

/// CPU interface of a GICv2 (IHI 0048, 4.4).
struct Gicc {
    static constexpr At<std::uint32_t> CTLR{0x000};
    static constexpr At<std::uint32_t> PMR{0x004};
    static constexpr At<std::uint32_t> BPR{0x008};
    static constexpr At<std::uint32_t> IAR{0x00c};
    static constexpr At<std::uint32_t> EOIR{0x010};
    static constexpr At<std::uint32_t> RPR{0x014};
    static constexpr At<std::uint32_t> HPPIR{0x018};
    static constexpr At<std::uint32_t> APR0{0x0d0};
    static constexpr At<std::uint32_t> IIDR{0x0fc};
    static constexpr At<std::uint32_t> DIR{0x1000};

    struct Control {
        using Enable = Bit<0>;
        using EOImodeNS = Bit<9>;
    };
    struct Acknowledge {
        using INTID = Field<9, 0>;
        using CPUID = Field<12, 10>;
    };
};

} // namespace bulkhead::guest
