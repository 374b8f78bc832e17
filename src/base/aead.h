// Sealing: AES-256-GCM (OpenSSL) with a 96-bit nonce given by the caller, and Argon2id for passwords (libsodium).
#pragma once

#include "holdfast/base/bytes.h"

namespace holdfast {

constexpr std::size_t aead_key_size = 32;
constexpr std::size_t aead_nonce_size = 12;
constexpr std::size_t aead_tag_size = 16;

// One key. The caller never uses a nonce twice with it. Thread-safe.
class Aead {
public:
    explicit Aead(const SecretBytes& key);  // aead_key_size bytes
    struct Bound {
        std::uint64_t nonce = 0;  // the low 8 bytes of the 12, little-endian; the others are zero
        ByteView associated;      // authenticated, not encrypted
    };
    Bytes seal(const Bound& bound, ByteView plain) const;                  // plain + 16 bytes
    Result<Bytes> open(const Bound& bound, ByteView sealed) const;         // `corrupt` when anything differs

private:
    SecretBytes key_;
};

struct PasswordCost {
    std::uint32_t passes = 3;
    std::uint32_t memory_kib = 64 * 1024;
};
// Argon2id v1.3, one lane (RFC 9106; libsodium's crypto_pwhash), 32 bytes out, salt of 16 bytes.
// Costs memory_kib of RAM, freed before return. Fails `full` when there is not enough, `invalid` beyond 1 GiB.
Result<SecretBytes> stretch_password(const SecretBytes& password, ByteView salt, PasswordCost cost);

}  // namespace holdfast
