#include "holdfast/operations/audited.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/store/local_store.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t numbers_max = 100'000;
constexpr std::size_t texts_max = 1000;

bool is_true(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    const auto* flag = value ? value->as_bool() : nullptr;
    return flag && *flag;
}
bool is_false(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    const auto* flag = value ? value->as_bool() : nullptr;
    return flag && !*flag;
}

bool says_nothing(const Json& value) {
    if (value.is_null()) return true;
    if (const auto* flag = value.as_bool()) return !*flag;
    if (const auto* text = value.as_text()) return text->empty();
    if (const auto* array = value.as_array()) return array->empty();
    const auto number = value.as_number();
    return number && *number == 0;
}

// "name", or "names.inner": that of each, or of the one.
Json chosen(const Json& from, std::string_view name) {
    const auto dot = name.find('.');
    const auto* value = from.find(name.substr(0, dot));
    if (value == nullptr) return {};
    if (dot == std::string_view::npos) return *value;
    if (value->as_object()) return chosen(*value, name.substr(dot + 1));
    Json::Array all;
    if (const auto* array = value->as_array()) {
        for (const auto& one : *array) {
            const auto* inner = one.find(name.substr(dot + 1));
            if (inner && all.size() < texts_max) all.push_back(*inner);
        }
    }
    return Json(std::move(all));
}

void tell(Json& details, const Json& from, const std::vector<std::string_view>& names) {
    for (const auto name : names) {
        std::string key(name);
        std::ranges::replace(key, '-', '_');
        if (auto value = chosen(from, name); !says_nothing(value)) details.set(std::move(key), std::move(value));
    }
}

std::vector<std::uint64_t> numbers_in(const Json& report, std::string_view name) {
    std::vector<std::uint64_t> numbers;
    const auto add = [&](const Json& value) {
        if (const auto number = value.as_integer(); number && *number > 0) numbers.push_back(static_cast<std::uint64_t>(*number));
    };
    const auto value = name.empty() ? Json() : chosen(report, name);
    if (const auto* array = value.as_array()) std::ranges::for_each(*array, add);
    else if (!value.is_null()) add(value);
    return numbers;
}

std::string text_in(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    const auto* text = value ? value->as_text() : nullptr;
    return text ? *text : std::string();
}

bool is_in_part(const Json& report) {
    if (!text_in(report, "failed_step").empty()) return true;
    if (is_true(report, "partial") || is_true(report, "skewed") || is_true(report, "unmet") || is_true(report, "damaged") || is_true(report, "hooks_incomplete") || is_true(report, "copies_incomplete")) return true;
    const auto* databases = report.find("databases");
    const auto* array = databases ? databases->as_array() : nullptr;
    return array && std::ranges::any_of(*array, [](const Json& database) { return is_true(database, "damaged"); });
}

void judge(AuditEntry& entry, const Json& report, const Error* failure) {
    if (failure != nullptr) {
        entry.outcome = "failed";
        entry.code = name_of(failure->code());
        entry.message = failure->message();
    } else if (is_false(report, "good") || is_false(report, "passed")) {
        entry.outcome = "failed";
        entry.code = name_of(ErrorCode::corrupt);
        entry.message = "damage was found";
    } else if (is_in_part(report)) {
        entry.outcome = "partial";
    }
}

// Those that the report does not tell of: of a failed operation, and of one that makes a backup on its way.
void tell_others_made(AuditEntry& entry, const std::vector<std::uint64_t>& made) {
    Json::Array others;
    for (const auto number : made)
        if (std::ranges::find(entry.numbers, number) == entry.numbers.end()) others.emplace_back(number);
    if (!others.empty()) entry.details.set("made", Json(std::move(others)));
}

}  // namespace

AuditOptions with_log_settings(Context& context, AuditOptions asked, const SettingsRequest& settings) {
    const auto loaded = load_settings(context, settings);
    if (!loaded) return asked;
    if (asked.file.empty()) asked.file = loaded->settings.log.audit;
    asked.with_user = asked.with_user || loaded->settings.log.names;
    return asked;
}

AuditedCall::AuditedCall(const Context& outer, std::string_view verb, const SettingsRequest& settings)
    : context_(outer), rule_(audit_rule(verb)), stopwatch_(outer.host.clock) {
    if (outer.audit) context_.audit = std::make_shared<AuditTrail>(with_log_settings(context_, outer.audit->options(), settings), std::string(verb));
}

void AuditedCall::belongs_to(const RepositoryMeant& meant) {
    if (!context_.audit->repository().empty()) return;
    OpenHow how;
    for (const auto& database : meant.databases) {
        if (auto path = host::canonical_or_future(context_.host.files, database)) how.databases.push_back(*std::move(path));
    }
    const auto place = find_repository(context_, meant.repository, how);
    const auto store = place && place->is_there ? store::open_local_store(context_.host, place->path, {}) : fail(ErrorCode::not_found, "find the repository");
    if (!store) return;
    const auto config = repository::read_config(**store);
    if (config) context_.audit->uses(config->id.hex());
}

void AuditedCall::write(const Json& request, const Json& report, const Error* failure) {
    if (is_true(request, "dry-run") || is_true(request, "list") || is_true(report, "dry_run")) return;
    if (failure == nullptr && !rule_->only_if.empty() && !is_true(report, rule_->only_if)) return;
    AuditEntry entry;
    entry.event = rule_->verb;
    entry.source = text_in(report, "source");
    if (entry.source.empty()) entry.source = text_in(request, "source");
    entry.numbers = numbers_in(report, rule_->numbers);
    if (entry.numbers.size() > numbers_max) {
        entry.details.set("numbers_in_all", entry.numbers.size());
        entry.numbers.resize(numbers_max);
    }
    tell_others_made(entry, context_.audit->made());
    judge(entry, report, failure);
    if (rule_->hides_message) entry.message.clear();
    tell(entry.details, request, rule_->asked);
    tell(entry.details, report, rule_->answered);
    entry.duration_ms = stopwatch_.ms();
    context_.audit->write(context_.host, std::move(entry));
}

}  // namespace holdfast::operations
