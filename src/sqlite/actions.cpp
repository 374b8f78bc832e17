#include "holdfast/sqlite/actions.h"

#include <sqlite3.h>

#include <optional>
#include <string_view>
#include <utility>

namespace holdfast::sqlite {

struct ActionRecorder::Open {
    sqlite3* connection;
    std::function<bool(const Action&)> may;
    std::vector<Action> seen;
};

namespace {

constexpr std::size_t actions_max = 10'000;  // of one statement; more say nothing new

std::string text_of(const char* text) { return text ? text : ""; }

std::optional<Action::Kind> kind_of(int code) {
    using Kind = Action::Kind;
    switch (code) {
        case SQLITE_INSERT: return Kind::insert;
        case SQLITE_UPDATE: return Kind::update;
        case SQLITE_DELETE: return Kind::remove;
        case SQLITE_ALTER_TABLE: return Kind::alter;
        case SQLITE_ANALYZE: return Kind::analyze;
        case SQLITE_REINDEX: return Kind::reindex;
        case SQLITE_PRAGMA: return Kind::pragma;
        case SQLITE_TRANSACTION: return Kind::transaction;
        case SQLITE_SAVEPOINT: return Kind::savepoint;
        case SQLITE_ATTACH: return Kind::attach;
        case SQLITE_DETACH: return Kind::detach;
        case SQLITE_CREATE_INDEX:
        case SQLITE_CREATE_TABLE:
        case SQLITE_CREATE_TEMP_INDEX:
        case SQLITE_CREATE_TEMP_TABLE:
        case SQLITE_CREATE_TEMP_TRIGGER:
        case SQLITE_CREATE_TEMP_VIEW:
        case SQLITE_CREATE_TRIGGER:
        case SQLITE_CREATE_VIEW:
        case SQLITE_CREATE_VTABLE: return Kind::create;
        case SQLITE_DROP_INDEX:
        case SQLITE_DROP_TABLE:
        case SQLITE_DROP_TEMP_INDEX:
        case SQLITE_DROP_TEMP_TABLE:
        case SQLITE_DROP_TEMP_TRIGGER:
        case SQLITE_DROP_TEMP_VIEW:
        case SQLITE_DROP_TRIGGER:
        case SQLITE_DROP_VIEW:
        case SQLITE_DROP_VTABLE: return Kind::drop;
        default: return std::nullopt;
    }
}

// The connection's settings refuse it addresses that stand in the SQL; bound ones it takes nevertheless.
bool is_unsafe_function(int code, const char* name) {
    return code == SQLITE_FUNCTION && name && std::string_view(name) == "fts3_tokenizer";
}

// The arguments of SQLite's authorizer, whose places depend on the code.
Action action_of(Action::Kind kind, const char* third, const char* fourth, const char* fifth) {
    Action action{.kind = kind, .name = text_of(third), .argument = {}, .database = text_of(fifth)};
    if (kind == Action::Kind::alter) {
        action.database = text_of(third);
        action.name = text_of(fourth);
    } else if (kind == Action::Kind::savepoint) {
        action.name = text_of(fourth);
    } else if (kind == Action::Kind::pragma) {
        action.argument = text_of(fourth);
        action.has_argument = fourth != nullptr;
    }
    return action;
}

}  // namespace

ActionRecorder::ActionRecorder(Connection& connection, std::function<bool(const Action&)> may)
    : open_(std::make_unique<Open>(Open{connection.handle(), std::move(may), {}})) {
    const auto ask = [](void* self, int code, const char* third, const char* fourth, const char* fifth, const char* sixth) noexcept {
        Open& open = *static_cast<Open*>(self);
        const auto kind = kind_of(code);
        if (!kind) return is_unsafe_function(code, fourth) ? SQLITE_DENY : SQLITE_OK;
        Action action = action_of(*kind, third, fourth, fifth);
        action.trigger = text_of(sixth);
        const bool is_allowed = !open.may || open.may(action);
        if (open.seen.size() < actions_max) open.seen.push_back(std::move(action));
        return is_allowed ? SQLITE_OK : SQLITE_DENY;
    };
    sqlite3_set_authorizer(open_->connection, ask, open_.get());
}

ActionRecorder::~ActionRecorder() { sqlite3_set_authorizer(open_->connection, nullptr, nullptr); }

std::vector<Action> ActionRecorder::take() { return std::exchange(open_->seen, {}); }

}  // namespace holdfast::sqlite
