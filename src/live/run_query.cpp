#include "holdfast/live/run_query.h"

#include "holdfast/base/text.h"
#include "holdfast/sqlite/interruptible.h"

namespace holdfast::live {
namespace {

Error would_write(const JudgedStatement& judged) {
    if (judged.kind == StatementKind::sets) {
        return fail(ErrorCode::invalid, "{}: a query sets nothing", in_words(judged.place)).with_advice("leave it out");
    }
    return fail(ErrorCode::invalid, "{}: it would write, and a query only reads", in_words(judged.place))
        .with_advice("holdfast exec writes into a live database, with a backup before; holdfast restore --to FILE makes a copy of a backup");
}

// Until the next step.
SqlView view_of(const sqlite::Statement& statement, int column) {
    using Type = sqlite::Statement::ColumnType;
    switch (statement.column_type(column)) {
        case Type::null: break;
        case Type::integer: return statement.column_integer(column);
        case Type::real: return statement.column_real(column);
        case Type::text: return text_of(statement.column_view(column));
        case Type::blob: return statement.column_view(column);
    }
    return {};
}

class QueryRun {
public:
    QueryRun(sqlite::Connection& connection, const Query& query, RowSink& sink, const Watch& watch)
        : connection_(connection), query_(query), sink_(sink), watch_(watch), interruptible_(connection, watch, query.is_over) {}

    Result<std::vector<QueryResult>> run() {
        auto reader = TRY(ScriptReader::begin(connection_, query_.sql));
        std::uint64_t statements = 0;
        for (;; ++statements) {
            auto judged = TRY(reader.next());
            if (!judged) break;
            TRY(expect_may_run(*judged, reader));
            TRY(run_one(*judged));
        }
        if (statements == 0) return fail(ErrorCode::invalid, "there is no statement in the SQL");
        return std::move(results_);
    }

private:
    Result<void> expect_may_run(JudgedStatement& judged, ScriptReader& reader) {
        if (judged.kind == StatementKind::is_refused) return refused(judged).with_advice("leave it out: a query reads the databases that it is given, and does nothing else");
        if (writes(judged.kind) || judged.kind == StatementKind::sets) return would_write(judged);
        TRY(bind_parameters(judged, query_.parameters, used_));
        const bool is_last = reader.is_at_end();
        if (is_last) TRY(expect_all_used(query_.parameters, used_));
        if (!query_.is_one_result || is_last || judged.statement.column_count() == 0) return {};
        return fail(ErrorCode::invalid, "{}: it gives rows, and others stand behind it, where there is room for the rows of one", in_words(judged.place))
            .with_advice("one SELECT, at the end; or --json, or no format, which show the rows of each");
    }

    Result<void> run_one(JudgedStatement& judged) {
        auto done = hand_on_rows(judged);
        if (done) return done;
        // FTS3's optimize() and its like: SQLite takes it for a read.
        if (done.error().code() == ErrorCode::denied) return would_write(judged);
        return std::move(done).error().while_doing(in_words(judged.place));
    }

    Result<void> hand_on_rows(JudgedStatement& judged) {
        auto& statement = judged.statement;
        const int columns = statement.column_count();
        QueryResult result{.place = judged.place, .columns = {}};
        for (int i = 0; i < columns; ++i) result.columns.push_back({.name = statement.column_name(i), .declared_type = statement.column_declared_type(i)});
        if (columns > 0) TRY(sink_.begin(result.columns));
        std::vector<SqlView> values(static_cast<std::size_t>(columns));
        while (TRY(statement.step())) {
            TRY(watch_.go_on());
            if (query_.is_over && query_.is_over()) return fail(ErrorCode::cancelled, "the time is over");
            result.has_more = query_.rows_max != 0 && result.row_count == query_.rows_max;
            if (result.has_more) break;
            for (int i = 0; i < columns; ++i) values[static_cast<std::size_t>(i)] = view_of(statement, i);
            TRY(sink_.row(values));
            ++result.row_count;
        }
        if (columns == 0) return {};
        TRY(sink_.end({.sql = result.place.start, .row_count = result.row_count, .has_more = result.has_more}));
        results_.push_back(std::move(result));
        return {};
    }

    sqlite::Connection& connection_;
    const Query& query_;
    RowSink& sink_;
    const Watch& watch_;
    sqlite::Interruptible interruptible_;
    std::vector<std::string> used_;
    std::vector<QueryResult> results_;
};

}  // namespace

Result<std::vector<QueryResult>> run_query(sqlite::Connection& on_images, const Query& query, RowSink& sink, const Watch& watch) {
    return QueryRun(on_images, query, sink, watch).run();
}

}  // namespace holdfast::live
