#include "holdfast/base/aead.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <atomic>
#include <thread>
#include <vector>

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

// The nonce's place in its 12 bytes and the associated bytes, by a second library.
TEST(Aead, AgreesWithASecondLibrary) {
    ASSERT_GE(sodium_init(), 0);
    if (crypto_aead_aes256gcm_is_available() == 0) GTEST_SKIP() << "libsodium has AES-256-GCM only where the CPU has it";
    const unsigned char key[32] = {1, 2, 3};
    const unsigned char nonce[12] = {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};  // and four zeros
    const unsigned char text[5] = {'h', 'e', 'l', 'l', 'o'};
    const unsigned char header[3] = {'a', 'b', 'c'};
    unsigned char theirs[sizeof text + 16];
    ASSERT_EQ(crypto_aead_aes256gcm_encrypt(theirs, nullptr, text, sizeof text, header, sizeof header, nullptr, nonce, key), 0);
    const Aead cipher{SecretBytes(std::as_bytes(std::span(key)))};
    const Bytes ours = cipher.seal({.nonce = 0x1122334455667788, .associated = bytes_of("abc")}, bytes_of("hello"));
    EXPECT_EQ(to_hex(ours), to_hex(std::as_bytes(std::span(theirs))));
}

TEST(Aead, KeysTakeTurnsOnOneThreadAndShareSeveral) {
    const Aead one(key_of(1)), two(key_of(2));
    const Aead::Bound bound{.nonce = 1, .associated = bytes_of("x")};
    const Bytes sealed_by_one = one.seal(bound, bytes_of("text")), sealed_by_two = two.seal(bound, bytes_of("text"));
    EXPECT_NE(sealed_by_one, sealed_by_two);
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 500; ++n) {
                    wrong += one.open(bound, sealed_by_one).ok() ? 0 : 1;
                    wrong += one.open(bound, sealed_by_two).ok() ? 1 : 0;
                    wrong += two.seal(bound, bytes_of("text")) == sealed_by_two ? 0 : 1;
                }
            });
    }
    EXPECT_EQ(wrong, 0);
}

TEST(Aead, RefusesEveryTruncationAndExtension) {
    const Aead cipher(key_of(4));
    const Aead::Bound bound{.nonce = 9, .associated = {}};
    Bytes sealed = cipher.seal(bound, bytes_of("a few bytes"));
    for (std::size_t size = 0; size < sealed.size(); ++size) EXPECT_FALSE(cipher.open(bound, ByteView(sealed).first(size)).ok()) << size;
    sealed.push_back(std::byte{0});
    EXPECT_FALSE(cipher.open(bound, sealed).ok());
}

TEST(AeadDeathTest, AKeyOfAnotherSizeIsABrokenPromise) { EXPECT_DEATH(Aead(SecretBytes(Bytes(16))), "broken promise"); }

TEST(StretchPassword, EmptyPasswordsWorkAndDiffer) {
    const Bytes salt(16);
    const PasswordCost cheap{.passes = 1, .memory_kib = 64};
    const auto empty = stretch_password(SecretBytes(), salt, cheap);
    const auto other = stretch_password(SecretBytes(bytes_of("x")), salt, cheap);
    ASSERT_TRUE(empty.ok() && other.ok());
    EXPECT_EQ(empty->size(), aead_key_size);
    EXPECT_FALSE(*empty == *other);
}

}  // namespace
}  // namespace holdfast
