#include "holdfast/operations/agreement_questions.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/named_path.h"
#include "holdfast/sqlite/ask_image.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t names_max = 10'000;

class Asking {
public:
    Asking(Context& context, const AgreementSettings& settings, const sqlite::Image* image) : context_(context), settings_(settings), image_(image) {}

    Result<std::vector<SqlValue>> column(sqlite::ColumnQuestion question) const {
        if (image_ == nullptr) return fail(ErrorCode::not_found, "its database is not there").with_advice("database = \"...\" with one of the source's");
        if (image_->last_page().value == 0) return std::vector<SqlValue>{};
        return sqlite::ask_column(*image_, question, context_.watch, {.clock = &context_.host.clock, .time_ms_max = settings_.time_limit * 1000});
    }
    Result<std::vector<std::int64_t>> ids(const std::string& sql, const std::string& name) const {
        std::vector<std::int64_t> ids;
        for (const auto& value : TRY(column({.sql = sql, .name = name}))) {
            const auto* id = std::get_if<std::int64_t>(&value);
            if (id == nullptr) return fail(ErrorCode::invalid, "one of the ids is no whole number: {}", sql);
            ids.push_back(*id);
        }
        return ids;
    }
    // NULL, and no answer: nothing is known, and nothing asked for.
    Result<std::optional<std::uint64_t>> number(const std::string& sql, const std::string& name) const {
        std::optional<std::uint64_t> none;
        const auto values = TRY(column({.sql = sql, .name = name}));
        if (values.empty() || std::holds_alternative<std::monostate>(values.front())) return none;
        const auto* number = std::get_if<std::int64_t>(&values.front());
        if (number == nullptr || *number < 0) return fail(ErrorCode::invalid, "the answer is no count: {}", sql);
        return std::optional(static_cast<std::uint64_t>(*number));
    }
    Result<std::optional<std::string>> text(const std::string& sql, const std::string& name) const {
        const auto values = TRY(column({.sql = sql, .name = name}));
        const auto* text = values.empty() ? nullptr : std::get_if<std::string>(&values.front());
        return text == nullptr ? std::optional<std::string>() : std::optional(*text);
    }
    Result<std::set<std::string>> names(const std::string& sql) const {
        std::set<std::string> names;
        for (const auto& value : TRY(column({.sql = sql, .name = {}, .rows_max = names_max}))) {
            const auto* number = std::get_if<std::int64_t>(&value);
            const auto* text = std::get_if<std::string>(&value);
            const std::string name = number != nullptr ? std::to_string(*number) : text != nullptr ? *text : "";
            if (!NamedPath::is_name(name)) return fail(ErrorCode::invalid, "one of the names can be no part of a file's name: {}", sql);
            names.insert(name);
        }
        return names;
    }

private:
    Context& context_;
    const AgreementSettings& settings_;
    const sqlite::Image* image_;
};

Result<void> ask(const Asking& asking, ThingToAgree& thing) {
    const auto& settings = *thing.settings;
    if (!settings.ids.empty()) thing.wanted.ids = TRY(asking.ids(settings.ids, thing.name));
    if (!settings.count.empty()) thing.wanted.count = TRY(asking.number(settings.count, thing.name));
    if (!settings.dimension.empty()) thing.wanted.dimension = TRY(asking.number(settings.dimension, thing.name));
    if (!settings.model.empty()) thing.model = TRY(asking.text(settings.model, thing.name));
    return {};
}

Result<std::vector<NamedPath>> parsed(Context& context, const std::vector<std::string>& paths) {
    std::vector<NamedPath> all;
    for (const auto& path : paths) all.push_back(TRY(TRY(NamedPath::parse(path)).in_canonical_folder(context.host.files)));
    return all;
}

// SQLite's own look at another database of the source, and the ids in it.
Result<agree::Look> look_at_database(Context& context, const AgreementSettings& settings, const sqlite::Image& image) {
    const auto outcome = TRY(check_image(image, context.watch));
    const std::string finding = outcome.findings.empty() ? "" : outcome.findings.front();
    if (outcome.verdict == sqlite::CheckOutcome::Verdict::damaged) return fail(ErrorCode::corrupt, "SQLite finds it damaged: {}", finding);
    agree::Look look;
    look.type = "sqlite";
    if (settings.ids.empty() && settings.count.empty()) return look;
    look.ids = TRY(Asking(context, settings, &image).ids(settings.ids_in, ""));
    look.count = look.ids->size();
    return look;
}

Result<void> look_at_databases(Context& context, const std::vector<DatabaseToAgree>& databases, ThingToAgree& thing) {
    for (const auto& path : thing.files) {
        if (kind_of(*thing.settings, path) != "sqlite") continue;
        const auto at = std::ranges::find(databases, path, &DatabaseToAgree::path);
        auto look = at == databases.end() ? Result<agree::Look>(fail(ErrorCode::not_found, "it is none of the source's databases").with_advice("name it in databases"))
                                          : look_at_database(context, *thing.settings, *at->image);
        TRY(context.watch.go_on());
        thing.databases[path] = look ? agree::compare(*std::move(look), thing.wanted) : agree::of_failure(look.error());
    }
    return {};
}

}  // namespace

std::string kind_of(const AgreementSettings& settings, const std::string& path) {
    if (!settings.kind.empty()) return settings.kind;
    for (const auto& [ending, kind] : {std::pair(".index", "faiss"), std::pair(".faiss", "faiss"), std::pair(".npz", "npz"), std::pair(".npy", "npy"), std::pair(".json", "json"),
                                       std::pair(".jsonl", "json"), std::pair(".ndjson", "json"), std::pair(".db", "sqlite"), std::pair(".sqlite", "sqlite"), std::pair(".sqlite3", "sqlite")}) {
        if (path.ends_with(ending)) return kind;
    }
    return "";
}

Result<const DatabaseToAgree*> database_of(Context& context, const AgreementSettings& settings, const std::vector<DatabaseToAgree>& databases) {
    const DatabaseToAgree* none = nullptr;
    if (settings.database.empty()) return databases.empty() ? none : &databases.front();
    const auto path = TRY(host::canonical_or_future(context.host.files, settings.database));
    const auto at = std::ranges::find(databases, path, &DatabaseToAgree::path);
    return at == databases.end() ? none : &*at;
}

Result<std::vector<ThingToAgree>> things_to_agree(Context& context, const AgreementSettings& settings, const AgreementQuestions& where) {
    const auto files = TRY(parsed(context, settings.files)), needs = TRY(parsed(context, settings.needs));
    const auto meta = TRY(parsed(context, settings.meta.empty() ? std::vector<std::string>() : std::vector{settings.meta}));
    const auto* database = TRY(database_of(context, settings, where.databases));
    const Asking asking(context, settings, database == nullptr ? nullptr : database->image);
    std::set<std::string> names;
    for (const auto& pattern : files) {
        if (!pattern.has_name()) continue;
        for (const auto& file : TRY(where.files.names(pattern.folder()))) {
            if (auto name = pattern.name_of(file)) names.insert(*std::move(name));
        }
    }
    auto demanded = settings.each.empty() ? Result<std::set<std::string>>(std::set<std::string>()) : asking.names(settings.each);
    TRY(context.watch.go_on());
    const bool is_named = std::ranges::any_of(files, &NamedPath::has_name);
    if (demanded) names.insert(demanded->begin(), demanded->end());
    if (!is_named || (names.empty() && (!demanded || (settings.each.empty() && !settings.optional)))) names.insert("");
    std::vector<ThingToAgree> things;
    for (const auto& name : names) {
        ThingToAgree thing;
        thing.settings = &settings;
        thing.name = name;
        const bool is_of_none = is_named && name.empty();  // there is no file, and no name for one
        for (const auto& pattern : files) thing.files.push_back(pattern.path_of(is_of_none ? "*" : name));
        for (const auto& pattern : needs) thing.needs.push_back(pattern.path_of(is_of_none ? "*" : name));
        if (!meta.empty()) thing.meta = meta.front().path_of(is_of_none ? "*" : name);
        thing.is_demanded = (demanded && demanded->contains(name)) || (!settings.optional && settings.each.empty() && (!is_named || is_of_none));
        const auto asked = demanded ? ask(asking, thing) : Result<void>(demanded.error().copy());
        TRY(context.watch.go_on());
        if (!asked) thing.unanswered = asked.error().copy();
        TRY(look_at_databases(context, where.databases, thing));
        things.push_back(std::move(thing));
    }
    return things;
}

}  // namespace holdfast::operations
