#include "holdfast/rows/bring_rows.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/rows/chosen_reader.h"
#include "holdfast/rows/full_text.h"
#include "holdfast/rows/large_columns.h"
#include "holdfast/rows/made_tables.h"
#include "holdfast/rows/moved_rows.h"
#include "holdfast/rows/reference_gate.h"
#include "holdfast/rows/references.h"
#include "holdfast/rows/sound_table.h"
#include "holdfast/sqlite/interruptible.h"
#include "holdfast/sqlite/trigger_switch.h"

namespace holdfast::rows {
namespace {

// Rows that wait for others to let go of unique values are held in memory.
constexpr std::size_t waiting_max = 100'000;

// So many rows of a table are checked in a few milliseconds.
constexpr std::int64_t looked_at_max = 10'000;

class Bringing {
public:
    Bringing(const ChosenRows& chosen, sqlite::Connection& destination, const BringOrder& order, BringState& state, const Watch& watch)
        : chosen_(chosen), backup_(chosen.connection()), destination_(destination), order_(order), state_(state), watch_(watch) {}

    Result<Brought> run() {
        TRY(sqlite::switch_triggers_off(destination_));
        // Damage that is met is seen, rather than spread; a table that is dropped for its damage is known to have it.
        TRY(destination_.execute(is_remaking() ? "PRAGMA cell_size_check = OFF" : "PRAGMA cell_size_check = ON"));
        const sqlite::Interruptible interruptible(destination_, watch_);
        form_ = TRY(text_form_of(backup_));
        TRY(expect_same_encoding());
        now_ = TRY(there(read_schema(destination_)));
        if (is_gated()) {
            gate_ = std::make_unique<ReferenceGate>(destination_, chosen_.schema(), form_, state_.unreadable);
            for (const auto& one : chosen_.tables()) TRY(there(gate_->look_before(now_, one.table->name)));
        }
        TRY(make_missing());
        references_ = std::make_unique<References>(destination_, now_, form_);
        indexes_ = std::make_unique<KeptIndexes>(destination_, now_, KeptIndexes::Backup{.connection = backup_, .schema = chosen_.schema(), .brought = brought_indexes()}, form_);
        if (state_.are_indexes_damaged) indexes_->run_no_triggers();
        for (const auto& one : chosen_.tables()) TRY(one.is_index ? expect_made(one) : bring_table(one));
        TRY(settle_references());
        TRY(complete_made());
        if (gate_) TRY(gate_->expect_none_new(now_, brought_.notes));
        brought_.indexes = TRY(there(indexes_->finish(written(), brought_.notes)));
        indexes_.reset();
        if (is_remaking()) TRY(expect_sound(TRY(there(soundness_of_all(destination_))), "the database, after its damaged table was dropped"));
        for (auto& [name, writer] : writers_) tell(*writer);
        return std::move(brought_);
    }

    // Which table is damaged SQLite says. If none is, it is an index that a trigger writes: never a reason to drop rows.
    Result<void> learn() {
        std::vector<std::string> tables;
        for (const auto& one : chosen_.tables()) tables.push_back(one.table->name);
        for (const auto& [name, writer] : writers_) tables.push_back(name);
        bool are_whole = true, has_found = state_.unreadable.size() > unreadable_before_;
        for (const auto& name : tables) {
            const Table* table = now_.find(name);
            if (table == nullptr || table->kind != TableKind::ordinary || is_made(name)) continue;
            const auto verdict = TRY(soundness_of(destination_, *table)).verdict;
            if (verdict == Soundness::Verdict::indexes_differ) state_.is_damage_there = false;  // REINDEX is all that it takes
            if (!state_.is_damage_there) return {};
            if (verdict == Soundness::Verdict::sound) continue;
            has_found = state_.damaged.insert(table->name).second || has_found;
            are_whole = are_whole && std::ranges::any_of(chosen_.tables(), [&](const ChosenTable& one) { return one.is_named && one.list.empty() && is_same_name(one.table->name, name); });
        }
        if (!has_found && indexes_) has_found = !std::exchange(state_.are_indexes_damaged, true);
        state_.has_learned = has_found && are_whole;
        return {};
    }

    // What a trigger writes into an index was refused there: it is not as it should be, whatever its damage is.
    void learn_of_refusal(const Error& error) {
        const bool is_of_index = error.code() == ErrorCode::invalid && error.message().find(": constraint failed") != std::string::npos;
        if (is_of_index && indexes_) state_.has_learned = !std::exchange(state_.are_indexes_damaged, true);
    }

private:
    bool is_remaking() const { return !state_.damaged.empty(); }
    // What a damaged table had is not read; what is left without it is told.
    bool is_gated() const { return order_.into == Into::database && !is_remaking(); }

    // What goes wrong in the destination, as against the backup.
    template <typename T>
    Result<T> there(Result<T> done) {
        if (!done && done.error().code() == ErrorCode::corrupt && !backup_origin_.is_damaged) state_.is_damage_there = true;
        return done;
    }

    Result<void> expect_same_encoding() {
        const auto then = TRY(backup_.text("PRAGMA main.encoding"));
        const auto now = TRY(there(destination_.text("PRAGMA main.encoding")));
        if (then == now) return {};
        return fail(ErrorCode::invalid, "restore rows: the backup has its text in {}, and the database in {}", then, now).with_advice("--to FILE writes the rows into a new file");
    }

    // Those that are to be there: the named ones; in a new file also those that have rows to be brought, or may have.
    std::vector<const ChosenTable*> wanted_tables() const {
        std::vector<const ChosenTable*> wanted;
        for (const auto& one : chosen_.tables()) {
            if (one.is_named || order_.into == Into::new_file) wanted.push_back(&one);
        }
        return wanted;
    }

    Result<void> make_missing() {
        for (const auto* one : wanted_tables()) {
            const Table* there_now = now_.find(one->table->name);
            if (there_now && !state_.damaged.contains(there_now->name)) continue;
            auto definition = TRY(definition_of(backup_, chosen_.schema(), *one->table));
            if (there_now) {
                HOLDFAST_ASSERT(one->list.empty());
                const auto sequence = definition.sequence;
                definition = TRY(there(definition_of(destination_, now_, *there_now)));
                definition.sequence = std::max(definition.sequence, sequence);
                TRY(there(drop_table(destination_, definition)));
                std::erase_if(now_.objects, [&](const SchemaObject& object) { return is_same_name(object.table, definition.name); });
            }
            TRY(there(make_table(destination_, now_, definition)));
            if (order_.into == Into::new_file) definition.triggers.clear();
            made_.push_back(std::move(definition));
        }
        if (order_.into == Into::new_file && order_.with_parents) TRY(make_parents());
        if (!made_.empty()) now_ = TRY(there(read_schema(destination_)));
        return {};
    }

    // The tables that made ones refer to, and those that these do.
    Result<void> make_parents() {
        for (std::size_t at = 0; at < made_.size(); ++at) {
            const Table* child = chosen_.schema().find(made_[at].name);
            for (const auto& reference : child->references) {
                const Table* parent = chosen_.schema().find(reference.parent);
                if (parent == nullptr || is_made(parent->name) || parent->kind != TableKind::ordinary) continue;
                auto definition = TRY(definition_of(backup_, chosen_.schema(), *parent));
                TRY(make_table(destination_, now_, definition));
                definition.triggers.clear();
                made_.push_back(std::move(definition));
            }
        }
        return {};
    }

    bool is_made(const std::string& table) const {
        return std::ranges::any_of(made_, [&](const TableDefinition& one) { return is_same_name(one.name, table); });
    }

    Result<void> expect_sound(const Soundness& found, const std::string& what) {
        if (found.verdict == Soundness::Verdict::sound) return {};
        if (found.verdict == Soundness::Verdict::indexes_differ) {
            return fail(ErrorCode::corrupt, "restore rows of {}: its indexes do not agree with its rows: {}", what, found.finding).with_advice("holdfast exec DATABASE \"REINDEX\" makes them anew; then again");
        }
        state_.is_damage_there = true;
        return fail(ErrorCode::corrupt, "look at {}: {}", what, found.finding);
    }

    // An index has no rows of its own: one that is there follows its table by itself.
    Result<void> expect_made(const ChosenTable& one) {
        if (!is_made(one.table->name)) return expect_writable_module(*one.table);
        brought_.tables.push_back({.table = one.table->name, .rows = {}, .is_made = true, .columns_left_out = {}, .columns_kept = {}});
        return {};
    }

    std::set<std::string, NameOrder> brought_indexes() const {
        std::set<std::string, NameOrder> names;
        for (const auto& one : chosen_.tables()) {
            if (one.table->kind == TableKind::virtual_table && !one.is_index) names.insert(one.table->name);
        }
        return names;
    }

    // All of a table that is compared whole, or is so small that it costs nothing. In a larger one damage is met, or not.
    Result<bool> is_looked_at(const Table& table) {
        if (table.kind != TableKind::ordinary) return false;
        if (std::ranges::any_of(chosen_.tables(), [&](const ChosenTable& one) { return one.list.empty() && is_same_name(one.table->name, table.name); })) return true;
        return TRY(there(destination_.integer(format("SELECT count(*) FROM (SELECT 1 FROM main.{} NOT INDEXED LIMIT {})", sqlite::quoted_name(table.name), looked_at_max + 1)))) <= looked_at_max;
    }

    Result<TableWriter*> writer_of(const Table& then) {
        auto& writer = writers_[then.name];
        if (writer) return writer.get();
        const Table* now = now_.find(then.name);
        HOLDFAST_ASSERT(now != nullptr);
        const bool is_empty = is_made(now->name);
        if (gate_) TRY(there(gate_->look_before(now_, now->name)));
        if (!is_empty && TRY(is_looked_at(*now))) TRY(expect_sound(TRY(there(soundness_of(destination_, *now))), printable(now->name)));
        if (!is_empty) TRY(there(indexes_->follow(*now)));
        auto large = TRY(there(large_columns_of(destination_, now_, {.then = then, .now = *now})));
        writer = std::make_unique<TableWriter>(TRY(there(TableWriter::open(destination_origin_, {.then = then, .now = *now, .backup = backup_origin_, .large = std::move(large), .form = form_,
                                                                                                 .on_conflict = order_.on_conflict, .is_empty = is_empty}))));
        return writer.get();
    }

    Result<void> bring_table(const ChosenTable& one) {
        if (now_.find(one.table->name) == nullptr) {
            brought_.notes.push_back(format("{} rows of {} are left out: there is no such table now; --table {} brings it back", TRY(chosen_.count(one)), printable(one.table->name), printable(one.table->name)));
            return {};
        }
        TableWriter* writer = TRY(writer_of(*one.table));
        const sqlite::Interruptible interruptible(backup_, watch_);
        auto rows = TRY(ChosenReader::open(chosen_, one, writer->then()));
        MovedRows moved(*writer);
        std::optional<sqlite::Statement> named;
        writer->let_step_aside([&](const RowValues& name) { return chosen_row(one, *writer, name, named); });
        std::deque<RowValues> waiting;
        const auto total = TRY(chosen_.count(one));
        for (std::uint64_t done = 0; auto row = TRY(rows.next()); ++done) {
            if (done % 1000 == 0) watch_.at({.phase = "bringing rows", .done = done, .total = total, .unit = "rows"});
            TRY(watch_.go_on());
            const auto written = TRY(there(writer->write(*row)));
            if (written.what == WrittenRow::What::inserted) TRY(there(moved.expect_new(*row)));
            if (written.what == WrittenRow::What::waits) waiting.push_back(std::move(*row));
            else TRY(there(note(*writer, *row, written)));
            if (waiting.size() > waiting_max) TRY(make_room(*writer, waiting));
        }
        TRY(settle(*writer, std::move(waiting)));
        writer->let_step_aside({});
        TRY(writer->expect_no_conflicts());
        return writer->expect_none_aside();
    }

    Result<std::optional<RowValues>> chosen_row(const ChosenTable& of, const TableWriter& writer, const RowValues& name, std::optional<sqlite::Statement>& statement) {
        if (!statement) statement = TRY(backup_.prepare(chosen_.row_sql(of, writer.then(), form_)));
        statement->reset();
        TRY(bind_row(*statement, 0, name, form_));
        if (!TRY(statement->step())) return std::optional<RowValues>();
        auto row = writer.then().read(*statement);
        statement->reset();
        return std::optional(std::move(row));
    }

    Result<void> note(TableWriter& writer, const RowValues& row, const WrittenRow& written) {
        const auto rowid = writer.rowid_in(row);
        const bool is_written = written.what == WrittenRow::What::inserted || written.what == WrittenRow::What::updated;
        if (is_written && rowid) indexes_->wrote(writer.pair().now, *rowid);
        return references_->note(writer, row, written);
    }

    Result<void> settle(TableWriter& writer, std::deque<RowValues> waiting) {
        TRY(write_waiting(writer, waiting));
        for (const auto& row : waiting) {
            const auto written = TRY(there(writer.write_at_last(row)));
            TRY(there(note(writer, row, written)));
        }
        return {};
    }

    Result<void> make_room(TableWriter& writer, std::deque<RowValues>& waiting) {
        TRY(write_waiting(writer, waiting));
        if (waiting.size() <= waiting_max / 2) return {};
        return fail(ErrorCode::unavailable, "restore rows of {}: {} of them wait for others to let go of unique values", printable(writer.pair().now.name), waiting.size())
            .with_advice("--where brings fewer at a time; --to FILE writes the backup's rows into a new file");
    }

    // As long as one of them lets go of a value that another one needs: from the last to the first, then the other way round.
    Result<void> write_waiting(TableWriter& writer, std::deque<RowValues>& waiting) {
        for (std::size_t before = waiting.size() + 1; waiting.size() < before;) {
            before = waiting.size();
            std::deque<RowValues> still;
            for (; !waiting.empty(); waiting.pop_back()) {
                auto written = TRY(there(writer.write(waiting.back())));
                if (written.what == WrittenRow::What::waits) still.push_back(std::move(waiting.back()));
                else TRY(there(note(writer, waiting.back(), written)));
            }
            waiting = std::move(still);
        }
        return {};
    }

    // A parent that is brought may need parents of its own.
    Result<void> settle_references() {
        while (auto open = TRY(there(references_->next_open()))) {
            TRY(watch_.go_on());
            const bool is_brought = order_.with_parents && !open->is_orphaned && TRY(bring_parent(*open));
            if (!is_brought && order_.into == Into::database) return references_->broken(*open, order_.with_parents ? References::Parents::sought : References::Parents::left_alone);
        }
        return {};
    }

    Result<bool> bring_parent(const OpenReference& reference) {
        const Table* then = chosen_.schema().find(reference.key->parent);
        const bool has_columns = then && std::ranges::all_of(reference.key->parent_columns, [&](const std::string& column) { return then->find(column) != nullptr; });
        if (!has_columns || now_.find(then->name) == nullptr || row_name_of(*then).empty()) return false;
        TableWriter* writer = TRY(writer_of(*then));
        auto found = TRY(backup_.prepare(format("SELECT {} FROM main.{} WHERE {}", writer->then().select_list(), sqlite::quoted_name(then->name),
                                                equal_to(quoted_names(reference.key->parent_columns), 0, form_))));
        TRY(bind_row(found, 0, reference.values, form_));
        if (!TRY(found.step())) return false;
        const auto row = writer->then().read(found);
        found.reset();  // lets go of large values
        auto written = there(writer->write_missing(row));
        if (!written) return std::move(written).error().while_doing(format("restore {}", reference.child_in_words));
        TRY(there(note(*writer, row, *written)));
        ++parents_[then->name];
        return true;
    }

    Result<void> complete_made() {
        for (const auto& definition : made_) TRY(there(complete_table(destination_, definition)));
        if (order_.into == Into::new_file) return {};
        for (const auto& definition : made_) {
            if (const auto why = what_its_triggers_lack(destination_, *now_.find(definition.name))) brought_.notes.push_back(*why);
        }
        for (const auto& child : now_.tables) {
            const bool refers = std::ranges::any_of(child.references, [&](const ForeignKey& key) { return is_made(key.parent); });
            if (refers && !is_made(child.name)) TRY(there(note_orphans(child)));
        }
        return {};
    }

    // Their parents came after the backup, and went with the table.
    Result<void> note_orphans(const Table& child) {
        auto broken = TRY(destination_.prepare(format("PRAGMA main.foreign_key_check({})", sqlite::quoted_name(child.name))));
        std::uint64_t rows = 0;
        while (TRY(broken.step())) rows += is_made(broken.column_text(2)) ? 1U : 0U;
        if (rows > 0) brought_.notes.push_back(format("{} rows of {} refer to rows that the backup has not", rows, printable(child.name)));
        return {};
    }

    std::vector<KeptIndexes::Written> written() const {
        std::vector<KeptIndexes::Written> tables;
        for (const auto& [name, writer] : writers_) {
            const bool is_changed = writer->counts().inserted > 0 || writer->counts().updated > 0;
            if (is_changed || is_made(name)) tables.push_back({.table = writer->pair().now.name, .is_made = is_made(name), .has_inserted = writer->counts().inserted > 0, .has_updated = writer->counts().updated > 0,
                                                              .has_new_rowids = writer->counts().new_rowids > 0});
        }
        for (const auto& one : chosen_.tables()) {
            if (one.is_index) tables.push_back({.table = one.table->name, .is_made = true});
        }
        return tables;
    }

    void tell(const TableWriter& writer) {
        const auto& name = writer.pair().now.name;
        const auto parents = parents_.find(writer.pair().then.name);
        brought_.tables.push_back({.table = name, .rows = writer.counts(), .parents = parents == parents_.end() ? 0 : parents->second, .is_made = is_made(name),
                                   .columns_left_out = writer.columns_left_out(), .columns_kept = writer.columns_kept()});
    }

    const ChosenRows& chosen_;
    sqlite::Connection& backup_;
    sqlite::Connection& destination_;
    const BringOrder& order_;
    BringState& state_;
    const Watch& watch_;
    Origin backup_origin_{.connection = backup_}, destination_origin_{.connection = destination_};
    TextForm form_ = TextForm::utf8;
    Schema now_;
    std::vector<TableDefinition> made_;
    std::map<std::string, std::unique_ptr<TableWriter>> writers_;  // by the backup's name
    std::map<std::string, std::uint64_t> parents_;
    std::unique_ptr<References> references_;
    const std::size_t unreadable_before_ = state_.unreadable.size();
    std::unique_ptr<ReferenceGate> gate_;
    std::unique_ptr<KeptIndexes> indexes_;
    Brought brought_;
};

}  // namespace

Result<Brought> bring_rows(const ChosenRows& chosen, sqlite::Connection& destination, const BringOrder& order, BringState& state, const Watch& watch) {
    state.is_damage_there = state.has_learned = false;
    Bringing bringing(chosen, destination, order, state, watch);
    auto brought = bringing.run();
    if (!brought && state.is_damage_there) TRY(bringing.learn());
    else if (!brought) bringing.learn_of_refusal(brought.error());
    return brought;
}

}  // namespace holdfast::rows
