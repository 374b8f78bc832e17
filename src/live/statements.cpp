#include "holdfast/live/statements.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"

namespace holdfast::live {
namespace {

using sqlite::Action;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// What SQLite's parser passes over between statements.
std::size_t skip_gap(const std::string& sql, std::size_t at) {
    while (at < sql.size()) {
        const std::string_view rest = std::string_view(sql).substr(at);
        if (std::string_view(" \t\n\f\r;").find(rest[0]) != std::string_view::npos) {
            ++at;
        } else if (rest.starts_with("--")) {
            at = std::min(sql.find('\n', at), sql.size());
        } else if (rest.starts_with("/*")) {
            const auto end = sql.find("*/", at + 2);
            at = end == std::string::npos ? sql.size() : end + 2;
        } else if (rest.starts_with(byte_order_mark)) {
            at += byte_order_mark.size();
        } else {
            break;
        }
    }
    return at;
}

// At most 60 characters, on one line.
std::string start_of(std::string_view sql) {
    constexpr std::size_t characters_max = 60;
    std::string out;
    std::size_t characters = 0;
    bool gap = false;
    for (const char c : sql) {
        if (std::string_view(" \t\n\f\r").find(c) != std::string_view::npos) {
            gap = !out.empty();
            continue;
        }
        const bool begins_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
        characters += (begins_character ? 1u : 0u) + (gap ? 1u : 0u);
        if (characters > characters_max) return printable(out) + "…";
        if (gap) out += ' ';
        gap = false;
        out += c;
    }
    while (out.ends_with(';') || out.ends_with(' ')) out.pop_back();
    return printable(out);
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return out;
}

std::string first_word(const std::string& sql) {
    const std::size_t start = skip_gap(sql, 0);
    std::size_t end = start;
    while (end < sql.size() && ((sql[end] >= 'A' && sql[end] <= 'Z') || (sql[end] >= 'a' && sql[end] <= 'z'))) ++end;
    return lower(std::string_view(sql).substr(start, end - start));
}

bool is_row_change(Action::Kind kind) {
    return kind == Action::Kind::insert || kind == Action::Kind::update || kind == Action::Kind::remove;
}
bool is_schema_change(Action::Kind kind) {
    return kind == Action::Kind::create || kind == Action::Kind::drop || kind == Action::Kind::alter;
}
bool is_change(const Action& action) {
    return is_row_change(action.kind) || is_schema_change(action.kind) || action.kind == Action::Kind::analyze ||
           action.kind == Action::Kind::reindex;
}
bool is_elsewhere(const Action& action) {
    return is_change(action) && !action.database.empty() && action.database != "main" && action.database != "temp";
}

// Of a VACUUM, SQLite says nothing before it runs; its program does.
struct VacuumLook {
    bool is_vacuum = false, is_into_file = false;
};
Result<VacuumLook> look_for_vacuum(sqlite::Connection& connection, const std::string& sql) {
    VacuumLook look;
    auto program = TRY(connection.prepare("EXPLAIN " + sql.substr(skip_gap(sql, 0))));
    while (TRY(program.step())) {
        if (program.column_text(1) != "Vacuum") continue;
        look.is_vacuum = true;
        look.is_into_file = program.column_integer(3) != 0;
    }
    return look;
}

StatementKind kind_of(PragmaKind pragma) {
    switch (pragma) {
        case PragmaKind::asks: return StatementKind::reads;
        case PragmaKind::sets: return StatementKind::sets;
        case PragmaKind::writes: return StatementKind::writes_rows;
        case PragmaKind::stands_alone: return StatementKind::stands_alone;
        case PragmaKind::is_refused: break;
    }
    return StatementKind::is_refused;
}

std::optional<std::string_view> argument_of(const Action& action) {
    return action.has_argument ? std::optional<std::string_view>(action.argument) : std::nullopt;
}

JudgedStatement judge_pragma(JudgedStatement judged, const Action& pragma) {
    const auto kind = kind_of_pragma(pragma.name, argument_of(pragma));
    if (!kind) {
        judged.kind = StatementKind::is_refused;
        judged.refusal = {format("there is no PRAGMA {} that holdfast knows, and SQLite ignores what it does not know", printable(pragma.name)),
                          "look at its spelling"};
        return judged;
    }
    judged.kind = kind_of(*kind);
    const std::string name = lower(pragma.name);
    judged.asks_journal_mode = name == "journal_mode" && *kind == PragmaKind::asks;
    judged.sets_foreign_keys = name == "foreign_keys" && *kind == PragmaKind::sets;
    return judged;
}

Refusal transaction_refusal(const Action& action) {
    const std::string what = action.kind == Action::Kind::savepoint ? "savepoints" : printable(action.name);
    return {format("the script has {} of its own, and it runs in one transaction that is made for it", what),
            "leave BEGIN, COMMIT, ROLLBACK, SAVEPOINT and RELEASE out: all of the script happens, or nothing of it"};
}

Refusal elsewhere_refusal(const Action& action) {
    return {format("it writes into {}, which is attached to be read", printable(action.database)),
            "write into it with an exec of its own, which backs it up first"};
}

const Refusal attach_refusal{"the script attaches another database", "--attach NAME=FILE: it can be read, as it is when the script begins"};
const Refusal vacuum_into_refusal{"it writes another file, of which there would be no proof",
                                  "holdfast backup, then holdfast restore NUMBER --to FILE; holdfast maintain vacuum makes this one smaller"};

}  // namespace

std::string_view name_of(StatementKind kind) {
    switch (kind) {
        case StatementKind::reads: return "reads";
        case StatementKind::temporary: return "temporary";
        case StatementKind::sets: return "sets";
        case StatementKind::writes_rows: return "writes rows";
        case StatementKind::writes_schema: return "writes schema";
        case StatementKind::stands_alone: return "stands alone";
        case StatementKind::is_refused: return "refused";
    }
    return "refused";
}

bool writes(StatementKind kind) {
    return kind == StatementKind::writes_rows || kind == StatementKind::writes_schema || kind == StatementKind::stands_alone;
}

std::string in_words(const StatementPlace& place) { return format("statement {} (line {}: {})", place.number, place.line, place.start); }

Error refused(const JudgedStatement& judged) {
    return fail(ErrorCode::invalid, "{}: {}", in_words(judged.place), judged.refusal.why).with_advice(judged.refusal.advice);
}

ScriptReader::ScriptReader(sqlite::Connection& connection, std::string sql)
    : connection_(&connection), refused_pragma_(std::make_unique<std::optional<Refusal>>()), sql_(std::move(sql)) {
    place_.line = 1;
    recorder_ = std::make_unique<sqlite::ActionRecorder>(connection, [refused = refused_pragma_.get()](const Action& action) {
        if (action.kind != Action::Kind::pragma) return true;
        if (kind_of_pragma(action.name, argument_of(action)) != PragmaKind::is_refused) return true;
        refused->emplace(pragma_refusal(action.name, action.argument));
        return false;
    });
}

Result<ScriptReader> ScriptReader::begin(sqlite::Connection& connection, std::string sql) {
    if (const auto nul = sql.find('\0'); nul != std::string::npos) {
        return fail(ErrorCode::invalid, "read the script: byte {} is a zero, and SQLite would stop there", nul);
    }
    return ScriptReader(connection, std::move(sql));
}

void ScriptReader::go_back(Position position) {
    at_ = position.at;
    place_ = std::move(position.place);
}

bool ScriptReader::is_at_end() const { return skip_gap(sql_, at_) >= sql_.size(); }

// False: the end.
bool ScriptReader::enter_next() {
    const std::size_t start = skip_gap(sql_, at_);
    place_.line += static_cast<std::uint64_t>(std::count(sql_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                         sql_.begin() + static_cast<std::ptrdiff_t>(start), '\n'));
    at_ = start;
    return at_ < sql_.size();
}

Result<std::optional<JudgedStatement>> ScriptReader::next() {
    if (!enter_next()) return std::optional<JudgedStatement>();
    constexpr std::size_t shown_of_it = 400;
    ++place_.number;
    place_.start = start_of(std::string_view(sql_).substr(at_, shown_of_it));
    recorder_->take();
    refused_pragma_->reset();
    auto found = connection_->prepare_first(sql_, at_);
    if (!found && *refused_pragma_) {
        return fail(ErrorCode::invalid, "{}: {}", in_words(place_), (*refused_pragma_)->why).with_advice((*refused_pragma_)->advice);
    }
    if (!found) return std::move(found).error().while_doing(in_words(place_));
    const std::string_view text = std::string_view(sql_).substr(at_, found->end - at_);
    place_.start = start_of(text);
    const auto lines = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
    at_ = found->end;
    if (!found->statement) return std::optional<JudgedStatement>();
    auto judged = judge(std::move(*found->statement));
    place_.line += lines;
    if (!judged) return std::move(judged).error().while_doing(in_words(place_));
    return std::optional(std::move(*judged));
}

Result<JudgedStatement> ScriptReader::judge(sqlite::Statement statement) {
    const auto actions = recorder_->take();
    const auto find = [&](auto is_it) {
        const auto at = std::ranges::find_if(actions, is_it);
        return at == actions.end() ? nullptr : &*at;
    };
    JudgedStatement judged{.statement = std::move(statement), .place = place_, .refusal = {}, .dropped = {}};
    const auto refuse = [&](Refusal refusal) {
        judged.kind = StatementKind::is_refused;
        judged.refusal = std::move(refusal);
        return std::move(judged);
    };
    if (const auto* at = find([](const Action& a) { return a.kind == Action::Kind::transaction || a.kind == Action::Kind::savepoint; })) {
        return refuse(transaction_refusal(*at));
    }
    if (find([](const Action& a) { return a.kind == Action::Kind::attach || a.kind == Action::Kind::detach; })) return refuse(attach_refusal);
    // Virtual tables that are opened ask pragmas too: a PRAGMA is what begins with that word, and its own action is the first.
    const std::string word = first_word(judged.statement.sql());
    const auto* pragma = find([](const Action& a) { return a.kind == Action::Kind::pragma; });
    if (word == "pragma" && pragma != nullptr) return judge_pragma(std::move(judged), *pragma);
    if (judged.statement.is_read_only() || judged.statement.is_explain()) return judged;
    if (const auto* at = find(is_elsewhere)) return refuse(elsewhere_refusal(*at));
    const auto in_main = [](const Action& a) { return is_change(a) && a.database != "temp"; };
    if (!find(is_change)) {
        const auto look = TRY(look_for_vacuum(*connection_, judged.statement.sql()));
        recorder_->take();
        if (look.is_into_file) return refuse(vacuum_into_refusal);
        judged.kind = look.is_vacuum ? StatementKind::stands_alone : StatementKind::writes_rows;
        return judged;
    }
    if (!find(in_main)) {
        judged.kind = StatementKind::temporary;
        return judged;
    }
    // Not by the actions: a virtual table that is opened declares its columns as a CREATE TABLE.
    constexpr std::array<std::string_view, 4> of_schema{"create", "drop", "alter", "analyze"};
    const bool is_of_schema = std::ranges::find(of_schema, word) != of_schema.end();
    judged.kind = is_of_schema ? StatementKind::writes_schema : StatementKind::writes_rows;
    judged.alters = find([](const Action& a) { return a.kind == Action::Kind::alter && a.database == "main"; }) != nullptr;
    for (const auto& action : actions) {
        if (action.kind == Action::Kind::drop && action.database == "main") judged.dropped.push_back(action.name);
    }
    return judged;
}

Result<void> bind_parameters(JudgedStatement& judged, const std::vector<Parameter>& parameters, std::vector<std::string>& used) {
    for (int index = 1; index <= judged.statement.parameter_count(); ++index) {
        const std::string full = judged.statement.parameter_name(index);
        if (full.empty()) {
            return fail(ErrorCode::invalid, "{}: a parameter has no name", in_words(judged.place))
                .with_advice("write :name instead of ?, and give --parameter name=value");
        }
        const std::string name = full.substr(1);
        const auto given = std::ranges::find(parameters, name, &Parameter::name);
        if (given == parameters.end()) {
            return fail(ErrorCode::invalid, "{}: there is no value for {}", in_words(judged.place), printable(full))
                .with_advice(format("--parameter {}=VALUE", printable(name)));
        }
        TRY(judged.statement.bind(index, std::string_view(given->value)));
        used.push_back(name);
    }
    return {};
}

Result<void> expect_all_used(const std::vector<Parameter>& parameters, const std::vector<std::string>& used) {
    for (const auto& parameter : parameters) {
        if (std::ranges::find(used, parameter.name) != used.end()) continue;
        return fail(ErrorCode::invalid, "no statement has a parameter {}", printable(parameter.name))
            .with_advice(format("write it as :{} in the SQL", printable(parameter.name)));
    }
    return {};
}

namespace {

Result<void> run_to_end(sqlite::Statement& statement) {
    while (TRY(statement.step())) {}
    return {};
}

}  // namespace

Result<ScriptPlan> plan_script(sqlite::Connection& on_image, const std::string& sql, const std::vector<Parameter>& parameters) {
    auto reader = TRY(ScriptReader::begin(on_image, sql));
    ScriptPlan plan;
    std::vector<std::string> used;
    bool schema_changed = false;
    for (;;) {
        auto next = reader.next();
        // What it lacks may be what an earlier statement makes: that is seen when they run.
        if (!next && schema_changed && next.error().code() == ErrorCode::invalid) return plan;
        auto judged = TRY(std::move(next));
        if (!judged) break;
        if (judged->kind == StatementKind::is_refused) return refused(*judged);
        TRY(bind_parameters(*judged, parameters, used));
        plan.statements.push_back(judged->place);
        plan.writes = plan.writes || writes(judged->kind);
        schema_changed = schema_changed || judged->kind == StatementKind::writes_schema;
        // Later statements cannot be prepared without them, and they touch nothing of the database.
        if (judged->kind != StatementKind::temporary || schema_changed) continue;
        auto run = run_to_end(judged->statement);
        // After a change it may run on other rows than it would here.
        if (!run && plan.writes) schema_changed = true;
        else TRY(std::move(run));
    }
    TRY(expect_all_used(parameters, used));
    const bool has_comment = sql.find("--") != std::string::npos || sql.find("/*") != std::string::npos;
    if (plan.statements.empty() && !has_comment) return fail(ErrorCode::invalid, "there is nothing in the SQL");
    return plan;
}

}  // namespace holdfast::live
