#include "holdfast/repository/condemned.h"

#include "holdfast/base/text.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/reserve.h"

namespace holdfast::repository {

namespace {

enum Tag : std::uint32_t { pack = 1, by = 2, dictionary = 3 };

Bytes encode(const CondemnedList& list) {
    RecordWriter record;
    for (const auto& id : list.packs) record.bytes(Tag::pack, id.hash.view());
    record.record(Tag::by, write_presence(list.by));
    for (const auto& id : list.dictionaries) record.bytes(Tag::dictionary, id.hash.view());
    return std::move(record).take();
}

Result<CondemnedList> decode(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "condemned list"));
    CondemnedList list;
    for (const ByteView id : record.all(Tag::pack)) list.packs.push_back({TRY(Hash::from_bytes(id))});
    if (const auto who = record.bytes_if(Tag::by)) list.by = TRY(read_presence(*who));
    for (const ByteView id : record.all(Tag::dictionary)) list.dictionaries.push_back({TRY(Hash::from_bytes(id))});
    TRY(record.finish());
    return list;
}

}  // namespace

store::ObjectName condemned_name(const std::string& id) {
    return store::ObjectName(format("condemned/{}", id).c_str());
}

Result<void> put_condemned(store::ObjectStore& store, const Keys& keys, host::Random& random, CondemnedList& list) {
    HOLDFAST_ASSERT(list.packs.size() <= condemned_per_list_max && list.dictionaries.size() <= condemned_per_list_max);
    list.id = to_hex(host::random_bytes(random, 16));
    const auto name = condemned_name(list.id);
    const Bytes sealed = TRY(seal_envelope({ObjectType::condemned, encode(list)}, name, &keys, random));
    return with_reserve(store, random, [&] { return store.put_if_absent(name, sealed); });
}

Result<std::vector<CondemnedList>> read_condemned(store::ObjectStore& store, const Keys& keys) {
    std::vector<CondemnedList> lists;
    for (const auto& name : TRY(store.names_in("condemned"))) {
        const auto bytes = get_record(store, name, ObjectType::condemned, &keys);
        if (!bytes && bytes.error().code() == ErrorCode::not_found) continue;  // its prune has ended just now
        auto list = bytes ? decode(*bytes) : Result<CondemnedList>(bytes.error().copy());
        if (!list) {
            return std::move(list).error().with_advice(
                "when no prune is running on any machine, remove this object by hand; the next prune makes a new list");
        }
        list->id = name.text().substr(name.text().rfind('/') + 1);
        lists.push_back(*std::move(list));
    }
    return lists;
}

}  // namespace holdfast::repository
