#include "holdfast/operations/diff.h"

#include <algorithm>
#include <utility>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/history/extent_names.h"
#include "holdfast/history/history.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/as_kept.h"
#include "holdfast/operations/compare_images.h"
#include "holdfast/operations/diff_files.h"
#include "holdfast/operations/named_images.h"
#include "holdfast/operations/repository_of_images.h"
#include "holdfast/operations/unfinished_restore.h"
#include "holdfast/operations/verify_file.h"
#include "holdfast/rows/script.h"
#include "holdfast/sqlite/read_ahead_image.h"

namespace holdfast::operations {

namespace {

constexpr int attempts_max = 8;  // as for every freeze
constexpr std::size_t unpacked_bytes_max = 8 * 1024 * 1024;  // of each backup

DiffSide side_of(const NamedImages& images) { return {.of = images.in_words(), .number = images.number(), .time = images.time()}; }

// A file is of no source; what is named besides is.
Result<ImagesRequest> side_request(Context& context, const DiffRequest& request, const std::string& word) {
    ImagesRequest images{.word = word, .at = {}, .source = request.source, .only = request.only, .outside = request.outside};
    if (word != live_word && TRY(means_a_file(context, word))) images.source.clear();
    return images;
}

// One of each side that are the same database: by path; the only ones of both sides in any case.
struct Pair {
    const NamedImage* before = nullptr;
    const NamedImage* after = nullptr;
};
std::vector<Pair> pairs_of(const NamedImages& before, const NamedImages& after) {
    const auto &mine = before.databases(), &theirs = after.databases();
    if (mine.size() == 1 && theirs.size() == 1) return {{&mine.front(), &theirs.front()}};
    std::vector<Pair> pairs;
    for (const auto& one : mine) {
        const auto same = std::ranges::find(theirs, one.path, &NamedImage::path);
        pairs.push_back({&one, same == theirs.end() ? nullptr : &*same});
    }
    for (const auto& one : theirs) {
        if (std::ranges::find(mine, one.path, &NamedImage::path) == mine.end()) pairs.push_back({nullptr, &one});
    }
    return pairs;
}

bool is_same_content(const Pair& pair) { return pair.before && pair.after && pair.before->kept && pair.after->kept && pair.before->kept->content == pair.after->kept->content; }

class Diffing {
public:
    Diffing(Context& context, OpenRepository* opened, const DiffRequest& request) : context_(context), opened_(opened), request_(request) {}

    Result<DiffReport> run(NamedImages& before, NamedImages& after) {
        report_.before = side_of(before);
        report_.after = side_of(after);
        for (const auto* side : {&before, &after}) std::ranges::copy(side->warnings(), std::back_inserter(report_.warnings));
        report_.equal = true;
        source_ = before.source() ? before.source() : after.source();
        for (const auto& pair : pairs_of(before, after)) {
            auto told = compared(pair);
            if (!told) return std::move(told).error().while_doing(format("compare {}", printable((pair.before ? pair.before : pair.after)->path)));
            report_.equal = report_.equal && told->equal;
            for (const auto& table : told->tables) report_.incomplete = report_.incomplete || !table.not_compared.empty();
            report_.databases.push_back(*std::move(told));
        }
        return std::move(report_);
    }

private:
    Result<DatabaseDifference> compared(const Pair& pair) {
        DatabaseDifference told{.before = pair.before ? pair.before->path : "", .after = pair.after ? pair.after->path : ""};
        if (!pair.before || !pair.after) return told;
        told.equal = is_same_content(pair);
        if (told.equal) return told;
        const auto before = TRY(prepared(pair.before, pair.after)), after = TRY(prepared(pair.after, pair.before));
        auto databases = TRY(rows::DatabasePair::open(before ? *before : *pair.before->image, after ? *after : *pair.after->image, opened_ ? &opened_->pool() : nullptr));
        if (request_.sql) {
            TRY(write(databases));
            return told;
        }
        const auto internal = request_.internal ? rows::CompareRequest::Internal::show : rows::CompareRequest::Internal::hide;
        auto found = TRY(compare_images(databases, {.tables = request_.tables, .internal = internal, .rows = {.most = request_.rows ? request_.limit : 0}}, context_.watch));
        for (auto& object : found.schema) {
            if (request_.stat) object.before.clear(), object.after.clear();
        }
        found.before = std::move(told.before);
        found.after = std::move(told.after);
        return found;
    }

    // What makes an image cheaper to compare. Of a database that is no backup, beside one that is: the names that the
    // repository would give its extents. Of others: large pieces, read once and ahead.
    Result<std::unique_ptr<sqlite::Image>> prepared(const NamedImage* one, const NamedImage* other) {
        std::unique_ptr<sqlite::Image> none;
        if (one->image->last_page().value == 0) return none;
        if (!opened_ || one->kept || !other->kept) return sqlite::read_ahead_image(*one->image, {.bytes_max = unpacked_bytes_max, .pool = opened_ ? &opened_->pool() : nullptr});
        history::ExtentNaming naming{.repository = opened_->get(), .pool = opened_->pool(), .last = last_kept(other->path)};
        const bool is_as_last = naming.last && is_known_as_kept(context_, opened_->get(), {.source = naming.last->source, .entry = naming.last->entry, .path = one->path});
        if (is_as_last) naming.content = history::ExtentNaming::Content::as_last;
        return history::with_extent_names(*one->image, naming, context_.watch);
    }

    // The newest backup of the database, of which the local cache is.
    std::optional<history::LastKept> last_kept(const std::string& path) const {
        if (!source_) return std::nullopt;
        const auto newest = history::select_moment(opened_->get(), {}, {.source = to_hex(*source_)});
        if (!newest) return std::nullopt;
        const auto& members = newest->moment.snapshot.members;
        const auto member = std::ranges::find(members, path, &repository::DirectoryEntry::name);
        if (member == members.end() || !member->database) return std::nullopt;
        return history::LastKept{.source = *source_, .entry = *member};
    }

    Result<void> write(rows::DatabasePair& pair) {
        const auto transaction = request_.no_transaction ? rows::ScriptRequest::Transaction::of_caller : rows::ScriptRequest::Transaction::own;
        auto written = TRY(rows::write_script(pair, {.tables = request_.tables, .transaction = transaction, .watch = context_.watch}, request_.script));
        report_.statements += written.statements;
        std::ranges::move(written.warnings, std::back_inserter(report_.warnings));
        return {};
    }

    Context& context_;
    OpenRepository* opened_;
    const DiffRequest& request_;
    std::optional<std::array<std::byte, 16>> source_;  // whose backups are compared
    DiffReport report_;
};

// Nothing was written into the live databases since the backup: known without reading them.
Result<std::optional<DiffReport>> unchanged(Context& context, OpenRepository* opened, const DiffRequest& request, NamedImages& kept) {
    std::optional<DiffReport> none;
    if (opened == nullptr || kept.number() == 0 || !kept.source() || !request.tables.empty()) return none;
    for (const auto& database : kept.databases()) {
        if (!database.kept || !is_known_as_kept(context, opened->get(), {.source = *kept.source(), .entry = *database.kept, .path = database.path})) return none;
    }
    DiffReport report{.before = side_of(kept), .after = {.of = "the database as it is now", .number = 0, .time = context.host.clock.now()}, .equal = true, .warnings = kept.warnings()};
    std::vector<std::string> paths;
    for (const auto& database : kept.databases()) paths.push_back(database.path);
    for (auto& told : told_unfinished(context, paths)) report.warnings.push_back(std::move(told));
    for (const auto& database : kept.databases()) report.databases.push_back({.before = database.path, .after = database.path, .equal = true});
    if (request.reverse) std::swap(report.before, report.after);
    return std::optional(std::move(report));
}

// SQL does not say which database it is for: a script of two would run on either.
Result<void> expect_script_of_one(const DiffRequest& request, const NamedImages& images) {
    const auto& databases = images.databases();
    if (!request.sql || databases.size() == 1) return {};
    std::string named;
    for (const auto& one : databases) named += (named.empty() ? "" : ", ") + printable(one.path);
    return fail(ErrorCode::invalid, "write a script: {} has {} databases, {}, and a script is for one", images.in_words(), databases.size(), named)
        .with_advice(format("--only {}, and so for each", shell_word(databases.front().path)));
}

FilesToDiff::Side files_of(const NamedImages& images) { return {.number = images.number(), .is_live = images.is_live()}; }

Result<DiffReport> with_files(Context& context, OpenRepository* opened, const DiffRequest& request, FilesToDiff sides, DiffReport report) {
    if (request.reverse) std::swap(sides.before, sides.after);
    report.companions = TRY(diff_files(context, opened, request, sides));
    if (!report.companions) return report;
    report.equal = report.equal && report.companions->equal;
    report.incomplete = report.incomplete || report.companions->incomplete;
    return report;
}

Result<DiffReport> diff_once(Context& context, OpenRepository* opened, const DiffRequest& request, std::pair<ImagesRequest, ImagesRequest> sides) {
    auto before = TRY(open_images(context, opened, sides.first));
    TRY(expect_script_of_one(request, *before));
    if (sides.second.word == live_word) {
        if (auto known = TRY(unchanged(context, opened, request, *before))) return with_files(context, opened, request, {.before = files_of(*before), .after = {.is_live = true}}, *std::move(known));
    }
    // The live database is that of the backup, whatever other sources there are.
    if (sides.second.word == live_word && sides.second.source.empty() && before->source()) sides.second.source = to_hex(*before->source());
    auto after = TRY(open_images(context, opened, sides.second));
    TRY(expect_script_of_one(request, *after));
    auto done = request.reverse ? Diffing(context, opened, request).run(*after, *before) : Diffing(context, opened, request).run(*before, *after);
    if (!done) return done;
    TRY(before->finish());
    TRY(after->finish());
    return with_files(context, opened, request, {.before = files_of(*before), .after = files_of(*after)}, *std::move(done));
}

Result<void> expect_sense(const DiffRequest& request) {
    if (request.before == live_word && request.after == live_word) return fail(ErrorCode::invalid, "diff: both are the live database").with_advice("holdfast diff 43, or holdfast diff 43 live");
    if (request.sql && (request.rows || request.stat || request.internal)) return fail(ErrorCode::invalid, "diff: --sql writes SQL, --rows, --stat and --internal show differences").with_advice("--sql alone");
    if (request.no_transaction && !request.sql) return fail(ErrorCode::invalid, "diff: --no-transaction is for --sql");
    return {};
}

}  // namespace

Result<DiffReport> diff(Context& context, const DiffRequest& request) {
    TRY(expect_sense(request));
    const host::Stopwatch stopwatch(context.host.clock);
    const std::pair<ImagesRequest, ImagesRequest> sides{TRY(side_request(context, request, request.before)), TRY(side_request(context, request, request.after))};
    const bool first_is_file = request.before != live_word && TRY(means_a_file(context, request.before));
    const auto opened = TRY(repository_of_images(context, request.repository, first_is_file ? sides.second : sides.first));
    for (int attempt = 1;; ++attempt) {
        auto done = diff_once(context, opened.get(), request, sides);
        const bool may_repeat = !done && done.error().code() == ErrorCode::busy && !request.sql && attempt < attempts_max;
        if (may_repeat) continue;
        if (!done) return done;
        // A script that says so is not one that was never made.
        if (request.sql && done->statements == 0) TRY(request.script("-- Made by holdfast. Nothing differs: there is nothing to do.\n"));
        done->duration_ms = stopwatch.ms();
        return done;
    }
}

}  // namespace holdfast::operations
