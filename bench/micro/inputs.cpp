#include "inputs.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "holdfast/base/text.h"

namespace holdfast::bench {
namespace {

// SQL of a number that follows from `n` and looks like chance: SQLite's own random() cannot be repeated.
std::string drawn(const std::string& n, int salt) { return format("((({0}) * 2654435761 + {1}) >> 7 & 1048575)", n, salt * 40503); }

std::string word(const std::string& n, int salt) {
    return format("(CASE {} % 8 WHEN 0 THEN 'delivery' WHEN 1 THEN 'customer' WHEN 2 THEN 'called again' WHEN 3 THEN 'invoice' "
                  "WHEN 4 THEN 'paid in cash' WHEN 5 THEN 'to be collected' WHEN 6 THEN 'no answer' ELSE 'damaged parcel' END)",
                  drawn(n, salt));
}

// The columns of the order with that number, after its id.
std::string columns(const std::string& n) {
    std::string note = word(n, 3);
    for (int salt = 4; salt < 14; ++salt) note += " || ' ' || " + word(n, salt) + " || ' ' || " + drawn(n, salt);
    return format("{} % 500 + 1, 1760000000 + {} * 37, {} / 100.0, {}, substr({}, 1, 20 + {} % 200)", drawn(n, 1), n, drawn(n, 2),
                  "CASE " + drawn(n, 20) + " % 5 WHEN 0 THEN 'open' WHEN 1 THEN 'shipped' ELSE 'done' END", note, drawn(n, 21));
}

std::string new_orders(int first, int last) {
    return format("INSERT INTO orders WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
                  "SELECT i, {} FROM n;",
                  first, last, columns("i"));
}

Bytes bytes_at(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return copy_of(bytes_of(text.view()));
}

}  // namespace

Folder::Folder() : path_((std::filesystem::temp_directory_path() / "holdfast_bench_XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) std::abort();
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Application::Application(int orders, const std::string& journal_mode)
    : connection_(must(sqlite::Connection::open(path(), {.mode = sqlite::OpenMode::create}))), orders_(orders) {
    must(connection_.execute(
        format("PRAGMA page_size={}; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=0;"
               "CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT);"
               "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INTEGER, at INTEGER, amount REAL, state TEXT, note TEXT);"
               "CREATE INDEX of_customer ON orders(customer, at); CREATE INDEX by_state ON orders(state, at);"
               "INSERT INTO customers WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
               "SELECT i, 'customer ' || i FROM n;",
               page_bytes) +
        new_orders(1, orders) + "PRAGMA journal_mode=" + journal_mode));
}

void Application::work(int commits) {
    for (const int last = worked_ + commits; worked_ < last; ++worked_) {
        const bool is_new = worked_ % 4 != 0;
        if (is_new) ++orders_;
        const auto older = static_cast<std::uint64_t>(worked_) * 2654435761U % static_cast<std::uint64_t>(orders_) + 1;
        must(connection_.execute(is_new ? new_orders(orders_, orders_)
                                        : format("UPDATE orders SET state = 'done', amount = amount + 1 WHERE id = {}", older)));
    }
}

const BeforeAndAfter& two_days() {
    static const BeforeAndAfter both = [] {
        constexpr int many_orders = 60'000, commits = 400;
        Application application(many_orders, "DELETE");
        BeforeAndAfter made;
        made.before = bytes_at(application.path());
        application.work(commits);
        made.after = bytes_at(application.path());
        const std::size_t whole = std::min(made.before.size(), made.after.size()) / limits::extent_size * limits::extent_size;
        made.before.resize(whole);
        made.after.resize(whole);
        return made;
    }();
    return both;
}

std::vector<std::size_t> changed_extents() {
    const auto& [before, after] = two_days();
    std::vector<std::size_t> changed;
    for (std::size_t i = 0; i < extents_in(after); ++i) {
        if (!std::ranges::equal(extent_of(before, i), extent_of(after, i))) changed.push_back(i);
    }
    return changed;
}

}  // namespace holdfast::bench
