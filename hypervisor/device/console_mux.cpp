#include "device/console_mux.hpp"

#include "base/host_console.hpp"
#include "base/log.hpp"

#include <array>

namespace bulkhead::device {

void ConsoleMux::attach(DomainConsole& console, Callback<void(char)> receive,
                        Callback<void()> resume)
{
    const Guard guard{lock_};
    console.receive_ = receive;
    console.resume_ = resume;
    DomainConsole** place = &first_;
    while (*place != nullptr && (*place)->id_ < console.id_)
        place = &(*place)->next_;
    console.next_ = *place;
    *place = &console;
}

void ConsoleMux::add_key(ConsoleKey& key)
{
    const Guard guard{lock_};
    ConsoleKey** place = &first_key_;
    while (*place != nullptr && (*place)->key < key.key)
        place = &(*place)->next;
    key.next = *place;
    *place = &key;
}

void ConsoleMux::start(char switch_letter, bool to_domain)
{
    const Guard guard{lock_};
    switch_letter_ = switch_letter;
    presses_ = 0;
    give_input_to(to_domain ? first_ : nullptr);
}

void ConsoleMux::input(char character)
{
    const Guard guard{lock_};
    if (character == switch_code()) {
        if (++presses_ < switch_presses) return;
        presses_ = 0;
        return give_input_to(owner_ == nullptr ? first_ : owner_->next_);
    }
    // It was not a switch after all: whoever has the input gets what was held back.
    for (; presses_ != 0; --presses_)
        deliver(switch_code());
    deliver(character);
}

void ConsoleMux::send()
{
    {
        const Guard console{host_console.lock};
        if (!host_console.catch_up()) return;
    }
    const Guard guard{lock_};
    for (auto* waiting = first_; waiting != nullptr; waiting = waiting->next_)
        if (const auto& resume = waiting->resume_; waiting->is_waiting_.exchange(false) && resume)
            (*resume)();
}

void ConsoleMux::deliver(char character)
{
    if (owner_ == nullptr) return press(character);
    if (const auto& receive = owner_->receive_) (*receive)(character);
}

void ConsoleMux::press(char key)
{
    if (key == 'h') return list_keys();
    for (const auto* known = first_key_; known != nullptr; known = known->next)
        if (known->key == key) return known->press();
    if (key > ' ' && key < 0x7f)
        log::info("key '{}' does nothing; h lists the keys", std::string_view{&key, 1});
}

void ConsoleMux::list_keys() const
{
    log::info("h: list these keys");
    for (const auto* known = first_key_; known != nullptr; known = known->next)
        log::info("{}: {}", std::string_view{&known->key, 1}, known->purpose);
}

void ConsoleMux::give_input_to(DomainConsole* next)
{
    std::array<char, 64> buffer{};
    const log::Argument letter{std::string_view{&switch_letter_, 1}};
    const auto how_to_switch =
        log::format_into(buffer, " (type 'CTRL-{}' three times to switch input)", {&letter, 1});
    auto* const before = owner_;
    owner_ = next;
    if (next != nullptr) return next->take_input(before, how_to_switch);

    const Guard console{host_console.lock};
    if (before != nullptr) before->lose_input();
    host_console.write_line({"*** Serial input to Xen", how_to_switch});
}

} // namespace bulkhead::device
