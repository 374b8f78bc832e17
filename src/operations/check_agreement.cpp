#include "holdfast/operations/check_agreement.h"

#include <algorithm>

#include "holdfast/agree/ask_program.h"
#include "holdfast/agree/faiss.h"
#include "holdfast/agree/json_file.h"
#include "holdfast/agree/npz.h"
#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/live/replace.h"
#include "holdfast/operations/own_program.h"

namespace holdfast::operations {

namespace {

using agree::Agreement;
using agree::Verdict;

// Beside this program, as it is built; or where programs lie that only programs start.
Result<std::string> faiss_program_of(Context& context) {
    const auto folder = host::folder_of(TRY(own_program(context)));
    for (const auto& place : {folder, host::folder_of(folder) + "/libexec/holdfast"}) {
        std::string path = host::join_path(place, agree::faiss_program);
        if (TRY(host::exists(context.host.files, path))) return path;
    }
    return std::string();
}

std::optional<std::uint64_t> whole_number_at(const Json& json, const std::string& pointer) {
    const auto* value = pointer.empty() ? nullptr : agree::find_pointer(json, pointer);
    const auto number = value == nullptr ? Result<std::int64_t>(fail(ErrorCode::not_found, "nothing")) : value->as_integer();
    return number && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

// One thing being judged.
class Judging {
public:
    Judging(Context& context, const AgreementOrder& order, const AgreementMatter& matter, ThingToAgree& thing)
        : context_(context), order_(order), matter_(matter), thing_(thing), settings_(*thing.settings) {}

    // `database`: where a command finds the one that is asked, as a file.
    Result<AgreementResult> judge(const std::string& database) {
        result_.name = thing_.name;
        result_.file = thing_.files.empty() ? "" : thing_.files.front();
        if (thing_.unanswered) could_not_.push_back(thing_.unanswered->text());
        TRY(look_beside());
        if (settings_.kind == "command" && thing_.files.empty()) {
            result_.kind = "command";
            take(TRY(asked_command("", database)), "");
        }
        for (const auto& path : thing_.files) TRY(look_at(path, database));
        conclude();
        return std::move(result_);
    }

private:
    agree::LookBounds bounds() const {
        agree::LookBounds bounds;
        const auto end_ns = context_.host.clock.monotonic_ns() + settings_.time_limit * nanoseconds_per_second;
        bounds.is_over = [&clock = context_.host.clock, end_ns] { return clock.monotonic_ns() >= end_ns; };
        bounds.watch = context_.watch;
        return bounds;
    }

    // What must be there besides: whether it is, and what it says.
    Result<void> look_beside() {
        auto beside = thing_.needs;
        if (!thing_.meta.empty()) beside.push_back(thing_.meta);
        for (const auto& path : beside) {
            const auto size = TRY(matter_.files.size(path));
            if (size.value_or(0) == 0) {
                if (is_expected()) wrong_.push_back(format("{} is {}", printable(path), size ? "empty" : "missing"));
                continue;
            }
            result_.files.push_back(path);
            if (kind_of({}, path) != "json") continue;
            const auto json = TRY(read_beside(path));
            if (json && path == thing_.meta) take_meta(*json);
        }
        return {};
    }
    // Where nothing is, and nothing has to be, nothing is missing beside it.
    bool is_expected() {
        if (thing_.is_demanded) return true;
        return std::ranges::any_of(thing_.files, [&](const auto& path) {
            const auto size = matter_.files.size(path);
            return size && size->value_or(0) > 0;
        });
    }
    Result<std::optional<Json>> read_beside(const std::string& path) {
        std::optional<Json> none;
        auto file = matter_.files.open(path);
        auto json = file ? agree::read_json(context_.host.files, file->path, bounds()) : Result<Json>(std::move(file).error());
        TRY(context_.watch.go_on());
        if (json) return std::optional(*std::move(json));
        (json.error().code() == ErrorCode::corrupt ? wrong_ : could_not_).push_back(format("{}: {}", printable(path), json.error().message()));
        return none;
    }
    void take_meta(const Json& json) {
        const auto dimension = whole_number_at(json, settings_.meta_dimension);
        if (!settings_.meta_dimension.empty() && !dimension) wrong_.push_back(format("{} tells no dimension at {}", printable(thing_.meta), printable(settings_.meta_dimension)));
        if (dimension && thing_.wanted.dimension && *dimension != *thing_.wanted.dimension) {
            wrong_.push_back(format("{} says dimension {}, and the database {}", printable(thing_.meta), *dimension, *thing_.wanted.dimension));
        }
        if (dimension) thing_.wanted.dimension = dimension;
        if (settings_.meta_model.empty()) return;
        const auto* value = agree::find_pointer(json, settings_.meta_model);
        const auto* model = value == nullptr ? nullptr : value->as_text();
        if (model == nullptr) return wrong_.push_back(format("{} tells no model at {}", printable(thing_.meta), printable(settings_.meta_model)));
        result_.model = *model;
        if (thing_.model && *thing_.model != *model) wrong_.push_back(format("{} says model {}, and the database {}", printable(thing_.meta), printable(*model), printable(*thing_.model)));
    }

    Result<void> look_at(const std::string& path, const std::string& database) {
        const auto kind = kind_of(settings_, path);
        if (result_.kind.empty()) result_.kind = kind;
        if (kind == "sqlite") {
            result_.files.push_back(path);
            take(std::move(thing_.databases[path]), path);
            return {};
        }
        const auto size = TRY(matter_.files.size(path));
        if (!size) return {};
        result_.files.push_back(path);
        const bool is_vectors = kind == "faiss" || kind == "npz" || kind == "npy";
        if (*size == 0 && is_vectors) return take_empty(path);
        auto looked = looked_at(path, database);
        TRY(context_.watch.go_on());
        take(looked ? *std::move(looked) : agree::of_failure(looked.error()), path);
        return {};
    }
    Result<Agreement> looked_at(const std::string& path, const std::string& database) {
        const auto kind = kind_of(settings_, path);
        if (kind.empty()) return fail(ErrorCode::invalid, "its name does not say what it is").with_advice("kind = \"faiss\" in its settings");
        const auto file = TRY(matter_.files.open(path));
        if (kind == "command") return asked_command(file.path, database);
        auto wanted = thing_.wanted;
        auto look = look_at_file(kind, file.path);
        if (!look) return by_known_name(std::move(look).error(), file.path, path);
        return agree::compare(*std::move(look), std::move(wanted));
    }
    // Libraries name the file that they were given: a copy that is gone when somebody reads of it.
    static Error by_known_name(Error error, const std::string& copy, const std::string& path) {
        std::string text = error.message();
        if (copy == path || text.find(copy) == std::string::npos) return error;
        for (auto at = text.find(copy); at != std::string::npos; at = text.find(copy, at + path.size())) text.replace(at, copy.size(), path);
        return fail(error.code(), "{}", printable(text)).with_advice(error.advice());
    }
    Result<agree::Look> look_at_file(const std::string& kind, const std::string& file) {
        auto& files = context_.host.files;
        if (kind == "npz") return agree::look_at_npz(files, file, {.ids = settings_.ids_in, .vectors = settings_.vectors_in}, bounds());
        if (kind == "npy") return agree::look_at_npy(files, file, bounds());
        if (kind == "json") return agree::look_at_json(files, file, settings_.ids_in.starts_with("/") ? settings_.ids_in : "", bounds());
        const auto status = TRY(files.status(file));
        return agree::look_at_faiss({.program = TRY(faiss_program_of(context_)), .path = file, .size = status.size, .time_ms_max = settings_.time_limit * 1000}, bounds());
    }
    Result<Agreement> asked_command(const std::string& file, const std::string& database) {
        const auto asked = agree::ask_program({.command = settings_.command,
                                               .folder = order_.folder,
                                               .environment = {{"HOLDFAST_FILE", file}, {"HOLDFAST_NAME", thing_.name}, {"HOLDFAST_DATABASE", database}},
                                               .time_ms_max = settings_.time_limit * 1000},
                                              context_.watch);
        TRY(context_.watch.go_on());
        return asked ? Agreement() : agree::of_failure(asked.error());
    }

    Result<void> take_empty(const std::string& path) {
        if (settings_.empty == "error") {
            wrong_.push_back(format("{} is empty", printable(path)));
            return {};
        }
        placeholder_ = path;
        const auto before = matter_.before ? TRY(matter_.before(path)) : FileBefore();
        if (before.is_gone) result_.emptied = "it was not before, and the backup that had its content is gone";
        else if (before.size > 0) result_.emptied = format("it was not in backup #{0}: holdfast restore {0} --to FOLDER brings that back", before.number.value);
        return {};
    }
    void take(Agreement agreement, const std::string& path) {
        agreement.what = path;
        judged_.push_back(std::move(agreement));
    }

    // One that agrees is the one in use. Otherwise everything that is wrong is told, and the first one's facts.
    void conclude() {
        const auto good = std::ranges::find(judged_, Verdict::agrees, &Agreement::verdict);
        for (const auto& one : judged_) {
            for (const auto& reason : one.reasons) {
                const std::string told = thing_.files.size() < 2 ? reason : format("{}: {}", printable(one.what), reason);
                if (good != judged_.end()) result_.notes.push_back(told);
                else (one.verdict == Verdict::disagrees ? wrong_ : could_not_).push_back(told);
            }
        }
        if (good != judged_.end()) take_facts(*good);
        else if (!judged_.empty()) take_facts(judged_.front());
        if (judged_.empty() && !thing_.files.empty()) tell_lack();
        result_.reasons = wrong_;
        std::ranges::copy(could_not_, std::back_inserter(result_.reasons));
        const bool is_placeholder = good == judged_.end() && placeholder_ && judged_.empty();
        const auto verdict = !wrong_.empty() ? Verdict::disagrees : !could_not_.empty() ? Verdict::could_not : is_placeholder ? Verdict::placeholder : Verdict::agrees;
        result_.verdict = name_of(verdict);
        const bool is_loss = !result_.emptied.empty() && judged_.empty();
        if (!is_loss) result_.emptied.clear();
        if (is_placeholder || is_loss) result_.file = *placeholder_;
        else if (placeholder_) result_.notes.push_back(format("{} is an empty placeholder", printable(*placeholder_)));
    }
    // There is no file that could agree.
    void tell_lack() {
        const bool has_to_hold = thing_.wanted.count.value_or(0) > 0 || (thing_.wanted.ids && !thing_.wanted.ids->empty());
        if (!result_.emptied.empty()) wrong_.push_back(format("{} is empty, and {}", printable(*placeholder_), result_.emptied));
        else if (placeholder_ && (thing_.is_demanded || has_to_hold)) wrong_.push_back(format("{} is only an empty placeholder, and {}", printable(*placeholder_), has_to_hold ? "something has to be in it" : "there is no other file in its place"));
        else if (!placeholder_ && thing_.is_demanded) wrong_.push_back(format("{} {} missing", all_files(), thing_.files.size() == 1 ? "is" : "are all"));
    }
    std::string all_files() const {
        std::string all;
        for (const auto& path : thing_.files) all += (all.empty() ? "" : ", ") + printable(path);
        return all;
    }
    void take_facts(const Agreement& from) {
        if (!from.what.empty()) {
            result_.file = from.what;
            result_.kind = kind_of(settings_, from.what);
        }
        result_.type = from.facts.type;
        result_.metric = from.facts.metric;
        result_.count = from.facts.count;
        result_.dimension = from.facts.dimension;
        result_.missing_in_database = from.missing_in_database.count;
        result_.first_missing_in_database = from.missing_in_database.first;
        result_.missing_in_index = from.missing_in_index.count;
        result_.first_missing_in_index = from.missing_in_index.first;
    }

    Context& context_;
    const AgreementOrder& order_;
    const AgreementMatter& matter_;
    ThingToAgree& thing_;
    const AgreementSettings& settings_;
    AgreementResult result_;
    std::vector<Agreement> judged_;
    std::vector<std::string> wrong_, could_not_;
    std::optional<std::string> placeholder_;
};

// A database as a file for a command, which may open it as it likes.
struct DatabaseFile {
    std::string path;
    std::optional<TemporaryPlace> place;
};
Result<DatabaseFile> database_file(Context& context, const AgreementSettings& settings, const std::vector<DatabaseToAgree>& databases) {
    DatabaseFile file;
    const auto* database = TRY(database_of(context, settings, databases));
    if (settings.kind != "command" || database == nullptr) return file;
    file.path = database->file;
    if (!file.path.empty()) return file;
    file.place.emplace(TRY(TemporaryPlace::make(context, {.bytes = database->image->size()})));
    file.path = host::join_path(file.place->path(), host::file_name_of(database->path));
    host::WorkerPool pool({.threads = 0, .low_priority = false});
    TRY(live::write_new_file(context.host, pool, *database->image, {.path = file.path}, context.watch));
    return file;
}

}  // namespace

Result<std::vector<AgreementResult>> check_agreement(Context& context, const AgreementOrder& order, const AgreementMatter& matter) {
    struct Asked {
        std::vector<ThingToAgree> things;
        DatabaseFile database;
    };
    std::vector<Asked> all;
    for (const auto& settings : order.settings) {
        auto things = TRY(things_to_agree(context, settings, {.databases = matter.databases, .files = matter.files}));
        all.push_back({.things = std::move(things), .database = TRY(database_file(context, settings, matter.databases))});
    }
    if (matter.asked) TRY(matter.asked());
    std::vector<AgreementResult> results;
    for (auto& asked : all) {
        for (auto& thing : asked.things) {
            auto result = TRY(Judging(context, order, matter, thing).judge(asked.database.path));
            const bool is_nothing = result.is_right() && result.files.empty() && !thing.files.empty();  // nothing is there, and nothing has to be
            if (!is_nothing) results.push_back(std::move(result));
        }
    }
    return results;
}

std::vector<UnmetThing> unmet_among(std::span<const AgreementResult> results) {
    std::vector<UnmetThing> unmet;
    for (const auto& result : results) {
        if (result.is_right()) continue;
        if (!result.emptied.empty()) unmet.push_back({.what = printable(result.file) + " is empty", .why = result.emptied, .lost = content_of(result.file)});
        if (result.emptied.empty() || result.reasons.size() > 1) unmet.push_back({.what = result.what(), .why = result.why(), .lost = {}});
    }
    return unmet;
}

}  // namespace holdfast::operations
