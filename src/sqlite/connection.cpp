#include "holdfast/sqlite/connection.h"

#include <sqlite3.h>

#include <algorithm>
#include <bit>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"
#include "holdfast/sqlite/result_code.h"

namespace holdfast::sqlite {
namespace {

struct CloseConnection {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
};
using Handle = std::unique_ptr<sqlite3, CloseConnection>;

struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

std::string percent_encoded(std::string_view path) {
    constexpr std::string_view kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:";
    std::string encoded;
    for (const char c : path) {
        if (kept.find(c) != std::string_view::npos) {
            encoded += c;
        } else {
            encoded += format("%{:02x}", static_cast<unsigned char>(c));
        }
    }
    return encoded;
}

// Always a URI, so that a path that happens to look like one ("file:x?mode=memory") is still a path. An absolute path
// follows an empty authority: its own slashes could be taken for the start of one.
std::string uri_of(const std::string& path, const ConnectionOptions& options) {
    const std::string_view start = path.starts_with('/') ? "file://" : "file:";
    return format("{}{}{}", start, percent_encoded(path), options.immutable ? "?immutable=1" : "");
}

int flags_of(OpenMode mode) {
    constexpr int common = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    switch (mode) {
        case OpenMode::read_only: return common | SQLITE_OPEN_READONLY;
        case OpenMode::read_write: return common | SQLITE_OPEN_READWRITE;
        case OpenMode::create: break;
    }
    return common | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
}

int set(sqlite3* connection, int setting, int value) {
    return sqlite3_db_config(connection, setting, value, nullptr);
}

Result<void> prepare_for_strangers(sqlite3* connection, const ConnectionOptions& options) {
    bool ok = set(connection, SQLITE_DBCONFIG_DEFENSIVE, options.may_write_shadow_tables ? 0 : 1) == SQLITE_OK &&
              set(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, options.trust_schema ? 1 : 0) == SQLITE_OK &&
              set(connection, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0) == SQLITE_OK &&
              set(connection, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0) == SQLITE_OK;  // it takes bytes for an address
    if (options.keep_wal) ok = ok && set(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1) == SQLITE_OK;
    if (!ok) return fail(ErrorCode::unavailable, "set up a connection: this SQLite library lacks a setting");
    const auto timeout = std::clamp<std::int64_t>(options.busy_timeout_ms, 0, 24 * 60 * 60 * 1000);
    sqlite3_busy_timeout(connection, static_cast<int>(timeout));
    return {};
}

std::string shortened(std::string_view sql) {
    constexpr std::size_t shown_max = 80;
    return printable(sql.size() <= shown_max ? sql : format("{}…", sql.substr(0, shown_max)));
}

}  // namespace

struct Connection::Open {
    Handle handle;
    std::string called;  // for people
};

struct Statement::Open {
    StatementHandle handle;
    Error failure(std::string_view doing) const {
        return connection_failure(sqlite3_db_handle(handle.get()),
                                  format("{} '{}'", doing, shortened(sqlite3_sql(handle.get()))));
    }
};

Connection::Connection(std::unique_ptr<Open> open) : open_(std::move(open)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;
sqlite3* Connection::handle() const { return open_->handle.get(); }

Result<Connection> Connection::open(const std::string& path, ConnectionOptions options) {
    if (path.empty() || path.find('\0') != std::string::npos) {
        return fail(ErrorCode::invalid, "open '{}': that is no path of a database", printable(path));
    }
    sqlite3* raw = nullptr;
    const char* vfs = options.vfs.empty() ? nullptr : options.vfs.c_str();
    const int rc = sqlite3_open_v2(uri_of(path, options).c_str(), &raw, flags_of(options.mode), vfs);
    Handle handle(raw);
    const std::string called = options.called.empty() ? printable(path) : options.called, doing = "open " + called;
    if (!handle) return result_failure(rc, doing);
    if (rc != SQLITE_OK) return connection_failure(raw, doing);
    if (auto set_up = prepare_for_strangers(raw, options); !set_up) return std::move(set_up).error();
    return Connection(std::make_unique<Open>(Open{std::move(handle), called}));
}

Result<void> Connection::execute(const std::string& sql) {
    if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return connection_failure(handle(), format("run '{}' on {}", shortened(sql), open_->called));
}

Result<Statement> Connection::prepare(const std::string& sql) {
    const std::string doing = format("prepare '{}' on {}", shortened(sql), open_->called);
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    if (sqlite3_prepare_v2(handle(), sql.c_str(), -1, &raw, &rest) != SQLITE_OK) {
        return connection_failure(handle(), doing);
    }
    StatementHandle statement(raw);
    if (!statement) return fail(ErrorCode::invalid, "{}: there is no statement in it", doing);
    sqlite3_stmt* second = nullptr;
    const int rc = sqlite3_prepare_v2(handle(), rest, -1, &second, nullptr);
    if (StatementHandle(second) || rc != SQLITE_OK) {
        return fail(ErrorCode::invalid, "{}: there is more than one statement in it", doing);
    }
    return Statement(std::make_unique<Statement::Open>(Statement::Open{std::move(statement)}));
}

// With its terminating zero, so that SQLite need not copy the rest of a long script for each of its statements.
Result<FirstStatement> Connection::prepare_first(const std::string& sql, std::size_t start) {
    constexpr std::size_t size_max = 1'000'000'000;  // SQLITE_MAX_LENGTH
    if (sql.size() >= size_max) return fail(ErrorCode::invalid, "read SQL: {} bytes are too many", sql.size());
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    const char* first = sql.c_str() + start;
    const int size = static_cast<int>(sql.size() - start) + 1;
    if (sqlite3_prepare_v3(handle(), first, size, 0, &raw, &rest) != SQLITE_OK) {
        return connection_failure(handle(), "SQLite says");
    }
    FirstStatement found;
    found.end = start + static_cast<std::size_t>(rest - first);
    StatementHandle statement(raw);
    if (statement) found.statement = Statement(std::make_unique<Statement::Open>(Statement::Open{std::move(statement)}));
    return found;
}

Result<Connection::ColumnFacts> Connection::column_facts(const ColumnName& name) {
    const char* collation = nullptr;
    int is_autoincrement = 0;
    const int rc = sqlite3_table_column_metadata(handle(), name.database.c_str(), name.table.c_str(), name.column.c_str(), nullptr, &collation, nullptr, nullptr, &is_autoincrement);
    if (rc != SQLITE_OK) return connection_failure(handle(), format("look at {}.{}", printable(name.table), printable(name.column)));
    return ColumnFacts{.collation = collation ? collation : "BINARY", .is_autoincrement = is_autoincrement != 0};
}

void Connection::checkpoint_when_closed() { set(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0); }
bool Connection::is_in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

Result<std::int64_t> Connection::integer(const std::string& sql) {
    auto statement = TRY(prepare(sql));
    if (!TRY(statement.step())) return fail(ErrorCode::not_found, "run '{}': no row came", shortened(sql));
    return statement.column_integer(0);
}

Result<std::string> Connection::text(const std::string& sql) {
    auto statement = TRY(prepare(sql));
    if (!TRY(statement.step())) return fail(ErrorCode::not_found, "run '{}': no row came", shortened(sql));
    return statement.column_text(0);
}

Statement::Statement(std::unique_ptr<Open> open) : open_(std::move(open)) {}
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

Result<void> Statement::bind(int index, std::int64_t value) {
    if (sqlite3_bind_int64(open_->handle.get(), index, value) == SQLITE_OK) return {};
    return open_->failure("bind a number to");
}

Result<void> Statement::bind(int index, std::string_view value) {
    const char* text = value.data() ? value.data() : "";
    if (sqlite3_bind_text64(open_->handle.get(), index, text, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) ==
        SQLITE_OK) {
        return {};
    }
    return open_->failure("bind text to");
}

Result<void> Statement::bind(int index, ByteView value) {
    const void* bytes = value.data() ? static_cast<const void*>(value.data()) : "";
    if (sqlite3_bind_blob64(open_->handle.get(), index, bytes, value.size(), SQLITE_TRANSIENT) == SQLITE_OK) return {};
    return open_->failure("bind bytes to");
}

Result<void> Statement::bind_value(int index, const SqlValue& value) {
    int rc = SQLITE_OK;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return bind(index, *integer);
    if (const auto* text = std::get_if<std::string>(&value)) return bind(index, std::string_view(*text));
    if (const auto* blob = std::get_if<Bytes>(&value)) return bind(index, ByteView(*blob));
    if (const auto* real = std::get_if<double>(&value)) rc = sqlite3_bind_double(open_->handle.get(), index, *real);
    else rc = sqlite3_bind_null(open_->handle.get(), index);
    if (rc == SQLITE_OK) return {};
    return open_->failure("bind a value to");
}

Result<void> Statement::bind_uncopied(int index, std::string_view value) {
    const char* text = value.data() ? value.data() : "";
    if (sqlite3_bind_text64(open_->handle.get(), index, text, value.size(), SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK) return {};
    return open_->failure("bind text to");
}

Result<void> Statement::bind_uncopied(int index, ByteView value) {
    const void* bytes = value.data() ? static_cast<const void*>(value.data()) : "";
    if (sqlite3_bind_blob64(open_->handle.get(), index, bytes, value.size(), SQLITE_STATIC) == SQLITE_OK) return {};
    return open_->failure("bind bytes to");
}

Result<void> Statement::bind_zeroes(int index, std::uint64_t size) {
    if (sqlite3_bind_zeroblob64(open_->handle.get(), index, size) == SQLITE_OK) return {};
    return open_->failure("bind bytes to");
}

Result<bool> Statement::step() {
    const int rc = sqlite3_step(open_->handle.get());
    if (rc == SQLITE_ROW) return true;
    if (rc == SQLITE_DONE) return false;
    return open_->failure("run");
}

void Statement::reset() { sqlite3_reset(open_->handle.get()); }
void Statement::clear_bindings() { sqlite3_clear_bindings(open_->handle.get()); }
int Statement::parameter_count() const { return sqlite3_bind_parameter_count(open_->handle.get()); }
bool Statement::is_read_only() const { return sqlite3_stmt_readonly(open_->handle.get()) != 0; }
bool Statement::is_explain() const { return sqlite3_stmt_isexplain(open_->handle.get()) != 0; }
std::string Statement::sql() const { return sqlite3_sql(open_->handle.get()); }
double Statement::column_real(int index) const { return sqlite3_column_double(open_->handle.get(), index); }

std::string Statement::parameter_name(int index) const {
    const char* name = sqlite3_bind_parameter_name(open_->handle.get(), index);
    return name ? name : "";
}

std::string Statement::column_name(int index) const {
    const char* name = sqlite3_column_name(open_->handle.get(), index);
    return name ? name : "";
}

std::string Statement::column_declared_type(int index) const {
    const char* type = sqlite3_column_decltype(open_->handle.get(), index);
    return type ? type : "";
}

Statement::ColumnType Statement::column_type(int index) const {
    switch (sqlite3_column_type(open_->handle.get(), index)) {
        case SQLITE_INTEGER: return ColumnType::integer;
        case SQLITE_FLOAT: return ColumnType::real;
        case SQLITE_TEXT: return ColumnType::text;
        case SQLITE_BLOB: return ColumnType::blob;
        default: return ColumnType::null;
    }
}

int Statement::column_count() const { return sqlite3_column_count(open_->handle.get()); }
bool Statement::column_is_null(int index) const {
    return sqlite3_column_type(open_->handle.get(), index) == SQLITE_NULL;
}
std::int64_t Statement::column_integer(int index) const { return sqlite3_column_int64(open_->handle.get(), index); }

std::string Statement::column_text(int index) const {
    const void* text = sqlite3_column_text(open_->handle.get(), index);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(open_->handle.get(), index));
    return text ? std::string(static_cast<const char*>(text), size) : std::string();
}

Bytes Statement::column_bytes(int index) const {
    const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(open_->handle.get(), index));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(open_->handle.get(), index));
    return bytes ? Bytes(bytes, bytes + size) : Bytes();
}

SqlValue Statement::column_value(int index) const {
    switch (column_type(index)) {
        case ColumnType::null: break;
        case ColumnType::integer: return column_integer(index);
        case ColumnType::real: return column_real(index);
        case ColumnType::text: return column_text(index);
        case ColumnType::blob: return column_bytes(index);
    }
    return {};
}

std::string Statement::column_text_as_stored(int index, TextEncoding encoding) const {
    if (encoding == TextEncoding::utf8) return column_text(index);
    const void* text = sqlite3_column_text16(open_->handle.get(), index);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes16(open_->handle.get(), index));
    std::string bytes = text ? std::string(static_cast<const char*>(text), size) : std::string();
    const bool is_native = (encoding == TextEncoding::utf16le) == (std::endian::native == std::endian::little);
    for (std::size_t i = 0; !is_native && i + 1 < bytes.size(); i += 2) std::swap(bytes[i], bytes[i + 1]);
    return bytes;
}

std::uint64_t Statement::column_size(int index) const {
    return static_cast<std::uint64_t>(sqlite3_column_bytes(open_->handle.get(), index));
}

ByteView Statement::column_view(int index) const {
    const bool is_text = column_type(index) == ColumnType::text;
    const void* bytes = is_text ? static_cast<const void*>(sqlite3_column_text(open_->handle.get(), index)) : sqlite3_column_blob(open_->handle.get(), index);
    return {static_cast<const std::byte*>(bytes), bytes ? static_cast<std::size_t>(sqlite3_column_bytes(open_->handle.get(), index)) : 0};
}

std::string uri_on_default_vfs(const std::string& path) {
    const sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    return uri_of(path, {}) + (vfs ? format("?vfs={}", vfs->zName) : std::string());
}

Result<std::string> schema_hash(Connection& connection) {
    auto statement = TRY(connection.prepare(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name, tbl_name, sql"));
    Sha256 hash;
    while (TRY(statement.step())) {
        ByteWriter row;
        for (int column = 0; column < 4; ++column) row.counted_text(statement.column_text(column));
        hash.update(row.view());
    }
    return hash.finish().hex();
}

std::string quoted_name(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    return text + "\"";
}

}  // namespace holdfast::sqlite
