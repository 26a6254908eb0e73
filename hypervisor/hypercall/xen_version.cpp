#include "base/bits.hpp"
#include "hypercall/caller.hpp"

namespace bulkhead::hypercall {
namespace {

/// The version of the ABI: Debian's tools choose themselves by it.
constexpr std::uint64_t version_4_17 = (4U << 16) | 17;
constexpr xen_extraversion_t extra_version = ".bulkhead";
/// What guests there can be, each with a space behind it.
constexpr char capabilities[] = "xen-3.0-aarch64 ";
/// XENFEAT_*, words of 32 from number 0 on.
constexpr std::uint64_t offered_features = bit(XENFEAT_writable_page_tables) |
                                           bit(XENFEAT_auto_translated_physmap) |
                                           bit(XENFEAT_ARM_SMCCC_supported);

[[gnu::noinline, gnu::cold]] Outcome other_version(Caller caller)
{
    const auto write = [&](const auto& text) -> Outcome {
        if (auto done = caller.memory().write(caller.pointer(1), text); !done)
            return failure(done.error());
        return 0;
    };
    switch (caller.number(0)) {
    case XENVER_extraversion: return write(extra_version);
    case XENVER_capabilities: return write(capabilities);
    case XENVER_pagesize: return page_size;
    case XENVER_get_features: {
        const auto asked = caller.memory().read<xen_feature_info>(caller.pointer(1));
        if (!asked) return failure(asked.error());
        return write(asked->open([&](xen_feature_info info) {
            const auto map = bit(caller.domain().places().direct_map ? XENFEAT_direct_mapped
                                                                     : XENFEAT_not_direct_mapped);
            info.submap =
                info.submap_idx == 0 ? static_cast<std::uint32_t>(offered_features | map) : 0;
            return info;
        }));
    }
    default: return failure(Error::not_implemented);
    }
}

} // namespace

Outcome xen_version(Caller caller)
{
    if (caller.number(0) == XENVER_version) return version_4_17;
    return other_version(caller);
}

} // namespace bulkhead::hypercall
