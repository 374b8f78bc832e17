#include "holdfast/base/hash.h"

// OpenSSL's SHA-256 itself, which its newer interface calls too: that one finds its algorithms by name, for which it sets
// up its providers and reads its settings, 0.9 ms at the start of every program (decision 0033).
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <xxh_x86dispatch.h>

#include <cstring>

#include "holdfast/base/text.h"

namespace holdfast {
namespace {

SHA256_CTX begin() {
    SHA256_CTX context;
    HOLDFAST_ASSERT(SHA256_Init(&context) == 1);
    return context;
}

void update(SHA256_CTX& context, ByteView bytes) { HOLDFAST_ASSERT(SHA256_Update(&context, bytes.data(), bytes.size()) == 1); }

Hash finish(SHA256_CTX& context) {
    Hash hash;
    void* into = hash.bytes.data();
    HOLDFAST_ASSERT(SHA256_Final(static_cast<unsigned char*>(into), &context) == 1);
    return hash;
}

}  // namespace

std::string Hash::hex() const { return to_hex(bytes); }

Result<Hash> Hash::from_bytes(ByteView from) {
    Hash hash;
    if (from.size() != hash.bytes.size()) return fail(ErrorCode::corrupt, "read a hash: {} bytes instead of 32", from.size());
    std::memcpy(hash.bytes.data(), from.data(), from.size());
    return hash;
}

Result<Hash> Hash::from_hex(std::string_view text) {
    const Bytes decoded = TRY(holdfast::from_hex(text));
    return from_bytes(decoded);
}

std::size_t HashHasher::operator()(const Hash& hash) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, hash.bytes.data(), sizeof value);
    return value;
}

Hash sha256(ByteView bytes) {
    auto context = begin();
    update(context, bytes);
    return finish(context);
}

struct Sha256::State {
    SHA256_CTX context = begin();
};
Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;
void Sha256::update(ByteView bytes) { holdfast::update(state_->context, bytes); }
Hash Sha256::finish() { return holdfast::finish(state_->context); }

namespace {

// HMAC (RFC 2104) with both key blocks hashed beforehand, so that a short text costs two compressions, not four.
class Hmac {
public:
    explicit Hmac(ByteView key) {
        Hash short_key;
        if (key.size() > block_size) {
            short_key = sha256(key);
            key = short_key.view();
        }
        absorb(inner_, key, std::byte{0x36});
        absorb(outer_, key, std::byte{0x5c});
        OPENSSL_cleanse(short_key.bytes.data(), short_key.bytes.size());
    }
    Hmac(const Hmac&) = delete;
    Hmac& operator=(const Hmac&) = delete;
    ~Hmac() {
        OPENSSL_cleanse(&inner_, sizeof inner_);
        OPENSSL_cleanse(&outer_, sizeof outer_);
    }
    // Of both parts, one after the other.
    Hash operator()(ByteView first, ByteView second) const {
        SHA256_CTX scratch = inner_;
        update(scratch, first);
        update(scratch, second);
        const Hash inside = finish(scratch);
        scratch = outer_;
        update(scratch, inside.view());
        const Hash hash = finish(scratch);
        OPENSSL_cleanse(&scratch, sizeof scratch);
        return hash;
    }

private:
    static constexpr std::size_t block_size = SHA256_CBLOCK;
    static void absorb(SHA256_CTX& context, ByteView key, std::byte padding) {
        std::array<std::byte, block_size> block;
        block.fill(padding);
        for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
        update(context, block);
        OPENSSL_cleanse(block.data(), block.size());
    }
    SHA256_CTX inner_ = begin();
    SHA256_CTX outer_ = begin();
};

}  // namespace

struct KeyedHash::State {
    explicit State(ByteView key) : hmac(key) {}
    const Hmac hmac;
};
KeyedHash::KeyedHash(ByteView key) : state_(std::make_unique<State>(key)) {}
KeyedHash::KeyedHash(KeyedHash&&) noexcept = default;
KeyedHash& KeyedHash::operator=(KeyedHash&&) noexcept = default;
KeyedHash::~KeyedHash() = default;

Hash KeyedHash::operator()(std::uint8_t domain, ByteView bytes) const {
    const std::byte first{domain};
    return state_->hmac(std::span(&first, 1), bytes);
}

SecretBytes derive_key(ByteView secret, ByteView salt, std::string_view purpose) {
    constexpr std::byte number{1};  // of the block of output: 32 bytes are one
    Hash extracted = Hmac(salt)(secret, {});
    Hash expanded = Hmac(extracted.view())(bytes_of(purpose), std::span(&number, 1));
    SecretBytes derived(expanded.view());
    OPENSSL_cleanse(extracted.bytes.data(), extracted.bytes.size());
    OPENSSL_cleanse(expanded.bytes.data(), expanded.bytes.size());
    return derived;
}

Fingerprint fingerprint(ByteView bytes, std::uint64_t seed) {
    const XXH128_hash_t hash = XXH3_128bits_withSeed_dispatch(bytes.data(), bytes.size(), seed);
    return {.low = hash.low64, .high = hash.high64};
}

std::uint64_t short_fingerprint(ByteView bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed_dispatch(bytes.data(), bytes.size(), seed);
}

}  // namespace holdfast
