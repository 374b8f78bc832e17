#include "holdfast/repository/lease.h"

#include "holdfast/base/text.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/reserve.h"

namespace holdfast::repository {

namespace {

enum Tag : std::uint32_t { snapshot = 1, by = 2, keeps = 4 };

struct Decoded {
    SnapshotNumber number;
    Presence by;
    bool keeps_snapshot = false;
};
Result<Decoded> decode(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "lease"));
    Decoded lease;
    lease.number = {TRY(record.number(Tag::snapshot))};
    if (const auto who = record.bytes_if(Tag::by)) lease.by = TRY(read_presence(*who));
    lease.keeps_snapshot = TRY(record.number_or(Tag::keeps, 0)) != 0;
    TRY(record.finish());
    return lease;
}

}  // namespace

Result<store::ObjectName> put_lease(store::ObjectStore& store, const Keys& keys, host::Random& random,
                                    const Leased& leased, const Presence& by) {
    auto name = store::ObjectName(format("leases/{}", to_hex(host::random_bytes(random, 16))).c_str());
    RecordWriter record;
    record.number(Tag::snapshot, leased.number.value);
    record.record(Tag::by, write_presence(by));
    if (leased.keeps_snapshot) record.number(Tag::keeps, 1);
    const Bytes sealed = TRY(seal_envelope({ObjectType::lease, std::move(record).take()}, name, &keys, random));
    if (leased.number == prune_lease) TRY(with_reserve(store, random, [&] { return store.put_if_absent(name, sealed); }));
    else TRY(store.put_fleeting(name, sealed));
    return name;
}

Result<std::vector<LeaseSeen>> read_leases(store::ObjectStore& store, const Keys& keys) {
    std::vector<LeaseSeen> leases;
    for (const auto& name : TRY(store.names_in("leases"))) {
        const auto bytes = get_record(store, name, ObjectType::lease, &keys);
        if (!bytes && bytes.error().code() == ErrorCode::not_found) continue;
        if (!bytes && bytes.error().code() != ErrorCode::corrupt) return bytes.error().copy();
        LeaseSeen seen{.name = name, .number = {}, .by = {}};
        if (auto lease = bytes ? decode(*bytes) : Result<Decoded>(bytes.error().copy()); lease) {
            seen.number = lease->number;
            seen.keeps_snapshot = lease->keeps_snapshot;
            seen.by = std::move(lease->by);
        }
        leases.push_back(std::move(seen));
    }
    return leases;
}

}  // namespace holdfast::repository
