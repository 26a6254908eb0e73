// A guest that does anything at all to its UART, with someone typing and switching on the other
// side: registers stay consistent, the line is what they say, and the console shows whole lines.

#include "device/console_mux.hpp"
#include "device/vpl011.hpp"
#include "machine/captured_console.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace bulkhead {
namespace {

using namespace pl011;

class Domain {
public:
    explicit Domain(device::ConsoleMux& mux)
    {
        mux.attach(console_, Callback<void(char)>::to<&device::Vpl011::receive>(uart_),
                   Callback<void()>::to<&device::Vpl011::transmit_again>(uart_));
    }

    std::uint32_t read(std::uint64_t offset, unsigned size = 4)
    {
        return static_cast<std::uint32_t>(uart_.read(offset, size));
    }
    void write(std::uint64_t offset, unsigned size, std::uint64_t value)
    {
        uart_.write(offset, size, value);
    }
    void restart()
    {
        uart_.reset();
        console_.finish();
    }

    void check()
    {
        const auto raw = Interrupts::from(read(raw_interrupt_offset));
        const auto masked = read(masked_interrupt_offset);
        const auto flags = Flags::from(read(Flags::offset));
        require(masked == (raw.raw() & read(interrupt_mask_offset)));
        require(line_ == (masked != 0));
        require(!(flags.get(Flags::rxfe) && flags.get(Flags::rxff)));
        require(!(flags.get(Flags::txfe) && flags.get(Flags::txff)));
        require(flags.get(Flags::busy) != flags.get(Flags::txfe));
        require(!(flags.get(Flags::rxfe) && raw.get(Interrupts::rt)));
    }

private:
    static void require(bool condition)
    {
        if (!condition) __builtin_trap();
    }
    void take_line(bool level)
    {
        require(level != line_);
        line_ = level;
    }

    bool line_ = false;
    device::DomainConsole console_{DomainId{1}};
    device::Vpl011 uart_{Callback<bool(char)>::to<&device::DomainConsole::put>(console_),
                         Callback<void(bool)>::to<&Domain::take_line>(*this)};
};

/// One step of the run, as the fuzzer writes it.
struct Step {
    std::uint8_t what;
    std::uint8_t size;
    std::uint16_t offset;
    std::uint32_t value;
};

void run(std::span<const std::uint8_t> input)
{
    device::ConsoleMux mux;
    Domain domain{mux};
    mux.start('a', !input.empty() && input[0] % 2 == 0);
    for (; input.size() >= sizeof(Step); input = input.subspan(sizeof(Step))) {
        Step step{};
        std::memcpy(&step, input.data(), sizeof step);
        const auto offset = step.what % 16 == 0 ? std::uint64_t{step.offset} : step.offset % 0x50;
        switch (step.what % 7) {
        case 0: (void)domain.read(offset, step.size % 17); break;
        case 1: domain.write(offset, step.size % 17, step.value); break;
        case 2: domain.write(Data::offset, 1, step.value); break;
        case 3:
            for (unsigned i = 0; i < step.size; ++i)
                mux.input(static_cast<char>(step.value >> i % 4 * 8));
            break;
        case 4: domain.write(Control::offset, 4, step.value); break;
        case 5: domain.write(LineControl::offset, 4, step.value); break;
        default:
            if (step.value % 16 == 0) domain.restart();
            break;
        }
        domain.check();
    }
    domain.restart();
    (void)test::take_console_output();
}

} // namespace
} // namespace bulkhead

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    bulkhead::run({data, size});
    return 0;
}
