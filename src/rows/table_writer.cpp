#include "holdfast/rows/table_writer.h"

#include <algorithm>
#include <limits>

#include "holdfast/base/text.h"
#include "holdfast/rows/chosen_rows.h"
#include "holdfast/rows/full_text.h"
#include "holdfast/rows/row_binding.h"
#include "holdfast/rows/row_mark.h"

namespace holdfast::rows {
namespace {

constexpr std::size_t conflicts_told_max = 20;

bool are_same_names(const std::vector<std::string>& one, const std::vector<std::string>& other) { return std::ranges::equal(one, other, is_same_name); }

std::string list_or_none(const std::vector<std::string>& names) { return names.empty() ? "none" : comma_separated(names); }

}  // namespace

Result<TableWriter> TableWriter::open(Origin& destination, const TablePair& pair) {
    TableWriter writer(destination, pair);
    TRY(writer.match_columns());
    TRY(writer.match_names());
    TRY(writer.prepare());
    return writer;
}

std::string TableWriter::target() const { return "main." + sqlite::quoted_name(pair_.now.name); }

Result<void> TableWriter::match_columns() {
    const auto& then = pair_.then;
    const auto& now = pair_.now;
    if (then.kind != now.kind || then.module != now.module) {
        return fail(ErrorCode::invalid, "restore rows of {}: it is not the same kind of table now", printable(now.name)).with_advice("--to FILE writes the backup's into a new file");
    }
    has_own_rowid_ = then.has_rowid && now.has_rowid && !now.integer_key && !is_r_tree(now) && !row_name_of(now).empty() && !then.integer_key;
    std::vector<RowColumn> columns_then, columns_now;
    if (has_own_rowid_) columns_then.emplace_back(), columns_now.emplace_back();
    for (const auto& name : now.written_columns()) {
        const Column* same = then.find(name);
        if (same == nullptr || same->is_hidden) {
            columns_kept_.push_back(name);
            continue;
        }
        is_stored_otherwise_ = is_stored_otherwise_ || !is_same_name(same->declared_type, now.find(name)->declared_type);
        columns_.push_back(sqlite::quoted_name(name));
        columns_now.push_back({.name = name, .is_left_in_place = pair_.large.left_in_place.contains(name), .is_filled_later = pair_.large.filled_later.contains(name)});
        columns_then.push_back(columns_now.back());
        columns_then.back().name = same->name;
    }
    for (const auto& name : then.written_columns()) {
        const Column* same = now.find(name);
        if (same == nullptr || same->generated != Generated::no) columns_left_out_.push_back(name);
    }
    if (columns_.empty()) return fail(ErrorCode::invalid, "restore rows of {}: none of its columns is in the backup", printable(now.name));
    for (auto* columns : {&columns_then, &columns_now}) {
        for (auto& column : *columns) {
            if (is_stored_otherwise_) column.is_left_in_place = column.is_filled_later = false;
        }
    }
    then_.emplace(pair_.backup, then, std::move(columns_then), pair_.form);
    now_.emplace(*destination_, now, std::move(columns_now), pair_.form);
    return {};
}

Result<void> TableWriter::match_names() {
    const auto then = pair_.then.key_columns();
    const auto now = pair_.now.key_columns();
    if (!are_same_names(then, now) && !pair_.is_empty) {
        return fail(ErrorCode::invalid, "restore rows of {}: its primary key was ({}), and now is ({})", printable(pair_.now.name), list_or_none(then), list_or_none(now))
            .with_advice("--to FILE writes the backup's rows into a new file");
    }
    is_by_rowid_ = now.empty() && pair_.now.kind == TableKind::ordinary;
    if (now.empty()) {
        name_ = row_name_of(pair_.now);
        if (is_r_tree(pair_.now)) name_places_ = {0};
        else if (has_own_rowid_) name_places_ = {0};
        else return fail(ErrorCode::unavailable, "restore rows of {}: nothing names its rows", printable(pair_.now.name)).with_advice("--to FILE writes the backup's rows into a new file");
        return {};
    }
    name_ = quoted_names(now);
    for (const auto& column : now) {
        name_places_.push_back(place_of(column).value_or(0));
        const Column *one = pair_.then.find(column), *other = pair_.now.find(column);
        is_named_otherwise_ = is_named_otherwise_ || one == nullptr || !is_same_name(one->declared_type, other->declared_type) || !is_same_name(one->collation, other->collation);
    }
    return {};
}

std::optional<std::size_t> TableWriter::place_of(const std::string& column) const {
    const auto found = std::ranges::find_if(columns_, [&](const std::string& one) { return is_same_name(one, sqlite::quoted_name(column)); });
    if (found == columns_.end()) return std::nullopt;
    return first_value() + static_cast<std::size_t>(found - columns_.begin());
}

Result<void> TableWriter::prepare() {
    const auto form = pair_.form;
    std::vector<std::string> all, values, set;
    if (has_own_rowid_) all = row_name_of(pair_.now);
    all.insert(all.end(), columns_.begin(), columns_.end());
    for (std::size_t i = 0; i < all.size(); ++i) values.push_back(parameter(i, form));
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        // To set an INTEGER PRIMARY KEY to what it is makes SQLite move the row.
        const bool is_rowid = pair_.now.integer_key && is_same_name(columns_[i], sqlite::quoted_name(pair_.now.columns[*pair_.now.integer_key].name));
        if (!is_rowid && !(is_r_tree(pair_.now) && i == 0)) set.push_back(format("{} = {}", columns_[i], values[first_value() + i]));
    }
    // The table's own ON CONFLICT REPLACE would delete other rows. Where it has none nothing is said, as what a statement says
    // holds for its triggers' statements, too: an INSERT OR REPLACE into an index would be none.
    policy_ = mentions(pair_.now.sql, "conflict") ? "OR ABORT " : "";
    insert_ = TRY(connection_->prepare(format("INSERT {}INTO {}({}) VALUES ({})", policy_, target(), comma_separated(all), comma_separated(values))));
    if (pair_.is_empty) return {};
    find_ = TRY(connection_->prepare(format("SELECT {} FROM {} WHERE {}", now_->select_list(), target(), equal_to(name_, 0, form))));
    if (!set.empty()) {
        update_ = TRY(connection_->prepare(format("UPDATE {}{} SET {} WHERE {}", policy_, target(), comma_separated(set), equal_to(name_, all.size(), form))));
    }
    if (!has_own_rowid_ || is_by_rowid_) return {};
    std::vector<std::string> values_only(values.begin() + 1, values.end());
    occupied_ = TRY(connection_->prepare(format("SELECT {} FROM {} WHERE {} = ?1", select_list(name_, form), target(), all.front())));
    values_only.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) values_only.push_back(parameter(i, form));
    insert_anew_ = TRY(connection_->prepare(format("INSERT {}INTO {}({}) VALUES ({})", policy_, target(), comma_separated(columns_), comma_separated(values_only))));
    return {};
}

RowValues TableWriter::name_in(const RowValues& row) const {
    RowValues name;
    for (const auto place : name_places_) name.push_back(row[place]);
    return name;
}

std::string TableWriter::in_words(const RowValues& row) const { return rows::in_words(pair_.now.name, name_in(row)); }

Result<std::optional<RowValues>> TableWriter::present(const RowValues& row) {
    const RowValues name = name_in(row);
    if (has_null(name)) {
        return fail(ErrorCode::invalid, "restore {}: a row with NULL in its primary key cannot be told from others", in_words(row)).with_advice("--where leaves it out; --to FILE writes the backup's rows into a new file");
    }
    find_->reset();
    TRY(bind_row(*find_, 0, name, pair_.form));
    if (!TRY(find_->step())) return std::optional<RowValues>();
    auto there = now_->read(*find_);
    find_->reset();  // lets go of large values
    return std::optional(std::move(there));
}

Result<WrittenRow> TableWriter::write(const RowValues& row) {
    const bool is_place_sought = is_named_otherwise_ && !pair_.is_empty;
    if (is_place_sought) TRY(expect_own_place(row));
    auto written = TRY(try_to_write(row));
    while (written.what == WrittenRow::What::waits && pair_.on_conflict != OnConflict::keep && TRY(make_way(row))) written = TRY(try_to_write(row));
    if (written.what == WrittenRow::What::waits && pair_.on_conflict == OnConflict::keep) {
        ++counts_.left_out;
        return WrittenRow{WrittenRow::What::kept, {}};
    }
    const auto place = is_place_sought && written.what != WrittenRow::What::waits ? TRY(present(row)) : std::nullopt;
    if (place) places_.emplace(mark_of(name_in(*place)), name_in(row));
    return written;
}

Result<WrittenRow> TableWriter::try_to_write(const RowValues& row) {
    if (pair_.is_empty) return insert(row);
    auto there = TRY(present(row));
    if (!there) return insert(row);
    // Of a row that a key names the rowid is only where it lies.
    if (has_own_rowid_ && !is_by_rowid_ && pair_.now.kind == TableKind::ordinary) there->front() = row.front();
    if (const auto aside = aside_.find(mark_of(name_in(*there))); aside != aside_.end()) {
        auto written = TRY(differs(row, aside->second));
        if (written.what == WrittenRow::What::updated) aside_.erase(aside);
        return written;
    }
    if (!TRY(is_same_row(row, *there))) return differs(row, std::move(*there));
    ++counts_.unchanged;
    return WrittenRow{WrittenRow::What::unchanged, {}};
}

// '007' and '7' were two rows, and are one where the key is a number now.
Result<void> TableWriter::expect_own_place(const RowValues& row) {
    const auto there = TRY(present(row));
    const auto other = there ? places_.find(mark_of(name_in(*there))) : places_.end();
    if (other == places_.end()) return {};
    return fail(ErrorCode::invalid, "restore {} and {}: in the backup they are two rows, and by the key of the table now they are one", rows::in_words(pair_.now.name, other->second), in_words(row))
        .with_advice("--to FILE writes the backup's rows into a new file; --where leaves one out");
}

// What a trigger took back, it took back without an error.
Result<void> TableWriter::expect_written(const RowValues& row) {
    auto* changes = TRY(prepared("SELECT changes()"));
    TRY(changes->step());
    if (changes->column_integer(0) == 1) return {};
    return fail(ErrorCode::invalid, "restore {}: SQLite wrote nothing of it", in_words(row)).with_advice("--to FILE writes the backup's rows into a new file");
}

Result<WrittenRow> TableWriter::write_missing(const RowValues& row) {
    if (!pair_.is_empty && TRY(present(row))) {
        return fail(ErrorCode::exists, "restore {}, which other rows need: another row has its key now", in_words(row)).with_advice(format("--table {} says that it may be replaced", printable(pair_.now.name)));
    }
    auto written = TRY(try_to_write(row));
    if (written.what != WrittenRow::What::waits) return written;
    return fail(ErrorCode::exists, "restore {}, which other rows need: {}", in_words(row), TRY(in_the_way(row)))
        .with_advice("--where leaves out the rows that need it; or change the other row first");
}

std::optional<std::int64_t> TableWriter::rowid_in(const RowValues& row) const {
    std::optional<std::size_t> place;
    if (has_own_rowid_) place = 0;
    else if (pair_.now.integer_key && pair_.then.integer_key) place = place_of(pair_.now.columns[*pair_.now.integer_key].name);
    const auto* rowid = place ? std::get_if<std::int64_t>(&row[*place]) : nullptr;
    return rowid ? std::optional(*rowid) : std::nullopt;
}

Result<std::optional<RowValues>> TableWriter::stored(const RowValues& row, const std::vector<std::string>& columns) {
    auto found = TRY(connection_->prepare(format("SELECT {} FROM {} WHERE {}", select_list(quoted_names(columns), pair_.form), target(), equal_to(name_, 0, pair_.form))));
    TRY(bind_row(found, 0, name_in(row), pair_.form));
    if (!TRY(found.step())) return std::optional<RowValues>();
    return std::optional(read_row(found, columns.size(), pair_.form));
}

Result<WrittenRow> TableWriter::differs(const RowValues& row, RowValues before) {
    const bool is_given_again = pair_.now.integer_key && TRY(refers_to_others(row, before));
    const bool is_doubtful = pair_.on_conflict == OnConflict::by_key && (is_by_rowid_ || is_given_again);
    if (pair_.on_conflict == OnConflict::keep) {
        ++counts_.kept;
        return WrittenRow{WrittenRow::What::kept, {}};
    }
    if (pair_.on_conflict != OnConflict::fail && !is_doubtful) return update(row, std::move(before));
    has_number_conflict_ = has_number_conflict_ || (is_doubtful && is_given_again);
    if (conflicts_.size() < conflicts_told_max) conflicts_.push_back(in_words(row));
    ++conflict_count_;
    return WrittenRow{WrittenRow::What::kept, {}};
}

// All that it refers to is something else.
Result<bool> TableWriter::refers_to_others(const RowValues& row, const RowValues& before) const {
    bool is_other = false;
    for (const auto& reference : pair_.now.references) {
        RowValues then, now;
        for (const auto& column : reference.columns) {
            const auto place = place_of(column);
            if (!place) break;
            then.push_back(row[*place]);
            now.push_back(before[*place]);
        }
        if (then.size() != reference.columns.size() || has_null(then) || has_null(now)) continue;
        if (TRY(is_same_row(then, now))) return false;
        is_other = true;
    }
    return is_other;
}

Result<void> TableWriter::expect_no_conflicts() const {
    if (conflict_count_ == 0) return {};
    const std::string more = conflict_count_ > conflicts_.size() ? format(" and {} more", conflict_count_ - conflicts_.size()) : "";
    auto error = fail(ErrorCode::exists, "restore rows of {}: {} there with another content: {}{}", printable(pair_.now.name),
                      conflict_count_ == 1 ? "one is" : format("{} are", conflict_count_), comma_separated(conflicts_), more);
    if (pair_.on_conflict == OnConflict::fail) return std::move(error).with_advice("--on-conflict replace or keep says which content is to stay");
    if (has_number_conflict_) {
        return std::move(error)
            .while_doing("they refer to other rows than the backup's, so they are probably others that were given the same numbers")
            .with_advice("--on-conflict replace, if they are the same rows; keep, to bring only those that are missing; --to FILE, to look at them");
    }
    return std::move(error)
        .while_doing("without a primary key only the rowid says which row is which, and VACUUM gives new ones")
        .with_advice("--on-conflict replace, if they are the same rows; keep, to bring only those that are missing; --to FILE, to look at them");
}

Result<bool> TableWriter::is_rowid_free(const RowValues& row) {
    occupied_->reset();
    TRY(occupied_->bind(1, std::get<std::int64_t>(row.front())));
    if (!TRY(occupied_->step())) return true;
    if (!TRY(is_same_row(read_row(*occupied_, name_.size(), pair_.form), name_in(row)))) return false;
    return fail(ErrorCode::corrupt, "restore {}: it is there, and the index of its key does not know it", in_words(row)).with_advice("holdfast exec DATABASE \"REINDEX\" makes its indexes anew; then again");
}

Result<WrittenRow> TableWriter::insert(const RowValues& row) {
    const bool is_anew = occupied_ && !TRY(is_rowid_free(row));
    const std::size_t first = is_anew ? 1 : 0;
    auto done = [&]() -> Result<bool> {
        auto& statement = is_anew ? *insert_anew_ : *insert_;
        RowBinding binding(statement);
        TRY(binding.bind(std::span(row).subspan(first), std::span(then_->columns()).subspan(first), pair_.form));
        return statement.step();
    }();
    if (!done) return explained(std::move(done).error(), row);
    TRY(expect_written(row));
    TRY(fill(row));
    ++counts_.inserted;
    if (is_anew) ++counts_.new_rowids;
    return WrittenRow{WrittenRow::What::inserted, {}};
}

Result<WrittenRow> TableWriter::update(const RowValues& row, RowValues before) {
    HOLDFAST_ASSERT(update_.has_value());
    auto done = [&]() -> Result<bool> {
        RowBinding binding(*update_);
        TRY(binding.bind(row, then_->columns(), pair_.form));
        TRY(bind_row(*update_, row.size(), name_in(before), pair_.form));
        return update_->step();
    }();
    if (!done) return explained(std::move(done).error(), row);
    TRY(expect_written(row));
    TRY(fill(row));
    // '12' in a column of numbers is the 12 that stood there.
    const auto stored = is_stored_otherwise_ ? TRY(present(row)) : std::nullopt;
    if (stored && TRY(is_same_row(*stored, before))) {
        ++counts_.unchanged;
        return WrittenRow{WrittenRow::What::unchanged, {}};
    }
    ++counts_.updated;
    return WrittenRow{WrittenRow::What::updated, std::move(before)};
}

// The row is there, with as many zeroes. Its rowid here may be another one than in the backup.
Result<void> TableWriter::fill(const RowValues& row) {
    std::optional<std::int64_t> rowid;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (!is_filled_later(row[i], then_->columns()[i])) continue;
        if (!rowid) {
            auto found = TRY(connection_->prepare(format("SELECT {} FROM {} WHERE {}", row_name_of(pair_.now).front(), target(), equal_to(name_, 0, pair_.form))));
            TRY(bind_row(found, 0, name_in(row), pair_.form));
            if (!TRY(found.step())) return fail(ErrorCode::bug, "restore {}: it is not there after it was written", in_words(row));
            rowid = found.column_integer(0);
        }
        const auto& large = std::get<ValueInPlace>(row[i]);
        auto place = now_->place_of(i, *rowid);
        place.size = large.size;
        TRY(copy_bytes(large, place));
    }
    return {};
}

// A constraint that is not met: whether by the row alone, or as another row has what must be unique.
Result<WrittenRow> TableWriter::explained(Error error, const RowValues& row) {
    const bool is_unique = error.code() == ErrorCode::invalid && error.message().find("UNIQUE constraint failed") != std::string::npos;
    if (is_unique) return WrittenRow{WrittenRow::What::waits, {}};
    if (error.code() != ErrorCode::invalid) return error;
    const std::string why = error.message();
    error = std::move(error).while_doing(format("restore {}", in_words(row)));
    const auto says = [&](std::string_view words) { return why.find(words) != std::string::npos; };
    if (says("NOT NULL constraint failed")) return std::move(error).with_advice("the backup has no value for it: give the column a default; --where leaves such rows out; --to FILE writes the backup's rows into a new file");
    if (says("cannot store")) return std::move(error).with_advice("the table takes other types than at the time of the backup: --to FILE writes the backup's rows into a new file");
    if (says(": constraint failed")) return std::move(error).with_advice("an index that a trigger writes has an entry for the row already: DELETE it there, or rebuild the index, then again");
    if (says("CHECK constraint failed")) return std::move(error).with_advice("--where leaves such rows out; --to FILE writes the backup's rows into a new file");
    return error;
}

Result<sqlite::Statement*> TableWriter::prepared(const std::string& sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) found = statements_.emplace(sql, TRY(connection_->prepare(sql))).first;
    found->second.reset();
    return &found->second;
}

// Of partial keys, and those of expressions or generated columns, it is not known.
Result<std::optional<TableWriter::Holder>> TableWriter::holder_of(const RowValues& row) {
    for (const auto& key : pair_.now.unique) {
        RowValues values;
        for (const auto& column : key.columns) {
            if (const auto place = place_of(column)) values.push_back(row[*place]);
        }
        if (values.empty() || values.size() != key.columns.size() || has_null(values)) continue;
        auto* other = TRY(prepared(format("SELECT {} FROM {} WHERE {}", select_list(name_, pair_.form), target(), equal_to(quoted_names(key.columns), 0, pair_.form))));
        TRY(bind_row(*other, 0, values, pair_.form));
        if (!TRY(other->step())) continue;
        auto name = read_row(*other, name_.size(), pair_.form);
        other->reset();
        if (!TRY(is_same_row(name, name_in(row)))) return std::optional(Holder{.key = &key, .name = std::move(name)});
    }
    return std::optional<Holder>();
}

Result<std::string> TableWriter::in_the_way(const RowValues& row) {
    const auto holder = TRY(holder_of(row));
    if (!holder) return std::string("another row has a value that must be unique");
    return format("{} has its {}", rows::in_words(pair_.now.name, holder->name), comma_separated(holder->key->columns));
}

// One that stands as it will stand does not let go.
Result<bool> TableWriter::make_way(const RowValues& row) {
    if (!to_come_ || pair_.is_empty || pair_.on_conflict == OnConflict::fail) return false;
    const auto holder = TRY(holder_of(row));
    const auto to_come = holder && !holder->key->is_primary_key ? TRY(to_come_(holder->name)) : std::nullopt;
    auto there = to_come ? TRY(present(*to_come)) : std::nullopt;
    if (!there) return false;
    find_->reset();
    if (has_own_rowid_ && !is_by_rowid_) there->front() = to_come->front();
    if (TRY(is_same_row(*to_come, *there)) || !TRY(free_one_of(*holder->key, *there))) return false;
    const auto mark = mark_of(name_in(*there));
    aside_.emplace(mark, without_the_rest(std::move(*there)));
    return true;
}

// What a row is judged by when it is written: huge values are not held until then.
RowValues TableWriter::without_the_rest(RowValues row) const {
    std::vector<bool> is_needed(row.size(), false);
    const auto need = [&](const std::vector<std::string>& columns) {
        for (const auto& column : columns) {
            if (const auto place = place_of(column)) is_needed[*place] = true;
        }
    };
    for (const auto place : name_places_) is_needed[place] = true;
    for (const auto& key : pair_.now.unique) need(key.columns);
    for (const auto& reference : pair_.now.references) need(reference.columns);
    for (std::size_t i = first_value(); i < row.size(); ++i) {
        if (!is_needed[i]) row[i] = std::monostate();
    }
    return row;
}

// Those first that refer to nothing.
std::vector<std::string> TableWriter::columns_to_free(const UniqueKey& key) const {
    const auto name = pair_.now.key_columns();
    std::vector<std::string> columns;
    for (const auto& column : key.columns) {
        if (!has_name(name, column) && place_of(column)) columns.push_back(column);
    }
    std::ranges::stable_partition(columns, [&](const std::string& column) {
        return std::ranges::none_of(pair_.now.references, [&](const ForeignKey& reference) { return std::ranges::find(reference.columns, column) != reference.columns.end(); });
    });
    return columns;
}

// What the column takes (NOT NULL, CHECK, STRICT) is found out by trying.
Result<bool> TableWriter::free_one_of(const UniqueKey& key, const RowValues& row) {
    ++stepped_aside_;
    const std::string text = format("holdfast: aside {}", stepped_aside_);
    using Integers = std::numeric_limits<std::int64_t>;
    const RowValues values{std::monostate(), text, Integers::min() + stepped_aside_, Integers::max() - stepped_aside_, Bytes(bytes_of(text).begin(), bytes_of(text).end())};
    for (const auto& column : columns_to_free(key)) {
        auto* aside = TRY(prepared(format("UPDATE {}{} SET {} = {} WHERE {}", policy_, target(), sqlite::quoted_name(column), parameter(0, TextForm::utf8), equal_to(name_, 1, pair_.form))));
        for (const auto& value : values) {
            aside->reset();
            TRY(bind_row(*aside, 0, {value}, TextForm::utf8));
            TRY(bind_row(*aside, 1, name_in(row), pair_.form));
            const auto done = aside->step();
            aside->reset();
            if (done) return true;
            if (done.error().code() != ErrorCode::invalid) return done.error().copy();
        }
    }
    return false;
}

Result<void> TableWriter::expect_none_aside() const {
    if (aside_.empty()) return {};
    return fail(ErrorCode::invalid, "restore rows of {}: {} has a unique value that another row had in the backup", printable(pair_.now.name), rows::in_words(pair_.now.name, name_in(aside_.begin()->second)))
        .with_advice("--to FILE writes the backup's rows into a new file");
}

Result<WrittenRow> TableWriter::write_at_last(const RowValues& row) {
    auto written = TRY(write(row));
    if (written.what != WrittenRow::What::waits) return written;
    return fail(ErrorCode::exists, "restore {}: {}", in_words(row), TRY(in_the_way(row))).with_advice("--on-conflict keep leaves such rows out; or change the other row first");
}

}  // namespace holdfast::rows
