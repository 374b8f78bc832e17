#include "holdfast/repository/envelope.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::repository {

namespace {

constexpr std::string_view copy_suffix = ".copy";

// The first bytes of every envelope, as they lie.
struct EnvelopeHeader {
    std::array<char, 8> magic;
    std::uint8_t format;
    std::uint8_t type;
    std::uint8_t flags;
    std::uint8_t zero;
    LittleEndian<std::uint32_t> epoch;
    std::array<std::byte, salt_size> salt;
    LittleEndian<std::uint32_t> length;
};
static_assert(sizeof(EnvelopeHeader) == envelope_header_size);

std::string_view without_copy(const store::ObjectName& name) {
    std::string_view text = name.text();
    if (text.ends_with(copy_suffix)) text.remove_suffix(copy_suffix.size());
    return text;
}

// What proves, besides the body, and so binds it: the name it belongs under, and the header.
Bytes bound_part(const store::ObjectName& name, ByteView header) {
    Bytes bound = copy_of(bytes_of(without_copy(name)));
    bound.push_back(std::byte{0});
    append(bound, header);
    return bound;
}

Hash plain_check(const store::ObjectName& name, ByteView header_and_body) {
    Sha256 hash;
    hash.update(bytes_of(without_copy(name)));
    const std::byte zero{0};
    hash.update({&zero, 1});
    hash.update(header_and_body);
    return hash.finish();
}

Error damaged(const store::ObjectName& name, std::string_view why) {
    return fail(ErrorCode::corrupt, "read {}: {}", name.text(), why);
}

Result<EnvelopeHeader> read_header(ByteView object, const store::ObjectName& name) {
    if (object.size() < sizeof(EnvelopeHeader)) return damaged(name, "shorter than an envelope");
    const auto header = load<EnvelopeHeader>(object);
    if (text_of(object.first(envelope_magic.size())) != envelope_magic) return damaged(name, "not an object of holdfast");
    if (auto known = check_format(header.format); !known) {
        return std::move(known).error().while_doing("read " + name.text());
    }
    if ((header.flags & ~sealed_flag) != 0 || header.zero != 0) return damaged(name, "its header is damaged");
    const std::uint64_t rest = object.size() - sizeof(EnvelopeHeader);
    const std::uint64_t check_size = header.flags == sealed_flag ? 0 : sizeof(Hash);
    if (rest != header.length + check_size) {
        return damaged(name, format("{} bytes where its header tells of {}", object.size(),
                                    sizeof(EnvelopeHeader) + header.length + check_size));
    }
    return header;
}

Result<Bytes> open_sealed(ByteView object, const EnvelopeHeader& header, const store::ObjectName& name, const Keys* keys) {
    if (keys == nullptr) return fail(ErrorCode::denied, "read {}: it is sealed, and there is no key", name.text());
    if (!keys->is_sealed()) return damaged(name, "sealed, in a repository that is not");
    auto cipher = keys->cipher(header.epoch, header.salt, envelope_purpose);
    if (!cipher) return std::move(cipher).error().while_doing("read " + name.text());
    const Bytes bound = bound_part(name, object.first(sizeof(EnvelopeHeader)));
    auto record = cipher->open({.nonce = 0, .associated = bound}, object.subspan(sizeof(EnvelopeHeader)));
    if (!record) return damaged(name, "its seal is broken, or it belongs under another name");
    return record;
}

Result<Bytes> open_plain(ByteView object, const EnvelopeHeader& header, const store::ObjectName& name, const Keys* keys) {
    // Otherwise anybody who can write to the store could put objects of his own making into a sealed repository.
    if (keys != nullptr && keys->is_sealed()) return damaged(name, "not sealed, in a sealed repository");
    if (header.epoch != 0 || !is_all_zero(header.salt)) return damaged(name, "its header is damaged");
    const ByteView proven = object.first(object.size() - sizeof(Hash));
    const Hash check = plain_check(name, proven);
    if (!std::ranges::equal(check.view(), object.last(sizeof(Hash)))) {
        return damaged(name, "its bytes are damaged, or it belongs under another name");
    }
    return copy_of(proven.subspan(sizeof(EnvelopeHeader)));
}

// Which of two failures tells the caller more: one that a retry or a key may mend, then a format, then damage.
int weight_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::not_found: return 0;
        case ErrorCode::corrupt: return 1;
        case ErrorCode::too_new: return 2;
        default: return 3;
    }
}

}  // namespace

Result<Bytes> seal_envelope(const Envelope& envelope, const store::ObjectName& name, const Keys* keys, host::Random& random) {
    const bool sealed = keys != nullptr && keys->is_sealed();
    const std::uint64_t length = envelope.record.size() + (sealed ? aead_tag_size : 0);
    if (length > limits::small_object_max - sizeof(EnvelopeHeader) - sizeof(Hash)) {
        return fail(ErrorCode::invalid, "write {}: {} bytes are too many for one object", name.text(), length);
    }
    EnvelopeHeader header{.magic = {},
                          .format = format_version,
                          .type = static_cast<std::uint8_t>(envelope.type),
                          .flags = sealed ? sealed_flag : std::uint8_t{0},
                          .zero = 0,
                          .epoch = sealed ? keys->newest_epoch() : 0,
                          .salt = {},
                          .length = static_cast<std::uint32_t>(length)};
    envelope_magic.copy(header.magic.data(), header.magic.size());
    if (sealed) random.fill(header.salt);

    Bytes object(sizeof(EnvelopeHeader));
    save(header, MutableByteView(object));
    if (!sealed) {
        append(object, envelope.record);
        append(object, plain_check(name, object).view());
        return object;
    }
    const Aead cipher = TRY(keys->cipher(header.epoch, header.salt, envelope_purpose));
    append(object, cipher.seal({.nonce = 0, .associated = bound_part(name, object)}, envelope.record));
    return object;
}

Result<Envelope> open_envelope(ByteView object, const store::ObjectName& name, const Keys* keys) {
    const EnvelopeHeader header = TRY(read_header(object, name));
    Bytes record = TRY(header.flags == sealed_flag ? open_sealed(object, header, name, keys)
                                                   : open_plain(object, header, name, keys));
    return Envelope{.type = static_cast<ObjectType>(header.type), .record = std::move(record)};
}

Result<Bytes> get_record(store::ObjectStore& store, const store::ObjectName& name, ObjectType type, const Keys* keys) {
    const Bytes object = TRY(store.get(name, limits::small_object_max));
    Envelope envelope = TRY(open_envelope(object, name, keys));
    if (envelope.type != type) {
        return damaged(name, format("it is a {}, not a {}", name_of(envelope.type), name_of(type)));
    }
    return std::move(envelope.record);
}

Result<Bytes> get_record_kept_twice(store::ObjectStore& store, const store::ObjectName& name, ObjectType type,
                                    const Keys* keys) {
    auto first = get_record(store, name, type, keys);
    if (first) return first;
    auto second = get_record(store, copy_name(name), type, keys);
    if (second) return second;
    return weight_of(second.error().code()) > weight_of(first.error().code()) ? std::move(second) : std::move(first);
}

Result<void> put_twice(store::ObjectStore& store, const store::ObjectName& name, ByteView sealed) {
    const store::ObjectName copy = copy_name(name);
    auto copied = store.put_if_absent(copy, sealed);
    if (!copied && copied.error().code() != ErrorCode::exists) return copied;
    TRY(store.put_if_absent(name, sealed));
    if (copied) return {};
    // The copy is of somebody who died before the name, or lost it to us just now: the name has decided, to it belongs
    // the copy.
    auto there = store.get(copy, limits::small_object_max);
    if (there && std::ranges::equal(*there, sealed)) return {};
    TRY(store.remove(copy));
    return store.put_if_absent(copy, sealed);
}

store::ObjectName copy_name(const store::ObjectName& name) {
    return store::ObjectName((name.text() + std::string(copy_suffix)).c_str());
}

}  // namespace holdfast::repository
