#pragma once

#include "base/bits.hpp"
#include "devicetree/format.hpp"
#include "devicetree/property.hpp"

#include <iterator>
#include <string_view>

namespace bulkhead::devicetree {

/// The properties of a node of a checked tree, one after the other.
class Properties {
public:
    class Iterator {
    public:
        Iterator(const std::byte* token, const char* strings) : at_(token), strings_(strings)
        {
            skip_nops();
        }
        Property operator*() const { return {strings_ + word(2), value()}; }
        [[nodiscard]] std::span<const std::byte> value() const
        {
            return {at_ + format::property_header_size, word(1)};
        }
        /// Whether the property has that name: cheaper than to ask the property.
        [[nodiscard]] bool is_called(std::string_view name) const
        {
            const char* own = strings_ + word(2);
            for (const char letter : name)
                if (*own++ != letter) return false;
            return *own == '\0';
        }
        Iterator& operator++()
        {
            at_ += format::property_header_size + align_up(std::size_t{word(1)}, format::alignment);
            skip_nops();
            return *this;
        }
        bool operator==(std::default_sentinel_t /*end*/) const
        {
            return word(0) != format::property;
        }

    private:
        [[nodiscard]] std::uint32_t word(std::size_t number) const
        {
            return format::load(at_ + 4 * number);
        }
        void skip_nops()
        {
            while (word(0) == format::nop)
                at_ += 4;
        }

        const std::byte* at_;
        const char* strings_;
    };

    Properties(const std::byte* first_token, const char* strings) : begin_(first_token, strings) {}
    [[nodiscard]] Iterator begin() const { return begin_; }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

private:
    Iterator begin_;
};

} // namespace bulkhead::devicetree
