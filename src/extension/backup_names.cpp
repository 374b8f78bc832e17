#include "holdfast/extension/backup_names.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "holdfast/base/text.h"

namespace holdfast::extension {

namespace {

// Those that say which database it is, and so are a part of its full name.
constexpr std::array<const char*, 4> which = {"repository", "snapshot", "at", "source"};
constexpr std::array<const char*, 3> unlocking = {"key_file", "password_file", "password_command"};
constexpr const char* cache = "cache_mib";
constexpr std::array<const char*, 7> of_sqlite = {"vfs", "mode", "cache", "immutable", "nolock", "psow", "modeof"};
constexpr std::array<const char*, 6> secrets = {"password", "passphrase", "key", "hexkey", "textkey", "secret"};

template <std::size_t count>
bool has(const std::array<const char*, count>& names, std::string_view name) {
    return std::ranges::any_of(names, [&](std::string_view one) { return one == name; });
}

std::string ending_of(const sqlite::AskedName& asked) {
    std::string ending;
    for (const char* name : which) {
        if (const auto value = asked.parameter(name)) ending += format("{}{}={}", ending.empty() ? '?' : '&', name, *value);
    }
    return ending;
}

Result<void> expect_known(const sqlite::AskedName& asked) {
    for (const char* name : secrets) {
        if (!asked.parameter(name)) continue;
        return fail(ErrorCode::invalid, "attach a backup: '{}=' puts a secret where histories and logs keep it", name)
            .with_advice("key_file=, password_file= or password_command=, or $HOLDFAST_KEY_FILE, $HOLDFAST_PASSWORD_FILE, $HOLDFAST_PASSWORD_COMMAND");
    }
    for (const std::string& name : asked.parameter_names()) {
        if (has(which, name) || has(unlocking, name) || name == cache || has(of_sqlite, name)) continue;
        return fail(ErrorCode::invalid, "attach a backup: '{}=' is no parameter", printable(name))
            .with_advice("repository, snapshot, at, source, key_file, password_file, password_command, cache_mib");
    }
    return {};
}

Result<std::uint64_t> cache_asked_for(const sqlite::AskedName& asked) {
    constexpr std::uint64_t mib_max = 64 * 1024;
    const auto text = asked.parameter(cache);
    if (!text) return 0u;
    std::uint64_t mib = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), mib);
    if (problem == std::errc() && end == text->data() + text->size() && mib > 0 && mib <= mib_max) return mib;
    return fail(ErrorCode::invalid, "attach a backup: '{}={}' is no size", cache, printable(*text)).with_advice(format("{}=64 keeps 64 MiB of it", cache));
}

class BackupNames final : public sqlite::ImageNames {
public:
    std::shared_ptr<sqlite::Exhibit> find(const sqlite::AskedName& asked) override {
        Holdings& holdings = Holdings::here();
        auto opened = open(holdings, asked);
        if (opened) return *opened;
        holdings.tell(SQLITE_CANTOPEN, opened.error());
        return nullptr;
    }
    std::string full_name(const sqlite::AskedName& asked) override { return asked.name() + ending_of(asked); }

private:
    static Result<std::shared_ptr<sqlite::Exhibit>> open(Holdings& holdings, const sqlite::AskedName& asked) {
        auto found = TRY(holdings.images().open(TRY(request_of(asked))));
        for (const auto& warning : found.warnings) log_note(warning);
        return std::shared_ptr<sqlite::Exhibit>(std::make_shared<OpenBackup>(holdings, std::move(found.image)));
    }
};

}  // namespace

OpenBackup::OpenBackup(Holdings& holdings, std::shared_ptr<const operations::KeptImage> kept)
    : Exhibit(kept->image()), holdings_(holdings), kept_(std::move(kept)) {}

OpenBackup::~OpenBackup() {
    if (holdings_.are_here()) return;
    static_cast<void>(std::make_unique<std::shared_ptr<const operations::KeptImage>>(std::move(kept_)).release());
}

Result<void> OpenBackup::read(std::uint64_t offset, MutableByteView into) const {
    if (holdings_.are_here()) return Exhibit::read(offset, into);
    return fail(ErrorCode::unavailable, "it was attached before this process was forked").with_advice("attach it in this process");
}

void OpenBackup::remember(const Error& failure) {
    const auto told = failure.copy().while_doing(format("read {} of backup #{}", printable(kept_->path()), kept_->number()));
    Holdings::here().tell(failure.code() == ErrorCode::corrupt ? SQLITE_CORRUPT : SQLITE_IOERR_READ, told);
}

Result<operations::KeptImageRequest> request_of(const sqlite::AskedName& asked) {
    TRY(expect_known(asked));
    const auto cache_mib = TRY(cache_asked_for(asked));  // not among the fields: gcc 12 loses those that are made before a return
    const auto value = [&](const char* name) { return asked.parameter(name).value_or(""); };
    std::string database = asked.name();
    if (const auto ending = ending_of(asked); database.ends_with(ending)) database.resize(database.size() - ending.size());
    operations::KeptImageRequest request{.repository = {}, .snapshot = value("snapshot"), .at = value("at"), .source = value("source"), .database = std::move(database), .cache_mib = cache_mib};
    request.repository.repository = value("repository");
    request.repository.key_file = value("key_file");
    request.repository.password_file = value("password_file");
    request.repository.password_command = value("password_command");
    return request;
}

Result<void> register_vfs() {
    static auto* const names = std::make_unique<BackupNames>().release();
    return sqlite::register_image_vfs({.name = vfs_name, .names = *names, .libraries = sqlite::Libraries::of_default_vfs});
}

}  // namespace holdfast::extension
