// Two guests that do anything at all to the GIC of their domain: any access of any size to its
// frames and to what is beside them, the system registers that trap, and their CPU interfaces,
// while lines move. What the list registers must never hold, test::VirtualCpuInterface knows.

#include "device/guest_layout.hpp"
#include "fuzz/guest_domain.hpp"
#include "machine/captured_console.hpp"
#include "machine/short_way.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead {
namespace {

namespace layout = device::guest_layout;

struct Step {
    std::uint8_t what;
    std::uint8_t size;
    std::uint16_t offset;
    std::uint32_t value;
};

class Run {
public:
    Run(device::GicVersion version, unsigned list_registers) : guest_(version, list_registers)
    {
        guest_.machine().physical_handler = [this](Intid intid) {
            auto& running = guest_.vcpu();
            for (unsigned t = 0; t < 2; ++t)
                if (intid == running.timer_interrupt[t] && running.timer_list_register[t] != 0)
                    return machine::write_list_register(
                        t, machine::ListRegister::from(running.timer_list_register[t]));
            if (!machine::take_device_interrupt(running, intid))
                guest_.domain().vgic().physical_arrived(running.id, intid);
        };
        guest_.machine().maintenance_handler = [this] {
            upcall::maintenance_interrupt(guest_.vcpu());
        };
    }

    void step(const Step& step)
    {
        guest_.run(step.what >> 7);
        auto& vgic = guest_.domain().vgic();
        const Intid shared{32 + step.offset % test::GuestDomain::spis};
        switch (step.what % 16) {
        case 0:
        case 1:
        case 2: return access(layout::gicv3_distributor.start, step, step.offset % 0x1000);
        case 3: return access(layout::gicv3_distributor.start, step, step.offset);
        case 4:
        case 5:
            return access(layout::gicv3_redistributors.start, step,
                          0x1'0000 + step.offset % 0x1000 + (step.offset >> 15) * 0x2'0000);
        case 6: return access(layout::gicv3_redistributors.start, step, step.offset * 5);
        case 7:
            upcall::send_sgi(guest_.vcpu(), std::uint64_t{step.value} << (step.size & 31),
                             upcall::SgiGroup{step.offset % 2 == 0});
            break;
        case 8: upcall::deactivate(guest_.vcpu(), Intid{step.offset}); break;
        case 9: vgic.set_line(shared, step.value % 2 != 0); break;
        case 10: vgic.pulse(shared); break;
        case 11:
            if (const auto iar = guest_.interface().acknowledge(); iar < 1020 * 8)
                begun_[step.what >> 7].push_back(iar);
            break;
        case 12:
        case 13: return finish();
        case 14:
            guest_.machine().set_physical_line(
                Intid{std::array{27U, 30U, 40U, 50U}[step.offset % 4]}, step.value % 2 != 0);
            break;
        default:
            guest_.interface().group_enabled = {step.value % 2 != 0, step.value % 4 != 0};
            guest_.interface().eoi_mode = step.value % 8 == 1;
        }
        react();
    }

private:
    void access(GuestAddress base, const Step& step, std::uint64_t offset)
    {
        const auto size = 1U << step.size % 4;
        if (step.size >= 128) {
            const auto beyond = std::uint64_t{step.offset} << 48; // of a register's other half
            upcall::write_mmio(guest_.vcpu(), base + offset, size, beyond | step.value);
        } else {
            const auto read = upcall::read_mmio(guest_.vcpu(), base + offset, size);
            if (read.access == machine::MmioResult::done && size < 8)
                test::require(read.value >> (8 * size) == 0);
        }
        react();
    }
    void finish()
    {
        auto& begun = begun_[guest_.machine().current().value()];
        if (begun.empty()) return;
        guest_.interface().end_of_interrupt(begun.back());
        const auto& domain = guest_.domain();
        if (domain.gic_version() == device::GicVersion::v2) {
            const auto gicv_dir = domain.places().cpus.start;
            test::require(upcall::write_mmio(guest_.vcpu(), gicv_dir, 4, begun.back()) ==
                          machine::MmioResult::done);
        } else if (!guest_.interface().deactivate(begun.back())) {
            upcall::deactivate(guest_.vcpu(), Intid{begun.back() & 0x3ff});
        }
        begun.pop_back();
        react();
    }
    /// What comes before the guest is entered again; it has an end.
    void react()
    {
        for (unsigned n = 0;; ++n) {
            test::require(n < 100);
            if (guest_.vcpu().attention.exchange(0) != 0)
                guest_.domain().vgic().refresh(guest_.vcpu().id);
            else if (guest_.machine().is_signalled(guest_.machine().current()))
                machine::take_pending_interrupt();
            else
                return;
        }
    }

    test::GuestDomain guest_;
    std::array<std::vector<std::uint32_t>, test::GuestDomain::vcpus> begun_;
};

} // namespace
} // namespace bulkhead

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace bulkhead;
    std::span input{data, size};
    std::uint8_t setting = 0;
    if (!test::take(input, setting)) return 0;
    Run run{setting % 2 == 0 ? device::GicVersion::v2 : device::GicVersion::v3,
            std::array{2U, 4U, 16U}[setting / 2 % 3]};
    Step step{};
    while (test::take(input, step))
        run.step(step);
    (void)test::take_console_output();
    return 0;
}
