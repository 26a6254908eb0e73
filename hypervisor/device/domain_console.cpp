#include "device/domain_console.hpp"

#include "base/log.hpp"

namespace bulkhead::device {

DomainConsole::DomainConsole(DomainId id) : id_(id)
{
    const log::Argument number{id};
    name_length_ = log::format_into(name_, "DOM{}", {&number, 1}).size();
}

bool DomainConsole::put(char character)
{
    if (host_console.is_behind()) {
        is_waiting_.store(true);
        // It may have caught up, and looked for who waits, just before that.
        if (host_console.is_behind()) return false;
    }
    if (!has_written()) has_written_.store(true, std::memory_order_relaxed);
    const Guard line{line_lock_};
    if (has_input_.load(std::memory_order_relaxed)) {
        const Guard console{host_console.lock};
        if (has_input_.load(std::memory_order_relaxed)) {
            host_console.write_raw({&character, 1});
            return true;
        }
    }
    collect(character);
    return true;
}

void DomainConsole::finish()
{
    const Guard line{line_lock_};
    if (used_ != 0) show_line();
    plain_text_.reset();
    has_written_.store(false, std::memory_order_relaxed);
}

void DomainConsole::collect(char character)
{
    if (character == '\n') {
        plain_text_.reset();
        return show_line();
    }
    switch (plain_text_.next(character)) {
    case PlainText::Verdict::leave_out: return;
    case PlainText::Verdict::leave_out_with_previous: --used_; return;
    case PlainText::Verdict::show: break;
    }
    const bool is_continuation = (static_cast<std::uint8_t>(character) & 0xc0) == 0x80;
    if (!is_continuation && used_ > line_.size() - character_most) show_line(" ...");
    line_[used_++] = character;
}

void DomainConsole::show_line(std::string_view ending)
{
    const Guard console{host_console.lock};
    host_console.write_line({name(), ": ", {line_.data(), used_}, ending});
    used_ = 0;
}

void DomainConsole::take_input(DomainConsole* before, std::string_view how_to_switch)
{
    const Guard line{line_lock_};
    const Guard console{host_console.lock};
    if (before != nullptr) before->lose_input();
    has_input_.store(true, std::memory_order_relaxed);
    host_console.write_line({"*** Serial input to ", name(), how_to_switch});
    // What it has written of a line, a prompt perhaps, is where its cursor is.
    host_console.write_raw({line_.data(), used_});
    used_ = 0;
    plain_text_.reset();
}

} // namespace bulkhead::device
