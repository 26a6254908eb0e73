#pragma once

#include <cstddef>
#include <cstdint>

// Xen's public headers of 4.17, as they are. Where tests run they would describe that machine's
// guests: they are told that it is an Arm, and so is nothing else.
#pragma push_macro("__x86_64__")
#pragma push_macro("__aarch64__")
#undef __x86_64__
#undef __aarch64__
#define __aarch64__ 1
#define __XEN_TOOLS__ 1
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/xen.h>
#pragma pop_macro("__aarch64__")
#pragma pop_macro("__x86_64__")

namespace bulkhead::event {

/// struct vcpu_info and shared_info. The header's hold empty structures, which take no space in C
/// but do in C++.
struct VcpuInfo {
    std::uint8_t evtchn_upcall_pending;
    std::uint64_t evtchn_pending_sel;
    vcpu_time_info time;
};
struct SharedInfo {
    VcpuInfo vcpu_info[XEN_LEGACY_MAX_VCPUS];
    std::uint64_t evtchn_pending[64];
    std::uint64_t evtchn_mask[64];
    std::uint32_t wallclock[4];
};
static_assert(sizeof(VcpuInfo) == 48 && offsetof(VcpuInfo, evtchn_pending_sel) == 8);
static_assert(sizeof(SharedInfo) == 1088 && offsetof(SharedInfo, evtchn_pending) == 48 &&
              offsetof(SharedInfo, evtchn_mask) == 560);

} // namespace bulkhead::event

static_assert(sizeof(vcpu_runstate_info) == 48 && offsetof(vcpu_runstate_info, time) == 16);
static_assert(sizeof(evtchn_alloc_unbound) == 8 && sizeof(evtchn_bind_interdomain) == 12);
static_assert(sizeof(evtchn_status) == 24 && offsetof(evtchn_status, u) == 16);
static_assert(sizeof(evtchn_bind_ipi) == 8 && sizeof(evtchn_bind_vcpu) == 8);
static_assert(sizeof(evtchn_send) == 4 && sizeof(evtchn_close) == 4 && sizeof(evtchn_unmask) == 4);
static_assert(sizeof(xen_add_to_physmap) == 24 && offsetof(xen_add_to_physmap, gpfn) == 16);
static_assert(sizeof(vcpu_register_vcpu_info) == 16 && sizeof(xen_hvm_param) == 16);
