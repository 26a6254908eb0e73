#include "boot/gzip.hpp"

#include "unit/deflate_writer.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace bulkhead::boot {
namespace {

using Bytes = std::vector<std::byte>;
using Block = DeflateWriter::Block;

Bytes bytes_of(std::string_view text)
{
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

Bytes operator+(Bytes left, const Bytes& right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

Bytes little_endian(std::uint32_t value)
{
    Bytes bytes(4);
    for (unsigned i = 0; i < 4; ++i)
        bytes[i] = static_cast<std::byte>(value >> (8 * i));
    return bytes;
}

/// What the system's gzip makes of it, without a name in the header.
Bytes compressed_by_tool(const Bytes& contents, const std::string& level)
{
    const auto file =
        std::filesystem::path{testing::TempDir()} / ("bulkhead-gzip-" + std::to_string(::getpid()));
    std::ofstream{file, std::ios::binary}.write(reinterpret_cast<const char*>(contents.data()),
                                                static_cast<std::streamsize>(contents.size()));
    const auto command = "gzip --no-name --stdout " + level + " < '" + file.string() + "'";
    FILE* const pipe = ::popen(command.c_str(), "r");
    Bytes result;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        result.push_back(static_cast<std::byte>(c));
    if (::pclose(pipe) != 0) throw std::runtime_error("gzip failed: " + command);
    std::filesystem::remove(file);
    return result;
}

constexpr std::size_t tool_header = 10;
constexpr std::size_t trailer = 8;

Bytes deflate_part(const Bytes& file) { return {file.begin() + tool_header, file.end() - trailer}; }
Bytes trailer_of(const Bytes& file) { return {file.end() - trailer, file.end()}; }
Block first_block(const Bytes& file)
{
    return static_cast<Block>(std::to_integer<unsigned>(file[tool_header]) >> 1 & 3);
}

/// A gzip file of the writer's stream, whose trailer is right for `contents`.
Bytes file_of(const DeflateWriter& stream, const Bytes& contents)
{
    const auto right = compressed_by_tool(contents, "-1");
    return Bytes(right.begin(), right.begin() + tool_header) + stream.bytes() + trailer_of(right);
}

/// Decompresses in buffers of exactly the right size, so that the sanitizer sees a step outside.
Result<Bytes> gunzip_to(const Bytes& file, std::size_t room)
{
    const Bytes input(file.begin(), file.end());
    Bytes output(room);
    const auto size = gunzip(input, output);
    if (!size) return failure(size.error());
    output.resize(*size);
    return output;
}

Bytes random_bytes(std::size_t count, std::mt19937& random)
{
    Bytes bytes(count);
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
    return bytes;
}

/// Text of few words: literals and matches at many distances.
Bytes text_like(std::size_t count, std::mt19937& random)
{
    std::vector<Bytes> words;
    for (int i = 0; i < 400; ++i)
        words.push_back(random_bytes(1 + random() % 12, random));
    Bytes bytes;
    while (bytes.size() < count)
        bytes = std::move(bytes) + words[std::min(random() % 400, random() % 400)];
    return bytes;
}

/// `period` random bytes, again and again: matches that overlap themselves.
Bytes repeating(std::size_t period, std::size_t count, std::mt19937& random)
{
    auto bytes = random_bytes(period, random);
    while (bytes.size() < count)
        bytes.push_back(bytes[bytes.size() - period]);
    return bytes;
}

void expect_round_trip(const Bytes& contents, const std::string& level)
{
    const auto file = compressed_by_tool(contents, level);
    EXPECT_TRUE(is_gzip(file));
    EXPECT_EQ(gunzipped_size(file), contents.size());
    const auto result = gunzip_to(file, contents.size());
    ASSERT_TRUE(result) << "error " << static_cast<int>(result.error());
    EXPECT_TRUE(*result == contents);
}

TEST(Gzip, what_gzip_compressed_comes_back)
{
    std::mt19937 random{1};
    std::vector<Bytes> samples{{},
                               bytes_of("a"),
                               bytes_of("Blah blah blah blah blah!"),
                               Bytes(1'000'000),
                               random_bytes(200'000, random),
                               text_like(1'500'000, random)};
    for (const std::size_t period :
         {1U, 2U, 3U, 7U, 8U, 9U, 15U, 16U, 17U, 258U, 259U, 32'767U, 32'768U, 32'769U})
        samples.push_back(repeating(period, 3 * period + 1000, random));
    for (const auto& sample : samples)
        for (const auto* level : {"-1", "-6", "-9"}) {
            SCOPED_TRACE(testing::Message() << sample.size() << " bytes " << level);
            expect_round_trip(sample, level);
        }
}

TEST(Gzip, the_samples_have_blocks_of_every_type)
{
    std::mt19937 random{2};
    EXPECT_EQ(first_block(compressed_by_tool(bytes_of("abcabcabc"), "-9")), Block::fixed);
    EXPECT_EQ(first_block(compressed_by_tool(random_bytes(100'000, random), "-9")), Block::stored);
    EXPECT_EQ(first_block(compressed_by_tool(text_like(100'000, random), "-9")), Block::dynamic);
}

TEST(Gzip, all_optional_header_fields_are_passed_over)
{
    const auto contents = bytes_of("the kernel, the kernel, the kernel");
    const auto plain = compressed_by_tool(contents, "-9");
    for (unsigned flags = 0; flags < 32; ++flags) {
        Bytes file{plain.begin(), plain.begin() + tool_header};
        file[3] = static_cast<std::byte>(flags);
        if ((flags & 4) != 0) file = file + bytes_of({"\x05\0extra", 7});
        if ((flags & 8) != 0) file = file + bytes_of({"vmlinux\0", 8});
        if ((flags & 16) != 0) file = file + bytes_of({"a comment\0", 10});
        if ((flags & 2) != 0) file = file + bytes_of("cc");
        file = file + deflate_part(plain) + trailer_of(plain);
        const auto result = gunzip_to(file, contents.size());
        ASSERT_TRUE(result) << "flags " << flags;
        EXPECT_TRUE(*result == contents) << "flags " << flags;
    }
}

TEST(Gzip, what_is_not_gzip_or_not_deflate_is_not_supported)
{
    const auto file = compressed_by_tool(bytes_of("contents"), "-9");
    const auto changed = [&](std::size_t index, unsigned value) {
        auto bytes = file;
        bytes[index] = static_cast<std::byte>(value);
        return bytes;
    };
    for (const auto& bytes : {changed(0, 0x1e), changed(1, 0x9d)}) {
        EXPECT_FALSE(is_gzip(bytes));
        EXPECT_EQ(gunzipped_size(bytes), failure(Error::not_supported));
        EXPECT_EQ(gunzip_to(bytes, 100), failure(Error::not_supported));
    }
    EXPECT_EQ(gunzip_to(changed(2, 7), 100), failure(Error::not_supported));
    for (const unsigned reserved : {0x20U, 0x40U, 0x80U})
        EXPECT_EQ(gunzip_to(changed(3, reserved), 100), failure(Error::not_supported));
    EXPECT_FALSE(is_gzip({}));
    EXPECT_FALSE(is_gzip(Bytes{std::byte{0x1f}}));
}

TEST(Gzip, a_file_cut_off_anywhere_has_no_data)
{
    std::mt19937 random{3};
    const auto text = text_like(3000, random);
    for (const auto& contents : {Bytes{}, bytes_of("abcabcabc"), random_bytes(300, random), text}) {
        auto file = compressed_by_tool(contents, "-9");
        file[3] = std::byte{4 | 8};
        file.insert(file.begin() + tool_header, 6, std::byte{'x'});
        file[tool_header] = std::byte{2};
        file[tool_header + 1] = file[tool_header + 5] = std::byte{0};
        ASSERT_TRUE(gunzip_to(file, contents.size()));
        for (std::size_t size = 0; size < file.size(); ++size) {
            const Bytes cut{file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)};
            const auto expected = size < 3 ? Error::not_supported : Error::no_data;
            ASSERT_EQ(gunzip_to(cut, contents.size()), failure(expected)) << size;
            ASSERT_EQ(gunzip_to(cut, contents.size() + 9999), failure(expected)) << size;
        }
        EXPECT_EQ(gunzipped_size(std::span{file}.first(17)), failure(Error::no_data));
    }
}

TEST(Gzip, damage_gives_an_error_or_does_not_matter)
{
    std::mt19937 random{4};
    const auto text = text_like(20'000, random);
    for (const auto& contents : {bytes_of("abcabcabc"), random_bytes(300, random), text}) {
        const auto file = compressed_by_tool(contents, "-9");
        unsigned errors = 0;
        for (int trial = 0; trial < 3000; ++trial) {
            auto damaged = file;
            for (auto changes = 1 + random() % 4; changes != 0; --changes)
                damaged[random() % damaged.size()] ^= static_cast<std::byte>(1 + random() % 255);
            const auto result = gunzip_to(damaged, contents.size());
            if (result)
                EXPECT_TRUE(*result == contents) << "trial " << trial;
            else
                ++errors;
        }
        EXPECT_GT(errors, 2000U);
    }
}

TEST(Gzip, noise_is_refused)
{
    std::mt19937 random{5};
    const auto header = compressed_by_tool({}, "-9");
    for (int trial = 0; trial < 20'000; ++trial) {
        const auto file = Bytes(header.begin(), header.begin() + tool_header) +
                          random_bytes(random() % 400, random);
        EXPECT_FALSE(gunzip_to(file, random() % 2000));
    }
}

/// Valid codes with random words in them: gets further than noise.
TEST(Gzip, noise_behind_valid_codes_is_refused)
{
    std::mt19937 random{6};
    const auto header = compressed_by_tool({}, "-9");
    for (int trial = 0; trial < 5000; ++trial) {
        DeflateWriter stream;
        DeflateWriter::Lengths symbols(286, 0);
        DeflateWriter::Lengths distances(30, 0);
        // A complete code: lengths 1, 2, 3 ... with the last twice, for symbols chosen at random.
        for (auto* code : {&symbols, &distances}) {
            const std::uint8_t longest = 2 + random() % 14;
            for (std::uint8_t length = 1; length <= longest; ++length)
                code->at(random() % code->size()) = length;
            if (code == &symbols) code->at(256) = longest;
        }
        stream.dynamic_header(symbols, distances, false);
        const auto file = Bytes(header.begin(), header.begin() + tool_header) + stream.bytes() +
                          random_bytes(random() % 300, random);
        EXPECT_FALSE(gunzip_to(file, random() % 5000));
    }
}

TEST(Gzip, checksum_and_size_must_be_those_of_the_contents)
{
    const auto contents = bytes_of("one, two, one, two");
    const auto file = compressed_by_tool(contents, "-9");
    for (std::size_t i = 1; i <= trailer; ++i) {
        auto wrong = file;
        wrong[wrong.size() - i] ^= std::byte{0x10};
        EXPECT_EQ(gunzip_to(wrong, 1000), failure(Error::invalid)) << i;
    }
    EXPECT_EQ(gunzip_to(file + Bytes(1), 1000), failure(Error::invalid));
    EXPECT_EQ(gunzip_to(file + file, 1000), failure(Error::invalid));
}

TEST(Gzip, an_output_too_small_by_one_byte_has_no_space)
{
    std::mt19937 random{7};
    const auto noise = random_bytes(500, random);
    for (const auto& contents : {bytes_of("a"), bytes_of("ab"), Bytes(1000), noise}) {
        const auto file = compressed_by_tool(contents, "-9");
        for (std::size_t room = 0; room < contents.size(); ++room)
            ASSERT_EQ(gunzip_to(file, room), failure(Error::no_space)) << room;
        EXPECT_TRUE(gunzip_to(file, contents.size() + 1));
    }
}

TEST(Gzip, several_blocks_share_one_window)
{
    const auto symbols = DeflateWriter::fixed_symbols();
    const auto distances = DeflateWriter::fixed_distances();
    DeflateWriter stream;
    stream.block(Block::fixed, false);
    stream.symbol(symbols, 'a');
    stream.symbol(symbols, 256);
    stream.block(Block::stored, false);
    stream.align_to_byte();
    stream.bits(2, 16);
    stream.bits(0xffff ^ 2, 16);
    stream.bits('b', 8);
    stream.bits('c', 8);
    stream.block(Block::fixed, true);
    stream.symbol(symbols, 257); // three bytes, three back
    stream.symbol(distances, 2);
    stream.symbol(symbols, 256);
    const auto contents = bytes_of("abcabc");
    EXPECT_EQ(gunzip_to(file_of(stream, contents), 6), contents);
}

TEST(Gzip, words_of_every_length_are_found)
{
    DeflateWriter::Lengths symbols(257, 0);
    for (std::uint8_t length = 1; length <= 15; ++length)
        symbols['a' + length] = length;
    symbols[256] = 15;
    DeflateWriter stream;
    stream.dynamic_header(symbols, {0});
    Bytes contents;
    for (const unsigned length : {15U, 1U, 9U, 10U, 2U, 11U, 14U, 8U, 13U, 12U, 3U, 15U}) {
        stream.symbol(symbols, 'a' + length);
        contents.push_back(static_cast<std::byte>('a' + length));
    }
    stream.symbol(symbols, 256);
    EXPECT_EQ(gunzip_to(file_of(stream, contents), contents.size()), contents);
}

/// RFC 1951, 3.2.7: "One distance code of zero bits means that there are no distance codes used at
/// all", and one that is used "is encoded using one bit, not zero bits".
TEST(Gzip, there_may_be_one_distance_or_none)
{
    DeflateWriter::Lengths symbols(258, 0);
    symbols['x'] = 1;
    symbols[256] = symbols[257] = 2;
    DeflateWriter stream;
    stream.dynamic_header(symbols, {1});
    stream.symbol(symbols, 'x');
    stream.symbol(symbols, 257);
    stream.bits(0, 1);
    stream.symbol(symbols, 256);
    EXPECT_EQ(gunzip_to(file_of(stream, bytes_of("xxxx")), 4), bytes_of("xxxx"));

    DeflateWriter other_bit;
    other_bit.dynamic_header(symbols, {1});
    other_bit.symbol(symbols, 'x');
    other_bit.symbol(symbols, 257);
    other_bit.bits(1, 1);
    EXPECT_EQ(gunzip_to(file_of(other_bit, bytes_of("xxxx")), 4), failure(Error::invalid));

    DeflateWriter no_distance;
    no_distance.dynamic_header(symbols, {0});
    no_distance.symbol(symbols, 'x');
    no_distance.symbol(symbols, 257);
    EXPECT_EQ(gunzip_to(file_of(no_distance, bytes_of("xxxx")), 4), failure(Error::invalid));
}

/// A stream that is wrong in one thing. `write` returns what a decoder that overlooks it would make
/// of the stream, so that the checksum does not find it.
struct Wrong {
    const char* what;
    Bytes (*write)(DeflateWriter&);
};

/// "aaaa" and the end of the block.
Bytes write_contents(DeflateWriter& stream, const DeflateWriter::Lengths& symbols)
{
    for (int i = 0; i < 4; ++i)
        stream.symbol(symbols, 'a');
    stream.symbol(symbols, 256);
    return bytes_of("aaaa");
}

Bytes write_with_symbols(DeflateWriter& stream, const DeflateWriter::Lengths& symbols)
{
    stream.dynamic_header(symbols, {0});
    return write_contents(stream, symbols);
}

Bytes write_with_distances(DeflateWriter& stream, const DeflateWriter::Lengths& distances)
{
    DeflateWriter::Lengths symbols(257, 0);
    symbols['a'] = symbols[256] = 1;
    stream.dynamic_header(symbols, distances);
    return write_contents(stream, symbols);
}

/// A match of the fixed codes after `before` bytes that are stored.
void write_match(DeflateWriter& stream, std::size_t before, unsigned length_symbol,
                 unsigned length_bits, unsigned distance_symbol, unsigned distance_bits)
{
    for (; before != 0; before -= std::min<std::size_t>(before, 0xffff)) {
        const auto size = static_cast<unsigned>(std::min<std::size_t>(before, 0xffff));
        stream.block(Block::stored, false);
        stream.align_to_byte();
        stream.bits(size, 16);
        stream.bits(0xffff ^ size, 16);
        for (unsigned i = 0; i < size; ++i)
            stream.bits('a', 8);
    }
    stream.block(Block::fixed, true);
    stream.symbol(DeflateWriter::fixed_symbols(), length_symbol);
    stream.bits(0, length_bits);
    stream.symbol(DeflateWriter::fixed_distances(), distance_symbol);
    stream.bits(0, distance_bits);
    stream.symbol(DeflateWriter::fixed_symbols(), 256);
}

const Wrong wrong_streams[] = {
    {"the reserved block type, a dynamic one otherwise",
     [](DeflateWriter& s) {
         DeflateWriter::Lengths symbols(257, 0);
         symbols['a'] = symbols[256] = 1;
         s.dynamic_header(symbols, {0}, true, Block::reserved);
         return write_contents(s, symbols);
     }},
    {"a stored block's size and its complement differ",
     [](DeflateWriter& s) {
         s.block(Block::stored, true);
         s.align_to_byte();
         s.bits(1, 16);
         s.bits(1, 16);
         s.bits('a', 8);
         return bytes_of("a");
     }},
    {"a distance before the output's start",
     [](DeflateWriter& s) {
         write_match(s, 1, 257, 0, 1, 0);
         return bytes_of("aaaa");
     }},
    {"a match with nothing before it",
     [](DeflateWriter& s) {
         write_match(s, 0, 257, 0, 0, 0);
         return bytes_of("aaa");
     }},
    {"length symbol 286, as if the table went on",
     [](DeflateWriter& s) {
         write_match(s, 1, 286, 6, 0, 0);
         return Bytes(1 + 323, std::byte{'a'});
     }},
    {"length symbol 287, as if the table went on",
     [](DeflateWriter& s) {
         write_match(s, 1, 287, 6, 0, 0);
         return Bytes(1 + 387, std::byte{'a'});
     }},
    {"distance symbol 30, as if the table went on",
     [](DeflateWriter& s) {
         write_match(s, 32'769, 257, 0, 30, 14);
         return Bytes(32'769 + 3, std::byte{'a'});
     }},
    {"distance symbol 31, as if the table went on",
     [](DeflateWriter& s) {
         write_match(s, 49'153, 257, 0, 31, 14);
         return Bytes(49'153 + 3, std::byte{'a'});
     }},
    {"more words for lengths than there are bits",
     [](DeflateWriter& s) {
         s.dynamic_header(257, 1, DeflateWriter::Lengths(19, 4), true);
         return Bytes{};
     }},
    {"words missing for lengths",
     [](DeflateWriter& s) {
         const DeflateWriter::Lengths code(19, 5);
         s.dynamic_header(257, 1, code, true);
         DeflateWriter::Lengths symbols(257, 0);
         symbols['a'] = symbols[256] = 1;
         for (const auto length : symbols)
             s.symbol(code, length);
         s.symbol(code, 0);
         return write_contents(s, symbols);
     }},
    {"no words for lengths",
     [](DeflateWriter& s) {
         s.dynamic_header(257, 1, DeflateWriter::Lengths(19, 0), true);
         return Bytes{};
     }},
    {"more words for symbols than there are bits",
     [](DeflateWriter& s) {
         DeflateWriter::Lengths symbols(257, 0);
         symbols['a'] = symbols[256] = 1;
         symbols['b'] = 2;
         return write_with_symbols(s, symbols);
     }},
    {"more words for symbols than there are bits, by the last one",
     [](DeflateWriter& s) {
         DeflateWriter::Lengths symbols(257, 0);
         symbols['a'] = 1;
         for (std::uint8_t length = 2; length <= 15; ++length)
             symbols[length] = length;
         symbols[100] = symbols[256] = 15;
         s.dynamic_header(symbols, {0});
         return Bytes{};
     }},
    {"words missing for symbols",
     [](DeflateWriter& s) {
         DeflateWriter::Lengths symbols(257, 0);
         symbols['a'] = symbols[256] = 2;
         return write_with_symbols(s, symbols);
     }},
    {"the last word missing for symbols",
     [](DeflateWriter& s) {
         DeflateWriter::Lengths symbols(257, 0);
         symbols['a'] = 1;
         for (std::uint8_t length = 2; length <= 15; ++length)
             symbols[length == 2 ? 256 : length] = length;
         return write_with_symbols(s, symbols);
     }},
    {"words missing for distances",
     [](DeflateWriter& s) { return write_with_distances(s, {2, 2, 2}); }},
    {"a single distance of two bits",
     [](DeflateWriter& s) { return write_with_distances(s, {2}); }},
    {"more words for distances than there are bits",
     [](DeflateWriter& s) { return write_with_distances(s, {1, 1, 1}); }},
    {"no end of block",
     [](DeflateWriter& s) {
         DeflateWriter::Lengths symbols(257, 0);
         symbols['a'] = symbols['b'] = 1;
         s.dynamic_header(symbols, {0});
         return Bytes{};
     }},
    {"a repeated length with none before it",
     [](DeflateWriter& s) {
         s.dynamic_header(257, 1, DeflateWriter::length_code(), true);
         s.symbol(DeflateWriter::length_code(), 16);
         return Bytes{};
     }},
    {"lengths repeated beyond the last",
     [](DeflateWriter& s) {
         s.dynamic_header(257, 1, DeflateWriter::length_code(), true);
         for (int i = 0; i < 2; ++i) {
             s.symbol(DeflateWriter::length_code(), 18);
             s.bits(127, 7);
         }
         return Bytes{};
     }},
};

TEST(Gzip, every_wrong_stream_is_invalid)
{
    for (const auto& wrong : wrong_streams) {
        DeflateWriter stream;
        const auto contents = wrong.write(stream);
        EXPECT_EQ(gunzip_to(file_of(stream, contents), contents.size() + 1000),
                  failure(Error::invalid))
            << wrong.what;
    }
}

TEST(Gzip, a_file_cut_off_does_not_fill_the_output_with_what_zeros_mean)
{
    DeflateWriter::Lengths symbols(257, 0);
    symbols['a'] = symbols[256] = 1; // 'a' is a zero bit
    DeflateWriter stream;
    stream.dynamic_header(symbols, {0});
    const auto contents = bytes_of("a");
    auto file = file_of(stream, contents);
    file.resize(file.size() - trailer);
    Bytes output(10'000, std::byte{'b'});
    EXPECT_EQ(gunzip(file, output), failure(Error::no_data));
    EXPECT_LT(std::ranges::count(output, std::byte{'a'}), 10);
}

TEST(Gzip, a_size_is_a_claim_of_the_last_four_bytes)
{
    const auto file = compressed_by_tool(bytes_of("contents"), "-9");
    const Bytes without_size{file.begin(), file.end() - 4};
    EXPECT_EQ(gunzipped_size(without_size + little_endian(0xfedc'ba98)), 0xfedc'ba98);
    EXPECT_EQ(gunzip_to(without_size + little_endian(0xfedc'ba98), 8), failure(Error::invalid));
}

} // namespace
} // namespace bulkhead::boot
