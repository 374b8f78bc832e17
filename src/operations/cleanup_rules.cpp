#include "holdfast/operations/cleanup_rules.h"

#include "holdfast/operations/duration.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/source_of_databases.h"

namespace holdfast::operations {

namespace {

Result<live::CleanupRule> rule_of_flags(const CleanupRuleText& text) {
    if (text.table.empty() || text.column.empty() || text.older_than.empty()) {
        return fail(ErrorCode::invalid, "clean up by a rule: it needs a table, a column and an age").with_advice("--table sessions --column ended_at --older-than 30d");
    }
    const auto older_than_s = TRY(parse_duration_s(text.older_than));
    return live::CleanupRule{.table = text.table, .column = text.column, .older_than_s = older_than_s, .where = text.where};
}

}  // namespace

Result<std::vector<live::CleanupRule>> cleanup_rules(Context& context, const CleanupQuestion& question) {
    if (question.said.is_any()) return std::vector{TRY(rule_of_flags(question.said.rule))};
    const auto loaded = TRY(load_settings(context, question.settings));
    const auto name = source_of_database(context, loaded.settings, question.database);
    auto rules = cleanup_of(loaded, name);
    if (rules.empty() || loaded.source(name)->databases.size() < 2) return rules;
    TRY(live::with_frozen(context.host, question.database, freeze_options(context),
                          {.first_look = {}, .use = [&](const sqlite::Image& image, const live::FreezeFacts&) { return live::keep_rules_for(image, rules); }}));
    return rules;
}

}  // namespace holdfast::operations
