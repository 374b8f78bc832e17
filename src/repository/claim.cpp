#include "holdfast/repository/claim.h"

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/ledger.h"
#include "holdfast/repository/reserve.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::repository {

Result<void> put_claim(store::ObjectStore& store, const Keys& keys, host::Random& random, SnapshotNumber number,
                       const Presence& by) {
    const auto name = claim_name(number);
    const Bytes record = copy_of(write_presence(by).view());
    return store.put_if_absent(name, TRY(seal_envelope({ObjectType::session, record}, name, &keys, random)));
}

Result<Presence> read_claim(store::ObjectStore& store, const Keys& keys, SnapshotNumber number) {
    return read_presence(TRY(get_record(store, claim_name(number), ObjectType::session, &keys)));
}

Behind behind(const Result<Presence>& presence) {
    // Who cannot be known cannot be waited for; making a number void is safe whoever it was.
    if (!presence) return presence.error().code() == ErrorCode::corrupt ? Behind::nobody : Behind::perhaps;
    switch (host::is_alive(presence->process)) {
        case host::Alive::yes: return Behind::somebody;
        case host::Alive::no: return Behind::nobody;
        case host::Alive::unknown: return Behind::perhaps;
    }
    return Behind::perhaps;
}

Result<bool> void_number(store::ObjectStore& store, const Keys& keys, host::Random& random, SnapshotNumber number) {
    const auto name = snapshot_name(number);
    Snapshot voided;
    voided.number = number;
    voided.kind = SnapshotKind::voided;
    const Bytes record = TRY(encode_snapshot(voided));
    const Bytes sealed = TRY(seal_envelope({ObjectType::snapshot, record}, name, &keys, random));
    const auto put = with_reserve(store, random, [&] { return store.put_if_absent(name, sealed); });
    if (!put && put.error().code() != ErrorCode::exists) return put.error().copy();
    if (put) {
        TRY(complete_twins(store, keys, number));
        return true;
    }
    const Bytes there = TRY(get_record_kept_twice(store, name, ObjectType::snapshot, &keys));
    return TRY(decode_snapshot(there, keys)).kind == SnapshotKind::voided;
}

Result<void> complete_twins(store::ObjectStore& store, const Keys& keys, SnapshotNumber number) {
    const auto name = snapshot_name(number), copy = copy_name(name);
    const auto put_missing = [&](const store::ObjectName& there, const store::ObjectName& missing) -> Result<void> {
        const Bytes bytes = TRY(store.get(there, limits::small_object_max));
        TRY(open_envelope(bytes, name, &keys));
        auto put = store.put_if_absent(missing, bytes);
        if (!put && put.error().code() == ErrorCode::exists) return {};
        return put;
    };
    const auto status = store.status(name);
    if (status) return put_missing(name, copy);
    if (status.error().code() != ErrorCode::not_found) return status.error().copy();
    return put_missing(copy, name);
}

}  // namespace holdfast::repository
