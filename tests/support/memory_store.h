// MemoryStore: an ObjectStore in memory for tests, with doors to look at, damage, drop and count its objects.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/store/object_store.h"

namespace holdfast::tests {

enum class StoreStep { put, get, read, status, list, remove };

// Keeps the contract of ObjectStore. Thread-safe, the doors for tests as well.
class MemoryStore final : public store::ObjectStore {
public:
    using Contents = std::map<std::string, Bytes>;
    struct Counts {
        std::uint64_t puts = 0, gets = 0, reads = 0, statuses = 0, lists = 0, removes = 0;
        std::uint64_t bytes_put = 0, bytes_read = 0;
    };
    // Asked before each step with the object's name (the prefix for list); an Error is the step's answer instead.
    using Before = std::function<Result<void>(StoreStep step, const std::string& name)>;

    MemoryStore() = default;
    explicit MemoryStore(Contents contents) : contents_(std::move(contents)) {}

    Result<void> put_if_absent(const store::ObjectName& name, ByteView bytes) override {
        TRY(ask(StoreStep::put, name.text()));
        const std::unique_lock lock(mutex_);
        ++counts_.puts;
        if (!contents_.emplace(name.text(), Bytes(bytes.begin(), bytes.end())).second) {
            return fail(ErrorCode::exists, "put {}: there is one already", name.text());
        }
        counts_.bytes_put += bytes.size();
        written_[name.text()] = ++clock_;
        return {};
    }
    Result<Bytes> get(const store::ObjectName& name, std::uint64_t size_max) override {
        TRY(ask(StoreStep::get, name.text()));
        const std::unique_lock lock(mutex_);
        ++counts_.gets;
        const Bytes* bytes = find(name);
        if (bytes == nullptr) return absent("get", name);
        if (bytes->size() > size_max) {
            return fail(ErrorCode::corrupt, "get {}: {} bytes, more than the {} allowed", name.text(), bytes->size(), size_max);
        }
        counts_.bytes_read += bytes->size();
        return *bytes;
    }
    Result<void> read(const store::ObjectName& name, std::uint64_t offset, MutableByteView into) override {
        TRY(ask(StoreStep::read, name.text()));
        const std::unique_lock lock(mutex_);
        ++counts_.reads;
        const Bytes* bytes = find(name);
        if (bytes == nullptr) return absent("read", name);
        if (offset > bytes->size() || into.size() > bytes->size() - offset) {
            return fail(ErrorCode::corrupt, "read {}: it ends before byte {}", name.text(), offset + into.size());
        }
        std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
        counts_.bytes_read += into.size();
        return {};
    }
    Result<store::ObjectStatus> status(const store::ObjectName& name) override {
        TRY(ask(StoreStep::status, name.text()));
        const std::unique_lock lock(mutex_);
        ++counts_.statuses;
        const Bytes* bytes = find(name);
        if (bytes == nullptr) return absent("look at", name);
        const auto written = written_.find(name.text());
        return store::ObjectStatus{.size = bytes->size(),
                                   .written = {written == written_.end() ? 0 : written->second * nanoseconds_per_second}};
    }
    Result<std::vector<store::ListedObject>> list(std::string_view prefix) override {
        TRY(ask(StoreStep::list, std::string(prefix)));
        if (!prefix.empty()) TRY(store::ObjectName::parse(prefix));
        const std::unique_lock lock(mutex_);
        ++counts_.lists;
        const std::string start = prefix.empty() ? "" : std::string(prefix) + "/";
        std::vector<store::ListedObject> found;
        for (auto at = contents_.lower_bound(start); at != contents_.end() && at->first.starts_with(start); ++at) {
            auto name = store::ObjectName::parse(at->first);
            if (name) found.push_back({.name = std::move(name).value(), .size = at->second.size()});
        }
        return found;
    }
    Result<void> remove(const store::ObjectName& name) override {
        TRY(ask(StoreStep::remove, name.text()));
        const std::unique_lock lock(mutex_);
        ++counts_.removes;
        contents_.erase(name.text());
        written_.erase(name.text());
        return {};
    }
    std::string place() const override { return "memory"; }

    // --- doors for tests ---

    void ask_before(Before before) {
        const std::unique_lock lock(mutex_);
        before_ = std::move(before);
    }
    Counts counts() const {
        const std::unique_lock lock(mutex_);
        return counts_;
    }
    // A copy of everything, to begin another store with: what a power cut at this instant would leave.
    Contents contents() const {
        const std::unique_lock lock(mutex_);
        return contents_;
    }
    std::vector<std::string> names(std::string_view start = "") const {
        const std::unique_lock lock(mutex_);
        std::vector<std::string> found;
        for (const auto& [name, bytes] : contents_) {
            if (name.starts_with(start)) found.push_back(name);
        }
        return found;
    }
    bool has(const std::string& name) const {
        const std::unique_lock lock(mutex_);
        return contents_.contains(name);
    }
    std::optional<Bytes> peek(const std::string& name) const {
        const std::unique_lock lock(mutex_);
        const auto at = contents_.find(name);
        if (at == contents_.end()) return std::nullopt;
        return at->second;
    }
    // Puts bytes under the name, whatever was there.
    void replace(const std::string& name, Bytes bytes) {
        const std::unique_lock lock(mutex_);
        contents_[name] = std::move(bytes);
    }
    // False when there is no such object (or bit).
    bool drop(const std::string& name) {
        const std::unique_lock lock(mutex_);
        return contents_.erase(name) == 1;
    }
    bool flip_bit(const std::string& name, std::uint64_t bit) {
        const std::unique_lock lock(mutex_);
        const auto at = contents_.find(name);
        if (at == contents_.end() || bit / 8 >= at->second.size()) return false;
        at->second[bit / 8] ^= std::byte{1} << (bit % 8);
        return true;
    }
    bool truncate(const std::string& name, std::size_t size) {
        const std::unique_lock lock(mutex_);
        const auto at = contents_.find(name);
        if (at == contents_.end() || at->second.size() < size) return false;
        at->second.resize(size);
        return true;
    }
    bool swap(const std::string& a, const std::string& b) {
        const std::unique_lock lock(mutex_);
        if (!contents_.contains(a) || !contents_.contains(b)) return false;
        contents_[a].swap(contents_[b]);
        return true;
    }

private:
    Result<void> ask(StoreStep step, const std::string& name) {
        Before before;
        {
            const std::unique_lock lock(mutex_);
            before = before_;
        }
        return before ? before(step, name) : Result<void>{};
    }
    const Bytes* find(const store::ObjectName& name) const {
        const auto at = contents_.find(name.text());
        return at == contents_.end() ? nullptr : &at->second;
    }
    static Error absent(std::string_view doing, const store::ObjectName& name) {
        return fail(ErrorCode::not_found, "{} {}: there is no such object", doing, name.text());
    }

    mutable std::mutex mutex_;
    Contents contents_;
    std::map<std::string, std::int64_t> written_;
    std::int64_t clock_ = 0;
    Counts counts_;
    Before before_;
};

}  // namespace holdfast::tests
