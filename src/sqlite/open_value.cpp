#include "holdfast/sqlite/open_value.h"

#include <sqlite3.h>

#include <limits>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/result_code.h"

namespace holdfast::sqlite {
namespace {

struct CloseValue {
    void operator()(sqlite3_blob* value) const noexcept { sqlite3_blob_close(value); }
};

// SQLite's sizes are ints, and no value is larger.
Result<int> as_int(std::uint64_t number) {
    if (number > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) return fail(ErrorCode::invalid, "read a value: {} is past its end", number);
    return static_cast<int>(number);
}

}  // namespace

struct OpenValue::Open {
    std::unique_ptr<sqlite3_blob, CloseValue> handle;
    sqlite3* connection = nullptr;
    std::string name;
};

OpenValue::OpenValue(std::unique_ptr<Open> open) : open_(std::move(open)) {}
OpenValue::OpenValue(OpenValue&&) noexcept = default;
OpenValue::~OpenValue() = default;

Result<OpenValue> OpenValue::open(Connection& connection, const ValuePlace& place, To what) {
    auto name = format("{}.{}, row {}", printable(place.table), printable(place.column), place.rowid);
    sqlite3_blob* raw = nullptr;
    const int rc = sqlite3_blob_open(connection.handle(), "main", place.table.c_str(), place.column.c_str(), place.rowid, what == To::write ? 1 : 0, &raw);
    std::unique_ptr<sqlite3_blob, CloseValue> handle(raw);
    if (rc == SQLITE_OK) return OpenValue(std::make_unique<Open>(Open{.handle = std::move(handle), .connection = connection.handle(), .name = std::move(name)}));
    auto error = connection_failure(connection.handle(), format("open the value of {}", name));
    if (error.message().find("no such rowid") == std::string::npos) return error;
    return fail(ErrorCode::not_found, "{}", error.message());
}

std::uint64_t OpenValue::size() const { return static_cast<std::uint64_t>(sqlite3_blob_bytes(open_->handle.get())); }

Result<void> OpenValue::read(std::uint64_t from, MutableByteView into) const {
    if (sqlite3_blob_read(open_->handle.get(), into.data(), TRY(as_int(into.size())), TRY(as_int(from))) == SQLITE_OK) return {};
    return connection_failure(open_->connection, format("read the value of {}", open_->name));
}

Result<void> OpenValue::write(std::uint64_t from, ByteView bytes) {
    if (sqlite3_blob_write(open_->handle.get(), bytes.data(), TRY(as_int(bytes.size())), TRY(as_int(from))) == SQLITE_OK) return {};
    return connection_failure(open_->connection, format("write the value of {}", open_->name));
}

}  // namespace holdfast::sqlite
