#include "holdfast/operations/whose_past.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/backup_name.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/outside_backup.h"

namespace holdfast::operations {

namespace {

history::SourceQuestion question_of(Context& context, const AdoptRequest& request) {
    history::SourceQuestion question{.name = request.source, .machine = host::this_machine(), .paths = {}};
    context.host.random.fill(question.fresh_id);
    return question;
}

// The database that the file's name speaks of, beside it or above it.
std::string guessed_database(Context& context, const std::string& file) {
    const auto name = bundle::read_backup_name(bundle::without_layers(host::file_name_of(file))).database;
    std::string folder = host::folder_of(file);
    constexpr int levels_max = 3;
    for (int level = 0; level < levels_max && !name.empty(); ++level) {
        for (const auto& path : {host::join_path(folder, name), host::join_path(host::join_path(folder, "data"), name)}) {
            const auto is_there = host::exists(context.host.files, path);
            if (is_there && *is_there && path != file) return path;
        }
        folder = host::folder_of(folder);
    }
    return name.empty() ? "DATABASE" : name;
}

// A database may be one of several that are backed up together: its past is that source's.
Result<Past> by_database(Context& context, OpenRepository& opened, const AdoptRequest& request, const std::string& database) {
    auto question = question_of(context, request);
    question.paths = {database};
    auto found = TRY(history::find_source(opened.get(), question));
    if (found.is_new()) {
        const auto together = TRY(opened.get().newest([&](const repository::Snapshot& snapshot) {
            const bool is_here = snapshot.source.machine == question.machine && std::ranges::find(snapshot.source.paths, database) != snapshot.source.paths.end();
            return is_here && (request.source.empty() || snapshot.source.name == request.source);
        }));
        if (together) {
            question.paths = together->source.paths;
            found = TRY(history::find_source(opened.get(), question));
        }
    }
    return Past{.source = std::move(found), .member = database};
}

Result<Past> by_name(Context& context, OpenRepository& opened, const AdoptRequest& request) {
    auto question = question_of(context, request);
    auto found = TRY(history::find_source(opened.get(), question));
    if (found.is_new()) {
        return fail(ErrorCode::invalid, "adopt: there is no source '{}' yet, and nothing says where its database lies", printable(request.source))
            .with_advice("--for DATABASE besides: where the database is, or was");
    }
    const auto paths = found.parent->source.paths;
    if (paths.size() != 1) {
        return fail(ErrorCode::invalid, "adopt: the source '{}' has {} databases", printable(request.source), paths.size()).with_advice("--for DATABASE says which is meant");
    }
    found.record = found.parent->source;
    return Past{.source = std::move(found), .member = paths.front()};
}

// What its own metadata says of a bundle of ours.
struct ToldByBundle {
    std::string source_id, database;  // empty: it is none
};
ToldByBundle told_by(Context& context, const AdoptRequest& request, const std::string& file) {
    const auto backup = open_outside(context, file, request.outside, {.companions = bundle::CompanionFiles::hashed, .known = nullptr});
    if (!backup || !backup->is_bundle) return {};
    if (backup->databases.empty()) return {.source_id = backup->bundle_facts->whole.source_id, .database = {}};
    const auto& told = backup->databases.front().told;
    return {.source_id = told.source_id, .database = told.original_path};
}

Result<std::optional<Past>> by_bundles(Context& context, OpenRepository& opened, const AdoptRequest& request, const std::vector<AdoptableFile>& files) {
    std::optional<Past> none;
    ToldByBundle first;
    for (const auto& file : files) {
        TRY(context.watch.go_on());
        auto told = told_by(context, request, file.path);
        if (told.source_id.empty() || (!first.source_id.empty() && told.source_id != first.source_id)) return none;
        if (first.source_id.empty()) first = std::move(told);
    }
    const auto known = TRY(opened.get().newest([&](const repository::Snapshot& snapshot) { return to_hex(snapshot.source.id) == first.source_id; }));
    if (known && first.database.empty() && !known->source.paths.empty()) first.database = known->source.paths.front();  // it holds companions alone
    if (!known || std::ranges::find(known->source.paths, first.database) == known->source.paths.end()) return none;
    auto question = question_of(context, request);
    question.name = first.source_id;
    auto found = TRY(history::find_source(opened.get(), question));
    if (found.is_new()) return none;
    found.record = known->source;
    return std::optional(Past{.source = std::move(found), .member = first.database});
}

}  // namespace

Result<Past> whose_past(Context& context, OpenRepository& opened, const AdoptRequest& request, const std::vector<AdoptableFile>& files) {
    if (!request.database.empty()) {
        return by_database(context, opened, request, TRY(host::canonical_or_future(context.host.files, request.database)));
    }
    if (!request.source.empty()) return by_name(context, opened, request);
    if (auto past = TRY(by_bundles(context, opened, request, files))) return *std::move(past);
    return fail(ErrorCode::invalid, "adopt: whose past are these backups")
        .with_advice(format("--for {}: the database that they are backups of, wherever it is or was", shell_word(guessed_database(context, files.front().path))));
}

}  // namespace holdfast::operations
