#include "holdfast/rows/compare.h"

#include <algorithm>
#include <map>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/rows/compare_rows.h"
#include "holdfast/rows/compare_schema.h"
#include "holdfast/rows/compare_virtual.h"
#include "holdfast/rows/full_text.h"
#include "holdfast/rows/page_difference.h"
#include "holdfast/rows/side.h"

namespace holdfast::rows {
namespace {

using sqlite::TreeRoots;

std::string_view name_of(TableKind kind) {
    switch (kind) {
        case TableKind::virtual_table: return "virtual table";
        case TableKind::shadow: return "shadow table";
        case TableKind::internal: return "internal table";
        case TableKind::ordinary: break;
    }
    return "table";
}

std::string_view name_of(Identity identity) {
    switch (identity) {
        case Identity::primary_key: return "primary key";
        case Identity::content: return "content";
        case Identity::row_id: break;
    }
    return "rowid";
}

// Tells failures of whoever takes the rows from those of the databases.
class WatchedSink final : public ChangeSink {
public:
    explicit WatchedSink(ChangeSink& sink) : sink_(sink) {}
    Result<void> begin(const ComparedTable& table) override { return noted(sink_.begin(table)); }
    Result<void> row(const ComparedTable& table, const RowChange& change) override { return noted(sink_.row(table, change)); }
    bool has_failed() const { return has_failed_; }

private:
    Result<void> noted(Result<void> done) {
        has_failed_ = has_failed_ || !done;
        return done;
    }
    ChangeSink& sink_;
    bool has_failed_ = false;
};

// Both versions of a table's layout; of a table that is missing, none.
struct Layouts {
    std::optional<RowLayout> before, after;
};

}  // namespace

// Both databases, and where their pages differ, which is looked for once.
struct DatabasePair::Open {
    std::unique_ptr<Side> before, after;
    PageDifference difference;
    host::WorkerPool* pool = nullptr;
};

namespace {

// A table whose rows are to be compared; stays where it is, as its versions view the rest.
struct StoredRows {
    ComparedTable table;
    Layouts layouts;
    std::optional<RowVersions> versions;  // none: it has no rows that lie as a table's do, or could not be prepared
    TableDifference found;
    Result<void> prepared;
};

class Comparing {
public:
    Comparing(DatabasePair::Open& open, const CompareRequest& request) : request_(request), open_(open), before_(&*open.before), after_(&*open.after) {
        if (request.sink != nullptr) sink_.emplace(*request.sink);
        go_on_ = [&request]() -> Result<void> {
            TRY(request.watch.go_on());
            if (request.is_over && request.is_over()) return fail(ErrorCode::busy, "the time for it was over");
            return {};
        };
    }

    Result<Comparison> run() {
        TRY(expect_tables());
        Comparison comparison;
        if (request_.tables.empty()) {
            comparison.schema = compare_schemas(before_->schema, after_->schema, request_.internal);
            comparison.properties = compare_properties(*before_, *after_);
        }
        pair_tables();
        for (auto& [name, rows] : tables_) rows.prepared = prepare(rows);
        TRY(look_for_pages());
        for (auto& [name, rows] : tables_) TRY(compare_table(rows, comparison));
        return comparison;
    }

private:
    Result<void> expect_tables() const {
        for (const auto& name : request_.tables) {
            if (before_->schema.find(name) == nullptr && after_->schema.find(name) == nullptr) return fail(ErrorCode::invalid, "there is no table {} in either database", printable(name));
        }
        return {};
    }

    bool is_asked_for(const Table& table) const {
        if (!request_.tables.empty()) return has_name(request_.tables, table.name);
        const bool is_ordinary = table.kind == TableKind::ordinary || table.kind == TableKind::virtual_table;
        return is_ordinary || request_.internal == CompareRequest::Internal::show;
    }

    void pair_tables() {
        const auto add = [&](const Schema& schema, const Table* ComparedTable::*side) {
            for (const auto& table : schema.tables) {
                if (!is_asked_for(table)) continue;
                auto& pair = tables_[in_small_letters(table.name)].table;
                if (pair.name.empty()) pair.name = table.name;
                pair.*side = &table;
            }
        };
        if (request_.before != CompareRequest::Before::as_if_new) add(before_->schema, &ComparedTable::before);
        add(after_->schema, &ComparedTable::after);
        for (auto& [name, rows] : tables_) {
            auto& table = rows.table;
            table.rows_before = table.before ? where_rows_lie(*table.before, before_->schema) : nullptr;
            table.rows_after = table.after ? where_rows_lie(*table.after, after_->schema) : nullptr;
        }
    }

    Result<void> prepare(StoredRows& rows) {
        auto& [table, layouts, versions, found, prepared] = rows;
        table.encoding_before = before_->encoding();
        table.encoding_after = after_->encoding();
        found.name = table.name;
        found.kind = name_of((table.after ? table.after : table.before)->kind);
        if (!table.rows_before && !table.rows_after) return {};
        const bool is_read_as_after = request_.before == CompareRequest::Before::with_added_columns && table.rows_before && table.rows_after;
        if (is_read_as_after) layouts.before = TRY(RowLayout::of(*after_->connection, "main", *table.rows_after));
        else if (table.rows_before) layouts.before = TRY(RowLayout::of(*before_->connection, "main", *table.rows_before));
        if (table.rows_after) layouts.after = TRY(RowLayout::of(*after_->connection, "main", *table.rows_after));
        versions.emplace(RowVersions{.table = table,
                                     .before = {.trees = trees_of(*before_), .layout = layouts.before ? &*layouts.before : nullptr, .root = table.rows_before ? table.rows_before->root : sqlite::PageNumber{}},
                                     .after = {.trees = trees_of(*after_), .layout = layouts.after ? &*layouts.after : nullptr, .root = table.rows_after ? table.rows_after->root : sqlite::PageNumber{}}});
        match_columns(table, layouts, *versions, found);
        table.identity = identity_of(table, layouts);
        return {};
    }

    // Where nobody wants the rows themselves, they are counted meanwhile.
    Result<void> look_for_pages() {
        if (open_.difference.is_looked_for()) return {};
        if (!sink_ && have_pages_alike(*before_, *after_)) {
            counting_.emplace(*before_->trees, *after_->trees);
            for (const auto& [name, rows] : tables_) {
                if (rows.prepared && rows.versions) counting_->add(*rows.versions);
            }
        }
        return open_.difference.look(*before_, *after_, {.watch = request_.watch, .pool = open_.pool, .counting = counting_ ? &*counting_ : nullptr, .go_on = go_on_});
    }

    Result<void> compare_table(StoredRows& rows, Comparison& comparison) {
        auto& found = rows.found;
        auto done = go_on_();
        if (done) done = std::move(rows.prepared);
        if (done) done = compare_contents(rows);
        if (!done) {
            const auto code = done.error().code();
            const bool is_of_table = code == ErrorCode::corrupt || code == ErrorCode::unavailable || code == ErrorCode::invalid || (code == ErrorCode::busy && request_.is_over);
            if (!is_of_table || (sink_ && sink_->has_failed())) return done;
            found.not_compared = done.error().text();
        }
        found.identity = name_of(rows.table.identity);
        if (found.is_different() || !request_.tables.empty() || !found.columns_added.empty() || !found.columns_removed.empty()) comparison.tables.push_back(std::move(found));
        return {};
    }

    Result<void> compare_contents(StoredRows& rows) {
        if (rows.versions) return compare_stored(rows, sink());
        TRY(expect_same_index(rows.table));
        return compare_virtual(*before_, *after_, rows.table, {.sink = sink(), .go_on = go_on_, .differing = open_.difference.pages()}, rows.found);
    }

    Result<void> compare_stored(StoredRows& rows, ChangeSink* sink) {
        if (const auto* counts = counting_ ? counting_->counts_of(*rows.versions) : nullptr) {
            rows.found.take_counts(*counts);
            return {};
        }
        auto spots = TRY(spots_of(rows.table, *rows.versions));
        if (sink) TRY(sink->begin(rows.table));
        return compare_rows(*rows.versions, std::move(spots), sink, go_on_, rows.found);
    }

    // A full-text index without content has rows that cannot be read; where what it keeps differs, they may.
    Result<void> expect_same_index(const ComparedTable& table) {
        if (module_option(table.after ? *table.after : *table.before, "content") != "") return {};
        for (const std::string kept : {"_docsize", "_data"}) {
            StoredRows own;
            own.table = {.name = table.name + kept, .before = before_->schema.find(table.name + kept), .after = after_->schema.find(table.name + kept)};
            own.table.rows_before = own.table.before;
            own.table.rows_after = own.table.after;
            if (!own.table.before && !own.table.after) continue;
            TRY(prepare(own));
            if (own.versions) TRY(compare_stored(own, nullptr));
            if (own.found.is_different()) return fail(ErrorCode::unavailable, "it is a full-text index without content: what it holds differs, and cannot be read out of it");
        }
        return {};
    }

    static const sqlite::TreeReader* trees_of(const Side& side) { return side.trees ? &*side.trees : nullptr; }

    void match_columns(ComparedTable& table, const Layouts& layouts, RowVersions& versions, TableDifference& found) const {
        table.columns_before = table.before ? shown_columns(*table.before, table.rows_before) : std::vector<std::string>();
        table.columns_after = table.after ? shown_columns(*table.after, table.rows_after) : std::vector<std::string>();
        if (request_.before == CompareRequest::Before::with_added_columns) table.columns_before = table.columns_after;
        bool is_same_record = layouts.before && layouts.after && layouts.before->encoding() == layouts.after->encoding();
        std::set<std::size_t> matched;
        for (std::size_t mine = 0; mine < table.columns_before.size(); ++mine) {
            const auto theirs = std::ranges::find_if(table.columns_after, [&](const auto& name) { return is_same_name(name, table.columns_before[mine]); });
            if (theirs == table.columns_after.end()) {
                if (table.after) found.columns_removed.push_back(table.columns_before[mine]);
                continue;
            }
            const auto field = static_cast<std::size_t>(theirs - table.columns_after.begin());
            versions.common.emplace_back(mine, field);
            matched.insert(field);
            is_same_record = is_same_record && layouts.before->is_read_like(mine, *layouts.after, field);
        }
        for (std::size_t field = 0; table.before && field < table.columns_after.size(); ++field) {
            if (!matched.contains(field)) found.columns_added.push_back(table.columns_after[field]);
        }
        versions.is_same_record = is_same_record;
    }

    // Without a table on one side anything tells its rows apart.
    static Identity identity_of(const ComparedTable& table, const Layouts& layouts) {
        const Table& any = table.rows_after ? *table.rows_after : *table.rows_before;
        const auto alone = any.has_rowid && (any.integer_key || any.key_columns().empty()) ? Identity::row_id : Identity::primary_key;
        if (!table.rows_before || !table.rows_after) return alone;
        const Table &mine = *table.rows_before, &theirs = *table.rows_after;
        const bool is_alike = mine.has_rowid == theirs.has_rowid && mine.integer_key.has_value() == theirs.integer_key.has_value() &&
                              has_same_key(*layouts.before, mine, *layouts.after, theirs);
        if (!is_alike) return Identity::content;
        if (alone == Identity::row_id) return any.rowid_name.empty() && !any.integer_key ? Identity::content : Identity::row_id;
        const bool is_ordered_alike = layouts.before->encoding() == layouts.after->encoding() && layouts.before->has_known_order();
        return any.has_rowid || is_ordered_alike ? Identity::primary_key : Identity::content;
    }

    static bool has_same_key(const RowLayout& mine, const Table& my_table, const RowLayout& theirs, const Table& their_table) {
        const auto my_names = my_table.key_columns(), their_names = their_table.key_columns();
        const auto is_same_part = [](const RowLayout::KeyPart& one, const RowLayout::KeyPart& other) {
            return one.order.is_descending == other.order.is_descending && one.order.collation == other.order.collation;
        };
        return std::ranges::equal(my_names, their_names, is_same_name) && std::ranges::equal(mine.declared_key(), theirs.declared_key(), is_same_part) &&
               std::ranges::equal(mine.stored_key(), theirs.stored_key(), is_same_part);
    }

    // Where equal bytes do not mean equal rows, all of them are read.
    Result<sqlite::ChangedSpots> spots_of(const ComparedTable& table, const RowVersions& versions) const {
        sqlite::ChangedSpots spots;
        if (!table.rows_before || !table.rows_after) {
            if (table.rows_before) spots.before = TRY(before_->trees->spots(table.rows_before->root));
            if (table.rows_after) spots.after = TRY(after_->trees->spots(table.rows_after->root));
            return spots;
        }
        const auto* differing = open_.difference.pages();
        const bool may_skip = differing && versions.is_same_record;
        return sqlite::changed_spots({.before = *before_->trees, .after = *after_->trees, .differing = may_skip ? differing : nullptr}, {table.rows_before->root, table.rows_after->root});
    }

    ChangeSink* sink() { return sink_ ? &*sink_ : nullptr; }

    const CompareRequest& request_;
    DatabasePair::Open& open_;
    Side *before_, *after_;
    std::map<std::string, StoredRows> tables_;  // by name in small letters
    std::optional<CountByPage> counting_;
    std::optional<WatchedSink> sink_;
    GoOn go_on_;
};

}  // namespace

std::string_view name_of(Change change) {
    switch (change) {
        case Change::added: return "added";
        case Change::removed: return "removed";
        case Change::moved: return "moved";
        case Change::changed: break;
    }
    return "changed";
}

void TableDifference::take_counts(const TableDifference& other) {
    added = other.added;
    removed = other.removed;
    changed = other.changed;
    moved = other.moved;
}

void TableDifference::count(Change change) {
    switch (change) {
        case Change::added: ++added; break;
        case Change::removed: ++removed; break;
        case Change::moved: ++moved; break;
        case Change::changed: ++changed; break;
    }
}

DatabasePair::DatabasePair(std::unique_ptr<Open> open) : open_(std::move(open)) {}
DatabasePair::DatabasePair(DatabasePair&&) noexcept = default;
DatabasePair::~DatabasePair() = default;
const Schema& DatabasePair::schema_before() const { return open_->before->schema; }
const Schema& DatabasePair::schema_after() const { return open_->after->schema; }
sqlite::Connection& DatabasePair::connection_before() { return *open_->before->connection; }
sqlite::Connection& DatabasePair::connection_after() { return *open_->after->connection; }

Result<DatabasePair> DatabasePair::open(const sqlite::Image& before, const sqlite::Image& after, host::WorkerPool* pool) {
    auto open = std::make_unique<Open>();
    open->pool = pool;
    open->before = TRY(open_side(before));
    open->after = TRY(open_side(after));
    return DatabasePair(std::move(open));
}

Result<Comparison> DatabasePair::compare(const CompareRequest& request) {
    return Comparing(*open_, request).run();
}

Result<Comparison> compare(const sqlite::Image& before, const sqlite::Image& after, const CompareRequest& request) {
    auto pair = TRY(DatabasePair::open(before, after));
    return pair.compare(request);
}

}  // namespace holdfast::rows
