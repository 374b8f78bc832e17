#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/environment.h"
#include "holdfast/live/vacuum.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/maintain.h"
#include "holdfast/operations/target_database.h"

namespace holdfast::operations {

namespace {

// Where SQLite puts its temporary files, by its own rules.
std::string temporary_folder(Context& context) {
    for (const auto& folder : {host::environment("SQLITE_TMPDIR").value_or(""), host::environment("TMPDIR").value_or(""), std::string("/var/tmp"),
                               std::string("/usr/tmp"), std::string("/tmp")}) {
        const auto status = folder.empty() ? Result<host::FileStatus>(fail(ErrorCode::not_found, "")) : context.host.files.status(folder);
        if (status && status->kind == host::FileKind::folder) return folder;
    }
    return ".";
}

Result<void> expect_room(const live::VacuumRoom& room) {
    if (room.is_enough) return {};
    return fail(ErrorCode::full, "vacuum: it needs {} in {} (there are {}) and {} in {} (there are {})", human_bytes(room.beside_needed), printable(room.folder),
                human_bytes(room.beside_free), human_bytes(room.temporary_needed), printable(room.temporary_folder), human_bytes(room.temporary_free))
        .with_advice("--by-way-of FOLDER on another disk; or SQLITE_TMPDIR in the environment, where only the temporary folder is too small");
}

Result<void> in_place(Context& context, MaintainVacuumReport& report, BackupBefore& backup) {
    live::VacuumRoom room;
    TRY(live::with_frozen(context.host, report.database, freeze_options(context),
                          {.first_look = {}, .use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
                               room = TRY(live::room_for_vacuum(context.host, report.database, image, temporary_folder(context)));
                               return {};
                           }}));
    TRY(expect_room(room));
    TRY(backup.ahead());
    live::WriteOrder order{.path = report.database, .place = {.vfs = context.vfs, .wait_ms = context.lock_wait_ms}, .safety = backup.safety()};
    auto writer = TRY(live::LiveWriter::open(context.host, std::move(order)));
    auto done = live::vacuum_in_place(writer, context.watch);
    if (!done) return std::move(done).error().while_doing("the database is as it was");
    return {};
}

// A file that is not to stay.
struct PassingFile {
    host::FileSystem& files;
    std::string path;
    ~PassingFile() {
        for (const char* end : {"", "-journal", "-wal", "-shm"}) static_cast<void>(files.remove(path + end));
    }
};

Result<std::string> free_name(Context& context, const MaintainVacuumRequest& request, const MaintainVacuumReport& report) {
    const auto folder = TRY(context.host.files.canonical(request.by_way_of));
    if (TRY(context.host.files.status(folder)).kind != host::FileKind::folder) {
        return fail(ErrorCode::invalid, "vacuum by way of {}: it is no folder", printable(request.by_way_of));
    }
    return host::join_path(folder, format("{}.vacuum-{:016x}", host::file_name_of(report.database), host::random_u64(context.host.random)));
}

Result<void> build_smaller(Context& context, const MaintainVacuumReport& report, const std::string& file) {
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
        static_cast<void>(context.host.files.remove(file));  // of an attempt before
        const auto room = TRY(live::room_for_vacuum(context.host, report.database, image, host::folder_of(file)));
        if (room.temporary_needed <= room.temporary_free) return live::vacuum_into(image, file, context.watch);
        return fail(ErrorCode::full, "vacuum by way of {}: it needs {}, and there are {}", printable(room.temporary_folder),
                    human_bytes(room.temporary_needed), human_bytes(room.temporary_free));
    };
    TRY(live::with_frozen(context.host, report.database, freeze_options(context), {.first_look = {}, .use = use}));
    return {};
}

// Under the write lock: what was built says what the database says now, so nobody has written since.
Result<void> expect_nothing_new(Context& context, const std::string& database, const sqlite::Image& smaller) {
    bool is_same = false;
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
        is_same = TRY(live::have_same_content(image, smaller, context.watch));
        return {};
    };
    TRY(live::with_frozen(context.host, database, freeze_options(context), {.first_look = {}, .use = use}));
    if (is_same) return {};
    return fail(ErrorCode::busy, "vacuum {}: somebody has written into it since the smaller one was built", printable(database))
        .with_advice("try again when less is written, or stop the application meanwhile");
}

// The smaller database is written over the larger one in a transaction, so the disk of the database needs room for its
// journal, or WAL, and for nothing else. A WAL may hold that room already.
Result<live::RoutePlan> plan_way_back(Context& context, const std::string& database, const sqlite::Image& smaller, const live::PlaceOptions& place) {
    auto plan = live::plan_replacement(context.host, database, smaller, place);
    if (!plan && plan.error().code() == ErrorCode::full) {
        live::give_wal_back(context.host, database, place);
        plan = live::plan_replacement(context.host, database, smaller, place);
    }
    if (plan || plan.error().code() != ErrorCode::full) return plan;
    return std::move(plan)
        .error()
        .while_doing("nothing was changed: to bring the smaller database back SQLite needs room beside the old one for its journal, so that a power cut cannot hurt")
        .with_advice(format("make that room in {} until it is done: move another file to another disk meanwhile, or holdfast prune if the repository is there",
                            printable(host::folder_of(database))));
}

Result<void> by_way_of(Context& context, const MaintainVacuumRequest& request, MaintainVacuumReport& report, BackupBefore& backup) {
    const PassingFile file{context.host.files, TRY(free_name(context, request, report))};
    TRY(backup.ahead());
    TRY(build_smaller(context, report, file.path));
    const auto smaller = TRY(live::freeze(context.host, file.path, freeze_options(context)));
    const live::PlaceOptions place{.vfs = context.vfs, .wait_ms = context.lock_wait_ms};
    const auto plan = TRY(plan_way_back(context, report.database, smaller->image(), place));
    if (plan.route != live::Route::transaction) return fail(ErrorCode::invalid, "vacuum {}: {}", printable(report.database), plan.why);
    live::LiveRequest order{.path = plan.target, .place = place};
    order.safety = [&]() -> Result<void> {
        TRY(expect_nothing_new(context, report.database, smaller->image()));
        const auto backed_up = backup.safety();
        return backed_up ? backed_up() : Result<void>();
    };
    auto written = live::write_live(context.host, smaller->image(), order, context.watch);
    if (!written) return with_way_back(std::move(written).error(), report.before);
    report.warnings = std::move(written->notes);
    report.by_way_of = host::folder_of(file.path);
    return {};
}

Result<std::uint64_t> size_of(Context& context, const std::string& path) {
    std::uint64_t bytes = 0;
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
        bytes = image.size();
        return {};
    };
    TRY(live::with_frozen(context.host, path, freeze_options(context), {.first_look = {}, .use = use}));
    return bytes;
}

}  // namespace

Result<MaintainVacuumReport> maintain_vacuum(Context& outer, const MaintainVacuumRequest& request) {
    Context context = outer;
    context.lock_wait_ms = lock_wait_ms(request.before.wait_s);
    const host::Stopwatch stopwatch(context.host.clock);
    MaintainVacuumReport report{.database = TRY(target_with_content(context, request.target)), .before = {}};
    TRY(expect_meant(context, request.before, report.database));
    report.bytes_before = TRY(size_of(context, report.database));
    BackupBefore backup(context, request.before, report.database, {.operation = "maintain vacuum", .what = {}}, report.before);
    TRY(request.by_way_of.empty() ? in_place(context, report, backup) : by_way_of(context, request, report, backup));
    backup.end();
    report.bytes_after = TRY(size_of(context, report.database));
    report.duration_ms = stopwatch.ms();
    return report;
}

Result<MaintainAnalyzeReport> maintain_analyze(Context& outer, const MaintainAnalyzeRequest& request) {
    Context context = outer;
    context.lock_wait_ms = lock_wait_ms(request.before.wait_s);
    const host::Stopwatch stopwatch(context.host.clock);
    MaintainAnalyzeReport report{.database = TRY(target_with_content(context, request.target)), .before = {}};
    TRY(expect_meant(context, request.before, report.database));
    BackupBefore backup(context, request.before, report.database, {.operation = "maintain analyze", .what = {}}, report.before);
    TRY(backup.ahead());
    live::WriteOrder order{.path = report.database, .place = {.vfs = context.vfs, .wait_ms = context.lock_wait_ms}, .safety = backup.safety()};
    {
        auto writer = TRY(live::LiveWriter::open(context.host, std::move(order)));
        report.indexes = TRY(live::analyze(writer, context.watch));
    }
    backup.end();
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
