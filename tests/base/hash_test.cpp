#include "holdfast/base/hash.h"

#include <gtest/gtest.h>
#include <sodium.h>
#include <xxhash.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace holdfast {
namespace {

TEST(Sha256, KnownAnswers) {  // FIPS 180-4 examples
    EXPECT_EQ(sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256(bytes_of("abc")).hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PiecesMakeTheSameHash) {
    Sha256 pieces;
    pieces.update(bytes_of("a"));
    pieces.update({});
    pieces.update(bytes_of("bc"));
    EXPECT_EQ(pieces.finish(), sha256(bytes_of("abc")));
}

// The domain byte is part of the text, so the RFC's texts are given without their first byte.
TEST(KeyedHash, KnownAnswers) {  // RFC 4231, cases 1, 2 and 6 (a key longer than a block)
    const KeyedHash one(Bytes(20, std::byte{0x0b}));
    EXPECT_EQ(one('H', bytes_of("i There")).hex(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    const KeyedHash two(bytes_of("Jefe"));
    EXPECT_EQ(two('w', bytes_of("hat do ya want for nothing?")).hex(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const KeyedHash six(Bytes(131, std::byte{0xaa}));
    EXPECT_EQ(six('T', bytes_of("est Using Larger Than Block-Size Key - Hash Key First")).hex(),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(KeyedHash, ThreadsShareOneKey) {
    const KeyedHash keyed(bytes_of("key"));
    const Hash expected = keyed(1, bytes_of("text"));
    std::vector<std::jthread> threads;
    std::atomic<int> wrong = 0;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 2000; ++n) wrong += keyed(1, bytes_of("text")) == expected ? 0 : 1;
        });
    threads.clear();
    EXPECT_EQ(wrong, 0);
}

TEST(DeriveKey, KnownAnswer) {  // RFC 5869, test case 1, its first 32 bytes
    const Bytes secret(22, std::byte{0x0b});
    const auto salt = from_hex("000102030405060708090a0b0c");
    const auto purpose = from_hex("f0f1f2f3f4f5f6f7f8f9");
    ASSERT_TRUE(salt.ok() && purpose.ok());
    EXPECT_EQ(to_hex(derive_key(secret, *salt, text_of(*purpose)).view()), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

TEST(Fingerprint, IsXxh3) {
    Bytes bytes(70'000);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 31 % 251);
    const auto ours = fingerprint(bytes, 7);
    const auto theirs = XXH3_128bits_withSeed(bytes.data(), bytes.size(), 7);
    EXPECT_EQ(ours.low, theirs.low64);
    EXPECT_EQ(ours.high, theirs.high64);
    EXPECT_EQ(short_fingerprint(bytes, 7), XXH3_64bits_withSeed(bytes.data(), bytes.size(), 7));
    EXPECT_NE(fingerprint(bytes, 8), ours);
}

TEST(Hash, HexAndBytesRoundTrip) {
    const Hash hash = sha256(bytes_of("x"));
    const auto back = Hash::from_hex(hash.hex());
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, hash);
    EXPECT_FALSE(Hash::from_hex("abcd").ok());
    EXPECT_FALSE(Hash::from_hex(std::string(64, 'g')).ok());
}

TEST(KeyedHash, MoreKnownAnswers) {  // RFC 4231, cases 3, 4 and 7, their first byte as the domain
    const KeyedHash three(Bytes(20, std::byte{0xaa}));
    EXPECT_EQ(three(0xdd, Bytes(49, std::byte{0xdd})).hex(), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    Bytes counting;
    for (std::uint8_t i = 1; i <= 25; ++i) counting.push_back(std::byte{i});
    EXPECT_EQ(KeyedHash(counting)(0xcd, Bytes(49, std::byte{0xcd})).hex(), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    const KeyedHash seven(Bytes(131, std::byte{0xaa}));
    EXPECT_EQ(seven('T', bytes_of("his is a test using a larger than block-size key and a larger than block-size data. "
                                  "The key needs to be hashed before being used by the HMAC algorithm.")).hex(),
              "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

const unsigned char* plain(ByteView bytes) {
    const void* at = bytes.data();
    return static_cast<const unsigned char*>(at);
}

Hash hmac_by_libsodium(ByteView key, ByteView text) {
    crypto_auth_hmacsha256_state state;
    std::array<unsigned char, 32> out{};
    crypto_auth_hmacsha256_init(&state, plain(key), key.size());
    crypto_auth_hmacsha256_update(&state, plain(text), text.size());
    crypto_auth_hmacsha256_final(&state, out.data());
    return Hash::from_bytes(std::as_bytes(std::span(out))).value();
}

// Key lengths around the block size, text lengths around several blocks; the second library is libsodium.
TEST(KeyedHash, AgreesWithASecondLibraryAroundEveryBoundary) {
    Bytes bytes(400);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7 + 1);
    for (const std::size_t key_size : {0u, 1u, 31u, 32u, 63u, 64u, 65u, 128u, 129u}) {
        const KeyedHash keyed(ByteView(bytes).first(key_size));
        for (std::size_t size = 1; size < 300; ++size)
            ASSERT_EQ(keyed(1, ByteView(bytes).subspan(1, size - 1)), hmac_by_libsodium(ByteView(bytes).first(key_size), ByteView(bytes).first(size))) << key_size << ' ' << size;
    }
}

TEST(Sha256, AgreesWithASecondLibraryInAnyPieces) {
    Bytes bytes(1000);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 13);
    for (std::size_t cut = 0; cut <= bytes.size(); cut += 37) {
        Sha256 pieces;
        pieces.update(ByteView(bytes).first(cut));
        pieces.update(ByteView(bytes).subspan(cut));
        std::array<unsigned char, 32> expected{};
        crypto_hash_sha256(expected.data(), plain(bytes), bytes.size());
        EXPECT_EQ(pieces.finish().hex(), to_hex(std::as_bytes(std::span(expected))));
    }
}

TEST(KeyedHash, MovedOnesGoOnAndDomainsDiffer) {
    KeyedHash first(bytes_of("key"));
    const Hash before = first(1, bytes_of("text"));
    const KeyedHash second = std::move(first);
    EXPECT_EQ(second(1, bytes_of("text")), before);
    EXPECT_NE(second(2, bytes_of("text")), before);
    EXPECT_NE(second(1, bytes_of("texT")), before);
}

TEST(DeriveKey, MoreKnownAnswers) {  // RFC 5869, test cases 2 and 3, their first 32 bytes
    const auto counting = [](unsigned from, unsigned to) {
        Bytes bytes;
        for (unsigned i = from; i < to; ++i) bytes.push_back(static_cast<std::byte>(i));
        return bytes;
    };
    const Bytes purpose = counting(0xb0, 0x100);
    EXPECT_EQ(to_hex(derive_key(counting(0, 0x50), counting(0x60, 0xb0), text_of(purpose)).view()), "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c");
    EXPECT_EQ(to_hex(derive_key(Bytes(22, std::byte{0x0b}), {}, "").view()), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(DeriveKey, EveryArgumentCounts) {
    const SecretBytes key = derive_key(bytes_of("secret"), bytes_of("salt"), "purpose");
    EXPECT_EQ(key.size(), 32u);
    EXPECT_TRUE(key == derive_key(bytes_of("secret"), bytes_of("salt"), "purpose"));
    EXPECT_FALSE(key == derive_key(bytes_of("secreT"), bytes_of("salt"), "purpose"));
    EXPECT_FALSE(key == derive_key(bytes_of("secret"), bytes_of("salT"), "purpose"));
    EXPECT_FALSE(key == derive_key(bytes_of("secret"), bytes_of("salt"), "purposE"));
}

// Each size has another route through the library (short, middle, long, blocks), and each CPU another one.
TEST(Fingerprint, IsXxh3AtEverySizeAndAddress) {
    Bytes bytes(70'000);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * i >> 3);
    for (const std::size_t size : {0u, 1u, 3u, 4u, 8u, 9u, 16u, 17u, 128u, 129u, 240u, 241u, 1023u, 1024u, 1025u, 4096u, 65'536u}) {
        for (std::size_t start = 0; start < 4; ++start) {
            const ByteView view = ByteView(bytes).subspan(start, size);
            const XXH128_hash_t expected = XXH3_128bits_withSeed(view.data(), size, 99);
            EXPECT_EQ(fingerprint(view, 99), (Fingerprint{.low = expected.low64, .high = expected.high64})) << size;
            EXPECT_EQ(short_fingerprint(view, 99), XXH3_64bits_withSeed(view.data(), size, 99)) << size;
        }
    }
}

TEST(Hash, OrdersBytewiseAndChecksItsLength) {
    Hash small, large;
    small.bytes[0] = std::byte{0x7f};
    large.bytes[0] = std::byte{0x80};
    EXPECT_LT(small, large);
    EXPECT_FALSE(Hash::from_bytes(ByteView(small.bytes).first(31)).ok());
    EXPECT_NE(HashHasher{}(small), HashHasher{}(large));
}

}  // namespace
}  // namespace holdfast
