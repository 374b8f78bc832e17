#include "holdfast/operations/query.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "holdfast/base/nearest.h"
#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/live/run_query.h"
#include "holdfast/operations/duration.h"
#include "holdfast/operations/repository_of_images.h"
#include "holdfast/operations/script_words.h"
#include "holdfast/operations/served_images.h"
#include "holdfast/rows/schema.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t rows_kept_max = 1000;  // unless more are asked for: all of them are held to be shown
constexpr int attempts_max = 8;                // as for every freeze

// Rows for a report.
class KeptRows final : public RowSink {
public:
    Result<void> begin(const std::vector<ResultColumn>&) override {
        results.emplace_back();
        return {};
    }
    Result<void> row(std::span<const SqlView> values) override {
        auto& cells = results.back().emplace_back();
        for (const auto& value : values) cells.push_back({owned(value)});
        return {};
    }
    std::vector<std::vector<std::vector<Cell>>> results;
};

Result<std::uint64_t> rows_max_of(const QueryRequest& request) {
    if (request.limit.empty()) return request.csv || request.json_lines ? 0 : rows_kept_max;
    std::uint64_t rows = 0;
    const char* end = request.limit.data() + request.limit.size();
    const auto read = std::from_chars(request.limit.data(), end, rows);
    if (read.ec == std::errc() && read.ptr == end) return rows;
    return fail(ErrorCode::invalid, "read --limit {}: it is no number of rows", printable(request.limit)).with_advice("--limit 100; 0 gives all");
}

// "--at TIME SQL", or SQL alone, of the newest: the one word is the SQL.
QueryRequest with_words_in_place(const Context& context, QueryRequest request) {
    const bool has_sql = !request.script.sql.empty() || !request.script.file.empty() || request.tables;
    const bool is_selector = request.at.empty() && (request.snapshot.find_first_of(" \t\n") == std::string::npos || context.host.files.status(request.snapshot).ok());
    if (is_selector || has_sql || request.snapshot == QueryRequest().snapshot) return request;
    request.script.sql = std::exchange(request.snapshot, QueryRequest().snapshot);
    return request;
}

Result<live::Query> query_of(Context& context, const QueryRequest& request) {
    const std::string how = format("holdfast query {} \"SELECT …\", or --file FILE; --tables lists what is there", shell_word(request.snapshot));
    live::Query query;  // one by one: of designated members, gcc 12 loses those that are made before a return
    query.sql = TRY(text_of_script(context, request.script, how));
    query.parameters = TRY(parameters_of(request.script));
    query.rows_max = TRY(rows_max_of(request));
    query.is_one_result = request.csv || request.json_lines;
    if (request.time_limit.empty()) return query;
    const std::int64_t until_ns = context.host.clock.monotonic_ns() + TRY(parse_duration_s(request.time_limit)) * nanoseconds_per_second;
    query.is_over = [&clock = context.host.clock, until_ns] { return clock.monotonic_ns() >= until_ns; };
    return query;
}

// What SQLite says of a name that is nowhere, with the one that may be meant.
Error with_near_table(Error error, ServedImages& served, const NamedImages& images) {
    constexpr std::string_view lack = "no such table: ";
    const auto at = error.message().find(lack);
    if (error.code() != ErrorCode::invalid || at == std::string::npos) return error;
    const std::string wanted = error.message().substr(at + lack.size());
    std::vector<std::string> names;
    for (const auto& database : images.databases()) {
        const bool is_alone = images.databases().size() == 1;
        const auto schema = rows::read_schema(served.connection(), is_alone ? "main" : database.name);
        if (!schema) continue;
        for (const auto& object : schema->objects) {
            if (object.type != "table" && object.type != "view") continue;
            names.push_back(object.name);
            if (!is_alone) names.push_back(database.name + "." + object.name);
        }
    }
    const auto near = nearest(wanted, names);
    return std::move(error).with_advice(near.empty() ? "--tables lists what is there" : format("is {} meant? --tables lists what is there", printable(near)));
}

Error explained(Error error, ServedImages& served, const NamedImages& images, const live::Query& query) {
    const bool is_over = error.code() == ErrorCode::cancelled && query.is_over && query.is_over();
    if (is_over) return std::move(error).while_doing("the time limit has come").with_advice("a longer --time-limit");
    return with_near_table(served.explained(std::move(error)), served, images);
}

Result<void> run(Context& context, const QueryRequest& request, const live::Query& query, ServedImages& served, const NamedImages& images, QueryReport& report) {
    KeptRows kept;
    RowSink& sink = request.rows ? *request.rows : kept;
    auto ran = live::run_query(served.connection(), query, sink, context.watch);
    if (!ran) return explained(std::move(ran).error(), served, images, query);
    for (std::size_t i = 0; i < ran->size(); ++i) {
        const auto& result = (*ran)[i];
        QueryRows told{.sql = result.place.start, .columns = {}, .types = {}, .row_count = result.row_count, .more = result.has_more, .rows = {}};
        for (const auto& column : result.columns) {
            told.columns.push_back(column.name);
            told.types.push_back(column.declared_type);
        }
        if (!request.rows) told.rows = std::move(kept.results[i]);
        if (told.more) report.warnings.push_back(format("there are more rows than {}: --limit 0 gives all", told.row_count));
        report.results.push_back(std::move(told));
    }
    return {};
}

std::string kind_of(const rows::Table& table) { return table.kind == rows::TableKind::virtual_table ? "virtual" : "table"; }

Result<void> list_tables(ServedImages& served, const NamedImages& images, QueryReport& report) {
    const bool is_alone = images.databases().size() == 1;
    for (const auto& database : images.databases()) {
        auto schema = rows::read_schema(served.connection(), is_alone ? "main" : database.name);
        if (!schema) return served.explained(std::move(schema).error());
        for (const auto& table : schema->tables) {
            if (table.kind == rows::TableKind::internal || table.kind == rows::TableKind::shadow) continue;
            QueriedTable told{.database = database.name, .name = table.name, .kind = kind_of(table), .columns = {}};
            for (const auto& column : table.columns) {
                if (!column.is_hidden) told.columns.push_back(column.name);
            }
            report.tables.push_back(std::move(told));
        }
        for (const auto& object : schema->objects) {
            if (object.type == "view") report.tables.push_back({.database = database.name, .name = object.name, .kind = "view", .columns = {}});
        }
    }
    return {};
}

Result<QueryReport> query_once(Context& context, OpenRepository* opened, const QueryRequest& request, const live::Query* query) {
    auto images = TRY(open_images(context, opened, {.word = request.snapshot, .at = request.at, .source = request.source, .only = request.only, .outside = request.outside}));
    QueryReport report{.number = images->number(), .of = images->in_words(), .time = images->time(), .warnings = images->warnings()};
    for (const auto& database : images->databases()) report.databases.push_back({database.name, database.path});
    {
        const bool is_sealed = opened != nullptr && opened->get().config().sealed;
        auto served = TRY(ServedImages::serve(*images, {.pool = opened ? &opened->pool() : nullptr, .keeps_off_disk = is_sealed}));
        if (query) TRY(run(context, request, *query, served, *images, report));
        else TRY(list_tables(served, *images, report));
    }
    TRY(images->finish());
    return report;
}

Result<void> expect_sense(const QueryRequest& request) {
    const bool has_sql = !request.script.sql.empty() || !request.script.file.empty();
    if (request.tables && (has_sql || request.csv || request.json_lines)) {
        return fail(ErrorCode::invalid, "list tables, and {}", has_sql ? "run SQL" : "give rows").with_advice("--tables alone, or with --json");
    }
    if (request.csv && request.json_lines) return fail(ErrorCode::invalid, "give rows both as CSV and as JSON lines").with_advice("one of them");
    return {};
}

}  // namespace

Result<QueryReport> query(Context& context, const QueryRequest& given) {
    const host::Stopwatch stopwatch(context.host.clock);
    const QueryRequest request = with_words_in_place(context, given);
    TRY(expect_sense(request));
    std::optional<live::Query> asked;
    if (!request.tables) asked = TRY(query_of(context, request));
    const auto opened = TRY(repository_of_images(context, request.repository, {.word = request.snapshot, .at = {}, .source = request.source, .only = {}, .outside = {}}));
    for (int attempt = 1;; ++attempt) {
        auto report = query_once(context, opened.get(), request, asked ? &*asked : nullptr);
        const bool is_void = !report && report.error().code() == ErrorCode::busy && request.snapshot == live_word;
        if (is_void && attempt < attempts_max && (!request.rows || request.rows->start_over())) continue;
        if (report) report->duration_ms = stopwatch.ms();
        return report;
    }
}

}  // namespace holdfast::operations
