#pragma once

namespace bulkhead::simulation {

class Simulation;
struct Partition;

/// What a processor executes that has a vCPU of `partition`: one guest after the other, each until
/// its vCPU is switched off.
void run_guests(Simulation& simulation, Partition& partition, unsigned cpu);

} // namespace bulkhead::simulation
