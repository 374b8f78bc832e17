#include "holdfast/live/pragmas.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"

namespace holdfast::live {
namespace {

constexpr std::array<std::string_view, 21> always_asks{
    "table_info", "table_xinfo", "table_list", "index_info", "index_xinfo", "index_list", "foreign_key_list", "foreign_key_check",
    "integrity_check", "quick_check", "collation_list", "database_list", "function_list", "module_list", "pragma_list",
    "compile_options", "freelist_count", "page_count", "data_version", "stats", "shrink_memory"};

// With a value they set it for the connection, without one they ask.
constexpr std::array<std::string_view, 42> settings{
    "analysis_limit", "automatic_index", "busy_timeout", "cache_size", "cache_spill", "case_sensitive_like", "cell_size_check",
    "checkpoint_fullfsync", "count_changes", "defer_foreign_keys", "empty_result_callbacks", "encoding", "foreign_keys",
    "full_column_names", "fullfsync", "hard_heap_limit", "ignore_check_constraints", "journal_size_limit", "legacy_alter_table",
    "legacy_file_format", "locking_mode", "max_page_count", "mmap_size", "page_size", "parser_trace", "query_only",
    "read_uncommitted", "recursive_triggers", "reverse_unordered_selects", "secure_delete", "short_column_names",
    "soft_heap_limit", "synchronous", "temp_store", "threads", "trusted_schema", "vdbe_addoptrace", "vdbe_debug",
    "vdbe_listing", "vdbe_trace", "wal_autocheckpoint", "sql_trace"};

constexpr std::array<std::string_view, 4> written_with_a_value{"user_version", "application_id", "auto_vacuum", "default_cache_size"};
constexpr std::array<std::string_view, 2> always_writes{"incremental_vacuum", "optimize"};
constexpr std::array<std::string_view, 4> refused_with_a_value{"writable_schema", "schema_version", "temp_store_directory",
                                                               "data_store_directory"};

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return out;
}

bool is_in(const auto& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

}  // namespace

std::optional<PragmaKind> kind_of_pragma(std::string_view given, std::optional<std::string_view> argument) {
    const std::string name = lower(given), value = argument ? lower(*argument) : std::string();
    if (is_in(always_asks, name)) return PragmaKind::asks;
    if (is_in(always_writes, name)) return PragmaKind::writes;
    if (name == "wal_checkpoint") return PragmaKind::stands_alone;
    const bool is_known = name == "journal_mode" || is_in(settings, name) || is_in(written_with_a_value, name) ||
                          is_in(refused_with_a_value, name);
    if (!is_known) return std::nullopt;
    if (!argument) return PragmaKind::asks;
    if (is_in(refused_with_a_value, name)) return PragmaKind::is_refused;
    if (name == "journal_mode") return value == "off" || value == "memory" ? PragmaKind::is_refused : PragmaKind::stands_alone;
    if (name == "locking_mode" && value == "exclusive") return PragmaKind::is_refused;
    return is_in(settings, name) ? PragmaKind::sets : PragmaKind::writes;
}

Refusal pragma_refusal(std::string_view given, std::string_view argument) {
    const std::string name = lower(given);
    if (name == "writable_schema" || name == "schema_version") {
        return {format("PRAGMA {} = {} can make the database unreadable", name, printable(argument)),
                "change the schema with ALTER, CREATE and DROP; user_version is the one that applications may set"};
    }
    if (name == "journal_mode") {
        return {format("PRAGMA journal_mode = {} lasts for one connection, and a crash in it destroys the database", printable(argument)),
                "DELETE, TRUNCATE, PERSIST or WAL"};
    }
    if (name == "locking_mode") return {"PRAGMA locking_mode = EXCLUSIVE would keep even the backup out", "leave it out"};
    return {format("PRAGMA {} would set it for the whole program", name), "set SQLITE_TMPDIR or TMPDIR in the environment"};
}

}  // namespace holdfast::live
