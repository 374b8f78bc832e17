// Freed memory is looked at as it is given back: no secret may be in it.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "holdfast/base/aead.h"
#include "holdfast/base/hash.h"

namespace {

constexpr std::size_t pattern_size = 16;
unsigned char pattern[pattern_size];  // what must not be found; all threads of a test look for the same
std::atomic<bool> watching = false;
std::atomic<int> found = 0;

void look_and_free(void* memory) noexcept {
    if (memory != nullptr && watching && memmem(memory, malloc_usable_size(memory), pattern, pattern_size) != nullptr) ++found;
    std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) std::abort();
    return memory;
}
void operator delete(void* memory) noexcept { look_and_free(memory); }
void operator delete(void* memory, std::size_t) noexcept { look_and_free(memory); }

namespace holdfast {
namespace {

// How many blocks were freed during `work` with `secret` still in them.
template <typename Work>
int leaks(ByteView secret, Work work) {
    std::memcpy(pattern, secret.data(), pattern_size);
    found = 0;
    watching = true;
    work();
    watching = false;
    return found;
}

// 16 bytes that nothing else in the process holds; `mark` makes another.
Bytes unique_secret(std::uint8_t mark, std::size_t size = 32) {
    Bytes secret;
    while (secret.size() < size) append(secret, sha256(std::as_bytes(std::span(&mark, 1))).view());
    secret.resize(size);
    return secret;
}

TEST(Wiping, TheLookFindsWhatIsNotWiped) {
    const Bytes secret = unique_secret(1);
    EXPECT_GT(leaks(secret, [&] { const Bytes forgotten = copy_of(secret); }), 0);
}

TEST(Wiping, SecretBytesLeaveNothing) {
    const Bytes secret = unique_secret(2);
    EXPECT_EQ(leaks(secret, [&] {
                  SecretBytes one(secret);
                  SecretBytes two = std::move(one);
                  SecretBytes three(unique_secret(3));
                  three = std::move(two);
                  const SecretBytes four = three.copy();
              }), 0);
}

TEST(Wiping, AKeyedHashLeavesNeitherTheKeyNorItsPaddedForms) {
    const Bytes key = unique_secret(4);
    Bytes inner = key, outer = key;
    for (auto& byte : inner) byte ^= std::byte{0x36};
    for (auto& byte : outer) byte ^= std::byte{0x5c};
    const auto work = [&] { KeyedHash{key}(1, bytes_of("text")); };
    EXPECT_EQ(leaks(key, work), 0);
    EXPECT_EQ(leaks(inner, work), 0);
    EXPECT_EQ(leaks(outer, work), 0);
}

TEST(Wiping, DerivingAndSealingLeaveNothing) {
    const Bytes secret = unique_secret(5);
    const Bytes derived = copy_of(derive_key(secret, {}, "purpose").view());
    const auto work = [&] {
        const Aead cipher(derive_key(secret, {}, "purpose"));
        EXPECT_TRUE(cipher.open({.nonce = 1, .associated = {}}, cipher.seal({.nonce = 1, .associated = {}}, bytes_of("text"))).ok());
    };
    EXPECT_EQ(leaks(secret, work), 0);
    EXPECT_EQ(leaks(derived, work), 0);
}

TEST(Wiping, StretchingLeavesNeitherPasswordNorKey) {
    const Bytes password = unique_secret(6);
    const Bytes salt(16);
    const PasswordCost cheap{.passes = 1, .memory_kib = 64};
    const auto stretch = [&] { return stretch_password(SecretBytes(password), salt, cheap); };
    const auto first = stretch();
    ASSERT_TRUE(first.ok());
    const Bytes key = copy_of(first->view());
    EXPECT_EQ(leaks(password, [&] { EXPECT_TRUE(stretch().ok()); }), 0);
    EXPECT_EQ(leaks(key, [&] { EXPECT_TRUE(stretch().ok()); }), 0);
}

}  // namespace
}  // namespace holdfast
