#include "holdfast/repository/keys.h"

#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

// Separates the marks of an id key from every chunk id: no chunk type is 0.
constexpr std::uint8_t domain_mark = 0;

}  // namespace

Keys::Keys(SecretBytes id_key, std::map<std::uint32_t, SecretBytes> epochs)
    : id_key_(std::move(id_key)),
      epochs_(std::move(epochs)),
      name_(std::make_shared<const KeyedHash>(id_key_.view())),
      domain_(mark_of("holdfast id domain")) {}

Keys Keys::plain(ByteView id_key) { return Keys(SecretBytes(id_key), {}); }

Keys Keys::sealed(SecretBytes id_key, std::map<std::uint32_t, SecretBytes> epochs) {
    HOLDFAST_ASSERT(!epochs.empty() && epochs.begin()->first > 0);
    return Keys(std::move(id_key), std::move(epochs));
}

std::uint32_t Keys::newest_epoch() const { return epochs_.empty() ? 0 : epochs_.rbegin()->first; }

ChunkId Keys::name_of(ChunkType type, ByteView plain) const {
    return ChunkId{(*name_)(static_cast<std::uint8_t>(type), plain)};
}

Hash Keys::mark_of(std::string_view purpose) const { return (*name_)(domain_mark, bytes_of(purpose)); }

Result<Aead> Keys::cipher(std::uint32_t epoch, ByteView salt, std::string_view purpose) const {
    const auto key = epochs_.find(epoch);
    if (key != epochs_.end()) return Aead(derive_key(key->second.view(), salt, purpose));
    if (epochs_.empty()) return fail(ErrorCode::denied, "unseal: this repository's keys do not seal anything");
    return fail(ErrorCode::denied, "unseal: sealed under key epoch {}, which the opened key slot does not hold", epoch)
        .with_advice("open the repository again, or check it for damage");
}

std::string RepositoryId::hex() const { return to_hex(bytes); }

}  // namespace holdfast::repository
