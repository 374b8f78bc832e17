#include "holdfast/rows/record_glance.h"

#include <algorithm>
#include <optional>

#include "holdfast/sqlite/btree_page.h"
#include "holdfast/sqlite/stored_record.h"

namespace holdfast::rows {
namespace {

// Columns of a record one after another, as far as the bytes that are there tell.
class Columns {
public:
    explicit Columns(ByteView record) : record_(record) {
        const auto header = sqlite::read_stored_varint(record);
        if (!header || header->value > record.size() || header->value < header->size) return;
        types_ = record.subspan(header->size, header->value - header->size);
        offset_ = header->value;
    }
    // Nullopt: there are no more.
    std::optional<sqlite::StoredColumn> next() {
        const auto type = types_.empty() ? std::nullopt : sqlite::read_stored_varint(types_);
        if (!type || type->value == 10 || type->value == 11) return std::nullopt;  // no record has those
        types_ = types_.subspan(type->size);
        const sqlite::StoredColumn column{.type = type->value, .offset = offset_, .size = sqlite::stored_size(type->value)};
        offset_ += column.size;
        return column;
    }
    ByteView bytes_of(const sqlite::StoredColumn& column) const {
        const ByteView behind = column.offset < record_.size() ? record_.subspan(column.offset) : ByteView();
        return behind.first(std::min<std::uint64_t>(behind.size(), column.size));
    }

private:
    ByteView record_, types_;
    std::uint64_t offset_ = 0;
};

enum class Told : std::uint8_t { same, different, nothing };

// Numbers of two types may be equal; numbers of one type are so by their bytes alone.
Told told_by(const sqlite::StoredColumn& mine, ByteView my_bytes, const sqlite::StoredColumn& theirs, ByteView their_bytes) {
    const auto is_number = [](const sqlite::StoredColumn& column) { return column.is_integer() || column.is_real(); };
    if (mine.type != theirs.type && !(is_number(mine) && is_number(theirs))) return Told::different;
    if (mine.type != theirs.type) {
        const bool are_bits = mine.size == 0 && theirs.size == 0;  // the types of 0 and of 1
        return are_bits ? Told::different : Told::nothing;
    }
    const auto seen = std::min(my_bytes.size(), their_bytes.size());
    if (!std::ranges::equal(my_bytes.first(seen), their_bytes.first(seen))) return Told::different;
    return seen == mine.size ? Told::same : Told::nothing;
}

}  // namespace

RecordGlance::RecordGlance(const RowLayout* before, const RowLayout* after, std::span<const std::pair<std::size_t, std::size_t>> common) {
    if (before == nullptr || after == nullptr) return;
    const auto use = [&](std::size_t field, Use how) {
        const auto place = before->place_of(field);
        if (!place) return;
        if (uses_.size() <= *place) uses_.resize(*place + 1);
        uses_[*place] = how;
    };
    for (const auto& [mine, theirs] : common) use(mine, Use::compared);
    for (const auto& part : before->declared_key()) use(part.field, Use::key);
}

bool RecordGlance::is_surely_changed(ByteView before, ByteView after) const {
    Columns mine(before), theirs(after);
    bool is_changed = false;
    for (const Use use : uses_) {
        const auto my_column = mine.next(), their_column = theirs.next();
        if (!my_column || !their_column) return false;  // stored before a column was added
        if (use == Use::none || (use == Use::compared && is_changed)) continue;
        const auto told = told_by(*my_column, mine.bytes_of(*my_column), *their_column, theirs.bytes_of(*their_column));
        if (use == Use::key && told != Told::same) return false;
        is_changed = is_changed || told == Told::different;
    }
    return is_changed;
}

}  // namespace holdfast::rows
