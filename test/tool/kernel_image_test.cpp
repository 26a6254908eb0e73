#include "kernel_image.hpp"
#include "temporary_project.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

TEST(KernelImage, version_1_says_how_much_memory_it_uses)
{
    const auto kernel = recognise_kernel(arm64_image(0x1234000), 4096);
    ASSERT_TRUE(kernel);
    EXPECT_EQ(kernel->memory_size, 0x1234000U);
    EXPECT_FALSE(kernel->compressed);
}

TEST(KernelImage, a_size_of_zero_means_at_least_the_file)
{
    EXPECT_EQ(recognise_kernel(arm64_image(0), 4096)->memory_size, 4096U);
}

TEST(KernelImage, version_0_is_recognised_by_its_first_instruction)
{
    std::string head(64, '\0');
    head.replace(0, 4, std::string("\x08\x00\x00\x14", 4));
    EXPECT_EQ(recognise_kernel(head, 9999)->memory_size, 9999U);
}

TEST(KernelImage, gzip_is_left_to_the_target)
{
    EXPECT_TRUE(recognise_kernel("\x1f\x8b", 100)->compressed);
}

TEST(KernelImage, anything_shorter_than_a_header_is_none)
{
    EXPECT_FALSE(recognise_kernel("", 0));
    EXPECT_FALSE(recognise_kernel(arm64_image(1).substr(0, 63), 63));
}

} // namespace
} // namespace bulkhead::tool
