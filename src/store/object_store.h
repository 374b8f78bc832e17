// ObjectStore: a place that keeps named, write-once runs of bytes. The contract below is tests/contracts/.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/time.h"

namespace holdfast::store {

// "packs/3f/3fa9…": parts of [a-z0-9._-], separated by '/', none empty or starting with '.', at most 255 bytes.
// The first part is never "tmp", which stores keep for what is being written. No object's name is a folder of others.
class ObjectName {
public:
    static Result<ObjectName> parse(std::string_view text);
    explicit ObjectName(const char* trusted);  // for names in our own code; asserts
    const std::string& text() const { return text_; }
    auto operator<=>(const ObjectName&) const = default;

private:
    ObjectName() = default;
    std::string text_;
};

struct ObjectStatus {
    std::uint64_t size = 0;
    Timestamp written;  // by the store's clock; for showing and for patience, never for safety
};
struct ListedObject {
    ObjectName name;
    std::uint64_t size = 0;
};

// All functions are thread-safe. Codes mean the same for every store: not_found, exists, denied, full (the place has
// no room), busy (throttled), unavailable (a retry may help), corrupt (the place itself noticed).
class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    // After success the object is there, whole, with exactly these bytes, and survives a power cut. After `exists`
    // somebody else's object (perhaps with other bytes) is there, unchanged, and survives a power cut too, unless it
    // was put_fleeting. After any other error it is there whole or not at all. Of any number of simultaneous calls for
    // one name exactly one succeeds.
    virtual Result<void> put_if_absent(const ObjectName& name, ByteView bytes) = 0;

    // Like put_if_absent, but a power cut may lose it, or leave it with other bytes of at most its size: who reads one
    // must be able to tell. For claims that only a running process needs.
    virtual Result<void> put_fleeting(const ObjectName& name, ByteView bytes) { return put_if_absent(name, bytes); }

    // The whole object; `corrupt` when it is longer than size_max.
    virtual Result<Bytes> get(const ObjectName& name, std::uint64_t size_max) = 0;
    // Exactly into.size() bytes from offset; `corrupt` when the object ends before.
    virtual Result<void> read(const ObjectName& name, std::uint64_t offset, MutableByteView into) = 0;
    virtual Result<ObjectStatus> status(const ObjectName& name) = 0;

    // Every object whose name starts with `prefix` followed by '/' ("": every object), in any order. Objects put
    // before the call are listed; objects put or removed during it may or may not be.
    virtual Result<std::vector<ListedObject>> list(std::string_view prefix) = 0;
    // The names directly below `prefix` ("snapshots": snapshots/1, not snapshots/a/1) without sizes, where that is
    // cheaper: every backup asks for those of tens of thousands of snapshots. May hold a name that is no object.
    virtual Result<std::vector<ObjectName>> names_in(std::string_view prefix) {
        std::vector<ObjectName> names;
        for (auto& object : TRY(list(prefix))) {
            if (object.name.text().find('/', prefix.size() + 1) == std::string::npos) names.push_back(std::move(object.name));
        }
        return names;
    }

    // Gone after success, also when it was not there. Durable before return.
    virtual Result<void> remove(const ObjectName& name) = 0;
    // The same for many, and cheaper where a place can; an error leaves some removed, in no particular order.
    virtual Result<void> remove_all(std::span<const ObjectName> names) {
        for (const auto& name : names) TRY(remove(name));
        return {};
    }

    // Gone at once like remove(), but a power cut may bring it back: for what put_fleeting put.
    virtual Result<void> remove_fleeting(const ObjectName& name) { return remove(name); }

    // For people: a path or URL, without secrets.
    virtual std::string place() const = 0;
    // True where simultaneous put_if_absent is decided by the store itself; false: one writer at a time.
    virtual bool has_atomic_create() const { return true; }
};

}  // namespace holdfast::store
