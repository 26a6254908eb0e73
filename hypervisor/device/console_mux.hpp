#pragma once

#include "base/callback.hpp"
#include "base/lock.hpp"
#include "device/domain_console.hpp"

#include <string_view>

namespace bulkhead::device {

/// What a key does that is typed to the hypervisor. Registered for good.
struct ConsoleKey {
    char key;
    /// For the list that `h` shows.
    std::string_view purpose;
    /// Called with the input's lock: it may print, and take any other lock.
    void (*press)();

    ConsoleKey* next = nullptr;
};

/// Decides who gets what is typed on the host's console: one of the domains, or the hypervisor.
/// CTRL and the switch letter, three times, passes it on: through the domains in the order of their
/// ids, to the hypervisor, and round again.
class ConsoleMux {
public:
    /// From now on the domain can be given the input, which then goes to `receive`; `resume` is
    /// called when it may write again (DomainConsole::put). For good: a domain that restarts keeps
    /// its console.
    void attach(DomainConsole& console, Callback<void(char)> receive, Callback<void()> resume)
        EXCLUDES(lock_);

    void add_key(ConsoleKey& key) EXCLUDES(lock_);

    /// All domains are built. `switch_letter` is 'a' to 'z'; the input goes to the first domain, or
    /// stays with the hypervisor, which has it until then.
    void start(char switch_letter, bool to_domain) EXCLUDES(lock_);

    /// A character that was typed, from the host UART's interrupt. The caller holds no lock.
    void input(char character) EXCLUDES(lock_);

    /// The host's UART may have room: sends what is to be sent, and lets the domains write that
    /// wait for that. From its interrupt; the caller holds no lock.
    void send() EXCLUDES(lock_);

private:
    static constexpr unsigned switch_presses = 3;

    void deliver(char character) REQUIRES(lock_);
    void press(char key) REQUIRES(lock_);
    void list_keys() const REQUIRES(lock_);
    /// `nullptr` is the hypervisor.
    void give_input_to(DomainConsole* next) REQUIRES(lock_);
    /// CTRL and the switch letter.
    [[nodiscard]] char switch_code() const REQUIRES(lock_)
    {
        return static_cast<char>(switch_letter_ - 'a' + 1);
    }

    Lock<Rank::console_input> lock_;
    /// In the order of their ids.
    DomainConsole* first_ GUARDED_BY(lock_) = nullptr;
    DomainConsole* owner_ GUARDED_BY(lock_) = nullptr;
    ConsoleKey* first_key_ GUARDED_BY(lock_) = nullptr;
    char switch_letter_ GUARDED_BY(lock_) = 'a';
    /// Switch codes that were typed one after the other and held back.
    unsigned presses_ GUARDED_BY(lock_) = 0;
};

} // namespace bulkhead::device
