#include "holdfast/operations/restore_rows.h"

#include <algorithm>
#include <optional>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/history/history.h"
#include "holdfast/live/freeze.h"
#include "holdfast/live/live_writer.h"
#include "holdfast/operations/before_write.h"
#include "holdfast/operations/moved_databases.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/restore_plan.h"
#include "holdfast/operations/rows_back_told.h"
#include "holdfast/operations/temporary_place.h"
#include "holdfast/rows/rows_file.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::operations {

namespace {

Result<rows::OnConflict> on_conflict_of(const std::string& word) {
    if (word.empty()) return rows::OnConflict::by_key;
    if (word == "replace") return rows::OnConflict::replace;
    if (word == "keep") return rows::OnConflict::keep;
    if (word == "fail") return rows::OnConflict::fail;
    return fail(ErrorCode::invalid, "read --on-conflict {}: it is none of replace, keep, fail", printable(word)).with_advice("replace: as in the backup; keep: as it is; fail: change nothing");
}

// The database of the backup that has the tables, with what it takes to read it. The order is that of their lives.
struct OpenBackup {
    const repository::DirectoryEntry* entry = nullptr;
    std::unique_ptr<sqlite::Image> image;
    std::unique_ptr<sqlite::ServedImage> served;
    std::optional<sqlite::Connection> connection;
    rows::Schema schema;
};

Result<OpenBackup> open_member(const repository::Repository& repository, const repository::DirectoryEntry& entry) {
    OpenBackup backup{.entry = &entry, .image = TRY(history::open_image(repository, entry)), .served = {}, .connection = {}, .schema = {}};
    backup.served = TRY(sqlite::serve_image(*backup.image));
    auto connection = backup.served->connect();
    if (!connection) return std::move(connection).error().while_doing(printable(entry.name));
    backup.connection = *std::move(connection);
    auto schema = rows::read_schema(*backup.connection);
    if (!schema) return std::move(schema).error().while_doing(printable(entry.name));
    backup.schema = *std::move(schema);
    return backup;
}

Result<OpenBackup> open_backup(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot, const RestoreRequest& request) {
    const auto only = TRY(chosen_members(context, snapshot, request));
    std::vector<OpenBackup> found;
    std::vector<const repository::DirectoryEntry*> looked_at;
    for (const auto& entry : snapshot.members) {
        if (!entry.database || (!only.empty() && !only.contains(entry.name))) continue;
        looked_at.push_back(&entry);
        auto backup = TRY(open_member(repository, entry));
        if (std::ranges::all_of(request.rows.tables, [&](const std::string& table) { return backup.schema.find(table) != nullptr; })) found.push_back(std::move(backup));
    }
    if (found.size() == 1) return std::move(found.front());
    if (found.empty() && looked_at.size() == 1) return open_member(repository, *looked_at.front());  // what it lacks is told by the choice
    if (looked_at.empty()) return fail(ErrorCode::invalid, "restore rows of #{}: the backup holds the bytes of a damaged database", snapshot.number.value).with_advice("another backup: holdfast list");
    return fail(ErrorCode::invalid, "restore rows of #{}: {} of its {} databases have such tables", snapshot.number.value, found.size(), looked_at.size()).with_advice("--only DATABASE says which is meant");
}

class RowsBackInPlace {
public:
    RowsBackInPlace(Context& context, const rows::ChosenRows& chosen, const RowsOrder& order, RestoreReport& report)
        : context_(context), chosen_(chosen), request_(order.request), order_(order), report_(report) {}

    Result<void> run(const rows::BringOrder& bring) {
        bring_ = bring;
        const bool is_asked = context_.person != nullptr && !request_.yes && !request_.dry_run;
        if (request_.dry_run || is_asked) TRY(write({.is_dry = true}));
        if (request_.dry_run) return {};
        if (is_asked && !TRY(context_.person->agrees(rows_question(report_)))) {
            return fail(ErrorCode::cancelled, "restore rows of #{}: the answer was no; nothing was changed", report_.number);
        }
        cause_ = TRY(order_.begin());
        BackupBefore backup(context_, backup_request(), report_.rows.database, {.operation = std::string(rows_back_operation), .what = format("restore rows of #{}", report_.number)}, way_back_);
        backup_ = &backup;
        const auto ahead = backup.ahead();
        if (!ahead && is_in_the_way(ahead.error())) return ahead.error().copy();
        TRY(write({}));
        backup.end();
        std::ranges::move(way_back_.warnings, std::back_inserter(report_.warnings));
        return {};
    }
    const std::string& cause() const { return cause_; }

private:
    struct How {
        bool is_dry = false;
    };
    // What is damaged there can be done without, if that is known beforehand.
    Result<void> write(How how) {
        rows::BringState state;
        const auto told = report_.warnings.size();
        auto done = attempt(how, state);
        while (!done && state.has_learned) {
            report_.warnings.resize(told);
            done = attempt(how, state);
        }
        if (!done && done.error().code() == ErrorCode::corrupt && state.is_damage_there) {
            const bool is_whole = std::ranges::all_of(chosen_.tables(), [](const rows::ChosenTable& one) { return one.list.empty(); });
            return damaged(done.error().message(), is_whole || state.damaged.empty() ? "" : "--table alone, without --where, --row and --with-related, brings the whole table without reading what is there");
        }
        report_.rows.made_again = done.ok() && !state.damaged.empty();
        return done;
    }

    Error damaged(const std::string& why, std::string advice) const {
        std::string tables;
        for (const auto& table : request_.rows.tables) tables += " --table " + shell_word(table);
        if (!advice.empty()) advice += "; ";
        advice += format("holdfast restore {}{} --to FILE writes the rows into a new file; holdfast restore {} the whole database", report_.number, tables, report_.number);
        return fail(ErrorCode::corrupt, "restore rows into {}: it is damaged there, and cannot take them; nothing was changed: {}", printable(report_.rows.database), why).with_advice(std::move(advice));
    }

    Result<void> attempt(How how, rows::BringState& state) {
        live::WriteOrder order{.path = report_.rows.database, .place = place_options(context_, request_), .foreign_keys = live::ForeignKeys::off};
        if (!how.is_dry) order.safety = [this] { return back_up(); };
        auto writer = TRY(live::LiveWriter::open(context_.host, std::move(order)));
        auto begun = writer.begin();
        if (!begun) return begun;
        auto brought = rows::bring_rows(chosen_, writer.connection(), bring_, state, context_.watch);
        if (!brought) return writer.explained(std::move(brought).error());
        if (how.is_dry) writer.roll_back();
        else TRY(writer.commit());
        tell(*brought, report_.rows);
        report_.rows.writers_blocked_ms = writer.writers_blocked_ms();
        if (how.is_dry && !request_.dry_run) return {};
        report_.warnings.insert(report_.warnings.end(), brought->notes.begin(), brought->notes.end());
        if (!state.damaged.empty() && report_.safety_number != 0) report_.warnings.push_back(format("backup #{} holds the damaged table, for what can still be got out of it", report_.safety_number));
        return {};
    }

    BeforeWriteRequest backup_request() const {
        BeforeWriteRequest before{.repository = request_.repository};
        before.wait_s = request_.wait_s;
        return before;
    }
    bool is_in_the_way(const Error& error) const { return error.code() == ErrorCode::cancelled || !request_.no_safety_backup; }

    // Under the lock.
    Result<void> back_up() {
        auto made = backup_->make();
        if (!made && is_in_the_way(made.error())) return made;
        if (!made) {
            report_.warnings.push_back(format("no backup of the state before: {}", made.error().message()));
            return {};
        }
        report_.safety_number = way_back_.number;
        report_.safety_repository = way_back_.repository;
        report_.go_back = way_back_.command;
        return {};
    }

    Context& context_;
    const rows::ChosenRows& chosen_;
    const RestoreRequest& request_;
    const RowsOrder& order_;
    RestoreReport& report_;
    rows::BringOrder bring_;
    std::string cause_;
    WayBack way_back_;
    BackupBefore* backup_ = nullptr;  // of run()
};

// Built aside; then it is an image as any other, and gets its name as one that is proven.
Result<void> write_file(Context& context, OpenRepository& opened, const OpenBackup& backup, const rows::ChosenRows& chosen, const RestoreRequest& request,
                        const rows::BringOrder& bring, RestoreReport& report) {
    const auto target = TRY(host::canonical_or_future(context.host.files, request.to));
    TRY(refuse_side_file(context, target));
    TRY(refuse_inside_repository(context, target));
    if (TRY(host::exists(context.host.files, target))) return fail(ErrorCode::exists, "restore rows to {}: it is there already", printable(target)).with_advice("another path");
    report.rows.database = target;
    const auto place = TRY(TemporaryPlace::make(context, {.folder = TRY(host::existing_folder_of(context.host.files, target))}));
    const std::string built = host::join_path(place.path(), "rows.db");
    auto brought = TRY(rows::write_rows_file(chosen, built, bring, context.watch));
    tell(brought, report.rows);
    std::ranges::move(brought.notes, std::back_inserter(report.warnings));
    if (request.dry_run) return {};
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
        const live::NewFileRequest file{.path = target, .appearance = {.mode = backup.entry->mode}};
        const auto written = TRY(live::write_new_file(context.host, opened.pool(), image, file, context.watch));
        report.warnings.insert(report.warnings.end(), written.notes.begin(), written.notes.end());
        return {};
    };
    TRY(live::with_frozen(context.host, TRY(context.host.files.canonical(built)), {}, {.first_look = {}, .use = use}));
    return {};
}

Result<void> expect_some(const rows::ChosenRows& chosen, const RestoreRequest& request) {
    if (request.rows.where.empty()) return {};
    if (TRY(chosen.count(chosen.tables().front())) > 0) return {};
    return fail(ErrorCode::not_found, "restore rows of {}: none in the backup meets --where {}", printable(request.rows.tables.front()), printable(request.rows.where));
}

struct RowsOfBackup {
    const RowsOrder& order;
    OpenBackup& backup;
};
Result<void> restore_rows_of(Context& context, OpenRepository& opened, const Selection& selection, const RowsOfBackup& from, RestoreReport& report) {
    const auto& [order, backup] = from;
    const auto& request = order.request;
    const rows::RowsWanted wanted{.tables = request.rows.tables, .where = request.rows.where, .keys = request.rows.keys, .with_related = request.rows.with_related};
    const auto chosen = TRY(rows::ChosenRows::choose(*backup.connection, backup.schema, wanted, context.watch));
    TRY(expect_some(chosen, request));
    const rows::BringOrder bring{.on_conflict = TRY(on_conflict_of(request.rows.on_conflict)), .with_parents = request.rows.with_related};
    if (!request.to.empty()) return write_file(context, opened, backup, chosen, request, bring, report);
    const auto lies = TRY(lies_now(opened.get(), selection.moment.snapshot, backup.entry->name));
    if (!TRY(host::exists(context.host.files, lies))) {
        return fail(ErrorCode::not_found, "restore rows into {}: it is not there", printable(lies)).with_advice(format("holdfast restore {} brings back the whole database; --to FILE writes the rows into a new file", report.number));
    }
    report.rows.database = TRY(context.host.files.canonical(lies));
    const host::Stopwatch stopwatch(context.host.clock);
    RowsBackInPlace in_place(context, chosen, order, report);
    TRY(in_place.run(bring));
    tell_rows_recovery(context, request, {.cause = in_place.cause(), .duration_ms = stopwatch.ms()}, report);
    return {};
}

}  // namespace

Result<void> expect_rows_make_sense(const RestoreRequest& request) {
    if (!request.rows.is_asked()) return {};
    if (request.rows.tables.empty()) return fail(ErrorCode::invalid, "restore rows: of which table is not said").with_advice("--table TABLE");
    TRY(on_conflict_of(request.rows.on_conflict));
    if (!request.compress.empty() || request.to == "-" || request.schema_only || !request.from.empty() || !request.file.empty()) {
        return fail(ErrorCode::invalid, "restore --table together with --compress, --to -, --schema-only or --from").with_advice("--to FILE; of a file of no repository: holdfast adopt keeps it as a backup first");
    }
    if (!request.force) return {};
    return fail(ErrorCode::invalid, "restore --table --force: nothing is replaced by it").with_advice("leave --force out; --to with another path");
}

Result<void> restore_rows(Context& context, OpenRepository& opened, const Selection& selection, const RowsOrder& order, RestoreReport& report) {
    const auto& request = order.request;
    auto backup = TRY(open_backup(context, opened.get(), selection.moment.snapshot, request));
    auto done = restore_rows_of(context, opened, selection, {.order = order, .backup = backup}, report);
    const std::string why = done || done.error().code() == ErrorCode::cancelled ? "" : backup.served->last_failure();
    if (why.empty()) return done;
    return fail(ErrorCode::corrupt, "restore rows of #{}: the backup cannot be read: {}", report.number, why).with_advice("holdfast verify looks at all of it; another backup may have the rows: holdfast list");
}

}  // namespace holdfast::operations
