#include "holdfast/operations/set_aside.h"

#include <algorithm>
#include <ranges>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/live/move_aside.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t record_size_max = 1024 * 1024;

Result<std::string> free_name(host::FileSystem& files, const std::string& base) {
    constexpr int numbers_max = 1000;
    for (int number = 1; number <= numbers_max; ++number) {
        std::string name = number == 1 ? base : format("{}-{}", base, number);
        const bool is_free = !TRY(host::exists(files, name)) && live::sidecars_of(files, name).empty();
        if (is_free) return name;
    }
    return fail(ErrorCode::exists, "keep {} aside: every such name is taken", printable(base));
}

std::string text_in(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    const auto* text = value ? value->as_text() : nullptr;
    return text ? *text : std::string();
}

Result<void> tell_unfinished(Context& context, const std::string& record) {
    const auto bytes = TRY(host::read_file(context.host.files, record, record_size_max));
    const auto json = Json::parse(text_of(bytes));
    const auto* files = json ? json->as_array() : nullptr;
    std::string where, back;
    for (const auto& file : files ? *files : Json::Array{}) {
        const auto from = text_in(file, "from"), to = text_in(file, "to");
        if (TRY(host::exists(context.host.files, to))) {
            where += format("; {} lies at {}", printable(from), printable(to));
            back += format("mv -i {} {} && ", shell_word(to), shell_word(from));
        } else if (TRY(host::exists(context.host.files, from))) {
            where += format("; {} is where it was", printable(from));
        }
    }
    return fail(ErrorCode::exists, "begin anew: an earlier beginning was interrupted, as {} tells{}", printable(record), where)
        .with_advice(format("to have the old files back, move away what lies in their place, then: {}rm {}; to go on with what is there now: rm {}", back, shell_word(record), shell_word(record)));
}

}  // namespace

Result<void> SetAside::expect_none_unfinished(Context& context, const std::vector<std::string>& databases) {
    for (const auto& database : databases) {
        const std::string record = database + ".set-aside";
        if (TRY(host::exists(context.host.files, record))) return tell_unfinished(context, record);
    }
    return {};
}

Result<void> SetAside::plan() {
    files_.clear();
    for (const auto& database : databases_) {
        const auto sidecars = live::sidecars_of(context_.host.files, database);
        const bool is_there = TRY(host::exists(context_.host.files, database));
        if (!is_there && sidecars.empty()) continue;
        const std::string aside = TRY(live::name_aside(context_.host, database));
        for (const auto& sidecar : sidecars) files_.push_back({.database = database, .from = sidecar, .to = aside + sidecar.substr(database.size())});
        if (is_there) files_.push_back({.database = database, .from = database, .to = aside});
    }
    return {};
}

// Created, never replaced: of two that begin at once one is refused.
Result<void> SetAside::write_record() const {
    constexpr std::uint32_t only_mine = 0600;
    Json::Array all;
    for (const auto& file : files_) all.push_back(Json().set("from", file.from).set("to", file.to));
    auto& files = context_.host.files;
    const auto record = TRY(files.create(record_path(), only_mine));
    TRY(record->write_at(0, bytes_of(Json(std::move(all)).to_text() + "\n")));
    TRY(record->sync());
    return files.sync_folder(host::folder_of(record_path()));
}

Result<void> SetAside::remove_record() const {
    if (!TRY(host::exists(context_.host.files, record_path()))) return {};
    TRY(context_.host.files.remove(record_path()));
    return context_.host.files.sync_folder(host::folder_of(record_path()));
}

Result<void> SetAside::move_away() {
    if (files_.empty()) return {};
    TRY(write_record());
    for (auto& file : files_) {
        auto moved = context_.host.files.rename_if_absent(file.from, file.to);
        if (moved) moved = context_.host.files.sync_folder(host::folder_of(file.from));
        file.is_moved = moved.ok();
        if (moved) continue;
        std::vector<std::string> left;
        auto back = put_back(left);
        return back ? std::move(moved).error() : std::move(back).error().while_doing(moved.error().message());
    }
    return {};
}

Result<void> SetAside::clear_place(const std::string& database, std::vector<std::string>& left) {
    auto& files = context_.host.files;
    auto names = live::sidecars_of(files, database);
    if (TRY(host::exists(files, database))) names.push_back(database);
    if (names.empty()) return {};
    const std::string base = TRY(free_name(files, database + ".left-by-init"));
    for (const auto& name : names) {
        const std::string to = base + name.substr(database.size());
        TRY(files.rename_if_absent(name, to));
        left.push_back(to);
    }
    return files.sync_folder(host::folder_of(database));
}

Result<void> SetAside::put_back(std::vector<std::string>& left) {
    const auto put = [&]() -> Result<void> {
        for (const auto& database : databases_) {
            const bool is_ours = std::ranges::any_of(files_, [&](const File& file) { return file.database == database && !file.is_moved; });
            if (!is_ours) TRY(clear_place(database, left));  // else it could not be moved away, and what lies there is the old one
        }
        for (auto& file : files_) {
            if (!file.is_moved) continue;
            TRY(context_.host.files.rename_if_absent(file.to, file.from));
            file.is_moved = false;
            TRY(context_.host.files.sync_folder(host::folder_of(file.from)));
        }
        return remove_record();
    };
    auto done = put();
    if (done) return {};
    std::string where, back;
    for (const auto& file : files_) {
        if (!file.is_moved) continue;
        where += format("{}{} lies at {}", where.empty() ? "" : "; ", printable(file.from), printable(file.to));
        back += format("{}mv -i {} {}", back.empty() ? "" : " && ", shell_word(file.to), shell_word(file.from));
    }
    return std::move(done).error().while_doing(format("put the old files back ({})", where)).with_advice(back);
}

Result<void> SetAside::keep() { return remove_record(); }

std::vector<std::string> SetAside::names_of(const std::string& database) const {
    std::vector<std::string> names;
    for (const auto& file : files_ | std::views::reverse) {
        if (file.database == database) names.push_back(file.to);
    }
    return names;
}

}  // namespace holdfast::operations
