#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bulkhead::boot {

/// Writes a deflate stream (RFC 1951) bit by bit, valid or not: what no real compressor would.
class DeflateWriter {
public:
    using Lengths = std::vector<std::uint8_t>; // of a code's words, by symbol; 0: has none

    enum class Block : std::uint8_t { stored = 0, fixed = 1, dynamic = 2, reserved = 3 };

    void block(Block type, bool last)
    {
        bits(last ? 1 : 0, 1);
        bits(static_cast<unsigned>(type), 2);
    }

    void bits(unsigned value, unsigned count)
    {
        for (unsigned i = 0; i < count; ++i, ++used_) {
            if (used_ % 8 == 0) bytes_.push_back(std::byte{0});
            if ((value >> i & 1) != 0) bytes_.back() |= std::byte{1} << (used_ % 8);
        }
    }

    void align_to_byte() { used_ = bytes_.size() * 8; }

    /// A symbol's word, which goes with its highest bit first.
    void symbol(const Lengths& code, unsigned symbol)
    {
        unsigned word = 0;
        for (unsigned length = 1; length < code[symbol]; ++length)
            word = (word + static_cast<unsigned>(std::ranges::count(code, length))) << 1;
        word +=
            static_cast<unsigned>(std::count(code.begin(), code.begin() + symbol, code[symbol]));
        for (unsigned i = code[symbol]; i != 0; --i)
            bits(word >> (i - 1) & 1, 1);
    }

    /// A dynamic block up to its first symbol. Symbol n of the code for lengths means n here, and
    /// all 19 have a word.
    void dynamic_header(const Lengths& symbols, const Lengths& distances, bool last = true,
                        Block type = Block::dynamic)
    {
        dynamic_header(symbols.size(), distances.size(), length_code(), last, type);
        for (const auto& lengths : {symbols, distances})
            for (const auto length : lengths)
                symbol(length_code(), length);
    }

    /// Only so far that lengths are next.
    void dynamic_header(std::size_t symbols, std::size_t distances, const Lengths& code, bool last,
                        Block type = Block::dynamic)
    {
        constexpr unsigned order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
        block(type, last);
        bits(static_cast<unsigned>(symbols) - 257, 5);
        bits(static_cast<unsigned>(distances) - 1, 5);
        bits(19 - 4, 4);
        for (const auto n : order)
            bits(code[n], 3);
    }

    static Lengths length_code()
    {
        Lengths code(19, 4);
        std::fill(code.begin() + 13, code.end(), std::uint8_t{5});
        return code;
    }

    /// RFC 1951, 3.2.6.
    static Lengths fixed_symbols()
    {
        Lengths code(288, 8);
        std::fill(code.begin() + 144, code.begin() + 256, std::uint8_t{9});
        std::fill(code.begin() + 256, code.begin() + 280, std::uint8_t{7});
        return code;
    }
    static Lengths fixed_distances() { return Lengths(32, 5); }

    [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

private:
    std::vector<std::byte> bytes_;
    std::size_t used_ = 0;
};

} // namespace bulkhead::boot
