#include <algorithm>
#include <set>

#include "holdfast/base/record.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/key_slot.h"

namespace holdfast::repository {

namespace {

constexpr std::size_t id_key_size = 32;
constexpr std::uint32_t first_epoch = 1;
const store::ObjectName& config_name() {
    static const store::ObjectName name("config");
    return name;
}

namespace tag {
constexpr std::uint32_t text = 1, created = 2, id = 3, file_mode = 4, sealed = 5, folder_mode = 6, id_key = 7;
}

struct ConfigRecord {
    Config config;
    Bytes id_key;  // empty when sealed
    Hash hash;     // of the record: what key slots are bound to
};

Bytes encode_config(const Config& config, ByteView id_key) {
    RecordWriter record;
    record.text(tag::text, config_text);
    record.number(tag::created, static_cast<std::uint64_t>(config.created.nanoseconds));
    record.bytes(tag::id, config.id.bytes);
    record.number(tag::file_mode, config.file_mode);
    record.number(tag::sealed, config.sealed ? 1 : 0);
    record.number(tag::folder_mode, config.folder_mode);
    if (!config.sealed) record.bytes(tag::id_key, id_key);
    return std::move(record).take();
}

Error bad_config(std::string_view why) { return fail(ErrorCode::corrupt, "read config: {}", why); }

Result<std::uint32_t> read_mode(RecordReader& record, std::uint32_t which, std::uint32_t otherwise) {
    const std::uint64_t mode = TRY(record.number_or(which, otherwise));
    if (mode > 07777) return bad_config("a file mode in it is not one");
    return static_cast<std::uint32_t>(mode);
}

Result<ConfigRecord> decode_config(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "config"));
    if (TRY(record.text(tag::text)) != config_text) return bad_config("it is not a repository of holdfast");
    ConfigRecord read;
    read.config.created.nanoseconds = static_cast<std::int64_t>(TRY(record.number_or(tag::created, 0)));
    const ByteView id = TRY(record.bytes(tag::id));
    const std::uint64_t sealed = TRY(record.number(tag::sealed));
    read.config.file_mode = TRY(read_mode(record, tag::file_mode, 0600));
    read.config.folder_mode = TRY(read_mode(record, tag::folder_mode, 0700));
    const auto id_key = record.bytes_if(tag::id_key);
    TRY(record.finish());
    if (id.size() != read.config.id.bytes.size() || sealed > 1) return bad_config("its fields are malformed");
    if (id_key.has_value() != (sealed == 0) || (id_key && id_key->size() != id_key_size)) {
        return bad_config("its id key is missing, or where none may be");
    }
    std::ranges::copy(id, read.config.id.bytes.begin());
    read.config.sealed = sealed == 1;
    if (id_key) read.id_key = copy_of(*id_key);
    read.hash = sha256(bytes);
    return read;
}

Result<ConfigRecord> read_config_record(store::ObjectStore& store) {
    auto bytes = get_record_kept_twice(store, config_name(), ObjectType::config, nullptr);
    if (!bytes) {
        if (bytes.error().code() == ErrorCode::not_found) {
            return fail(ErrorCode::not_found, "open repository {}: there is none", store.place())
                .with_advice("make one with: holdfast init");
        }
        return std::move(bytes).error().while_doing("open repository " + store.place());
    }
    auto config = decode_config(*bytes);
    if (!config) return std::move(config).error().while_doing("open repository " + store.place());
    return config;
}

Result<void> refuse_if_any(store::ObjectStore& store, const store::ObjectName& name) {
    auto status = store.status(name);
    if (status) return fail(ErrorCode::exists, "create repository {}: there is one already", store.place());
    if (status.error().code() != ErrorCode::not_found) return std::move(status).error();
    return {};
}

Result<void> put_key_slot(store::ObjectStore& store, host::Random& random, ByteView slot) {
    const std::string id = to_hex(host::random_bytes(random, 16));
    const store::ObjectName name(("keys/" + id).c_str());
    const Envelope envelope{.type = ObjectType::key_slot, .record = copy_of(slot)};
    return put_twice(store, name, TRY(seal_envelope(envelope, name, nullptr, random)));
}

// Both slots and copies, each once: of a slot whose first object is lost only the copy is listed.
Result<std::set<store::ObjectName>> slot_names(store::ObjectStore& store) {
    std::set<store::ObjectName> names;
    for (const auto& object : TRY(store.list("keys"))) {
        std::string text = object.name.text();
        if (text.ends_with(".copy")) text.resize(text.size() - 5);
        names.insert(TRY(store::ObjectName::parse(text)));
    }
    return names;
}

Result<Keys> open_keys(store::ObjectStore& store, const ConfigRecord& config, const Unlock& unlock) {
    std::optional<Error> trouble;
    for (const auto& name : TRY(slot_names(store))) {
        auto slot = get_record_kept_twice(store, name, ObjectType::key_slot, nullptr);
        auto keys = slot ? unwrap_keys(*slot, unlock, config.hash) : Result<Keys>(std::move(slot).error());
        if (keys) return keys;
        if (keys.error().code() == ErrorCode::full) return std::move(keys).error();  // no memory for Argon2: says nothing
        if (keys.error().code() != ErrorCode::denied) trouble = std::move(keys).error();
    }
    std::string why = format("open repository {}: {}", store.place(),
                             unlock.password ? "the password is wrong" : "the key is wrong");
    if (trouble) why += format(" (or its slot cannot be read: {})", trouble->message());
    return Error(ErrorCode::denied, std::move(why))
        .with_advice("the secret that holdfast init was given; nothing can be read without it");
}

}  // namespace

Result<Config> create_config(store::ObjectStore& store, host::Host host, const Unlock& unlock, const NewRepository& how) {
    TRY(check_unlock(unlock));
    // A lone copy is a repository as well: the first object was lost, or init died between the two.
    TRY(refuse_if_any(store, config_name()));
    TRY(refuse_if_any(store, copy_name(config_name())));

    Config config{.id = {},
                  .sealed = has_secret(unlock),
                  .created = host.clock.now(),
                  .file_mode = how.file_mode,
                  .folder_mode = how.folder_mode};
    host.random.fill(config.id.bytes);
    const SecretBytes id_key(host::random_bytes(host.random, id_key_size));
    const Bytes record = encode_config(config, id_key.view());
    if (config.sealed) {
        std::map<std::uint32_t, SecretBytes> epochs;
        epochs.emplace(first_epoch, SecretBytes(host::random_bytes(host.random, aead_key_size)));
        const Keys keys = Keys::sealed(id_key.copy(), std::move(epochs));
        const SlotBinding binding{.config = sha256(record), .cost = how.cost};
        TRY(put_key_slot(store, host.random, TRY(wrap_keys(keys, unlock, binding, host.random))));
    }
    const Envelope envelope{.type = ObjectType::config, .record = record};
    const Bytes object = TRY(seal_envelope(envelope, config_name(), nullptr, host.random));
    TRY(store.put_if_absent(copy_name(config_name()), object));
    TRY(store.put_if_absent(config_name(), object));
    return config;
}

Result<OpenedConfig> open_config(store::ObjectStore& store, const Unlock& unlock) {
    TRY(check_unlock(unlock));
    const ConfigRecord read = TRY(read_config_record(store));
    if (!read.config.sealed) {
        // Whoever gives a secret expects that what he writes is sealed.
        if (has_secret(unlock)) {
            return fail(ErrorCode::invalid, "open repository {}: it is not sealed, yet a password or key was given",
                        store.place());
        }
        return OpenedConfig{.config = read.config, .keys = Keys::plain(read.id_key)};
    }
    if (!has_secret(unlock)) {
        return fail(ErrorCode::denied, "open repository {}: it is sealed, and no password or key was given", store.place())
            .with_advice("give its password or key file");
    }
    auto keys = TRY(open_keys(store, read, unlock));
    return OpenedConfig{.config = read.config, .keys = std::move(keys)};
}

Result<Config> read_config(store::ObjectStore& store) { return TRY(read_config_record(store)).config; }

}  // namespace holdfast::repository
