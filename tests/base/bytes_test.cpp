#include "holdfast/base/bytes.h"

#include <gtest/gtest.h>

#include "support/results.h"

namespace holdfast {
namespace {

using namespace tests;

TEST(AllZero, SeesOneBitAnywhere) {
    EXPECT_TRUE(is_all_zero({}));
    for (const std::size_t size : {1u, 2u, 7u, 8u, 64u, 65u, 4096u}) {
        Bytes bytes(size);
        EXPECT_TRUE(is_all_zero(bytes));
        for (std::size_t at = 0; at < size; ++at) {
            bytes[at] = std::byte{1};
            ASSERT_FALSE(is_all_zero(bytes)) << size << ' ' << at;
            bytes[at] = std::byte{0};
        }
    }
}

TEST(Hexadecimal, TakesBothCasesAndNothingElse) {
    EXPECT_EQ(to_hex(must(from_hex("00fFaB"))), "00ffab");
    EXPECT_TRUE(must(from_hex("")).empty());
    for (const std::string_view wrong : {"0", "abc", "0g", "g0", " 0", "0x00", "\xff\xff"}) EXPECT_THAT(from_hex(wrong), FailsWith(ErrorCode::invalid)) << wrong;
}

TEST(SecretBytesValue, ComparesLengthAndEveryByte) {
    const SecretBytes secret(bytes_of("secret"));
    EXPECT_TRUE(secret == secret.copy());
    EXPECT_FALSE(secret == SecretBytes(bytes_of("secre")));
    EXPECT_FALSE(secret == SecretBytes(bytes_of("Secret")));
    EXPECT_TRUE(SecretBytes() == SecretBytes(ByteView{}));
    static_assert(!std::is_copy_constructible_v<SecretBytes> && std::is_nothrow_move_constructible_v<SecretBytes>);
}

TEST(SecretBytesValue, SurvivesAssignmentToItself) {
    SecretBytes secret(bytes_of("secret"));
    SecretBytes& same = secret;
    secret = std::move(same);
    EXPECT_TRUE(secret == SecretBytes(bytes_of("secret")));
}

TEST(BufferOfBytes, IsMovableAndMayBeEmpty) {
    Buffer buffer(10);
    buffer.span()[9] = std::byte{7};
    const Buffer other = std::move(buffer);
    EXPECT_EQ(other.view()[9], std::byte{7});
    EXPECT_TRUE(Buffer().view().empty());
}

}  // namespace
}  // namespace holdfast
