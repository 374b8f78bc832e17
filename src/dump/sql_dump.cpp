#include "holdfast/dump/sql_dump.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/dump/sql_format.h"
#include "holdfast/rows/index_settings.h"
#include "holdfast/rows/row_values.h"
#include "holdfast/rows/sql_literal.h"
#include "holdfast/rows/sql_text.h"

namespace holdfast::dump {
namespace {

using rows::TableKind;
using sqlite::quoted_name;

class Writing {
public:
    Writing(rows::StoredDatabase& database, const SqlDumpRequest& request, const DumpPlan& plan, DumpSink& sink)
        : database_(database), request_(request), plan_(plan), sink_(sink), out_([&sink](std::string_view piece) { return sink.write(piece); }), literals_(out_, rows::LineBreaks::as_characters) {}

    Result<DumpReport> run() {
        report_.unreadable = plan_.unreadable;
        TRY(write_header());
        TRY(make_tables(TableKind::ordinary));
        for (const auto* view : plan_.views) statement(view->sql);
        TRY(make_tables(TableKind::virtual_table));  // FTS4 asks the table or view that it is over for its columns
        for (const auto& planned : plan_.tables) {
            if (!planned.is_rebuilt && !planned.is_left_empty) TRY(write_table(planned));
        }
        for (const auto* index : plan_.indexes) statement(index->sql);
        for (const auto& planned : plan_.tables) {
            if (planned.is_rebuilt) statement(format("INSERT INTO {0}({0}) VALUES('rebuild')", quoted_name(planned.table->name)));
        }
        for (const auto* trigger : plan_.triggers) statement(trigger->sql);  // behind the rows: they are not to act on them
        TRY(write_sequences());
        for (const char* name : {"user_version", "application_id"}) TRY(write_number(name));
        out_.add("COMMIT;\n");
        TRY(out_.finish());
        if (request_.confirm) TRY(request_.confirm(report_));
        out_.add(end_line({.tables = report_.tables.size(), .rows = report_.rows, .content = TRY(sink_.hash())}));
        TRY(out_.finish());
        report_.bytes = out_.size();
        return std::move(report_);
    }

private:
    void statement(const std::string& sql) { out_.add(rows::with_comment_ended(sql) + ";\n"); }

    Result<void> write_header() {
        out_.add(format("{}\n", first_line));
        const auto say = [&](std::string_view key, const std::string& value) {
            if (!value.empty()) out_.add(format("-- {}: {}\n", key, printable(value)));
        };
        say(header_database, request_.origin.database);
        say(header_source, request_.origin.source);
        say(header_machine, request_.origin.machine);
        if (request_.origin.time != Timestamp{}) say(header_time, to_rfc3339(request_.origin.time));
        say(header_schema, TRY(sqlite::schema_hash(database_.connection())));
        if (!plan_.is_whole) say(header_part, "not all tables");
        const std::string encoding = TRY(database_.connection().text("PRAGMA encoding"));
        if (encoding != "UTF-8") statement(format("PRAGMA encoding = '{}'", encoding));
        statement("PRAGMA foreign_keys = OFF");
        statement("PRAGMA ignore_check_constraints = ON");  // a row that breaks one is a row of the database all the same
        statement("BEGIN");
        return {};
    }

    Result<void> make_tables(TableKind kind) {
        for (const auto& planned : plan_.tables) {
            if (planned.table->kind != kind) continue;
            statement(planned.table->sql);
            if (kind != TableKind::virtual_table) continue;
            for (const auto& [setting, value] : TRY(rows::settings_of(database_.connection(), *planned.table))) statement(rows::setting_sql(planned.table->name, setting, value));
        }
        return out_.pass_on();
    }

    Result<void> write_table(const PlannedTable& planned) {
        const std::string name = quoted_name(planned.table->name);
        std::vector<std::string> columns;
        if (!planned.columns.rowid.empty()) columns.push_back(planned.columns.rowid);
        for (const auto& column : planned.columns.columns) columns.push_back(quoted_name(column));
        const bool are_named = !planned.columns.rowid.empty() || planned.table->kind == TableKind::virtual_table;
        out_.add(table_line(name, columns));
        const std::string begin = format("INSERT INTO {}{} VALUES(", name, are_named ? "(" + rows::comma_separated(columns) + ")" : "");
        std::uint64_t count = 0;
        TRY(database_.for_each_row(*planned.table, [&](const rows::Row& row) -> Result<void> {
            if (++count % rows_between_steps == 0) request_.watch.at({.phase = "dumping", .done = report_.rows + count, .total = 0, .unit = "rows"});
            return write_row(begin, !planned.columns.rowid.empty(), row);
        }, request_.watch));
        out_.add(rows_line(count));
        report_.rows += count;
        report_.tables.push_back({.name = planned.table->name, .rows = count});
        return {};
    }

    Result<void> write_row(const std::string& begin, bool names_rowid, const rows::Row& row) {
        out_.add(begin);
        if (names_rowid) out_.add(fmt::format_int(row.row_id.value_or(0)).str());
        for (std::size_t i = 0; i < row.fields.size(); ++i) {
            if (i > 0 || names_rowid) out_.add(',');
            TRY(literals_.write({row.fields[i], database_.encoding()}));
        }
        out_.add(");\n");
        return out_.pass_on();
    }

    // The last numbers that AUTOINCREMENT gave: those of the rows, or later ones.
    Result<void> write_sequences() {
        const auto is_counted = [&](const std::string& name) {
            return std::ranges::any_of(plan_.tables, [&](const PlannedTable& planned) { return planned.table->is_autoincrement && rows::is_same_name(planned.table->name, name); });
        };
        if (database_.schema().find("sqlite_sequence") == nullptr) return {};
        std::vector<std::string> statements;
        auto rows = TRY(database_.connection().prepare("SELECT name, seq FROM sqlite_sequence ORDER BY rowid"));
        while (TRY(rows.step())) {
            if (is_counted(rows.column_text(0))) statements.push_back(format("INSERT INTO sqlite_sequence(name,seq) VALUES({},{})", rows::quoted_text(rows.column_text(0)), rows.column_integer(1)));
        }
        if (statements.empty()) return {};
        statement("DELETE FROM sqlite_sequence");
        for (const auto& sql : statements) statement(sql);
        return {};
    }

    Result<void> write_number(std::string_view pragma) {
        const auto value = TRY(database_.connection().integer(format("PRAGMA {}", pragma)));
        if (value != 0) statement(format("PRAGMA {} = {}", pragma, value));
        return {};
    }

    static constexpr std::uint64_t rows_between_steps = 1024;
    rows::StoredDatabase& database_;
    const SqlDumpRequest& request_;
    const DumpPlan& plan_;
    DumpSink& sink_;
    rows::TextWriter out_;
    rows::LiteralWriter literals_;
    DumpReport report_;
};

}  // namespace

Result<DumpReport> write_sql_dump(rows::StoredDatabase& database, const SqlDumpRequest& request, DumpSink& sink) {
    const auto plan = TRY(plan_dump(database, request.wanted));
    return Writing(database, request, plan, sink).run();
}

}  // namespace holdfast::dump
