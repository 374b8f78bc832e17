#include "holdfast/dump/dump_plan.h"

#include <algorithm>

#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"
#include "holdfast/rows/full_text.h"

namespace holdfast::dump {
namespace {

using rows::SchemaObject;
using rows::Table;
using rows::TableKind;

class Planning {
public:
    Planning(const rows::StoredDatabase& database, const TablesWanted& wanted) : database_(database), schema_(database.schema()), wanted_(wanted) {}

    Result<DumpPlan> run() {
        TRY(expect_all_there(wanted_.tables));
        TRY(expect_all_there(wanted_.exclude));
        plan_.is_whole = wanted_.tables.empty() && wanted_.exclude.empty();
        std::vector<const Table*> chosen;
        for (const auto& table : schema_.tables) {
            if (is_wanted(table)) chosen.push_back(&table);
        }
        std::ranges::sort(chosen, {}, by_name<Table>);
        for (const Table* table : parents_first(std::move(chosen))) TRY(add(*table));
        for (const auto& object : schema_.objects) {
            if (object.sql.empty()) continue;  // an index that a constraint makes
            if (object.type == "view" && plan_.is_whole) plan_.views.push_back(&object);
            if (object.type == "index" && is_planned(object.table)) plan_.indexes.push_back(&object);
            if (object.type == "trigger" && (plan_.is_whole || is_planned(object.table))) plan_.triggers.push_back(&object);
        }
        sort_objects();
        return std::move(plan_);
    }

private:
    template <typename Named>
    static std::string by_name(const Named* named) {
        return rows::in_small_letters(named->name);
    }

    // By names, as a table that was made anew stands elsewhere in the schema: but those of one table as they are there, for
    // in that order its triggers act.
    void sort_objects() {
        const auto by_table = [](const SchemaObject* object) { return rows::in_small_letters(object->table); };
        std::ranges::sort(plan_.views, {}, by_name<SchemaObject>);
        std::ranges::stable_sort(plan_.indexes, {}, by_table);
        std::ranges::stable_sort(plan_.triggers, {}, by_table);
    }

    static bool is_of_people(const Table& table) { return table.kind == TableKind::ordinary || table.kind == TableKind::virtual_table; }

    Result<void> expect_all_there(const std::vector<std::string>& names) const {
        std::vector<std::string> tables;
        for (const auto& table : schema_.tables) {
            if (is_of_people(table)) tables.push_back(table.name);
        }
        for (const auto& name : names) {
            if (rows::has_name(tables, name)) continue;
            const std::string near = nearest(name, tables);
            return fail(ErrorCode::not_found, "there is no table {}", printable(name)).with_advice(near.empty() ? "holdfast query --tables lists them" : format("did you mean {}?", printable(near)));
        }
        return {};
    }

    bool is_wanted(const Table& table) const {
        if (!is_of_people(table) || rows::has_name(wanted_.exclude, table.name)) return false;
        if (wanted_.tables.empty() || rows::has_name(wanted_.tables, table.name)) return true;
        const auto content = rows::content_of(table);
        return content && rows::has_name(wanted_.tables, *content);  // an index goes with what it is of
    }

    bool is_planned(const std::string& name) const {
        return std::ranges::any_of(plan_.tables, [&](const PlannedTable& planned) { return rows::is_same_name(planned.table->name, name); });
    }

    static std::vector<const Table*> parents_first(std::vector<const Table*> left) {
        std::vector<const Table*> ordered;
        const auto waits = [&](const Table& table) {
            return std::ranges::any_of(table.references, [&](const auto& reference) {
                return !rows::is_same_name(reference.parent, table.name) && std::ranges::any_of(left, [&](const Table* other) { return rows::is_same_name(other->name, reference.parent); });
            });
        };
        while (!left.empty()) {
            auto next = std::ranges::find_if(left, [&](const Table* table) { return !waits(*table); });
            if (next == left.end()) next = left.begin();  // a circle: somebody has to be first
            ordered.push_back(*next);
            left.erase(next);
        }
        return ordered;
    }

    Result<void> add(const Table& table) {
        PlannedTable planned{.table = &table, .columns = {}};
        auto columns = database_.columns_of(table);
        if (columns) {
            planned.is_rebuilt = !*columns;
            if (*columns) planned.columns = **std::move(columns);
        } else if (columns.error().code() != ErrorCode::unavailable) {
            return std::move(columns).error();
        } else {
            plan_.unreadable.push_back(columns.error().message());
            planned.is_left_empty = true;
            const bool can_be_made = rows::is_full_text(table) && !table.columns.empty();
            if (!can_be_made) return {};
        }
        plan_.tables.push_back(std::move(planned));
        return {};
    }

    const rows::StoredDatabase& database_;
    const rows::Schema& schema_;
    const TablesWanted& wanted_;
    DumpPlan plan_;
};

}  // namespace

Result<DumpPlan> plan_dump(const rows::StoredDatabase& database, const TablesWanted& wanted) { return Planning(database, wanted).run(); }

}  // namespace holdfast::dump
