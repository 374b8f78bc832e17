#include "holdfast/base/aead.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <array>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast {
namespace {

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* in(ByteView bytes) {
    const void* at = bytes.data();
    return static_cast<const unsigned char*>(at);
}
unsigned char* out(std::byte* bytes) {
    void* at = bytes;
    return static_cast<unsigned char*>(at);
}

std::array<std::byte, aead_nonce_size> nonce_bytes(std::uint64_t nonce) {
    std::array<std::byte, aead_nonce_size> bytes{};
    save(LittleEndian<std::uint64_t>(nonce), bytes);
    return bytes;
}

// Lends the thread's context and takes the key out of it afterwards: no key outlives its owner.
struct ForgetKey {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_reset(context); }
};
using Keyed = std::unique_ptr<EVP_CIPHER_CTX, ForgetKey>;

const EVP_CIPHER* algorithm() {
    static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    HOLDFAST_ASSERT(cipher != nullptr);
    return cipher;
}

// A context of this thread, keyed and given its nonce. encrypt: 1 seals, 0 opens.
Keyed begin(const SecretBytes& key, const Aead::Bound& bound, int encrypt) {
    thread_local const Context context(EVP_CIPHER_CTX_new());
    const auto nonce = nonce_bytes(bound.nonce);
    HOLDFAST_ASSERT(context != nullptr && bound.associated.size() <= INT32_MAX);
    HOLDFAST_ASSERT(EVP_CipherInit_ex2(context.get(), algorithm(), in(key.view()), in(nonce), encrypt, nullptr) == 1);
    int written = 0;
    HOLDFAST_ASSERT(EVP_CipherUpdate(context.get(), nullptr, &written, in(bound.associated), static_cast<int>(bound.associated.size())) == 1);
    return Keyed(context.get());
}

}  // namespace

Aead::Aead(const SecretBytes& key) : key_(key.copy()) { HOLDFAST_ASSERT(key_.size() == aead_key_size); }

Bytes Aead::seal(const Bound& bound, ByteView plain) const {
    HOLDFAST_ASSERT(plain.size() <= INT32_MAX - aead_tag_size);
    Bytes sealed(plain.size() + aead_tag_size);
    const Keyed context = begin(key_, bound, 1);
    int written = 0, last = 0;
    HOLDFAST_ASSERT(EVP_CipherUpdate(context.get(), out(sealed.data()), &written, in(plain), static_cast<int>(plain.size())) == 1);
    HOLDFAST_ASSERT(EVP_CipherFinal_ex(context.get(), out(sealed.data() + written), &last) == 1);
    HOLDFAST_ASSERT(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(aead_tag_size), sealed.data() + plain.size()) == 1);
    return sealed;
}

Result<Bytes> Aead::open(const Bound& bound, ByteView sealed) const {
    if (sealed.size() < aead_tag_size || sealed.size() > INT32_MAX)
        return fail(ErrorCode::corrupt, "unseal: {} bytes cannot be sealed content", sealed.size());
    const ByteView body = sealed.first(sealed.size() - aead_tag_size);
    Bytes tag = copy_of(sealed.last(aead_tag_size));
    Bytes plain(body.size());
    const Keyed context = begin(key_, bound, 0);
    int written = 0, last = 0;
    HOLDFAST_ASSERT(EVP_CipherUpdate(context.get(), out(plain.data()), &written, in(body), static_cast<int>(body.size())) == 1);
    HOLDFAST_ASSERT(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(aead_tag_size), tag.data()) == 1);
    std::array<unsigned char, 16> rest{};
    if (EVP_CipherFinal_ex(context.get(), rest.data(), &last) != 1)
        return fail(ErrorCode::corrupt, "unseal: the bytes, their place or the key are not the ones they were sealed with");
    return plain;
}

Result<SecretBytes> stretch_password(const SecretBytes& password, ByteView salt, PasswordCost cost) {
    constexpr std::uint32_t memory_kib_max = 1024 * 1024;
    constexpr std::uint32_t passes_max = 64;
    if (sodium_init() < 0) return fail(ErrorCode::unavailable, "stretch the password: the system gives no randomness");
    if (salt.size() != crypto_pwhash_SALTBYTES) return fail(ErrorCode::invalid, "stretch the password: a salt of {} bytes", salt.size());
    if (cost.memory_kib > memory_kib_max || cost.memory_kib < 8 || cost.passes < 1 || cost.passes > passes_max)
        return fail(ErrorCode::invalid, "stretch the password: {} KiB and {} passes are outside the limits", cost.memory_kib, cost.passes);
    Bytes key(aead_key_size);
    const void* text = password.empty() ? "" : static_cast<const void*>(password.view().data());  // libsodium takes no null pointer
    const int done = crypto_pwhash(out(key.data()), key.size(), static_cast<const char*>(text), password.size(), in(salt), cost.passes,
                                   std::size_t{cost.memory_kib} * 1024, crypto_pwhash_ALG_ARGON2ID13);
    if (done != 0) return fail(ErrorCode::full, "stretch the password: {} MiB of memory are needed for a moment", cost.memory_kib / 1024);
    SecretBytes stretched(key);
    sodium_memzero(key.data(), key.size());
    return stretched;
}

}  // namespace holdfast
