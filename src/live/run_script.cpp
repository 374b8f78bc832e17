#include "holdfast/live/run_script.h"

#include <algorithm>
#include <iterator>

#include "holdfast/base/text.h"
#include "holdfast/live/script_changes.h"
#include "holdfast/live/shadow_tables.h"
#include "holdfast/sqlite/interruptible.h"

namespace holdfast::live {
namespace {

// To its end: a statement that is left in between has not done all it does.
Result<RanStatement> run(JudgedStatement& judged, const Script& script, const Watch& watch) {
    RanStatement ran{.place = judged.place, .kind = judged.kind, .columns = {}, .rows = {}};
    auto& statement = judged.statement;
    for (int column = 0; column < statement.column_count(); ++column) ran.columns.push_back(statement.column_name(column));
    for (;;) {
        TRY(watch.go_on());
        auto row = statement.step();
        if (!row) return std::move(row).error().while_doing(in_words(judged.place));
        if (!*row) break;
        ++ran.row_count;
        if (ran.rows.size() >= script.rows_max) continue;
        std::vector<SqlValue> values;
        for (int column = 0; column < statement.column_count(); ++column) values.push_back(statement.column_value(column));
        ran.rows.push_back(std::move(values));
    }
    return ran;
}

class ScriptWrite {
public:
    ScriptWrite(LiveWriter& writer, const Script& script, ScriptProgress& progress, const Watch& watch)
        : writer_(writer), connection_(writer.connection()), script_(script), progress_(progress), watch_(watch),
          counter_(connection_), interruptible_(connection_, watch) {}

    Result<ScriptReport> run_all() {
        auto done = run_statements();
        if (!done) {
            writer_.roll_back();
            return std::move(done).error();
        }
        report_.writers_blocked_ms = writer_.writers_blocked_ms();
        return std::move(report_);
    }

private:
    Result<void> run_statements() {
        auto reader = TRY(ScriptReader::begin(connection_, script_.sql));
        for (;;) {
            auto judged = TRY(reader.next());
            if (!judged) break;
            if (judged->kind == StatementKind::is_refused) return refused(*judged);
            TRY(bind_parameters(*judged, script_.parameters, used_));
            if (judged->kind == StatementKind::stands_alone) TRY(leave_transaction(*judged, reader));
            else if (!is_over_) TRY(enter_transaction(*judged));
            TRY(run_one(*judged));
        }
        if (writer_.has_begun()) TRY(end_transaction());
        return {};
    }

    // What only sets something and stands first does so before the transaction, inside which much of it has no effect.
    Result<void> enter_transaction(const JudgedStatement& judged) {
        if (writer_.has_begun()) {
            if (!judged.sets_foreign_keys) return {};
            return fail(ErrorCode::invalid, "{}: inside a transaction it has no effect", in_words(judged.place))
                .with_advice("--foreign-keys on or off, and leave it out; or put it first");
        }
        if (judged.kind == StatementKind::sets) return {};
        TRY(writer_.begin());
        is_backed_up_ = true;
        changes_.emplace(TRY(ScriptChanges::begin(connection_)));
        return {};
    }

    Result<void> leave_transaction(const JudgedStatement& judged, ScriptReader& reader) {
        if (!is_over_) TRY(expect_nothing_to_write(judged, reader));
        if (writer_.has_begun()) TRY(end_transaction());
        is_over_ = true;
        if (!is_backed_up_ && !script_.is_dry) {
            TRY(writer_.back_up_only());
            is_backed_up_ = true;
        }
        return {};
    }

    Result<void> expect_nothing_to_write(const JudgedStatement& judged, ScriptReader& reader) const {
        const auto position = reader.position();
        for (;;) {
            const auto next = TRY(reader.next());
            if (!next) break;
            if (next->kind == StatementKind::is_refused) return refused(*next);
            if (next->kind != StatementKind::writes_rows && next->kind != StatementKind::writes_schema) continue;
            return fail(ErrorCode::invalid, "{}: SQLite runs it outside any transaction, so it could not be taken back if {} failed",
                        in_words(judged.place), in_words(next->place))
                .with_advice("put it last, or run it by itself");
        }
        reader.go_back(position);
        return {};
    }

    Result<void> end_transaction() {
        report_.changes = counter_.counted();
        report_.shadow_tables = shadow_tables_among(connection_, report_.changes);
        report_.schema = TRY(changes_->of_schema());
        report_.properties = TRY(changes_->of_properties());
        if (script_.is_dry) {
            writer_.roll_back();
        } else {
            TRY(writer_.commit());
            progress_.is_committed = true;
        }
        is_over_ = true;
        return {};
    }

    Result<void> run_one(JudgedStatement& judged) {
        if (is_over_ && script_.is_dry) {
            report_.statements.push_back({.place = judged.place, .kind = judged.kind, .columns = {}, .rows = {}, .is_untried = true});
            return {};
        }
        const bool was_inside = writer_.has_begun();
        if (was_inside) TRY(changes_->before(judged));
        const auto properties = judged.kind == StatementKind::stands_alone ? TRY(properties_of(connection_)) : Properties();
        auto ran = run(judged, script_, watch_);
        if (!ran) return writer_.explained(std::move(ran).error());
        if (was_inside && !connection_.is_in_transaction()) {
            return fail(ErrorCode::invalid, "{}: it ended the transaction", in_words(judged.place));
        }
        ran->is_after_commit = is_over_;
        if (is_over_ && writes(judged.kind)) progress_.is_committed = true;
        if (was_inside) TRY(changes_->after(judged));
        if (judged.kind == StatementKind::stands_alone) std::ranges::move(differences(properties, TRY(properties_of(connection_))), std::back_inserter(report_.properties));
        report_.statements.push_back(std::move(*ran));
        return {};
    }

    LiveWriter& writer_;
    sqlite::Connection& connection_;
    const Script& script_;
    ScriptProgress& progress_;
    const Watch& watch_;
    sqlite::ChangeCounter counter_;
    sqlite::Interruptible interruptible_;
    std::vector<std::string> used_;
    bool is_over_ = false;       // the transaction: what comes now stands alone
    bool is_backed_up_ = false;
    std::optional<ScriptChanges> changes_;  // of the transaction
    ScriptReport report_;
};

}  // namespace

Result<std::optional<ScriptReport>> read_script(sqlite::Connection& on_image, const Script& script, ReadAs way, const Watch& watch) {
    const sqlite::Interruptible interruptible(on_image, watch);
    auto reader = TRY(ScriptReader::begin(on_image, script.sql));
    std::vector<std::string> used;
    ScriptReport report;
    for (;;) {
        auto judged = TRY(reader.next());
        if (!judged) break;
        if (judged->kind == StatementKind::is_refused) return refused(*judged);
        TRY(bind_parameters(*judged, script.parameters, used));
        auto ran = writes(judged->kind) ? Result<RanStatement>(fail(ErrorCode::denied, "")) : run(*judged, script, watch);
        if (!ran && ran.error().code() == ErrorCode::denied) return std::optional<ScriptReport>();
        report.statements.push_back(TRY(std::move(ran)));
        // An image is served as a database in rollback mode.
        auto& rows = report.statements.back().rows;
        if (judged->asks_journal_mode && has_wal(way) && rows.size() == 1) rows.front().front() = std::string("wal");
    }
    return std::optional(std::move(report));
}

Result<ScriptReport> write_script(LiveWriter& writer, const Script& script, ScriptProgress& progress, const Watch& watch) {
    return ScriptWrite(writer, script, progress, watch).run_all();
}

}  // namespace holdfast::live
