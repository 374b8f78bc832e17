#include "holdfast/extension/table_function.h"

#include <sqlite3.h>

#include <exception>
#include <limits>

#include "holdfast/base/text.h"
#include "holdfast/extension/holdings.h"

// SQLite calls the functions below from C: none of them lets anything escape.
namespace holdfast::extension {

namespace {

struct Table : sqlite3_vtab {
    const TableFunction* function = nullptr;
    sqlite3* connection = nullptr;
};
struct Cursor : sqlite3_vtab_cursor {
    std::unique_ptr<Rows> rows;
    TableFunction::Arguments arguments;
    std::vector<SqlValue> row;
    sqlite3_int64 number = 0;
    bool is_over = true;
};
Table& table_of(sqlite3_vtab_cursor* cursor) noexcept { return *static_cast<Table*>(cursor->pVtab); }
Cursor& cursor_of(sqlite3_vtab_cursor* cursor) noexcept { return *static_cast<Cursor*>(cursor); }

template <typename Work>
int answered(const Work& work) noexcept {
    try {
        return work();
    } catch (const std::exception&) {
        return SQLITE_NOMEM;
    }
}

int code_of(const Error& failure) {
    switch (failure.code()) {
        case ErrorCode::corrupt: return SQLITE_CORRUPT;
        case ErrorCode::unavailable: return SQLITE_IOERR;
        case ErrorCode::busy: return SQLITE_BUSY;
        case ErrorCode::cancelled: return SQLITE_INTERRUPT;
        default: return SQLITE_ERROR;
    }
}

int failed(Table& table, const Error& failure) {
    sqlite3_free(table.zErrMsg);
    table.zErrMsg = sqlite3_mprintf("%s: %s", table.function->name.c_str(), failure.text().c_str());
    Holdings::here().tell(code_of(failure), failure);
    return code_of(failure);
}

std::string declaration_of(const TableFunction& function) {
    std::string columns;
    for (const auto& name : function.columns) columns += format("{}\"{}\"", columns.empty() ? "" : ", ", name);
    for (const auto& name : function.arguments) columns += format(", \"{}\" HIDDEN", name);
    return format("CREATE TABLE x({})", columns);
}

int connect(sqlite3* connection, void* function, int, const char* const*, sqlite3_vtab** made, char**) noexcept {
    return answered([&] {
        constexpr int first_with_direct_only = 3'031'000;
        const auto& own = *static_cast<const TableFunction*>(function);
        if (const int rc = sqlite3_declare_vtab(connection, declaration_of(own).c_str()); rc != SQLITE_OK) return rc;
        if (sqlite3_libversion_number() >= first_with_direct_only) sqlite3_vtab_config(connection, SQLITE_VTAB_DIRECTONLY);
        auto table = std::make_unique<Table>();
        table->function = &own;
        table->connection = connection;
        *made = table.release();
        return SQLITE_OK;
    });
}

int disconnect(sqlite3_vtab* table) noexcept {
    std::unique_ptr<Table>(static_cast<Table*>(table)).reset();
    return SQLITE_OK;
}

// Arguments are what hidden columns must equal. Their places in xFilter's list are told by a letter each.
int plan(sqlite3_vtab* table, sqlite3_index_info* info) noexcept {
    return answered([&] {
        const int first_hidden = static_cast<int>(static_cast<Table*>(table)->function->columns.size());
        std::string given;
        for (int i = 0; i < info->nConstraint; ++i) {
            const auto& constraint = info->aConstraint[i];
            if (constraint.iColumn < first_hidden || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
            if (!constraint.usable) return SQLITE_CONSTRAINT;  // another order of the tables gives the argument
            const char letter = static_cast<char>('a' + constraint.iColumn - first_hidden);
            if (given.find(letter) != std::string::npos) continue;
            given += letter;
            info->aConstraintUsage[i].argvIndex = static_cast<int>(given.size());
            info->aConstraintUsage[i].omit = 1;
        }
        info->idxStr = sqlite3_mprintf("%s", given.c_str());
        if (!info->idxStr) return SQLITE_NOMEM;
        info->needToFreeIdxStr = 1;
        info->estimatedCost = 1000;
        return SQLITE_OK;
    });
}

int open_cursor(sqlite3_vtab*, sqlite3_vtab_cursor** made) noexcept {
    return answered([&] {
        *made = std::make_unique<Cursor>().release();
        return SQLITE_OK;
    });
}

int close_cursor(sqlite3_vtab_cursor* cursor) noexcept {
    std::unique_ptr<Cursor>(&cursor_of(cursor)).reset();
    return SQLITE_OK;
}

int step(Cursor& cursor, Table& table) {
    auto there = cursor.rows->next(cursor.row);
    if (!there) return failed(table, there.error());
    cursor.is_over = !*there;
    ++cursor.number;
    return SQLITE_OK;
}

int next_row(sqlite3_vtab_cursor* cursor) noexcept {
    return answered([&] { return step(cursor_of(cursor), table_of(cursor)); });
}

int begin(sqlite3_vtab_cursor* cursor, int, const char* given, int count, sqlite3_value** values) noexcept {
    return answered([&] {
        Cursor& own = cursor_of(cursor);
        Table& table = table_of(cursor);
        own.arguments.assign(table.function->arguments.size(), std::nullopt);
        for (int i = 0; i < count; ++i) {
            const void* text = sqlite3_value_text(values[i]);
            if (!text) continue;
            own.arguments[static_cast<std::size_t>(given[i] - 'a')] =
                std::string(static_cast<const char*>(text), static_cast<std::size_t>(sqlite3_value_bytes(values[i])));
        }
        own.number = 0;
        auto rows = table.function->rows(table.connection, own.arguments);
        if (!rows) return failed(table, rows.error());
        own.rows = *std::move(rows);
        return step(own, table);
    });
}

int is_over(sqlite3_vtab_cursor* cursor) noexcept { return cursor_of(cursor).is_over ? 1 : 0; }

struct GiveValue {
    sqlite3_context* to;
    void operator()(std::monostate) const { sqlite3_result_null(to); }
    void operator()(std::int64_t value) const { sqlite3_result_int64(to, value); }
    void operator()(double value) const { sqlite3_result_double(to, value); }
    void operator()(const std::string& value) const { sqlite3_result_text64(to, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8); }
    void operator()(const Bytes& value) const { sqlite3_result_blob64(to, value.data(), value.size(), SQLITE_TRANSIENT); }
};

int give_column(sqlite3_vtab_cursor* cursor, sqlite3_context* to, int column) noexcept {
    const Cursor& own = cursor_of(cursor);
    const auto at = static_cast<std::size_t>(column);
    if (at < own.row.size()) {
        std::visit(GiveValue{to}, own.row[at]);
    } else if (const auto& argument = own.arguments[at - own.row.size()]) {
        GiveValue{to}(*argument);
    }
    return SQLITE_OK;
}

int give_number(sqlite3_vtab_cursor* cursor, sqlite3_int64* number) noexcept {
    *number = cursor_of(cursor).number;
    return SQLITE_OK;
}

// No xCreate: it is there under its own name, and makes no table of another.
constexpr sqlite3_module module_methods() {
    sqlite3_module module{};
    module.xConnect = connect;
    module.xBestIndex = plan;
    module.xDisconnect = disconnect;
    module.xOpen = open_cursor;
    module.xClose = close_cursor;
    module.xFilter = begin;
    module.xNext = next_row;
    module.xEof = is_over;
    module.xColumn = give_column;
    module.xRowid = give_number;
    return module;
}
constexpr sqlite3_module methods = module_methods();

void forget_function(void* function) noexcept { std::unique_ptr<TableFunction>(static_cast<TableFunction*>(function)).reset(); }

}  // namespace

Result<void> register_table_function(sqlite3* connection, TableFunction function) {
    auto own = std::make_unique<TableFunction>(std::move(function));
    const std::string name = own->name;
    if (sqlite3_create_module_v2(connection, name.c_str(), &methods, own.release(), forget_function) == SQLITE_OK) return {};
    return fail(ErrorCode::unavailable, "register {}: SQLite does not take it", name);
}

}  // namespace holdfast::extension
