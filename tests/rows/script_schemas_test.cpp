#include <random>
#include <set>

#include "holdfast/rows/index_settings.h"
#include "rows/script_world.h"

namespace holdfast::rows {
namespace {

// SQL of a database of seeded random shape: tables whose names are also those of others, views over views, their triggers,
// indexes and triggers that move, and full-text indexes over tables, over views, and of their own.
class RandomSchema {
public:
    explicit RandomSchema(std::mt19937_64& engine) : engine_(engine) {
        for (const std::string table : {"t", "u", "w"}) {
            if (tables_.empty() || !chance(3)) make_table(table);
        }
        for (const std::string view : {"v", "x", "y"}) {
            if (chance(2)) make_view(view);
        }
        for (const std::string index : {"i", "I", "j", "k"}) {
            if (chance(2)) add(format("CREATE INDEX IF NOT EXISTS {} ON {}({}){}", index, one_of(tables_), one_of({"a", "b", "a, b", "lower(a)"}), one_of({"", " WHERE a IS NOT NULL", " -- all\n"})));
        }
        for (const std::string trigger : {"r", "R", "q"}) {
            if (chance(2)) add(format("CREATE TRIGGER IF NOT EXISTS {} AFTER {} ON {} BEGIN DELETE FROM {}; END", trigger, one_of({"INSERT", "UPDATE", "DELETE"}), one_of(tables_), one_of(tables_)));
        }
        for (const std::string index : {"f", "g"}) {
            if (chance(2)) make_full_text(index);
        }
    }
    std::string sql() const { return sql_; }

private:
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(engine_() % end); }
    bool chance(std::size_t in) { return below(in) == 0; }
    std::string one_of(const std::vector<std::string>& words) { return words[below(words.size())]; }
    void add(const std::string& statement) { sql_ += statement + ";\n"; }
    std::string words() { return "'" + one_of({"red", "green", "it''s"}) + one_of({"", " blue", " red pink"}) + "'"; }

    void make_table(const std::string& name) {
        tables_.push_back(name);
        add(format("CREATE TABLE {}({})", name, one_of({"id INTEGER PRIMARY KEY, a, b", "id INTEGER PRIMARY KEY, b, a", "id INTEGER PRIMARY KEY, a, b, c DEFAULT 5", "id INTEGER PRIMARY KEY, a, b DEFAULT CURRENT_TIMESTAMP"})));
        for (std::size_t rows = below(6); rows > 0; --rows) add(format("INSERT OR IGNORE INTO {}(id, a, b) VALUES ({}, {}, {})", name, below(20), words(), words()));
    }
    void make_view(const std::string& name) {
        auto sources = tables_;
        std::ranges::copy(views_, std::back_inserter(sources));
        add(format("CREATE VIEW {} AS SELECT id, a, b FROM {}{}", name, one_of(sources), one_of({"", " WHERE id > 3", " ORDER BY a -- all\n", " /* ; */"})));
        views_.push_back(name);
        if (!chance(3)) add(format("CREATE TRIGGER {}{} INSTEAD OF {} ON {} BEGIN DELETE FROM {}; END", one_of({"on_", "ON_"}), name, one_of({"INSERT", "DELETE"}), name, one_of(tables_)));
    }
    void make_full_text(const std::string& name) {
        const std::string content = !views_.empty() && chance(2) ? one_of(views_) : one_of(tables_);
        switch (below(4)) {
            case 0: add(format("CREATE VIRTUAL TABLE {0} USING fts4(a, b, languageid='lid'); INSERT INTO {0}(a, b, lid) VALUES ({1}, {1}, {2})", name, words(), below(3))); return;
            case 1: add(format("CREATE VIRTUAL TABLE {0} USING fts5(a, b); INSERT INTO {0}(rowid, a, b) VALUES ({2}, {1}, {1})", name, words(), below(9))); break;
            default: add(format("CREATE VIRTUAL TABLE {0} USING fts5(a, b, content='{1}', content_rowid='id'); INSERT INTO {0}({0}) VALUES ('rebuild')", name, content));
        }
        if (chance(2)) add(format("INSERT INTO {0}({0}, rank) VALUES ('rank', 'bm25({1}.0)')", name, below(3)));
    }

    std::mt19937_64& engine_;
    std::vector<std::string> tables_, views_;
    std::string sql_;
};

// With the languages of FTS4, and what FTS5 was told.
std::set<std::string> hidden_of(const sqlite::Image& image) {
    auto connection = copy_of_image(image);
    std::set<std::string> all;
    for (const auto& table : must(read_schema(connection)).tables) {
        if (table.module == "fts4") all.insert(table.name + must(connection.text(format("SELECT coalesce(group_concat(docid || ':' || lid), '') FROM {}", table.name))));
        for (const auto& [name, value] : must(settings_of(connection, table))) all.insert(format("{} {} {}", table.name, name, value));
    }
    return all;
}

TEST(Script, TurnsRandomSchemasIntoOneAnotherBothWays) {
    for (int seed = 1; seed <= seeds(); ++seed) {
        SCOPED_TRACE(format("seed {}", seed));
        std::mt19937_64 engine(static_cast<std::uint64_t>(seed));
        const auto one = made_by(RandomSchema(engine).sql()), other = made_by(RandomSchema(engine).sql());
        for (const auto& [before, after] : {std::pair(one.get(), other.get()), std::pair(other.get(), one.get())}) {
            expect_turns(*before, *after);
            if (::testing::Test::HasFatalFailure()) return;
            auto made = copy_of_image(*before);
            must(made.execute(script_of(*before, *after)));
            ASSERT_EQ(hidden_of(*image_of(made)), hidden_of(*after));
        }
    }
}

}  // namespace
}  // namespace holdfast::rows
