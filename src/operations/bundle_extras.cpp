#include "holdfast/operations/bundle_extras.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/log_lines.h"
#include "holdfast/bundle/redact.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/run_program.h"
#include "holdfast/operations/drilled_file.h"
#include "holdfast/sqlite/count_rows.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t file_size_max = 4 * 1024 * 1024, log_size_max = 64 * 1024 * 1024;

class Extras {
public:
    Extras(Context& context, const LoadedSettings& loaded) : context_(context), loaded_(loaded) {}

    Result<void> add_files() {
        for (const auto& path : TRY(named(loaded_.settings.bundle.files))) TRY(add_redacted(name_of("files", path), path, TRY(text_of(path, file_size_max))));
        return {};
    }

    Result<void> add_logs(const bundle::LogSpan& span) {
        for (const auto& path : TRY(named(loaded_.settings.bundle.logs))) {
            const auto status = TRY(context_.host.files.status(path));
            if (status.modified <= span.after) continue;
            auto lines = bundle::lines_within(TRY(text_of(path, log_size_max)), span, host::local_to_utc);
            if (!lines.has_times && !lines.text.empty()) result.warnings.push_back(format("{}: no line tells when it was written, so all of it is there", printable(path)));
            if (!lines.text.empty()) TRY(add_redacted(name_of("logs", path), path, std::move(lines.text)));
        }
        return {};
    }

    Result<void> add_metrics(const repository::Repository& repository, const history::Moment& moment) {
        Json databases = Json::array();
        for (const auto& entry : moment.snapshot.members) {
            if (entry.database) databases.push(TRY(figures_of(repository, entry)));
        }
        const auto& statistics = moment.snapshot.statistics;
        Json json = Json::object();
        json.set("time", to_rfc3339(moment.snapshot.time)).set("logical_bytes", statistics.logical_bytes).set("stored_bytes", statistics.bytes_stored);
        json.set("pages_changed", statistics.pages_changed).set("writers_blocked_us", statistics.writers_blocked_us).set("databases", std::move(databases));
        result.members.push_back(text_member("metrics.json", json.to_text(2) + "\n"));
        if (loaded_.settings.bundle.metrics.empty()) return {};
        return add_redacted("metrics.txt", "its metrics", TRY(answer_of(loaded_.settings.bundle.metrics)));
    }

    void add_list_of_removed() {
        Json list = Json::array();
        for (const auto& one : result.removed) list.push(Json::object().set("member", one.member).set("line", one.line).set("key", one.key).set("why", one.why));
        result.members.push_back(text_member("removed.json", list.to_text(2) + "\n"));
    }

    BundleExtras result;

private:
    // The files that paths, whose last part may have * and ?, name; by name.
    Result<std::vector<std::string>> named(const std::vector<std::string>& patterns) {
        std::vector<std::string> paths;
        for (const auto& pattern : patterns) {
            const std::string name = host::file_name_of(pattern);
            if (name.find_first_of("*?[") == std::string::npos) {
                paths.push_back(pattern);
                continue;
            }
            const std::string folder = host::folder_of(pattern);
            for (const auto& found : TRY(context_.host.files.list(folder))) {
                if (::fnmatch(name.c_str(), found.c_str(), FNM_PERIOD) == 0) paths.push_back(host::join_path(folder, found));
            }
        }
        std::ranges::sort(paths);
        paths.erase(std::ranges::unique(paths).begin(), paths.end());
        std::erase_if(paths, [this](const std::string& path) {
            const auto status = context_.host.files.status(path);
            return status && status->kind != host::FileKind::regular;
        });
        return paths;
    }

    // Of a file that is larger, the end, from the beginning of a line.
    Result<std::string> text_of(const std::string& path, std::uint64_t size_max) {
        const auto file = TRY(context_.host.files.open_to_read(path));
        const std::uint64_t size = TRY(file->size()), taken = std::min(size, size_max);
        Bytes bytes(static_cast<std::size_t>(taken));
        bytes.resize(TRY(file->read_at(size - taken, bytes)));
        std::string text(holdfast::text_of(bytes));
        if (size <= size_max) return text;
        result.warnings.push_back(format("{}: it has {}; its last {} are there", printable(path), human_bytes(size), human_bytes(size_max)));
        return text.substr(std::min(text.find('\n'), text.size() - 1) + 1);
    }

    Result<void> add_redacted(std::string member, const std::string& path, const std::string& text) {
        if (text.find('\0') != std::string::npos) {
            return fail(ErrorCode::invalid, "bundle {}: it is not a text, so no secret can be seen in it", printable(path)).with_advice("leave it out of [bundle]");
        }
        auto redacted = bundle::redact(text);
        for (const auto& one : redacted.removed) result.removed.push_back({.member = member, .key = one.key, .why = std::string(bundle::name_of(one.sign)), .line = one.line});
        result.members.push_back(text_member(std::move(member), std::move(redacted.text)));
        return {};
    }

    // As it lies below the settings; of what lies elsewhere the last part only, which tells nothing of the machine.
    std::string name_of(const std::string& group, const std::string& path) {
        const std::string base = loaded_.folder + "/";
        const std::string wanted = group + "/" + (path.starts_with(base) ? path.substr(base.size()) : host::file_name_of(path));
        const auto is_taken = [this](const std::string& name) { return std::ranges::any_of(result.members, [&](const auto& member) { return member.name == name; }); };
        std::string name = wanted;
        for (int count = 2; is_taken(name); ++count) name = format("{}.{}", wanted, count);
        return name;
    }

    Result<Json> figures_of(const repository::Repository& repository, const repository::DirectoryEntry& entry) {
        const auto image = TRY(history::open_image(repository, entry));
        Json tables = Json::object();
        for (const auto& table : TRY(sqlite::count_rows(*image, {.clock = context_.host.clock}, context_.watch))) {
            tables.set(table.table, table.rows ? Json(*table.rows) : Json());
        }
        Json json = Json::object();
        json.set("name", host::file_name_of(entry.name)).set("bytes", entry.content.size).set("page_size", entry.database->page_size);
        return std::move(json.set("pages", entry.database->page_count).set("rows", std::move(tables)));
    }

    Result<std::string> answer_of(const std::string& command) {
        constexpr std::size_t answer_max = 1024 * 1024;
        constexpr std::int64_t time_ms_max = 30'000;
        host::OutputTail tail(answer_max);
        const auto end = TRY(host::run_program({.words = host::shell_words(command), .folder = loaded_.folder, .output = host::ProgramOutput::taken,
                                                .take = [&](ByteView more) { return tail.take(more); }, .time_ms_max = time_ms_max, .stop = context_.watch.stop}));
        TRY(context_.watch.go_on());
        if (end.is_success()) return tail.text();
        return fail(ErrorCode::unavailable, "ask for metrics: the command of [bundle] {}", end.text()).with_advice("run it by hand, or leave --with metrics out");
    }

    Context& context_;
    const LoadedSettings& loaded_;
};

struct Wanted {
    bool files = false, logs = false, metrics = false;
};
Result<Wanted> wanted_of(const std::vector<std::string>& with, const BundleSettings& settings) {
    Wanted wanted;
    for (const auto& word : with) {
        const bool all = word == "all";
        if (!all && word != "files" && word != "logs" && word != "metrics") {
            return fail(ErrorCode::invalid, "bundle --with {}: there is no such thing to take along", printable(word)).with_advice("files, logs, metrics or all");
        }
        if ((word == "files" && settings.files.empty()) || (word == "logs" && settings.logs.empty())) {
            return fail(ErrorCode::invalid, "bundle --with {}: the settings name none", word).with_advice(format("[bundle] {} = [...] in holdfast.toml", word));
        }
        wanted.files |= word == "files" || all;
        wanted.logs |= word == "logs" || all;
        wanted.metrics |= word == "metrics" || all;
    }
    return wanted;
}

}  // namespace

Result<BundleExtras> bundle_extras(Context& context, const LoadedSettings& loaded, const std::vector<std::string>& with, OpenRepository& opened,
                                   const history::Moment& moment) {
    const auto wanted = TRY(wanted_of(with, loaded.settings.bundle));
    Extras extras(context, loaded);
    if (wanted.files) TRY(extras.add_files());
    if (wanted.logs) {
        const auto before = TRY(whole_backup_before(opened.get(), moment));
        TRY(extras.add_logs({.after = before ? before->time : Timestamp{}, .until = moment.snapshot.time}));
    }
    if (wanted.metrics) TRY(extras.add_metrics(opened.get(), moment));
    if (wanted.files || wanted.logs || wanted.metrics) extras.add_list_of_removed();
    return std::move(extras.result);
}

}  // namespace holdfast::operations
