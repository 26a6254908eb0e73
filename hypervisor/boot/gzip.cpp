#include "boot/gzip.hpp"

#include <array>

namespace bulkhead::boot {
namespace {

/// RFC 1952, 8, by remainders of four bits.
std::uint32_t crc32(std::span<const std::byte> bytes)
{
    static constexpr std::uint32_t remainders[] = {
        0x0000'0000, 0x1db7'1064, 0x3b6e'20c8, 0x26d9'30ac, 0x76dc'4190, 0x6b6b'51f4,
        0x4db2'6158, 0x5005'713c, 0xedb8'8320, 0xf00f'9344, 0xd6d6'a3e8, 0xcb61'b38c,
        0x9b64'c2b0, 0x86d3'd2d4, 0xa00a'e278, 0xbdbd'f21c};
    std::uint32_t crc = ~0U;
    for (const auto byte : bytes) {
        crc ^= static_cast<std::uint32_t>(byte);
        crc = (crc >> 4) ^ remainders[crc % 16];
        crc = (crc >> 4) ^ remainders[crc % 16];
    }
    return ~crc;
}

/// The input as bits, the lowest of each byte first (RFC 1951, 3.1.1). Behind its end come zeros,
/// and once one of them was taken, `ready` stays negative.
struct Bits {
    std::span<const std::byte> input;
    std::size_t used = 0;
    std::uint64_t bits = 0;
    int ready = 0;

    /// Makes at least 48 bits ready.
    void refill()
    {
        for (; ready < 48 && used != input.size(); ready += 8)
            bits |= static_cast<std::uint64_t>(input[used++]) << ready;
    }
    [[gnu::noinline]] std::uint32_t take(unsigned count)
    {
        refill();
        const auto value = static_cast<std::uint32_t>(bits & ((std::uint64_t{1} << count) - 1));
        bits >>= count;
        ready -= static_cast<int>(count);
        return value;
    }
    void align_to_byte() { take(static_cast<unsigned>(ready) % 8); }
    [[nodiscard]] bool overran() const { return ready < 0; }
    [[nodiscard]] bool at_end() const { return ready == 0 && used == input.size(); }
};

constexpr unsigned longest_word = 15;
constexpr unsigned symbols_most = 288;
constexpr unsigned no_symbol = symbols_most;

/// A Huffman code (RFC 1951, 3.2.2). `assign` comes first.
struct Code {
    static constexpr unsigned quick_bits = 9;
    /// By the next bits: the length of the word they start with, or a lower bound of it.
    std::array<std::uint8_t, 1U << quick_bits> quick;
    /// For each length, with words filled up to 15 bits: where those end that are no longer. And
    /// what is to be added to a word to get its symbol's position in `symbols`.
    std::array<unsigned, longest_word + 1> limit, position;
    std::array<std::uint16_t, symbols_most> symbols;

    /// From each symbol's length. False when these are too many words, or when there are bits that
    /// start none, unless there is one word of one bit, or none (3.2.7).
    [[gnu::noinline]] bool assign(std::span<const std::uint8_t> lengths)
    {
        unsigned word = 0, count = 0;
        quick.fill(quick_bits + 1);
        for (std::uint8_t length = 1; length <= longest_word; ++length) {
            word *= 2;
            position[length] = count - word;
            for (unsigned symbol = 0; symbol < lengths.size(); ++symbol) {
                if (lengths[symbol] != length) continue;
                symbols[count++] = static_cast<std::uint16_t>(symbol);
                const auto bits = __builtin_bitreverse32(word++) >> (32 - length);
                for (auto i = bits; i < quick.size() && length <= quick_bits; i += 1U << length)
                    quick[i] = length;
            }
            limit[length] = word << (longest_word - length);
        }
        return word == 1U << longest_word || count == 0 || (count == 1 && lengths[symbols[0]] == 1);
    }

    unsigned next(Bits& in) const
    {
        in.refill();
        // Words come with their highest bit first.
        const auto ahead = __builtin_bitreverse32(static_cast<std::uint32_t>(in.bits)) >> 17;
        unsigned length = quick[in.bits % quick.size()];
        while (length <= longest_word && ahead >= limit[length])
            ++length;
        in.take(length);
        if (length > longest_word) return no_symbol;
        return symbols[(ahead >> (longest_word - length)) + position[length]];
    }
};

/// What a length's or distance's symbol means, less the least of them: steps double every `repeat`
/// symbols (RFC 1951, 3.2.5).
std::size_t amount(Bits& in, unsigned symbol, unsigned repeat)
{
    if (symbol < 2 * repeat) return symbol;
    const auto extra_bits = symbol / repeat - 1;
    return ((repeat + symbol % repeat) << extra_bits) + in.take(extra_bits);
}

/// A deflate stream (RFC 1951) on its way from input to output. Where the input overran, an error
/// means no more than that.
struct Inflater {
    static constexpr unsigned end_of_block = 256;

    Bits& in;
    std::span<std::byte> output;
    std::size_t size = 0;
    Code symbols{}, distances{};
    std::array<std::uint8_t, symbols_most + 32> lengths{}; // of both codes

    Result<void> run()
    {
        for (bool last = false; !last;) {
            last = in.take(1) != 0;
            const auto type = in.take(2);
            if (type == 3) return failure(Error::invalid);
            const auto done = type == 0 ? stored() : type == 1 ? fixed() : dynamic();
            if (!done) return done;
        }
        return {};
    }

    Result<void> stored()
    {
        in.align_to_byte();
        auto count = in.take(16);
        if ((count ^ in.take(16)) != 0xffff) return failure(Error::invalid);
        if (count > output.size() - size) return failure(Error::no_space);
        for (; count != 0; --count)
            output[size++] = static_cast<std::byte>(in.take(8));
        return {};
    }

    Result<void> fixed()
    {
        for (unsigned i = 0; i < lengths.size(); ++i)
            lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : i < symbols_most ? 8 : 5;
        return compressed(symbols_most, 32);
    }

    /// The lengths of both codes' words come first, compressed by a code of their own (3.2.7).
    Result<void> dynamic()
    {
        static constexpr std::uint8_t order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                 11, 4,  12, 3, 13, 2, 14, 1, 15};
        const auto count = in.take(5) + 257;
        const auto all = count + in.take(5) + 1;
        lengths.fill(0);
        for (const auto symbol : std::span{order}.first(in.take(4) + 4))
            lengths[symbol] = static_cast<std::uint8_t>(in.take(3));
        if (!symbols.assign(std::span{lengths}.first(19))) return failure(Error::invalid);
        for (unsigned i = 0; i < all;) {
            const auto symbol = symbols.next(in);
            if (symbol > 18 || (symbol == 16 && i == 0)) return failure(Error::invalid);
            const auto length = symbol < 16 ? symbol : symbol == 16 ? lengths[i - 1] : 0;
            auto end = i + 1;
            if (symbol >= 16) end = i + (symbol < 18 ? 3 + in.take(symbol - 14) : 11 + in.take(7));
            if (end > all) return failure(Error::invalid);
            while (i != end)
                lengths[i++] = static_cast<std::uint8_t>(length);
        }
        return compressed(count, all - count);
    }

    Result<void> compressed(unsigned symbol_count, unsigned distance_count)
    {
        const std::span all{lengths};
        if (lengths[end_of_block] == 0 || !symbols.assign(all.first(symbol_count)) ||
            !distances.assign(all.subspan(symbol_count, distance_count)))
            return failure(Error::invalid);
        for (;;) {
            const auto symbol = symbols.next(in);
            if (symbol == end_of_block) return {};
            if (symbol > 285 || in.overran()) return failure(Error::invalid);
            if (size == output.size()) return failure(Error::no_space);
            if (symbol < end_of_block) {
                output[size++] = static_cast<std::byte>(symbol);
                continue;
            }
            auto length = symbol == 285 ? 258 : 3 + amount(in, symbol - 257, 4);
            const auto distance_symbol = distances.next(in);
            const auto distance = 1 + amount(in, distance_symbol % 32, 2);
            if (distance_symbol > 29 || distance > size) return failure(Error::invalid);
            if (length > output.size() - size) return failure(Error::no_space);
            for (; distance >= 8 && length >= 8; length -= 8, size += 8)
                __builtin_memcpy(&output[size], &output[size - distance], 8);
            for (; length != 0; --length, ++size)
                output[size] = output[size - distance];
        }
    }
};
static_assert(sizeof(Inflater) <= 4096, "it lives on EL2's stack");

} // namespace

bool is_gzip(std::span<const std::byte> input) { return Bits{input}.take(16) == 0x8b1f; }

Result<std::uint64_t> gunzipped_size(std::span<const std::byte> input)
{
    if (!is_gzip(input)) return failure(Error::not_supported);
    if (input.size() < 18) return failure(Error::no_data);
    return Bits{input.last(4)}.take(32);
}

Result<std::size_t> gunzip(std::span<const std::byte> input, std::span<std::byte> output)
{
    // The header (2.3): nothing in it matters to the contents, nor does its own checksum.
    constexpr std::uint32_t magic_and_deflate = 0x08'8b1f;
    constexpr unsigned has_checksum = 2, has_extra = 4, has_name = 8, has_comment = 16;
    Bits in{input};
    if (in.take(24) != magic_and_deflate) return failure(Error::not_supported);
    const auto flags = in.take(8);
    if (flags >= 2 * has_comment) return failure(Error::not_supported);
    in.take(48); // time, compression level, operating system
    for (auto size = (flags & has_extra) != 0 ? in.take(16) : 0; size != 0; --size)
        in.take(8);
    for (const auto text : {has_name, has_comment})
        for (bool more = (flags & text) != 0; more;)
            more = in.take(8) != 0;
    if ((flags & has_checksum) != 0) in.take(16);

    Inflater inflater{in, output};
    const auto done = inflater.run();
    if (in.overran()) return failure(Error::no_data);
    if (!done) return failure(done.error());

    in.align_to_byte();
    const bool intact = in.take(32) == crc32(output.first(inflater.size)) &&
                        in.take(32) == static_cast<std::uint32_t>(inflater.size);
    if (in.overran()) return failure(Error::no_data);
    if (!intact || !in.at_end()) return failure(Error::invalid);
    return inflater.size;
}

} // namespace bulkhead::boot
