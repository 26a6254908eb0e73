#include "base/fixed_vector.hpp"
#include "domain/domain.hpp"

namespace bulkhead::domain {
namespace {

constinit FixedVector<Domain*, Domain::most> domains;

} // namespace

std::span<Domain* const> all_domains() { return domains; }
Result<void> add_domain(Domain& domain) { return domains.push(&domain); }

} // namespace bulkhead::domain
