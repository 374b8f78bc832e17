#include "holdfast/repository/check_objects.h"

#include <algorithm>
#include <set>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/condemned.h"
#include "holdfast/repository/dictionaries.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/note_objects.h"
#include "holdfast/repository/ledger.h"

namespace holdfast::repository {

namespace {

bool is_about_bytes(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::too_new || code == ErrorCode::denied || code == ErrorCode::not_found;
}

const std::string is_missing = "it is missing";

class ObjectCheck {
public:
    ObjectCheck(const Repository& repository, CheckReport& report)
        : repository_(repository), store_(repository.store()), report_(report) {}

    // Both objects of something kept twice.
    enum class Missing { is_damage, may_be };
    Result<void> twins(const store::ObjectName& name, ObjectType type, Missing missing) {
        const auto first = TRY(prove(name, type)), second = TRY(prove(copy_name(name), type));
        if (first && second && first->record != second->record) {
            pending_.push_back({copy_name(name).text(), "it is not a copy of " + name.text(), false});
        }
        const bool both_gone = std::ranges::count(pending_, is_missing, &DamagedObject::why) == 2;  // pruned since it was listed
        if (both_gone) pending_.clear();
        for (auto& bad : pending_) {
            bad.twin_is_good = first.has_value() || second.has_value();
            if (missing == Missing::is_damage || bad.why != is_missing) report_.objects.push_back(std::move(bad));
        }
        pending_.clear();
        return {};
    }
    Result<void> single(const store::ObjectName& name, ObjectType type) {
        TRY(prove(name, type));
        std::erase_if(pending_, [](const DamagedObject& bad) { return bad.why == is_missing; });  // removed since it was listed
        std::ranges::move(pending_, std::back_inserter(report_.objects));
        pending_.clear();
        return {};
    }
    Result<void> table(const store::ListedObject& object, bool read_all);

private:
    // None: it is missing or does not prove, which has been noted in pending_.
    Result<std::optional<Envelope>> prove(const store::ObjectName& name, ObjectType type) {
        ++report_.objects_checked;
        const bool is_readable = type == ObjectType::config || type == ObjectType::key_slot;
        const Keys* keys = is_readable ? nullptr : &repository_.keys();
        const auto bytes = store_.get(name, limits::small_object_max);
        if (bytes) report_.bytes_read += bytes->size();
        auto envelope = bytes ? open_envelope(*bytes, name, keys) : Result<Envelope>(bytes.error().copy());
        if (envelope && envelope->type != type) envelope = fail(ErrorCode::corrupt, "it is a {}", repository::name_of(envelope->type));
        if (envelope) {
            auto meaning = check_meaning(*envelope);
            if (!meaning) envelope = std::move(meaning).error();
        }
        if (envelope) return std::optional(*std::move(envelope));
        if (!is_about_bytes(envelope.error().code())) return std::move(envelope).error();
        pending_.push_back({name.text(), envelope.error().code() == ErrorCode::not_found ? is_missing : envelope.error().message(), false});
        return std::optional<Envelope>();
    }
    Result<void> check_meaning(const Envelope& envelope) const;

    const Repository& repository_;
    store::ObjectStore& store_;
    CheckReport& report_;
    std::vector<DamagedObject> pending_;
};

// Bytes that prove were written by us; what they say is looked at all the same, since it will be needed one day.
Result<void> ObjectCheck::check_meaning(const Envelope& envelope) const {
    switch (envelope.type) {
        case ObjectType::snapshot: TRY(decode_snapshot(envelope.record, repository_.keys())); return {};
        case ObjectType::note: TRY(decode_note(envelope.record)); return {};
        case ObjectType::gap: TRY(NumberSet::decode(envelope.record)); return {};
        case ObjectType::dictionary: TRY(decode_dictionary(envelope.record)); return {};
        default: return {};
    }
}

Result<void> ObjectCheck::table(const store::ListedObject& object, bool read_all) {
    const std::string& text = object.name.text();
    const auto hash = Hash::from_hex(std::string_view(text).substr(text.rfind('/') + 1));
    if (!hash) return {};
    ++report_.objects_checked;
    auto read = [&]() -> Result<void> {
        if (read_all) {
            const Bytes bytes = TRY(store_.get(object.name, limits::index_table_max));
            report_.bytes_read += bytes.size();
            if (sha256(bytes) != *hash) return fail(ErrorCode::corrupt, "its bytes are not those it is named by");
        }
        const auto opened = TRY(IndexTable::open(store_, repository_.keys(), TableId{*hash}));
        return opened->for_each([](const IndexEntry&) -> Result<void> { return {}; });
    }();
    if (read || read.error().code() == ErrorCode::not_found) return {};  // merged away meanwhile
    if (!is_about_bytes(read.error().code())) return read;
    report_.objects.push_back({text, read.error().message(), false});
    return {};
}

// What lies below each first part of a name, and whether it is kept twice.
struct Kind {
    std::string_view prefix;
    ObjectType type;
    bool is_twice;
};
constexpr Kind kinds[] = {
    {"config", ObjectType::config, true},
    {"keys/", ObjectType::key_slot, true},
    {"dictionaries/", ObjectType::dictionary, true},
    {"snapshots/", ObjectType::snapshot, true},
    {"gaps/", ObjectType::gap, true},
    {"notes/", ObjectType::note, false},
    {"condemned/", ObjectType::condemned, false},
};

// Whether one of two objects may be missing because somebody is, or died, between the two.
bool may_be_missing(const ObjectsRequest& request, const store::ObjectName& name, ObjectType type) {
    const std::string_view last = std::string_view(name.text()).substr(name.text().rfind('/') + 1);
    switch (type) {
        case ObjectType::gap: return request.unfinished.by_prune;
        case ObjectType::dictionary: {
            const auto id = Hash::from_hex(last);
            return id && !request.dictionaries.contains(ChunkId{*id});
        }
        case ObjectType::snapshot: {
            const auto numbered = parse_numbered(name);
            return numbered && std::ranges::find(request.unfinished.claimed, numbered->number) != request.unfinished.claimed.end();
        }
        default: return false;
    }
}

bool is_gone(const ObjectsRequest& request, const store::ObjectName& name, ObjectType type) {
    const auto numbered = type == ObjectType::snapshot ? parse_numbered(name) : std::nullopt;
    return numbered && request.gaps.contains(numbered->number);
}

}  // namespace

Result<void> check_objects(const Repository& repository, const ObjectsRequest& request, const Watch& watch, CheckReport& report) {
    ObjectCheck check(repository, report);
    std::set<std::string> twins;  // the names without .copy
    std::uint64_t done = 0;
    for (const auto& object : request.objects) {
        TRY(watch.go_on());
        watch.at({.phase = "checking objects", .done = done++, .total = request.objects.size(), .unit = "objects"});
        std::string text = object.name.text();
        if (text.starts_with("index/")) TRY(check.table(object, request.read_tables));
        const auto kind = std::ranges::find_if(kinds, [&](const Kind& one) { return text.starts_with(one.prefix); });
        if (kind == std::end(kinds) || is_gone(request, object.name, kind->type)) continue;
        if (!kind->is_twice) {
            TRY(check.single(object.name, kind->type));
            continue;
        }
        if (text.ends_with(".copy")) text.resize(text.size() - std::string_view(".copy").size());
        if (!twins.insert(text).second) continue;
        const store::ObjectName name(text.c_str());
        const bool may_be = may_be_missing(request, name, kind->type);
        TRY(check.twins(name, kind->type, may_be ? ObjectCheck::Missing::may_be : ObjectCheck::Missing::is_damage));
    }
    return {};
}

Result<void> check_snapshot_objects(const Repository& repository, SnapshotNumber number, CheckReport& report) {
    return ObjectCheck(repository, report).twins(snapshot_name(number), ObjectType::snapshot, ObjectCheck::Missing::is_damage);
}

}  // namespace holdfast::repository
