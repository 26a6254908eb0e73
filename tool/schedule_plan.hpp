#pragma once
#include "schedule_checks.hpp"
#include "system_description.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Which CPUs and which scheduler a description gives to whom, as the hypervisor will read it.
namespace bulkhead::tool {

using CpuSet = std::set<std::uint32_t>;

inline const std::vector<std::string> policy_names{"null", "credit", "credit2", "rtds", "arinc653"};
std::optional<Policy> policy_named(std::string_view name);
inline const std::string& name_of(Policy policy)
{
    return policy_names[static_cast<std::size_t>(policy)];
}

/// "0-2,5"; nothing if it is something else.
std::optional<CpuSet> parse_cpu_list(std::string_view list);
/// "only CPU 2", "CPUs 0 to 3", "CPUs 0, 2 and 3".
std::string cpus_shown(const CpuSet& cpus);

/// A [[pool]], or the CPUs that are in none.
struct Pool {
    const PoolDescription* description = nullptr; ///< none: the CPUs that are in no [[pool]]
    Policy policy = Policy::null;
    CpuSet cpus{};
};

/// What rtds gives a virtual CPU.
struct Reservation {
    std::uint32_t period_us = 10'000;
    std::uint32_t budget_us = 4'000;
};
Reservation reservation_of(const DomainDescription& domain, std::uint32_t vcpu);

class Pools {
public:
    /// Of a machine with that many CPUs; the description, which may be wrong, has to stay.
    Pools(const SystemDescription& description, std::uint32_t cpus);

    [[nodiscard]] const std::vector<Pool>& all() const { return all_; }
    /// Where a domain is; null if it names a pool that there is not.
    [[nodiscard]] const Pool* of(const DomainDescription& domain) const;
    /// Where a virtual CPU of a domain in `pool` may run; nothing if what is said of it is no list.
    static std::optional<CpuSet> cpus_of(const DomainDescription& domain, std::uint32_t vcpu,
                                         const Pool& pool);

private:
    std::vector<Pool> all_; // in the description's order; the CPUs that are in none at the end
};

} // namespace bulkhead::tool
