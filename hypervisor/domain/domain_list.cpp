#include "base/fixed_vector.hpp"
#include "base/host_console.hpp"
#include "base/log.hpp"
#include "base/read_only_after_boot.hpp"
#include "domain/domain.hpp"
#include "machine/power.hpp"

namespace bulkhead::domain {
namespace {

READ_ONLY_AFTER_BOOT constinit FixedVector<Domain*, Domain::most> domains;

constexpr unsigned first_spi = 32;
READ_ONLY_AFTER_BOOT constinit std::array<Domain*, 1020 - first_spi> spi_owners{};

constinit std::atomic<std::size_t> gone = 0;
constinit MachinePolicy policy;

} // namespace

std::span<Domain* const> all_domains() { return domains; }
Result<void> add_domain(Domain& domain) { return domains.push(&domain); }

void give_interrupt(Intid spi, Domain& domain) { spi_owners[spi.value() - first_spi] = &domain; }
Domain* owner_of(Intid spi) { return spi_owners[spi.value() - first_spi]; }

MachinePolicy& machine_policy() { return policy; }

void domain_has_gone()
{
    if (++gone != domains.size()) return;
    log::info("all domains have stopped{}",
              policy.off_with_last_domain ? ": the machine is switched off" : "");
    if (!policy.off_with_last_domain) return;
    {
        const Guard console{host_console.lock};
        host_console.flush();
    }
    machine::power_off();
}

} // namespace bulkhead::domain
