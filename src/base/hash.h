// Hashes: SHA-256 and HMAC-SHA-256 (OpenSSL) for names and proofs, XXH3 for finding changes, HKDF for keys.
#pragma once

#include <array>
#include <compare>
#include <memory>

#include "holdfast/base/bytes.h"

namespace holdfast {

// 256 bits that name or prove content. Ordered bytewise, as index tables sort.
struct Hash {
    std::array<std::byte, 32> bytes{};
    auto operator<=>(const Hash&) const = default;
    ByteView view() const { return bytes; }
    std::string hex() const;
    static Result<Hash> from_hex(std::string_view text);
    static Result<Hash> from_bytes(ByteView bytes);  // exactly 32
};
// For unordered containers: the first eight bytes, which are uniform already.
struct HashHasher {
    std::size_t operator()(const Hash& hash) const noexcept;
};

Hash sha256(ByteView bytes);

class Sha256 {
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();
    void update(ByteView bytes);
    Hash finish();  // once

private:
    struct State;
    std::unique_ptr<State> state_;
};

// HMAC-SHA-256 with a prepared key. Safe to use from several threads at once.
class KeyedHash {
public:
    explicit KeyedHash(ByteView key);
    KeyedHash(KeyedHash&&) noexcept;
    KeyedHash& operator=(KeyedHash&&) noexcept;
    ~KeyedHash();
    // HMAC of the domain byte followed by the bytes: equal bytes of two kinds never share a name.
    Hash operator()(std::uint8_t domain, ByteView bytes) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// HKDF-SHA-256 (RFC 5869), 32 bytes out. `purpose` separates keys made from one secret.
SecretBytes derive_key(ByteView secret, ByteView salt, std::string_view purpose);

// XXH3, seeded: fast, not cryptographic. For noticing changes against our own record only, never for names.
struct Fingerprint {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const Fingerprint&) const = default;
};
Fingerprint fingerprint(ByteView bytes, std::uint64_t seed);        // XXH3-128
std::uint64_t short_fingerprint(ByteView bytes, std::uint64_t seed);  // XXH3-64

}  // namespace holdfast
