#include "holdfast/base/aead.h"

#include <gtest/gtest.h>
#include <sodium.h>

namespace holdfast {
namespace {

SecretBytes key_of(std::uint8_t byte) { return SecretBytes(Bytes(aead_key_size, std::byte{byte})); }

TEST(Aead, KnownAnswer) {  // NIST GCM test case 14: zero key, nonce and block
    const Aead cipher(key_of(0));
    EXPECT_EQ(to_hex(cipher.seal({.nonce = 0, .associated = {}}, Bytes(16))), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

TEST(Aead, OpensWhatItSealed) {
    const Aead cipher(key_of(1));
    for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 70'000u}) {
        const Bytes plain(size, std::byte{0x5a});
        const Bytes sealed = cipher.seal({.nonce = size, .associated = bytes_of("header")}, plain);
        EXPECT_EQ(sealed.size(), size + aead_tag_size);
        const auto opened = cipher.open({.nonce = size, .associated = bytes_of("header")}, sealed);
        ASSERT_TRUE(opened.ok());
        EXPECT_EQ(*opened, plain);
    }
}

TEST(Aead, RefusesEveryFlippedBitAndEveryOtherBinding) {
    const Aead cipher(key_of(2));
    const Bytes sealed = cipher.seal({.nonce = 3, .associated = bytes_of("a")}, bytes_of("secret"));
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        Bytes other = sealed;
        other[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        const auto opened = cipher.open({.nonce = 3, .associated = bytes_of("a")}, other);
        ASSERT_FALSE(opened.ok());
        EXPECT_EQ(opened.error().code(), ErrorCode::corrupt);
    }
    EXPECT_FALSE(cipher.open({.nonce = 4, .associated = bytes_of("a")}, sealed).ok());
    EXPECT_FALSE(cipher.open({.nonce = 3, .associated = bytes_of("b")}, sealed).ok());
    EXPECT_FALSE(Aead(key_of(3)).open({.nonce = 3, .associated = bytes_of("a")}, sealed).ok());
    EXPECT_FALSE(cipher.open({.nonce = 3, .associated = bytes_of("a")}, ByteView(sealed).first(8)).ok());
}

TEST(StretchPassword, IsArgon2id) {
    const SecretBytes password(bytes_of("correct horse"));
    const Bytes salt(16, std::byte{9});
    const auto ours = stretch_password(password, salt, {.passes = 2, .memory_kib = 8192});
    ASSERT_TRUE(ours.ok());
    unsigned char theirs[32];
    unsigned char salt_copy[16];
    std::fill(std::begin(salt_copy), std::end(salt_copy), static_cast<unsigned char>(9));
    ASSERT_EQ(crypto_pwhash(theirs, sizeof theirs, "correct horse", 13, salt_copy, 2, 8192ull * 1024, crypto_pwhash_ALG_ARGON2ID13), 0);
    EXPECT_EQ(to_hex(ours->view()), to_hex(std::as_bytes(std::span(theirs))));
}

TEST(StretchPassword, RefusesCostsOutsideTheLimits) {
    const SecretBytes password(bytes_of("x"));
    const Bytes salt(16);
    EXPECT_FALSE(stretch_password(password, salt, {.passes = 3, .memory_kib = 2'000'000}).ok());
    EXPECT_FALSE(stretch_password(password, salt, {.passes = 0, .memory_kib = 8192}).ok());
    EXPECT_FALSE(stretch_password(password, ByteView(salt).first(4), {}).ok());
}

TEST(SecretBytes, MovesLeaveNothingBehind) {
    SecretBytes one(bytes_of("secret"));
    const SecretBytes two = std::move(one);
    EXPECT_TRUE(one.empty());  // NOLINT: what a moved-from secret holds is the point
    EXPECT_TRUE(two == SecretBytes(bytes_of("secret")));
    EXPECT_FALSE(two == SecretBytes(bytes_of("secreT")));
}

}  // namespace
}  // namespace holdfast
