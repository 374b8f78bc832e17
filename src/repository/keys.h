// Keys: what unlocks a repository, names its chunks and seals its objects. Format: docs/formats/repository.md, 5 and 10.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "holdfast/base/aead.h"
#include "holdfast/host/host.h"
#include "holdfast/repository/format.h"
#include "holdfast/store/object_store.h"

namespace holdfast::repository {

// What the user gives to unlock: at most one of them. Fetched already (host reads files and runs commands).
constexpr std::size_t key_size_min = 32;  // bytes of a key
struct Unlock {
    std::optional<SecretBytes> password;
    std::optional<SecretBytes> key;
};

// An open repository's keys. Immutable after opening; thread-safe.
class Keys {
public:
    static Keys plain(ByteView id_key);
    static Keys sealed(SecretBytes id_key, std::map<std::uint32_t, SecretBytes> epochs);

    bool is_sealed() const { return !epochs_.empty(); }
    std::uint32_t newest_epoch() const;
    ChunkId name_of(ChunkType type, ByteView plain) const;
    // A value that whoever has the id key can make, and that is no chunk's id. Purposes begin with "holdfast".
    Hash mark_of(std::string_view purpose) const;
    Hash domain() const { return domain_; }  // tells two repositories' ids apart; reveals nothing

    // The cipher of one object: HKDF(epoch key, salt, purpose). `too_new`/`denied` when the epoch is not known.
    Result<Aead> cipher(std::uint32_t epoch, ByteView salt, std::string_view purpose) const;

    // What init and the key verbs wrap.
    const SecretBytes& id_key() const { return id_key_; }
    const std::map<std::uint32_t, SecretBytes>& epochs() const { return epochs_; }

private:
    Keys(SecretBytes id_key, std::map<std::uint32_t, SecretBytes> epochs);
    SecretBytes id_key_;
    std::map<std::uint32_t, SecretBytes> epochs_;
    std::shared_ptr<const KeyedHash> name_;
    Hash domain_;
};

struct RepositoryId {
    std::array<std::byte, 16> bytes{};
    std::string hex() const;
    auto operator<=>(const RepositoryId&) const = default;
};

struct Config {
    RepositoryId id;
    bool sealed = false;
    Timestamp created;
    std::uint32_t file_mode = 0600;
    std::uint32_t folder_mode = 0700;
};

// Writes config (twice) and, when unlock holds a secret, seals: writes a key slot (twice). `exists` when there is a
// config already. The config is written last: without it there is no repository.
struct NewRepository {
    std::uint32_t file_mode = 0600;
    std::uint32_t folder_mode = 0700;
    PasswordCost cost;
};
Result<Config> create_config(store::ObjectStore& store, host::Host host, const Unlock& unlock, const NewRepository& how);

struct OpenedConfig {
    Config config;
    Keys keys;
};
// not_found: no repository there. denied: sealed, and no or the wrong secret. too_new: another format, by
// name. corrupt: neither copy proves.
Result<OpenedConfig> open_config(store::ObjectStore& store, const Unlock& unlock);
// What everybody may read of it without a key (of a sealed one it is not proven): so that a password is asked for only
// where one is needed, and files get the modes that init chose. Fails as open_config does.
Result<Config> read_config(store::ObjectStore& store);

}  // namespace holdfast::repository
