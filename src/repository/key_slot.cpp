#include "holdfast/repository/key_slot.h"

#include "holdfast/base/record.h"
#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

enum class SlotKind : std::uint8_t { password = 1, key = 2 };

constexpr std::size_t password_salt_size = 16;
constexpr std::size_t slot_salt_size_max = 64;
constexpr std::uint32_t passes_max = 64;  // a slot comes from outside: it must not keep us busy for hours
constexpr std::uint64_t epochs_max = 4096;

// Tags of a slot, and of the keys inside it.
namespace tag {
constexpr std::uint32_t kind = 1, salt = 3, passes = 5, memory_kib = 7, wrapped = 9;
constexpr std::uint32_t id_key = 1, epoch_record = 3;
constexpr std::uint32_t epoch = 1, epoch_key = 3;
}  // namespace tag

// A best effort: these bytes were on the heap for a moment only.
void wipe(Bytes& bytes) {
    volatile std::byte* at = bytes.data();
    for (std::size_t i = 0; i < bytes.size(); ++i) at[i] = std::byte{0};
}

Result<SecretBytes> key_encryption_key(const Unlock& unlock, ByteView salt, PasswordCost cost) {
    if (unlock.password) return stretch_password(*unlock.password, salt, cost);
    return derive_key(unlock.key->view(), salt, slot_purpose);
}

Bytes keys_record(const Keys& keys) {
    RecordWriter record;
    record.bytes(tag::id_key, keys.id_key().view());
    for (const auto& [number, key] : keys.epochs()) {
        RecordWriter epoch;
        epoch.number(tag::epoch, number);
        epoch.bytes(tag::epoch_key, key.view());
        record.record(tag::epoch_record, epoch);
    }
    return std::move(record).take();
}

Result<std::pair<std::uint32_t, SecretBytes>> read_epoch(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "key epoch"));
    const std::uint64_t number = TRY(record.number(tag::epoch));
    const ByteView key = TRY(record.bytes(tag::epoch_key));
    TRY(record.finish());
    if (number == 0 || number > UINT32_MAX || key.size() != aead_key_size) {
        return fail(ErrorCode::corrupt, "read key slot: an epoch in it is malformed");
    }
    return std::pair{static_cast<std::uint32_t>(number), SecretBytes(key)};
}

Result<Keys> read_keys(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "wrapped keys"));
    const ByteView id_key = TRY(record.bytes(tag::id_key));
    std::map<std::uint32_t, SecretBytes> epochs;
    for (const ByteView one : record.all(tag::epoch_record)) {
        if (epochs.size() >= epochs_max) return fail(ErrorCode::corrupt, "read key slot: too many epochs");
        epochs.insert(TRY(read_epoch(one)));
    }
    TRY(record.finish());
    if (id_key.size() != key_size_min || epochs.empty()) return fail(ErrorCode::corrupt, "read key slot: keys are missing");
    return Keys::sealed(SecretBytes(id_key), std::move(epochs));
}

// A slot as read, before any secret is tried.
struct Slot {
    std::uint64_t kind = 0;
    ByteView salt;
    PasswordCost cost;
    ByteView wrapped;
};

Result<Slot> read_slot(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "key slot"));
    Slot slot;
    slot.kind = TRY(record.number(tag::kind));
    slot.salt = TRY(record.bytes(tag::salt));
    const std::uint64_t passes = TRY(record.number_or(tag::passes, 0));
    const std::uint64_t memory_kib = TRY(record.number_or(tag::memory_kib, 0));
    slot.wrapped = TRY(record.bytes(tag::wrapped));
    TRY(record.finish());
    if (passes > passes_max || memory_kib > UINT32_MAX || slot.salt.size() > slot_salt_size_max) {
        return fail(ErrorCode::corrupt, "read key slot: it asks for more work than any slot does");
    }
    slot.cost = {.passes = static_cast<std::uint32_t>(passes), .memory_kib = static_cast<std::uint32_t>(memory_kib)};
    const bool password = slot.kind == static_cast<std::uint64_t>(SlotKind::password);
    if (password && (slot.salt.size() != password_salt_size || passes == 0 || memory_kib == 0)) {
        return fail(ErrorCode::corrupt, "read key slot: the password's salt or cost is missing");
    }
    return slot;
}

}  // namespace

Result<void> check_unlock(const Unlock& unlock) {
    if (unlock.password && unlock.key) return fail(ErrorCode::invalid, "unlock: both a password and a key were given");
    if (unlock.password && unlock.password->empty()) return fail(ErrorCode::invalid, "unlock: the password is empty");
    if (unlock.key && unlock.key->size() < key_size_min) {
        return fail(ErrorCode::invalid, "unlock: the key has {} bytes, fewer than {}", unlock.key->size(), key_size_min)
            .with_advice("make one with: head -c 32 /dev/urandom > KEYFILE");
    }
    return {};
}

Result<Bytes> wrap_keys(const Keys& keys, const Unlock& unlock, const SlotBinding& binding, host::Random& random) {
    TRY(check_unlock(unlock));
    HOLDFAST_ASSERT(has_secret(unlock) && keys.is_sealed());
    const Bytes salt = host::random_bytes(random, password_salt_size);
    const SecretBytes wrapping = TRY(key_encryption_key(unlock, salt, binding.cost));
    Bytes inside = keys_record(keys);
    const Bytes wrapped = Aead(wrapping).seal({.nonce = 0, .associated = binding.config.view()}, inside);
    wipe(inside);

    RecordWriter slot;
    slot.number(tag::kind, static_cast<std::uint64_t>(unlock.password ? SlotKind::password : SlotKind::key));
    slot.bytes(tag::salt, salt);
    if (unlock.password) {
        slot.number(tag::passes, binding.cost.passes);
        slot.number(tag::memory_kib, binding.cost.memory_kib);
    }
    slot.bytes(tag::wrapped, wrapped);
    return std::move(slot).take();
}

Result<Keys> unwrap_keys(ByteView slot_bytes, const Unlock& unlock, const Hash& config) {
    HOLDFAST_ASSERT(has_secret(unlock));
    const Slot slot = TRY(read_slot(slot_bytes));
    const SlotKind kind = unlock.password ? SlotKind::password : SlotKind::key;
    if (slot.kind != static_cast<std::uint64_t>(kind)) return fail(ErrorCode::denied, "unlock: a slot of another kind");
    const SecretBytes wrapping = TRY(key_encryption_key(unlock, slot.salt, slot.cost));
    auto inside = Aead(wrapping).open({.nonce = 0, .associated = config.view()}, slot.wrapped);
    if (!inside) return fail(ErrorCode::denied, "unlock: the secret does not fit");
    auto keys = read_keys(*inside);
    wipe(*inside);
    return keys;
}

}  // namespace holdfast::repository
