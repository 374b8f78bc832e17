#include "holdfast/sqlite/serve_image.h"

#include <map>
#include <mutex>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/image_vfs.h"

namespace holdfast::sqlite {
namespace {

// Names of served images, as connections open them.
class Exhibition final : public ImageNames {
public:
    std::string show(const std::shared_ptr<Exhibit>& exhibit) {
        const std::lock_guard lock(mutex_);
        std::string name = format("/image-{}", ++count_);
        exhibits_.emplace(name, exhibit);
        return name;
    }
    void end(const std::string& name) {
        const std::lock_guard lock(mutex_);
        exhibits_.erase(name);
    }
    std::shared_ptr<Exhibit> find(const AskedName& asked) override {
        const std::lock_guard lock(mutex_);
        const auto found = exhibits_.find(asked.name());
        return found == exhibits_.end() ? nullptr : found->second;
    }
    std::string full_name(const AskedName& asked) override { return asked.name(); }

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Exhibit>, std::less<>> exhibits_;
    std::uint64_t count_ = 0;
};

// Never destroyed: connections may be closed while the program ends.
Exhibition& exhibition() {
    static auto* const all = std::make_unique<Exhibition>().release();
    return *all;
}

// One per copy of this code in the process; a second copy (in a loaded library) has another name.
Result<std::string> vfs_name() {
    static const std::string name = format("holdfast-image-{}", static_cast<const void*>(&exhibition()));
    static const auto done = register_image_vfs({.name = name, .names = exhibition()});
    if (!done) return done.error().copy();
    return name;
}

class Served final : public ServedImage {
public:
    Served(const Image& image, std::string vfs)
        : vfs_(std::move(vfs)), exhibit_(std::make_shared<Exhibit>(image)), name_(exhibition().show(exhibit_)) {}
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;
    ~Served() override { exhibition().end(name_); }
    Result<Connection> connect() override {
        return Connection::open(name_, {.mode = OpenMode::read_only, .vfs = vfs_, .immutable = true, .called = "the image"});
    }
    Result<void> attach_to(Connection& connection, const std::string& name) override {
        auto statement = TRY(connection.prepare("ATTACH ?1 AS ?2"));
        TRY(statement.bind(1, format("file:{}?vfs={}&immutable=1", name_, vfs_)));
        TRY(statement.bind(2, name));
        TRY(statement.step());
        return {};
    }
    std::string last_failure() const override { return exhibit_->last_failure(); }

private:
    std::string vfs_;
    std::shared_ptr<Exhibit> exhibit_;
    std::string name_;
};

}  // namespace

Result<std::unique_ptr<ServedImage>> serve_image(const Image& image) {
    std::unique_ptr<ServedImage> served = std::make_unique<Served>(image, TRY(vfs_name()));
    return served;
}

}  // namespace holdfast::sqlite
