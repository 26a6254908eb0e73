#pragma once

#include "simulation/fiber.hpp"

#include <exception>
#include <functional>
#include <memory>

namespace bulkhead::simulation {

class Simulation;
struct Partition;

/// The guest on a vCPU, which plays on whatever processor has the vCPU.
class Player {
public:
    Player(Simulation& simulation, Partition& partition, unsigned vcpu)
        : simulation_(simulation), partition_(partition), vcpu_(vcpu)
    {
    }
    ~Player() { end(); }
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    /// On a processor that has the vCPU: the guest goes on until it traps, and the processor does
    /// what it trapped for.
    void play();
    /// For the guest: `what` is done outside of it, and others may run before it goes on.
    void trap(std::function<void()> what);

private:
    void end();

    Simulation& simulation_;
    Partition& partition_;
    const unsigned vcpu_;
    std::unique_ptr<Fiber> fiber_;
    std::function<void()> request_;
    std::exception_ptr error_;
    /// Its vCPU was switched off.
    bool is_gone_ = false;
    std::uint64_t incarnation_ = 0;
};

/// What a processor executes: one guest after the other.
[[noreturn]] void run_guests(Simulation& simulation, unsigned cpu);

} // namespace bulkhead::simulation
