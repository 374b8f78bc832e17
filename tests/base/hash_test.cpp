#include "holdfast/base/hash.h"

#include <gtest/gtest.h>
#include <xxhash.h>

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

}  // namespace
}  // namespace holdfast
