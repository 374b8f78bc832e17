#include "holdfast/operations/restore_packed.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/bundle/compressed.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/bundle/sinks.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/restore_plan.h"
#include "holdfast/operations/restore_proof.h"
#include "holdfast/operations/stream_image.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;

Result<const DirectoryEntry*> the_one_database(Context& context, const repository::Snapshot& snapshot, const RestoreRequest& request) {
    const auto chosen = TRY(chosen_members(context, snapshot, request));
    std::vector<const DirectoryEntry*> members;
    for (const auto& entry : snapshot.members) {
        if (chosen.empty() || chosen.contains(entry.name)) members.push_back(&entry);
    }
    if (members.size() != 1) {
        return fail(ErrorCode::invalid, "restore #{} to one run of bytes: it has {} databases", snapshot.number.value, members.size())
            .with_advice("--only DATABASE; or holdfast bundle, which keeps all of them together");
    }
    if (members.front()->database) return members.front();
    return fail(ErrorCode::invalid, "restore #{}: it holds the bytes of a damaged database", snapshot.number.value).with_advice("--to FOLDER, without --compress");
}

std::optional<StreamFormat> format_of(const std::string& name) {
    if (name == "gzip") return StreamFormat::gzip;
    if (name == "zstd") return StreamFormat::zstd;
    return std::nullopt;
}

// What lies there now, through the other program's eyes: taken apart again.
Result<void> prove_file(Context& context, const std::string& path, const std::string& compress, const Hash& expected) {
    const auto file = TRY(context.host.files.open_to_read(path));
    std::unique_ptr<bundle::ByteStream> stream = std::make_unique<bundle::FileStream>(*file);
    if (const auto format = format_of(compress)) stream = bundle::decompressed(std::move(stream), *format);
    Sha256 hash;
    Buffer buffer(256 * 1024);
    for (;;) {
        const std::size_t got = TRY(stream->read(buffer.span()));
        if (got == 0) break;
        hash.update(buffer.view().first(got));
        TRY(context.watch.go_on());
    }
    if (hash.finish() == expected) return {};
    return fail(ErrorCode::corrupt, "restore to {}: what was written reads back differently", printable(path))
        .with_advice("check the disk and the memory of this machine");
}

Result<std::uint64_t> write(Context& context, OpenRepository& opened, const sqlite::Image& image, const RestoreRequest& request, RestoredMember& report) {
    const host::Stopwatch copying(context.host.clock);
    const auto output = TRY(bundle::open_output(context.host, {.path = report.to, .replace = request.force, .recipient = {}}, context.watch.stop));
    bundle::CountingSink counted(*output);
    const auto format = format_of(request.compress);
    const auto packed = format ? bundle::compressing(counted, *format) : nullptr;
    const auto hash = TRY(stream_image(context, opened.pool(), image, packed ? *packed : static_cast<bundle::ByteSink&>(counted)));
    if (!report.sha256.empty() && report.sha256 != hash.hex()) {
        return fail(ErrorCode::corrupt, "restore {}: its bytes are not those that were backed up", printable(report.from));
    }
    TRY(packed ? packed->finish() : counted.finish());
    report.sha256 = hash.hex();
    report.copy_ms = copying.ms();
    if (request.to == "-") return counted.count;
    const host::Stopwatch proving(context.host.clock);
    TRY(prove_file(context, report.to, request.compress, hash));
    report.proof = "content";
    report.proof_ms = proving.ms();
    return counted.count;
}

// SQLite's findings are told, and fail nothing: as with every new file.
Result<void> check(Context& context, OpenRepository& opened, PlannedMember& member, const RestoreRequest& request) {
    RestorePlan plan;
    plan.members.push_back(std::move(member));
    auto as_rehearsed = request;
    as_rehearsed.dry_run = true;  // the image is checked, and no file
    TRY(check_after(context, opened, plan, as_rehearsed));
    member = std::move(plan.members.front());
    return {};
}

}  // namespace

bool is_packed(const RestoreRequest& request) { return !request.compress.empty() || request.to == "-"; }

Result<void> expect_packable(const RestoreRequest& request) {
    if (!request.compress.empty() && !format_of(request.compress)) {
        return fail(ErrorCode::invalid, "restore with --compress {}: there are gzip and zstd", printable(request.compress)).with_advice("--compress zstd");
    }
    if (request.to.empty()) {
        return fail(ErrorCode::invalid, "restore in place with --compress: a compressed file is no database").with_advice("--to FILE");
    }
    return {};
}

Result<void> expect_true_target(Context& context, const RestoreRequest& request) {
    if (request.to.empty() || request.to == "-" || request.to.ends_with('/')) return {};
    const auto there = TRY(host::status_if_any(context.host.files, request.to));
    if (there && there->kind == host::FileKind::folder && request.compress.empty()) return {};
    const auto format = format_of(request.compress);
    const auto named = bundle::layers_named(request.to);
    const bool can_compress = named == bundle::Layers{bundle::ContentKind::gzip} || named == bundle::Layers{bundle::ContentKind::zstd};
    const std::string flags = can_compress && request.from.empty() && request.file.empty() ? holdfast::format("--compress {}", bundle::name_of(named.front())) : "";
    return bundle::expect_true_name(request.to, format ? bundle::Layers{bundle::layer_of(*format)} : bundle::Layers(), flags);
}

Result<RestoredMember> restore_packed(Context& context, OpenRepository& opened, const Selection& selection, const RestoreRequest& request) {
    const auto& snapshot = selection.moment.snapshot;
    PlannedMember member;
    member.entry = *TRY(the_one_database(context, snapshot, request));
    member.image = TRY(history::open_image(opened.get(), member.entry));
    auto& report = member.report;
    report.from = member.entry.name;
    report.to = request.to == "-" ? request.to : TRY(host::canonical_or_future(context.host.files, request.to));
    report.route = request.to == "-" ? "stream" : "new-file";
    report.bytes = member.entry.content.size;
    if (const auto& known = member.entry.database->plain_sha256) report.sha256 = known->hex();
    else if (snapshot.members.size() == 1 && selection.moment.notes.plain_sha256) report.sha256 = selection.moment.notes.plain_sha256->hex();
    if (request.to != "-") {
        TRY(refuse_inside_repository(context, report.to));
        TRY(refuse_side_file(context, report.to));
    }
    TRY(expect_proven(context, opened, snapshot.number));
    TRY(check(context, opened, member, request));
    if (request.dry_run) return std::move(member.report);
    auto written = write(context, opened, *member.image, request, member.report);
    if (!written) return std::move(written).error().while_doing(format("restore #{}", snapshot.number.value));
    member.report.bytes_written = *written;
    return std::move(member.report);
}

}  // namespace holdfast::operations
