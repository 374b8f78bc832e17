#include "holdfast/operations/exec.h"

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/live/run_script.h"
#include "holdfast/operations/backup_in_use.h"
#include "holdfast/operations/changed_tables.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/script_words.h"
#include "holdfast/operations/target_database.h"
#include "holdfast/operations/unfinished_restore.h"

namespace holdfast::operations {

namespace {

Result<live::Script> script_of(Context& context, const ExecRequest& request) {
    live::Script script;  // one by one: of designated members, gcc 12 loses those that are made before a return
    script.sql = TRY(text_of_script(context, request, "holdfast exec DATABASE \"SQL\", or --file FILE"));
    script.parameters = TRY(parameters_of(request));
    script.rows_max = request.limit;
    script.is_dry = request.dry_run;
    return script;
}

Result<live::Attachments> attachments_of(Context& context, const ExecRequest& request, const std::string& database) {
    std::vector<live::Attachment> wanted;
    for (const auto& text : request.attach) {
        auto [name, path] = TRY(split_pair(text, "attach"));
        wanted.push_back({std::move(name), TRY(canonical_database(context, path))});
    }
    return live::Attachments::freeze(context.host, database, wanted, freeze_options(context));
}

Result<live::ForeignKeys> foreign_keys_of(const std::string& word) {
    if (word == "on") return live::ForeignKeys::on;
    if (word == "off") return live::ForeignKeys::off;
    if (word == "as-is") return live::ForeignKeys::as_is;
    return fail(ErrorCode::invalid, "read --foreign-keys {}: it is none of on, off, as-is", printable(word));
}

void tell(ExecReport& report, live::ScriptReport ran) {
    for (auto& statement : ran.statements) {
        SqlStatement told{.number = statement.place.number, .line = statement.place.line, .row_count = statement.row_count,
                          .rows_left_out = statement.row_count - statement.rows.size(), .sql = statement.place.start,
                          .kind = std::string(live::name_of(statement.kind)), .after_commit = statement.is_after_commit,
                          .untried = statement.is_untried, .columns = std::move(statement.columns), .rows = {}};
        for (auto& row : statement.rows) {
            auto& cells = told.rows.emplace_back();
            for (auto& value : row) cells.push_back({std::move(value)});
        }
        report.statements.push_back(std::move(told));
    }
    report.changes = changed_tables(ran.changes, ran.shadow_tables);
    for (auto& object : ran.schema) {
        report.schema.push_back({std::move(object.what), std::move(object.type), std::move(object.name), std::move(object.new_name), object.rows});
    }
    for (auto& property : ran.properties) report.properties.push_back({std::move(property.name), std::move(property.before), std::move(property.after)});
    report.writers_blocked_ms = ran.writers_blocked_ms;
}

// The script is looked at, and run if it only reads, on a frozen image. None: it writes.
struct Look {
    live::ScriptPlan plan;
    std::optional<live::ScriptReport> read;
};
Result<Look> look_and_read(Context& context, const std::string& path, const live::Script& script, const live::Attachments& beside) {
    Look look;
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts& facts) -> Result<void> {
        const auto served = TRY(sqlite::serve_image(image));
        {
            auto connection = TRY(live::connect_to_read(*served, beside));
            look.plan = TRY(live::plan_script(connection, script.sql, script.parameters));
        }
        if (look.plan.writes) return {};
        auto connection = TRY(live::connect_to_read(*served, beside));
        look.read = TRY(live::read_script(connection, script, facts.way, context.watch));
        return {};
    };
    TRY(live::with_frozen(context.host, path, freeze_options(context), {.use = use}));
    return look;
}

WriteReason reason_of(const ExecRequest& request, const live::ScriptPlan& plan) {
    const std::string sql = "SQL: " + plan.statements.front().start;
    return {.operation = request.operation_name.empty() ? sql : request.operation_name, .what = sql};
}

Error told_how_far(Error error, const live::ScriptProgress& progress, const WayBack& before) {
    if (progress.is_committed) {
        error = std::move(error).while_doing("what stands before it in the script is committed");
    } else if (before.number != 0) {
        error = std::move(error).while_doing("nothing was changed");
    }
    return progress.is_committed ? with_way_back(std::move(error), before) : std::move(error);
}

Result<void> write(Context& context, const ExecRequest& request, const live::Script& script, const WriteReason& reason, const live::Attachments& beside,
                   ExecReport& report) {
    const auto foreign_keys = TRY(foreign_keys_of(request.foreign_keys));
    live::WriteOrder order{.path = report.database, .place = {.vfs = context.vfs, .wait_ms = context.lock_wait_ms}, .foreign_keys = foreign_keys};
    BackupBefore backup(context, request.before, report.database, reason, report.before);
    if (!request.dry_run) {
        TRY(expect_meant(context, request.before, report.database));
        TRY(backup.ahead());
        order.safety = backup.safety();
    }
    {
        auto writer = TRY(live::LiveWriter::open(context.host, std::move(order)));
        TRY(beside.attach_to(writer.connection()));
        live::ScriptProgress progress;
        auto ran = live::write_script(writer, script, progress, context.watch);
        if (!ran) return told_how_far(std::move(ran).error(), progress, report.before);
        tell(report, std::move(*ran));
    }
    report.wrote = true;
    backup.end();
    return {};
}

}  // namespace

Result<ExecReport> exec(Context& outer, const ExecRequest& request) {
    Context context = outer;
    context.lock_wait_ms = lock_wait_ms(request.before.wait_s);
    const host::Stopwatch stopwatch(context.host.clock);
    ExecReport report{.database = TRY(target_database(context, request.target)), .dry_run = request.dry_run, .before = {}};
    TRY(foreign_keys_of(request.foreign_keys));
    const auto script = TRY(script_of(context, request));
    auto beside = TRY(attachments_of(context, request, report.database));
    auto look = TRY(look_and_read(context, report.database, script, beside));
    if (look.read) tell(report, std::move(*look.read));
    else TRY(write(context, request, script, reason_of(request, look.plan), beside, report));
    TRY(beside.finish());
    if (!report.wrote || request.dry_run) report.warnings = told_unfinished(context, request.before.repository, report.database);
    if (report.before.in_use) report.before.command += flags_to_go_back(context, *report.before.in_use, report.database).value_or("");
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
