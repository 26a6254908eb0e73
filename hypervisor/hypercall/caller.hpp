#pragma once

#include "base/result.hpp"
#include "domain/domain.hpp"
#include "event/xen_abi.hpp"
#include "machine/guest_registers.hpp"
#include "memory/guest_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace bulkhead::hypercall {

/// What a hypercall returns in x0: a number, or an error as its negative.
using Outcome = Result<std::uint64_t>;

/// A vCPU in a hypercall of Xen's ABI, on the CPU that runs it.
class Caller {
public:
    Caller(domain::Vcpu& vcpu, machine::GuestRegisters& registers)
        : vcpu_(vcpu), registers_(registers)
    {
    }

    [[nodiscard]] domain::Vcpu& vcpu() const { return vcpu_; }
    [[nodiscard]] domain::Domain& domain() const { return *vcpu_.domain; }
    [[nodiscard]] machine::GuestRegisters& registers() const { return registers_; }
    [[nodiscard]] std::uint64_t argument(unsigned i) const { return registers_.x[i]; }
    /// Of 32 bits: commands, counts and vCPUs.
    [[nodiscard]] std::uint32_t number(unsigned i) const
    {
        return static_cast<std::uint32_t>(registers_.x[i]);
    }
    [[nodiscard]] VirtualAddress pointer(unsigned i) const
    {
        return VirtualAddress{registers_.x[i]};
    }
    [[nodiscard]] memory::GuestMemory memory() const
    {
        return memory::GuestMemory{domain().memory()};
    }

    /// May the caller act on this domain? Its own only: not_permitted, or no_such_process.
    [[nodiscard]] Result<void> check_own(domid_t id) const;

    /// `check(request)` with what argument `i` points to: a Result of nothing.
    template <typename Request>
    Outcome with(unsigned i, auto&& check) const
    {
        const auto request = memory().read<Request>(pointer(i));
        if (!request) return failure(request.error());
        const Result<void> done = request->open(check);
        return done ? Outcome{0} : failure(done.error());
    }
    /// `bytes` of a request come from where argument `i` points to; if the answer is written into
    /// them, the guest has to be able to write there: nothing is done in vain.
    Result<void> read_request(unsigned i, std::span<std::byte> bytes, bool is_answered) const;

private:
    domain::Vcpu& vcpu_;
    machine::GuestRegisters& registers_;
};

// One file each.
[[gnu::noinline]] Outcome event_channel_op(Caller caller);
[[gnu::noinline]] Outcome memory_op(Caller caller);
[[gnu::noinline]] Outcome sched_op(Caller caller);
[[gnu::noinline]] Outcome vcpu_op(Caller caller);
[[gnu::noinline]] Outcome hvm_op(Caller caller);
Outcome xen_version(Caller caller);
[[gnu::noinline]] Outcome console_io(Caller caller);

} // namespace bulkhead::hypercall
