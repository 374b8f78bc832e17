#include "holdfast/sqlite/scrub.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/sqlite/check_foreign_keys.h"
#include "holdfast/sqlite/result_code.h"

namespace holdfast::sqlite {

namespace {

constexpr std::size_t hash_bytes = 16;

ByteView bytes_of_value(sqlite3_value* value) {
    const void* data = sqlite3_value_type(value) == SQLITE_BLOB ? sqlite3_value_blob(value) : sqlite3_value_text(value);
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
    return data == nullptr ? ByteView() : ByteView(static_cast<const std::byte*>(data), size);
}

// holdfast_hash(value): of the value's type. Numbers are hashed as SQLite writes them.
void hash_value(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    constexpr std::uint8_t domain = 1;
    const auto& hash = *static_cast<const KeyedHash*>(sqlite3_user_data(context));
    const int type = sqlite3_value_type(values[0]);
    if (type == SQLITE_NULL) return sqlite3_result_null(context);
    const Hash of = hash(domain, bytes_of_value(values[0]));
    std::uint64_t number = 0;
    std::memcpy(&number, of.bytes.data(), sizeof number);
    constexpr int kept_bits = 52;  // exact as a number of any kind, also in JSON
    const auto small = static_cast<std::int64_t>(number >> (64 - kept_bits));
    if (type == SQLITE_INTEGER) return sqlite3_result_int64(context, small);
    if (type == SQLITE_FLOAT) return sqlite3_result_double(context, static_cast<double>(small) + 0.5);
    if (type == SQLITE_BLOB) return sqlite3_result_blob(context, of.bytes.data(), static_cast<int>(hash_bytes), SQLITE_TRANSIENT);
    const std::string text = of.hex().substr(0, 2 * hash_bytes);
    sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

std::string new_value(const ScrubRule& rule) {
    const std::string column = quoted_name(rule.column);
    switch (rule.way) {
        case ScrubWay::null: return "NULL";
        case ScrubWay::hash: return format("holdfast_hash({})", column);
        case ScrubWay::mask: break;
    }
    return format("CASE typeof({0}) WHEN 'text' THEN '***' WHEN 'integer' THEN 0 WHEN 'real' THEN 0.0 WHEN 'blob' THEN x'' END", column);
}

std::string_view name_of(ScrubWay way) { return way == ScrubWay::null ? "null" : way == ScrubWay::hash ? "hash" : "mask"; }

// What kind of table it is (table, view, virtual, shadow); empty: there is none.
Result<std::string> kind_of_table(Connection& connection, const std::string& table) {
    auto statement = TRY(connection.prepare("SELECT type FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE"));
    TRY(statement.bind(1, table));
    return TRY(statement.step()) ? statement.column_text(0) : std::string();
}

Result<bool> has_column(Connection& connection, const ScrubRule& rule) {
    auto statement = TRY(connection.prepare("SELECT hidden FROM pragma_table_xinfo(?1) WHERE name = ?2 COLLATE NOCASE"));
    TRY(statement.bind(1, rule.table));
    TRY(statement.bind(2, rule.column));
    if (!TRY(statement.step())) return false;
    constexpr std::int64_t generated_virtual = 2, generated_stored = 3;
    const auto hidden = statement.column_integer(0);
    if (hidden == generated_virtual || hidden == generated_stored) {
        return fail(ErrorCode::invalid, "scrub {}: it is computed from other columns", rule.text()).with_advice("name those columns");
    }
    return true;
}

Result<void> expect_scrubbable(Connection& connection, const ScrubRule& rule, const std::string& kind) {
    if (kind == "view") return fail(ErrorCode::invalid, "scrub {}: it is a view", rule.text()).with_advice("name the table's column that it shows");
    if (kind == "shadow") return fail(ErrorCode::invalid, "scrub {}: it belongs to a virtual table", rule.text()).with_advice("name the virtual table");
    if (TRY(has_column(connection, rule))) return {};
    return fail(ErrorCode::invalid, "scrub {}: the table has no such column", rule.text()).with_advice("correct the rule: a column that was renamed would be given away");
}

Result<std::string> scrub_column(Connection& connection, const ScrubRule& rule) {
    auto changed = [&]() -> Result<void> {
        const std::string column = quoted_name(rule.column);
        auto update = TRY(connection.prepare(format("UPDATE main.{} SET {} = {} WHERE {} IS NOT NULL", quoted_name(rule.table), column, new_value(rule), column)));
        while (TRY(update.step())) {
        }
        return {};
    }();
    if (changed) return format("{}: {}, {} rows", rule.text(), name_of(rule.way), sqlite3_changes64(connection.handle()));
    const int code = sqlite3_extended_errcode(connection.handle());
    if ((code & 0xff) != SQLITE_CONSTRAINT) return std::move(changed).error();
    const bool must_differ = code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID;
    return fail(ErrorCode::invalid, "scrub {}: {}", rule.text(), sqlite3_errmsg(connection.handle()))
        .with_advice(must_differ ? "choose hash, which keeps different values different" : "choose another way of mask, null and hash");
}

// And of the columns that refer to those by a foreign key, in the same way: they hold the same values, and by hash they still
// refer to them. What has a rule of its own keeps that.
Result<std::vector<ScrubRule>> with_references(Connection& connection, std::vector<ScrubRule> rules) {
    constexpr const char* referring =
        "SELECT t.name, f.\"from\" FROM pragma_table_list AS t, pragma_foreign_key_list(t.name) AS f WHERE t.schema = 'main' AND t.type = 'table' "
        "AND f.\"table\" = ?1 COLLATE NOCASE AND coalesce(f.\"to\", (SELECT p.name FROM pragma_table_info(f.\"table\") AS p WHERE p.pk = f.seq + 1)) = ?2 COLLATE NOCASE ORDER BY 1, 2";
    auto statement = TRY(connection.prepare("SELECT lower(?1) = lower(?3) AND lower(?2) = lower(?4)"));
    const auto is_same = [&](const ScrubRule& a, const ScrubRule& b) -> Result<bool> {
        statement.reset();
        TRY(statement.bind(1, a.table));
        TRY(statement.bind(2, a.column));
        TRY(statement.bind(3, b.table));
        TRY(statement.bind(4, b.column));
        return TRY(statement.step()) && statement.column_integer(0) != 0;
    };
    for (std::size_t at = 0; at < rules.size(); ++at) {  // also of those that are added
        auto found = TRY(connection.prepare(referring));
        TRY(found.bind(1, rules[at].table));
        TRY(found.bind(2, rules[at].column));
        while (TRY(found.step())) {
            const ScrubRule rule{.table = found.column_text(0), .column = found.column_text(1), .way = rules[at].way};
            bool is_known = false;
            for (const auto& known : rules) is_known = is_known || TRY(is_same(known, rule));
            if (!is_known) rules.push_back(rule);
        }
    }
    return rules;
}

// Full-text indexes keep words of rows that changed until they are made again.
Result<void> renew_word_indexes(Connection& connection, ScrubReport& report) {
    std::vector<std::string> names;
    auto statement = TRY(connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'create virtual table%using%fts%' ORDER BY name"));
    while (TRY(statement.step())) names.push_back(statement.column_text(0));
    for (const auto& name : names) {
        const std::string table = quoted_name(name);
        if (connection.execute(format("INSERT INTO main.{0}({0}) VALUES('rebuild')", table))) continue;
        if (auto emptied = connection.execute(format("INSERT INTO main.{0}({0}) VALUES('delete-all')", table)); !emptied) {
            return fail(ErrorCode::invalid, "scrub: the full-text index {} cannot be made again: {}", name, emptied.error().message())
                .with_advice("holdfast restore gives the database as it is");
        }
        report.notes.push_back(format("the full-text index {} keeps no text of its own, so it is empty in the bundle", name));
    }
    return {};
}

// sqlite_stat3 and 4 hold samples of indexed values.
Result<void> drop_samples(Connection& connection) {
    for (const std::string table : {"sqlite_stat3", "sqlite_stat4"}) {
        if (!TRY(kind_of_table(connection, table)).empty()) TRY(connection.execute("DELETE FROM main." + table));
    }
    return {};
}

Result<void> set_up(Connection& connection, const KeyedHash& hash) {
    sqlite3* handle = connection.handle();
    constexpr int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    auto* shared = const_cast<KeyedHash*>(&hash);  // hash_value() takes it as const again
    int code = sqlite3_create_function_v2(handle, "holdfast_hash", 1, flags, shared, hash_value, nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) code = sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    if (code != SQLITE_OK) return result_failure(code, "set up the scrubbing");
    return connection.execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
}

}  // namespace

Result<ScrubReport> scrub(const ScrubFiles& files, const std::vector<ScrubRule>& rules, ByteView key) {
    const KeyedHash hash(key);  // outlives the connection, which calls it
    auto connection = TRY(Connection::open(files.from, {.mode = OpenMode::read_write}));
    TRY(set_up(connection, hash));
    ScrubReport report;
    TRY(connection.execute("BEGIN IMMEDIATE"));
    const auto lost_before = TRY(check_foreign_keys(connection)).rows;
    for (const auto& rule : TRY(with_references(connection, rules))) {
        const auto kind = TRY(kind_of_table(connection, rule.table));
        if (kind.empty()) {
            report.absent.push_back(rule.text());
            continue;
        }
        TRY(expect_scrubbable(connection, rule, kind));
        report.scrubbed.push_back(TRY(scrub_column(connection, rule)));
    }
    if (const auto lost = TRY(check_foreign_keys(connection)); lost.rows > lost_before) {
        for (const auto& finding : lost.findings) report.notes.push_back("references were cut by the scrubbing: " + finding);
    }
    TRY(renew_word_indexes(connection, report));
    TRY(drop_samples(connection));
    TRY(connection.execute("COMMIT"));
    auto into = TRY(connection.prepare("VACUUM main INTO ?1"));
    TRY(into.bind(1, files.to));
    while (TRY(into.step())) {
    }
    return report;
}

}  // namespace holdfast::sqlite
