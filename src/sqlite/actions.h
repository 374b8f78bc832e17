// ActionRecorder: what statements are about to do, as SQLite itself says it while it prepares them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

// What SQLite's authorizer is asked (https://sqlite.org/c3ref/c_alter_table.html), as far as it matters here. Of what
// virtual tables prepare for themselves it is asked too: an R-Tree that is only read shows writes to its own tables.
struct Action {
    enum class Kind { insert, update, remove, create, drop, alter, analyze, reindex, pragma, transaction, savepoint, attach, detach };
    Kind kind{};
    std::string name;      // table, index, view, trigger; pragma; BEGIN, COMMIT, ROLLBACK; savepoint; file, where it is a literal
    std::string argument;  // of a pragma that has one
    bool has_argument = false;
    std::string database;  // main, temp, or the name of an attached one; empty: not said
    std::string trigger = {};  // the innermost trigger or view in which it is done; empty: the statement does it itself
};

// While it lives, it is the connection's authorizer; one at a time. The connection must outlive it.
class ActionRecorder {
public:
    // `may` is asked before an action is recorded, also while statements run; one that may not makes the statement fail
    // (`denied`). Without it everything may; but fts3_tokenizer() never, as SQLite takes a bound value for an address.
    ActionRecorder(Connection& connection, std::function<bool(const Action&)> may = {});
    ActionRecorder(const ActionRecorder&) = delete;
    ActionRecorder& operator=(const ActionRecorder&) = delete;
    ~ActionRecorder();
    std::vector<Action> take();  // what was recorded since the last time

private:
    struct Open;
    std::unique_ptr<Open> open_;
};

}  // namespace holdfast::sqlite
