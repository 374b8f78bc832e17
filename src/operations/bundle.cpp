#include "holdfast/operations/bundle.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/bundle/compressed.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/bundle/sinks.h"
#include "holdfast/bundle/tar_reader.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/bundle_extras.h"
#include "holdfast/operations/bundle_members.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/restore_proof.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/temporary_place.h"

namespace holdfast::operations {

namespace {

using bundle::ContentKind;

// How it is compressed is told by its name alone; whether it is encrypted by the flags, and the name must agree.
Result<StreamFormat> format_of(Context& context, const BundleRequest& request) {
    const bundle::Recipient recipient{.name = request.encrypt_for, .passphrase_file = request.passphrase_file};
    const auto named = bundle::layers_named(request.to);
    const bool is_gzip = std::ranges::find(named, ContentKind::gzip) != named.end(), is_zstd = std::ranges::find(named, ContentKind::zstd) != named.end();
    if (is_gzip == is_zstd || std::ranges::find(named, ContentKind::tar) == named.end()) {
        return fail(ErrorCode::invalid, "write the bundle {}: its name says not how it is compressed", printable(request.to)).with_advice("--to NAME.tar.zst, or NAME.tar.gz");
    }
    const auto format = is_gzip ? StreamFormat::gzip : StreamFormat::zstd;
    bundle::Layers written;
    if (!recipient.is_none()) written.push_back(bundle::program_of(context.host.files, recipient) == "age" ? ContentKind::age : ContentKind::openpgp);
    written.push_back(bundle::layer_of(format));
    written.push_back(ContentKind::tar);
    TRY(bundle::expect_true_name(request.to, written, recipient.is_none() ? "--encrypt-for RECIPIENT, or --passphrase-file FILE" : ""));
    return format;
}

// As tar has the names of folders.
std::string_view without_slash(std::string_view name) { return name.ends_with('/') ? name.substr(0, name.size() - 1) : name; }

// What lies there now, taken apart again.
Result<void> prove(Context& context, const std::string& path, StreamFormat format, const std::vector<BundleMember>& members) {
    const auto file = TRY(context.host.files.open_to_read(path));
    const auto tar = TRY(bundle::TarReader::open(bundle::decompressed(std::make_unique<bundle::FileStream>(*file), format)));
    const auto differs = [&] {
        return fail(ErrorCode::corrupt, "write the bundle {}: it reads back differently", printable(path)).with_advice("check the disk and the memory of this machine");
    };
    Buffer buffer(256 * 1024);
    for (const auto& member : members) {
        const auto found = TRY(tar->next());
        if (!found || without_slash(found->name) != member.name || (member.entry && found->link_target != member.entry->link_target)) return differs();
        Sha256 hash;
        for (std::size_t got = 0; (got = TRY(tar->read(buffer.span()))) > 0;) {
            hash.update(buffer.view().first(got));
            TRY(context.watch.go_on());
        }
        if (hash.finish() != member.sha256) return differs();
    }
    return TRY(tar->next()) ? Result<void>(differs()) : Result<void>();
}

Result<void> write_bundle(Context& context, OpenRepository& opened, const BundleRequest& request, const std::vector<BundleMember>& members, BundleReport& report) {
    const auto format = TRY(format_of(context, request));
    const bundle::Recipient recipient{.name = request.encrypt_for, .passphrase_file = request.passphrase_file};
    const auto output = TRY(bundle::open_output(context.host, {.path = report.file, .replace = request.force, .recipient = recipient}, context.watch.stop));
    const auto packed = bundle::compressing(*output, format);
    TRY(write_members(context, opened, members, report.time, *packed));
    TRY(packed->finish());
    report.compressed = format == StreamFormat::gzip ? "gzip" : "zstd";
    report.encrypted = recipient.is_none() ? "" : bundle::program_of(context.host.files, recipient);
    report.bytes = TRY(context.host.files.status(report.file)).size;
    report.proof = recipient.is_none() ? "content" : "none";
    return recipient.is_none() ? prove(context, report.file, format, members) : Result<void>();
}

std::vector<BundledCompanionTold> told_of(const std::vector<bundle::BundledCompanion>& companions) {
    std::vector<BundledCompanionTold> told;
    for (const auto& companion : companions) {
        auto& one = told.emplace_back(BundledCompanionTold{.path = companion.path, .member = companion.member});
        for (const auto& thing : companion.things) {
            ++(thing.kind == bundle::TarKind::folder ? one.folders : thing.kind == bundle::TarKind::link ? one.links : one.files);
            one.bytes += thing.size;
        }
    }
    return told;
}

struct BesideCompanions {
    bool are_scrubbed = false;  // the databases
    std::vector<std::string>& warnings;
};
// What is taken out of databases may stand in files as well, where nobody would find it.
Result<BundledCompanions> companions_to_bundle(Context& context, OpenRepository& opened, const repository::Snapshot& snapshot, const BesideCompanions& beside) {
    if (!beside.are_scrubbed || snapshot.companions.empty()) return bundle_companions(context, opened, snapshot);
    if (snapshot.members.empty()) {
        return fail(ErrorCode::invalid, "bundle #{}: it holds files alone, and columns are to be scrubbed", snapshot.number.value).with_advice("--unscrubbed, for whoever may see all that is in them");
    }
    beside.warnings.push_back(format("{} companions are left out: what was scrubbed may stand in their files; --unscrubbed takes all as it is", snapshot.companions.size()));
    return BundledCompanions{};
}

// The columns to scrub, and where that is done: a place that goes when the bundle is written.
struct Scrubbing {
    BundleScrubbing how;
    std::optional<TemporaryPlace> place;
};
Result<Scrubbing> scrubbing_of(Context& context, const LoadedSettings& loaded, const BundleRequest& request, const repository::Snapshot& snapshot) {
    Scrubbing scrubbing;
    if (request.unscrubbed) return scrubbing;
    scrubbing.how.rules = scrub_rules_of(loaded.settings);
    if (scrubbing.how.rules.empty()) return scrubbing;
    constexpr std::uint64_t slack = 1024 * 1024;
    std::uint64_t all = slack, largest = 0;
    for (const auto& entry : snapshot.members) {
        all += entry.content.size;
        largest = std::max(largest, entry.content.size);
    }
    scrubbing.place.emplace(TRY(TemporaryPlace::make(context, {.bytes = all + 2 * largest})));
    scrubbing.how.folder = scrubbing.place->path();
    return scrubbing;
}

}  // namespace

Result<BundleReport> bundle_backup(Context& context, const BundleRequest& request) {
    const host::Stopwatch stopwatch(context.host.clock);
    TRY(format_of(context, request));
    const auto filter = TRY(source_filter(context, request.source));
    OpenHow how;
    if (!filter.path.empty()) how.databases.push_back(filter.path);
    const auto opened = TRY(open_repository(context, request.repository, how));
    const auto selection = TRY(select(context, opened->get(), {.snapshot = request.snapshot, .at = request.at, .source = request.source, .narrow = request.narrow}));
    const auto& snapshot = selection.moment.snapshot;
    const auto lease = TRY(opened->get().lease(snapshot.number));
    BundleReport report;
    report.number = snapshot.number.value;
    report.id = snapshot.id.hex();
    report.time = snapshot.time;
    report.warnings = selection.warnings;
    report.file = TRY(host::canonical_or_future(context.host.files, request.to));
    TRY(refuse_inside_repository(context, report.file));
    TRY(refuse_side_file(context, report.file));
    TRY(expect_proven(context, *opened, snapshot.number));
    const auto loaded = TRY(load_settings(context, request.repository.settings));
    const auto scrubbing = TRY(scrubbing_of(context, loaded, request, snapshot));
    auto extras = TRY(bundle_extras(context, loaded, request.with, *opened, selection.moment));
    auto databases = TRY(bundle_databases(context, *opened, selection.moment, scrubbing.how));
    report.removed = std::move(extras.removed);
    report.scrubbed = std::move(databases.scrubbed);
    std::ranges::move(extras.warnings, std::back_inserter(report.warnings));
    std::ranges::move(databases.notes, std::back_inserter(report.warnings));
    std::ranges::move(extras.members, std::back_inserter(databases.members));
    auto companions = TRY(companions_to_bundle(context, *opened, snapshot, {.are_scrubbed = !scrubbing.how.rules.empty(), .warnings = report.warnings}));
    report.companions = told_of(companions.companions);
    const bool is_set = !companions.companions.empty();
    const auto members = is_set ? TRY(with_companions(std::move(databases.members), std::move(databases.facts), std::move(companions))) : with_metadata(std::move(databases.members), std::move(databases.facts));
    for (const auto& member : members) {
        if (!member.entry) report.members.push_back({.name = member.name, .sha256 = member.sha256.hex(), .bytes = member.size});
    }
    TRY(write_bundle(context, *opened, request, members, report));
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
