#include "holdfast/base/hash.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <xxh_x86dispatch.h>

#include <cstring>

#include "holdfast/base/text.h"

namespace holdfast {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

const EVP_MD* sha256_algorithm() {
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    HOLDFAST_ASSERT(algorithm != nullptr);
    return algorithm;
}

Context new_context() {
    Context context(EVP_MD_CTX_new());
    HOLDFAST_ASSERT(context != nullptr && EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1);
    return context;
}

void update(EVP_MD_CTX* context, ByteView bytes) { HOLDFAST_ASSERT(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1); }

Hash finish(EVP_MD_CTX* context) {
    Hash hash;
    void* into = hash.bytes.data();
    HOLDFAST_ASSERT(EVP_DigestFinal_ex(context, static_cast<unsigned char*>(into), nullptr) == 1);
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
    const auto context = new_context();
    update(context.get(), bytes);
    return finish(context.get());
}

struct Sha256::State {
    Context context = new_context();
};
Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;
void Sha256::update(ByteView bytes) { holdfast::update(state_->context.get(), bytes); }
Hash Sha256::finish() { return holdfast::finish(state_->context.get()); }

// HMAC (RFC 2104) with both key blocks hashed beforehand, so that a short text costs two compressions, not four.
struct KeyedHash::State {
    Context inner = new_context();
    Context outer = new_context();
};

namespace {

void absorb_key(EVP_MD_CTX* context, ByteView key, std::byte padding) {
    std::array<std::byte, 64> block;
    block.fill(padding);
    for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
    update(context, block);
    OPENSSL_cleanse(block.data(), block.size());
}

}  // namespace

KeyedHash::KeyedHash(ByteView key) : state_(std::make_unique<State>()) {
    Hash short_key;
    if (key.size() > 64) {
        short_key = sha256(key);
        key = short_key.view();
    }
    absorb_key(state_->inner.get(), key, std::byte{0x36});
    absorb_key(state_->outer.get(), key, std::byte{0x5c});
    OPENSSL_cleanse(short_key.bytes.data(), short_key.bytes.size());
}
KeyedHash::KeyedHash(KeyedHash&&) noexcept = default;
KeyedHash& KeyedHash::operator=(KeyedHash&&) noexcept = default;
KeyedHash::~KeyedHash() = default;

Hash KeyedHash::operator()(std::uint8_t domain, ByteView bytes) const {
    thread_local const Context scratch(EVP_MD_CTX_new());
    HOLDFAST_ASSERT(scratch != nullptr && EVP_MD_CTX_copy_ex(scratch.get(), state_->inner.get()) == 1);
    const std::byte first{domain};
    holdfast::update(scratch.get(), {&first, 1});
    holdfast::update(scratch.get(), bytes);
    const Hash inner = holdfast::finish(scratch.get());
    HOLDFAST_ASSERT(EVP_MD_CTX_copy_ex(scratch.get(), state_->outer.get()) == 1);
    holdfast::update(scratch.get(), inner.view());
    return holdfast::finish(scratch.get());
}

SecretBytes derive_key(ByteView secret, ByteView salt, std::string_view purpose) {
    static EVP_KDF* const algorithm = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
    HOLDFAST_ASSERT(algorithm != nullptr);
    const auto free_context = [](EVP_KDF_CTX* context) { EVP_KDF_CTX_free(context); };
    const std::unique_ptr<EVP_KDF_CTX, decltype(free_context)> context(EVP_KDF_CTX_new(algorithm), free_context);
    char digest[] = "SHA256";
    Bytes key = copy_of(secret), salt_copy = copy_of(salt), info = copy_of(bytes_of(purpose));
    for (Bytes* field : {&key, &salt_copy, &info}) field->reserve(1);  // OpenSSL takes no null pointer, even for no bytes
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
                                     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_copy.data(), salt_copy.size()),
                                     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
                                     OSSL_PARAM_construct_end()};
    std::array<unsigned char, 32> out{};
    HOLDFAST_ASSERT(EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) == 1);
    OPENSSL_cleanse(key.data(), key.size());
    SecretBytes derived(std::as_bytes(std::span(out)));
    OPENSSL_cleanse(out.data(), out.size());
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
