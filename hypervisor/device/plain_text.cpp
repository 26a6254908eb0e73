#include "device/plain_text.hpp"

#include <bit>

namespace bulkhead::device {
namespace {

constexpr std::uint8_t bell = 0x07;
constexpr std::uint8_t escape = 0x1b;

} // namespace

PlainText::Verdict PlainText::next(char character)
{
    const auto byte = static_cast<std::uint8_t>(character);
    switch (state_) {
    case State::text: return next_in_text(byte);
    case State::escape: next_in_escape(byte); break;
    case State::control_sequence:
        if (byte >= 0x40 && byte <= 0x7e) state_ = State::text;
        if (byte == escape) state_ = State::escape;
        break;
    case State::control_string:
        if (byte == bell) state_ = State::text;
        if (byte == escape) state_ = State::escape_in_control_string;
        break;
    case State::escape_in_control_string:
        // Anything but ST ends the string as well, and starts a sequence of its own.
        state_ = State::text;
        if (byte != '\\') next_in_escape(byte);
        break;
    }
    return Verdict::leave_out;
}

PlainText::Verdict PlainText::next_in_text(std::uint8_t byte)
{
    const bool is_continuation = byte >= 0x80 && byte <= 0xbf;
    if (is_continuation) {
        if (continuation_bytes_ == 0) return Verdict::leave_out;
        --continuation_bytes_;
        const bool is_control = may_be_control_ && byte < 0xa0;
        may_be_control_ = false;
        return is_control ? Verdict::leave_out_with_previous : Verdict::show;
    }
    continuation_bytes_ = 0;
    may_be_control_ = false;
    if (byte == escape) {
        state_ = State::escape;
        return Verdict::leave_out;
    }
    if (byte < 0x80)
        return (byte >= ' ' && byte != 0x7f) || byte == '\t' ? Verdict::show : Verdict::leave_out;
    if (byte < 0xc2 || byte > 0xf4) return Verdict::leave_out;
    // As many bytes as the first one has leading ones; U+0080 to U+00BF start with C2.
    continuation_bytes_ = static_cast<std::uint8_t>(std::countl_one(byte) - 1);
    may_be_control_ = byte == 0xc2;
    return Verdict::show;
}

void PlainText::next_in_escape(std::uint8_t byte)
{
    switch (byte) {
    case '[': state_ = State::control_sequence; return;
    case 'P':
    case 'X':
    case ']':
    case '^':
    case '_': state_ = State::control_string; return;
    case escape: state_ = State::escape; return;
    default: break;
    }
    // Intermediate bytes come before the final one.
    const bool is_intermediate = byte >= 0x20 && byte <= 0x2f;
    state_ = is_intermediate ? State::escape : State::text;
}

} // namespace bulkhead::device
