// Looking, before anything is touched: which way can a place be written now?
#include "holdfast/base/text.h"
#include "holdfast/live/freeze.h"
#include "holdfast/live/replace.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::live {
namespace {

std::string names_of(const std::vector<host::Opener>& openers) {
    std::string names;
    for (const auto& opener : openers) names += format("{}{} (process {})", names.empty() ? "" : ", ", opener.command, opener.process);
    return names;
}

// Whether SQLite can open what is there, and with which pages and encoding. Found out on a frozen image: the file
// itself is not opened as a database.
struct Present {
    bool usable = false;
    std::string why_not;
    std::uint32_t page_size = 0;
    std::int64_t encoding = 0;  // as in the header; 0: none yet
    bool busy = false;
};

Result<Present> look_at_present(host::Host host, const std::string& path, const PlaceOptions& options) {
    Present present;
    const FreezeUse use{.first_look = {}, .use = [&](const sqlite::Image& image, const FreezeFacts& facts) -> Result<void> {
                            present = {.usable = true, .why_not = "", .page_size = image.page_size().bytes()};
                            if (!facts.header) {
                                present.page_size = 0;
                                return {};
                            }
                            present.encoding = facts.header->encoding;
                            const auto served = TRY(sqlite::serve_image(image));
                            auto connection = served->connect();
                            auto count = connection ? connection->integer("SELECT count(*) FROM sqlite_schema") : Result<std::int64_t>(std::move(connection).error());
                            if (!count) present = {.usable = false, .why_not = count.error().message()};
                            return {};
                        }};
    auto once = with_frozen(host, path, {.vfs = options.vfs, .busy_timeout_ms = options.wait_ms}, use);
    if (once) return present;
    if (once.error().code() == ErrorCode::corrupt) return Present{.usable = false, .why_not = once.error().message()};
    return std::move(once).error();
}

Result<RoutePlan> plan_swap(RoutePlan plan, const host::FileStatus& status, const PlaceOptions& options) {
    plan.route = Route::swap;
    const auto openers = TRY(host::who_has_open({.device = status.device, .inode = status.inode}));
    plan.openers = openers.found;
    if (options.offline) return plan;
    if (!openers.found.empty())
        return fail(ErrorCode::busy, "restore {}: {}, and it is open in {}", plan.target, plan.why, names_of(openers.found))
            .with_advice("close the application and restore again");
    if (!openers.saw_every_process)
        return fail(ErrorCode::busy, "restore {}: {}, and not every process could be seen, so one may have it open", plan.target, plan.why)
            .with_advice("stop the application, then say so with --offline; or run as the user who may see all processes");
    return plan;
}

Result<void> expect_room(const RoutePlan& plan) {
    if (plan.bytes_free >= plan.bytes_needed) return {};
    return fail(ErrorCode::full, "restore {}: {} are needed on its file system and {} are free", plan.target, human_bytes(plan.bytes_needed), human_bytes(plan.bytes_free))
        .with_advice("make room, or restore elsewhere with --to");
}

// The file that is meant: links followed, also one whose target is missing.
Result<std::string> target_of(host::Host host, const std::string& path) {
    const auto link = TRY([&]() -> Result<std::optional<host::FileStatus>> {
        auto status = host.files.status_of_link(path);
        if (status) return std::optional(*status);
        if (status.error().code() == ErrorCode::not_found) return std::optional<host::FileStatus>();
        return std::move(status).error();
    }());
    if (link && link->kind == host::FileKind::link && !host.files.status(path))
        return host::canonical_or_future(host.files, host::join_path(host::folder_of(path), TRY(host.files.read_link(path))));
    return host::canonical_or_future(host.files, path);
}

// The deepest folder of the path that exists: where the room is counted.
std::string existing_folder(host::Host host, std::string path) {
    do path = host::folder_of(path);
    while (path != "/" && path != "." && !host.files.status(path));
    return path;
}

}  // namespace

Result<RoutePlan> plan_replacement(host::Host host, const std::string& path, const sqlite::Image& image, const PlaceOptions& options) {
    RoutePlan plan;
    plan.target = TRY(target_of(host, path));
    plan.bytes_needed = image.size();
    plan.bytes_free = TRY(host.files.free_bytes(existing_folder(host, plan.target)));
    const auto status = TRY(host::status_if_any(host.files, plan.target));
    if (!status) {
        plan.why = "nothing is there";
        TRY(expect_room(plan));
        return plan;
    }
    if (status->kind != host::FileKind::regular) return fail(ErrorCode::invalid, "restore {}: something is there that is not a file", plan.target);
    const Present present = TRY(look_at_present(host, plan.target, options));
    if (!present.usable) {
        plan.why = "what is there cannot be used as a database: " + present.why_not;
        plan = TRY(plan_swap(std::move(plan), *status, options));
        TRY(expect_room(plan));
        return plan;
    }
    Bytes first(image.last_page().value > 0 ? image.page_size().bytes() : 0);
    std::int64_t encoding = 0;
    if (!first.empty()) {
        TRY(image.read({.first = sqlite::PageNumber{1}, .count = 1}, first));
        encoding = TRY(sqlite::parse_database_header(first)).encoding;
    }
    const bool other_pages = present.page_size != 0 && present.page_size != image.page_size().bytes() && image.last_page().value > 0;
    const bool other_text = present.encoding != 0 && encoding != 0 && present.encoding != encoding;
    if (other_pages || other_text || image.last_page().value == 0) {
        plan.why = other_pages ? format("its pages are {} bytes, the backup's {}", present.page_size, image.page_size().bytes())
                   : other_text ? std::string("its text encoding differs from the backup's")
                                : std::string("the backup is of an empty file");
        if (!options.offline)
            return fail(ErrorCode::invalid, "restore {}: {}, which cannot be changed while applications may have it open", plan.target, plan.why)
                .with_advice("stop the application, then restore with --offline; or restore elsewhere with --to");
        plan = TRY(plan_swap(std::move(plan), *status, options));
        TRY(expect_room(plan));
        return plan;
    }
    plan.route = Route::transaction;
    plan.why = "a usable database is there, which applications may have open";
    plan.bytes_needed = image.size() + status->size;  // the log or journal, and growth
    TRY(expect_room(plan));
    return plan;
}

}  // namespace holdfast::live
