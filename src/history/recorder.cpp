#include "holdfast/history/recorder.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/image_source.h"
#include "holdfast/history/keep_companion.h"

namespace holdfast::history {

namespace {

using repository::ContentWriter;
using repository::DirectoryEntry;
using repository::KeptContent;
using repository::Session;
using repository::Snapshot;

class KeptMember final : public MemberRecorder {
public:
    explicit KeptMember(ContentWriter writer) : writer_(std::move(writer)) {}

    Result<void> look(const sqlite::Image& image, const Watch& watch) override {
        const ImageSource source(image);
        auto done = writer_.look(source, watch);
        failed_at_source_ = source.has_failed();
        return done;
    }
    Result<void> look_raw(const repository::ByteSource& source, const Watch& watch) override {
        failed_at_source_ = false;
        return writer_.look(source, watch);
    }
    bool failed_at_source() const override { return failed_at_source_; }
    Result<void> finish(DirectoryEntry entry) override {
        HOLDFAST_ASSERT(!entry_);
        kept_ = TRY(writer_.finish());
        entry.content = kept_.content;
        entry.root_node = kept_.root_node;
        entry.dictionary = kept_.dictionary;
        if (entry.database) entry.database->plain_sha256 = kept_.plain_sha256;
        entry_ = std::move(entry);
        return {};
    }
    const KeptContent& kept() const override { return kept_; }

    const std::vector<std::string>& warnings() const { return writer_.warnings(); }
    const std::optional<DirectoryEntry>& entry() const { return entry_; }
    void remember() noexcept { writer_.remember(); }

private:
    ContentWriter writer_;
    KeptContent kept_;
    std::optional<DirectoryEntry> entry_;
    bool failed_at_source_ = false;
};

class SessionRecorder final : public Recorder {
public:
    SessionRecorder(repository::Repository& repository, SourceIdentity source, RecorderOptions options,
                    std::unique_ptr<Session> session)
        : repository_(repository), source_(std::move(source)), options_(std::move(options)), session_(std::move(session)) {}

    repository::SnapshotNumber number() const override { return session_->number(); }

    Result<MemberRecorder*> member(const std::string& name, std::uint32_t unit) override {
        repository::KeepRequest request;
        request.like = to_hex(source_.record.id) + "/" + name;
        request.unit = unit;
        request.everything = options_.everything;
        if (const auto before = TRY(kept_before(repository_, source_, name))) {
            const auto& entry = before->entry;
            request.before = repository::Before{
                .snapshot = before->snapshot, .content = entry.content, .root_nodes = {}, .dictionary = entry.dictionary};
            if (entry.root_node) request.before->root_nodes.push_back(*entry.root_node);
        }
        members_.push_back(std::make_unique<KeptMember>(TRY(session_->keep(std::move(request)))));
        return members_.back().get();
    }

    Result<KeptCompanion> companion(const CompanionToKeep& companion, const Watch& watch) override {
        auto kept = TRY(keep_companion(*session_, {.before = TRY(companion_before(repository_, source_, companion.name)), .lineage = to_hex(source_.record.id), .everything = options_.everything}, companion, watch));
        if (!kept.is_kept) return kept;
        take({.entry = kept.entry, .bytes = kept.bytes, .bytes_read = kept.bytes_read});
        return kept;
    }

    Result<void> take_over(KeptBefore before) override {
        TRY(session_->lean_on(before.snapshot));
        drop_taken_over(before.entry.name);
        taken_over_.push_back(std::move(before.entry));
        return {};
    }

    Result<void> take_over_companion(KeptBefore before, std::uint64_t bytes) override {
        TRY(session_->lean_on(before.snapshot));
        take({.entry = std::move(before.entry), .bytes = bytes, .bytes_read = 0});
        return {};
    }

    void begin_anew() override {
        members_.clear();
        taken_over_.clear();
        companions_.clear();
        failed_.clear();
    }

    void failed(const std::string& path, const Error& error) override {
        failed_.push_back({.path = path, .error = error.text()});
    }

    Result<Snapshot> commit(Snapshot draft) override {
        draft.source = source_.record;
        draft.failed = failed_;
        draft.partial = !failed_.empty();
        for (const auto& member : members_) {
            if (!member->entry()) continue;
            drop_taken_over(member->entry()->name);
            draft.members.push_back(*member->entry());
            draft.statistics.bytes_read += member->kept().bytes_read;
            draft.statistics.pages_changed += member->kept().units_changed;
        }
        draft.members.insert(draft.members.end(), taken_over_.begin(), taken_over_.end());
        for (const auto& entry : draft.members) draft.statistics.logical_bytes += entry.content.size;
        for (const auto& companion : companions_) {
            draft.companions.push_back(companion.entry);
            draft.statistics.logical_bytes += companion.bytes;
            draft.statistics.bytes_read += companion.bytes_read;
        }
        std::ranges::sort(draft.members, {}, &DirectoryEntry::name);
        auto snapshot = TRY(session_->commit(std::move(draft)));
        for (const auto& member : members_) {
            if (member->entry()) member->remember();
        }
        return snapshot;
    }

    std::vector<std::string> warnings() const override {
        std::vector<std::string> all;
        for (const auto& member : members_) all.insert(all.end(), member->warnings().begin(), member->warnings().end());
        return all;
    }

private:
    struct Companion {
        DirectoryEntry entry;
        std::uint64_t bytes = 0, bytes_read = 0;
    };
    void take(Companion companion) {
        std::erase_if(companions_, [&](const Companion& other) { return other.entry.name == companion.entry.name; });
        companions_.push_back(std::move(companion));
    }
    void drop_taken_over(const std::string& name) {
        std::erase_if(taken_over_, [&](const DirectoryEntry& entry) { return entry.name == name; });
    }

    repository::Repository& repository_;
    SourceIdentity source_;
    RecorderOptions options_;
    std::unique_ptr<Session> session_;  // outlives the writers below
    std::vector<std::unique_ptr<KeptMember>> members_;
    std::vector<DirectoryEntry> taken_over_;
    std::vector<Companion> companions_;
    std::vector<repository::FailedMember> failed_;
};

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::begin(repository::Repository& repository, SourceIdentity source,
                                                  RecorderOptions options) {
    using Trust = repository::Repository::Trust;
    auto session = TRY(repository.begin(options.purpose, options.everything ? Trust::what_proves : Trust::what_is_there));
    return std::unique_ptr<Recorder>(
        std::make_unique<SessionRecorder>(repository, std::move(source), std::move(options), std::move(session)));
}

}  // namespace holdfast::history
