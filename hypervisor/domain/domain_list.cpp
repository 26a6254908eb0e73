#include "base/fixed_vector.hpp"
#include "base/log.hpp"
#include "domain/domain.hpp"
#include "machine/power.hpp"

namespace bulkhead::domain {
namespace {

constinit FixedVector<Domain*, Domain::most> domains;

constinit std::atomic<std::size_t> gone = 0;
constinit bool switch_off = true;

} // namespace

std::span<Domain* const> all_domains() { return domains; }
Result<void> add_domain(Domain& domain) { return domains.push(&domain); }

void switch_off_with_last_domain(bool yes) { switch_off = yes; }

void domain_has_gone()
{
    if (++gone != domains.size()) return;
    log::info("all domains have stopped{}", switch_off ? ": the machine is switched off" : "");
    if (switch_off) machine::power_off();
}

} // namespace bulkhead::domain
