#include "holdfast/operations/named_images.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/history.h"
#include "holdfast/live/freeze.h"
#include "holdfast/operations/chosen_databases.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/moved_databases.h"
#include "holdfast/operations/name_for_sql.h"
#include "holdfast/operations/outside_backup.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/unfinished_restore.h"
#include "holdfast/operations/verify_file.h"

namespace holdfast::operations {

namespace {

// What all kinds of them tell; each holds besides what its images lean on.
class TheImages : public NamedImages {
public:
    const std::vector<NamedImage>& databases() const override { return databases_; }
    bool is_live() const override { return false; }
    std::uint64_t number() const override { return 0; }
    Timestamp time() const override { return time_; }
    std::optional<std::array<std::byte, 16>> source() const override { return std::nullopt; }
    std::string in_words() const override { return in_words_; }
    const std::vector<std::string>& warnings() const override { return warnings_; }

protected:
    void add(const std::string& path, const sqlite::Image& image, const repository::DirectoryEntry* kept = nullptr) {
        databases_.push_back({.name = name_for_sql(path, databases_), .path = path, .image = &image, .kept = kept});
    }
    Timestamp time_;
    std::string in_words_;
    std::vector<std::string> warnings_;

private:
    std::vector<NamedImage> databases_;
};

// --- a backup of the repository ---

class KeptImages final : public TheImages {
public:
    explicit KeptImages(Selection selection) : moment_(std::move(selection.moment)) {
        time_ = moment_.snapshot.time;
        in_words_ = format("backup #{}", number());
        warnings_ = std::move(selection.warnings);
        if (moment_.is_bad()) warnings_.push_back(format("{} is damaged: holdfast verify {} tells how", in_words_, number()));
    }
    Result<void> open(Context& context, const repository::Repository& repository, const std::vector<std::string>& only) {
        lease_ = TRY(repository.lease(moment_.snapshot.number));
        for (const auto* entry : TRY(members(context, only))) {
            images_.push_back(TRY(history::open_image(repository, *entry)));
            add(entry->name, *images_.back(), entry);
        }
        return {};
    }
    std::uint64_t number() const override { return moment_.snapshot.number.value; }
    std::optional<std::array<std::byte, 16>> source() const override { return moment_.snapshot.source.id; }
    Result<void> finish() override { return {}; }

private:
    Result<std::vector<const repository::DirectoryEntry*>> members(Context& context, const std::vector<std::string>& only) {
        DatabasesToChooseFrom there{.paths = {}, .doing = "open only", .where = in_words_};
        for (const auto& entry : moment_.snapshot.members) there.paths.push_back(entry.name);
        const auto chosen = TRY(chosen_databases(context, there, only));
        std::vector<const repository::DirectoryEntry*> found;
        for (const auto& entry : moment_.snapshot.members) {
            if (!chosen.empty() && !chosen.contains(entry.name)) continue;
            if (entry.database) found.push_back(&entry);
            else warnings_.push_back(format("{} holds {} as the bytes of a damaged database: it cannot be read as one", in_words_, printable(entry.name)));
        }
        if (!found.empty()) return found;
        if (there.paths.empty()) return fail(ErrorCode::invalid, "open {}: it holds no database", in_words_).with_advice("holdfast list");
        return fail(ErrorCode::invalid, "open {}: it holds the bytes of a damaged database, not a database", in_words_)
            .with_advice(format("holdfast restore {} --to FOLDER, to look at them; or another backup", number()));
    }

    history::Moment moment_;
    std::unique_ptr<repository::Repository::Lease> lease_;
    std::vector<std::unique_ptr<sqlite::Image>> images_;
};

// --- live databases ---

class LiveImages final : public TheImages {
public:
    // One after another: what is committed to a later one meanwhile is in it.
    Result<void> open(Context& context, const std::vector<std::string>& paths, std::vector<std::string> doubts) {
        warnings_ = std::move(doubts);
        for (const auto& path : paths) {
            frozen_.push_back(TRY(live::freeze(context.host, TRY(canonical_database(context, path)), freeze_options(context))));
            add(path, frozen_.back()->image());
            in_words_ += (in_words_.empty() ? "" : ", ") + printable(host::file_name_of(path));
        }
        in_words_ += paths.size() == 1 ? " as it is now" : " as they are now";
        time_ = frozen_.back()->facts().frozen;
        return {};
    }
    bool is_live() const override { return true; }
    Result<void> finish() override {
        for (std::size_t i = 0; i < frozen_.size(); ++i) {
            auto done = frozen_[i]->finish();
            if (!done) return std::move(done).error().while_doing(format("read {}", printable(databases()[i].path)));
        }
        return {};
    }

private:
    std::vector<std::unique_ptr<live::Frozen>> frozen_;
};

Result<bool> is_database_path(Context& context, const std::string& word) {
    const auto status = TRY(host::status_if_any(context.host.files, word));
    return status && status->kind == host::FileKind::regular;
}

struct LivePaths {
    std::vector<std::string> chosen, of_source;
};
// Those of the source's newest backup, where they lie now. A path that no source has is that database.
Result<LivePaths> live_paths(Context& context, OpenRepository* opened, const ImagesRequest& request) {
    const bool is_path = !request.source.empty() && TRY(is_database_path(context, request.source));
    const auto itself = [&]() -> Result<LivePaths> {
        const std::vector path = {TRY(canonical_database(context, request.source))};
        return LivePaths{.chosen = path, .of_source = path};
    };
    if (opened == nullptr && is_path) return itself();
    if (opened == nullptr) {
        return fail(ErrorCode::not_found, "open the live databases: no repository tells which they are").with_advice("--source DATABASE; or -r with the repository");
    }
    const auto& repository = opened->get();
    auto selection = select(context, repository, {.snapshot = {}, .at = {}, .source = request.source});
    if (!selection && is_path && selection.error().code() == ErrorCode::not_found) return itself();
    if (!selection) return std::move(selection).error();
    const auto& snapshot = selection->moment.snapshot;
    LivePaths paths;
    for (const auto& path : snapshot.source.paths) paths.of_source.push_back(TRY(lies_now(repository, snapshot, path)));
    paths.chosen = paths.of_source;
    const auto chosen = TRY(chosen_databases(context, {.paths = paths.chosen, .doing = "open only", .where = "the source"}, request.only));
    if (!chosen.empty()) std::erase_if(paths.chosen, [&](const std::string& path) { return !chosen.contains(path); });
    return paths;
}

// --- a file ---

class OutsideImages final : public TheImages {
public:
    explicit OutsideImages(OutsideBackup backup) : backup_(std::move(backup)) {
        time_ = backup_.databases.front().time.time;
        in_words_ = printable(host::file_name_of(backup_.path));
        warnings_ = backup_.warnings;
    }
    Result<void> choose(Context& context, const std::vector<std::string>& only) {
        DatabasesToChooseFrom there{.paths = {}, .doing = "open only", .where = in_words_};
        for (const auto& database : backup_.databases) there.paths.push_back(database.name);
        const auto chosen = TRY(chosen_databases(context, there, only));
        for (const auto& database : backup_.databases) {
            if (chosen.empty() || chosen.contains(database.name)) add(database.name, database.image());
        }
        return {};
    }
    Result<void> finish() override { return expect_unchanged(backup_); }

private:
    OutsideBackup backup_;
};

Result<std::unique_ptr<NamedImages>> open_file(Context& context, const ImagesRequest& request) {
    if (!request.source.empty() || !request.at.empty()) {
        return fail(ErrorCode::invalid, "open {}: it is a file, and --source and --at speak of a repository", printable(request.word)).with_advice("the file alone");
    }
    auto images = std::make_unique<OutsideImages>(TRY(open_outside(context, request.word, request.outside)));
    TRY(images->choose(context, request.only));
    return std::unique_ptr<NamedImages>(std::move(images));
}

Result<std::unique_ptr<NamedImages>> open_live(Context& context, OpenRepository* opened, const ImagesRequest& request) {
    if (!request.at.empty()) return fail(ErrorCode::invalid, "which state: both live and --at are given").with_advice("give one of them");
    auto images = std::make_unique<LiveImages>();
    const auto paths = TRY(live_paths(context, opened, request));
    TRY(images->open(context, paths.chosen, told_unfinished(context, paths.of_source)));
    return std::unique_ptr<NamedImages>(std::move(images));
}

// A word with a slash or a point in it is a path that somebody mistyped, and no backup.
Error explained(Error error, const std::string& word) {
    if (history::parse_selector(word) || word.find_first_of("/.") == std::string::npos) return error;
    return fail(ErrorCode::not_found, "open {}: there is no such file, and no backup is called so", printable(word))
        .with_advice("a backup (43, latest), live, or the path of a file");
}

}  // namespace

Result<std::unique_ptr<NamedImages>> open_images(Context& context, OpenRepository* opened, const ImagesRequest& request) {
    if (request.word == live_word) return open_live(context, opened, request);
    if (TRY(means_a_file(context, request.word))) return open_file(context, request);
    if (opened == nullptr) {
        return explained(fail(ErrorCode::not_found, "open {}: there is no repository", printable(request.word)).with_advice("-r with the repository's folder; or the path of a file"),
                         request.word);
    }
    auto selection = select(context, opened->get(), {.snapshot = request.word, .at = request.at, .source = request.source});
    if (!selection) return explained(std::move(selection).error(), request.word);
    auto images = std::make_unique<KeptImages>(*std::move(selection));
    TRY(images->open(context, opened->get(), request.only));
    return std::unique_ptr<NamedImages>(std::move(images));
}

}  // namespace holdfast::operations
