#include "holdfast/rows/reference_gate.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/rows/chosen_rows.h"
#include "holdfast/rows/row_mark.h"

namespace holdfast::rows {
namespace {

constexpr std::int64_t small_rows_max = 2000;

const Table* find(const Schema& now, const Schema& then, const std::string& table) {
    const Table* there = now.find(table);
    return there != nullptr ? there : then.find(table);
}

bool is_same_key(const std::vector<std::string>& one, const std::vector<std::string>& other) { return std::ranges::equal(one, other, is_same_name); }

bool is_read_alike(const Column& one, const Column& other) { return is_same_name(one.declared_type, other.declared_type) && is_same_name(one.collation, other.collation); }

// What is written into the column is in the rows of the backup, as it will be stored.
bool is_of_backup(const Table* then, const Column& now) {
    const Column* same = then == nullptr ? nullptr : then->find(now.name);
    return same != nullptr && now.generated == Generated::no && same->generated == Generated::no && is_read_alike(*same, now);
}

// SQLite cannot follow them: nothing is known of the table's references.
bool says_nothing(const Error& error) { return error.code() == ErrorCode::invalid; }

}  // namespace

bool may_be_missed(const Schema& then, const Schema& now, const Table& child) {
    const Table* child_then = then.find(child.name);
    for (const auto& key : child.references) {
        const Table* parent = find(now, then, key.parent);
        // A row that is changed in place keeps its primary key.
        const bool is_primary = parent == nullptr || is_same_key(key.parent_columns, parent->key_columns());
        for (std::size_t i = 0; i < key.columns.size(); ++i) {
            const Column* refers = child.find(key.columns[i]);
            if (refers == nullptr || !is_of_backup(child_then, *refers)) return true;
            if (is_primary || i >= key.parent_columns.size()) continue;
            const Column* referred = parent->find(key.parent_columns[i]);
            if (referred == nullptr || !is_of_backup(then.find(parent->name), *referred) || !is_read_alike(*referred, *refers)) return true;
        }
    }
    return false;
}

Result<void> ReferenceGate::look_before(const Schema& now, const std::string& table) {
    TRY(look(now, table));
    for (const auto& child : now.tables) {
        const bool refers = std::ranges::any_of(child.references, [&](const ForeignKey& key) { return is_same_name(key.parent, table); });
        if (refers) TRY(look(now, child.name));
    }
    return {};
}

Error ReferenceGate::unreadable(const std::string& child, Error error) {
    if (error.code() == ErrorCode::corrupt) unreadable_.insert(child);
    return error;
}

Result<void> ReferenceGate::look(const Schema& now, const std::string& child) {
    const Table* there = now.find(child);
    const Table* known = find(now, then_, child);
    const std::string name = known == nullptr ? child : known->name;
    if (before_.contains(name)) return {};
    auto& before = before_[name];
    if (known == nullptr || known->references.empty()) return {};
    if (there == nullptr) {
        before.emplace();  // all that it will have is new
        return {};
    }
    if (unreadable_.contains(name)) {
        before.emplace().why_not = "it is damaged";
        return {};
    }
    if (!may_be_missed(then_, now, *there)) {
        const auto small = is_small(*there);
        if (!small && !says_nothing(small.error())) return unreadable(name, small.error().copy());
        if (!small || !*small) return {};
    }
    before.emplace();
    const auto done = for_each_broken(now, *there, [&](const Broken& broken) -> Result<void> {
        before->marks.push_back(broken.mark);
        return {};
    });
    if (!done && !says_nothing(done.error())) return unreadable(name, done.error().copy());
    if (!done) before->why_not = done.error().message();
    std::ranges::sort(before->marks);
    return {};
}

Result<void> ReferenceGate::expect_none_new(const Schema& now, std::vector<std::string>& notes) {
    for (const auto& [name, before] : before_) {
        const Table* child = now.find(name);
        if (!before || child == nullptr) continue;
        const std::string cannot = format("SQLite cannot check what rows of {} refer to: ", printable(name));
        const auto told = [&](const std::string& why) {
            if (may_be_missed(then_, now, *child)) notes.push_back(cannot + why);
        };
        if (before->why_not) {
            told(*before->why_not);
            continue;
        }
        std::optional<Error> new_one;
        const auto done = for_each_broken(now, *child, [&](const Broken& broken) -> Result<void> {
            if (new_one || std::ranges::binary_search(before->marks, broken.mark)) return {};
            new_one = fail(ErrorCode::invalid, "restore rows: {} would refer to {}, which is not there", in_words(child->name, broken.row), in_words(broken.key->parent, broken.parent))
                          .with_advice("--with-related brings what rows refer to, as far as the backup has it; --where leaves rows out; --on-conflict keep changes no row that is there");
            return {};
        });
        if (new_one) return std::move(*new_one);
        if (!done && !says_nothing(done.error())) return done.error().copy();
        if (!done) told(done.error().message());  // the key of a table that was made is none
    }
    return {};
}

Result<bool> ReferenceGate::is_small(const Table& child) {
    const auto rows = TRY(connection_.integer(format("SELECT count(*) FROM (SELECT 1 FROM main.{} LIMIT {})", sqlite::quoted_name(child.name), small_rows_max + 1)));
    return rows <= small_rows_max;
}

// SQLite says of which keys how many are broken; which they are is then read, also where rows have no rowid to be told by.
Result<void> ReferenceGate::for_each_broken(const Schema& now, const Table& child, const Each& each) {
    std::map<std::size_t, std::uint64_t> counts;
    auto rows = TRY(connection_.prepare(format("PRAGMA main.foreign_key_check({})", sqlite::quoted_name(child.name))));
    while (TRY(rows.step())) ++counts[static_cast<std::size_t>(rows.column_integer(3))];
    for (const auto& [number, count] : counts) {
        HOLDFAST_ASSERT(number < child.references.size());
        const auto listed = TRY(list(now, child, child.references.size() - 1 - number, each));  // SQLite numbers them from the last
        if (listed != count) return fail(ErrorCode::unavailable, "look for broken references of {}: SQLite counts {}, and {} are found", printable(child.name), count, listed);
    }
    return {};
}

// Compared as SQLite compares them there: by the parent's affinity and collation. A + takes the child's away.
Result<std::uint64_t> ReferenceGate::list(const Schema& now, const Table& child, std::size_t number, const Each& each) {
    const auto& key = child.references[number];
    auto names = quoted_names(child.key_columns());
    if (names.empty()) names = row_name_of(child);
    const std::size_t named = names.size();
    std::string condition, same;
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        const auto column = sqlite::quoted_name(key.columns[i]);
        names.push_back(column);
        condition += format("{}c.{} IS NOT NULL", i == 0 ? "" : " AND ", column);
        if (i < key.parent_columns.size()) same += format("{}p.{} = +c.{}", i == 0 ? "" : " AND ", sqlite::quoted_name(key.parent_columns[i]), column);
    }
    const Table* parent = now.find(key.parent);
    if (parent != nullptr) condition += format(" AND NOT EXISTS (SELECT 1 FROM main.{} AS p WHERE {})", sqlite::quoted_name(parent->name), same);
    for (auto& name : names) name.insert(0, "c.");
    auto rows = TRY(connection_.prepare(format("SELECT {} FROM main.{} AS c WHERE {}", select_list(names, form_), sqlite::quoted_name(child.name), condition)));
    std::uint64_t count = 0;
    for (; TRY(rows.step()); ++count) {
        auto values = read_row(rows, names.size(), form_);
        values.emplace_back(static_cast<std::int64_t>(number));
        const auto mark = mark_of(values);
        const auto split = values.begin() + static_cast<std::ptrdiff_t>(named);
        TRY(each({.mark = mark, .row = {values.begin(), split}, .parent = {split, values.end() - 1}, .key = &key}));
    }
    return count;
}

}  // namespace holdfast::rows
