#include "holdfast/operations/set_copies.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/operations/bundle_members.h"
#include "holdfast/operations/copy_of_backup.h"
#include "holdfast/operations/publish_copies.h"
#include "holdfast/operations/repository_place.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::Snapshot;

CopySubject subject_of(const SetCopyOrder& order, const Snapshot& snapshot) {
    if (order.of.empty()) return {.what = "set", .name = snapshot.source.name, .file_name = snapshot.source.name};
    return {.what = "companion", .name = order.of, .file_name = host::file_name_of(order.of)};
}

Result<bundle::CopyTemplate> told(Result<bundle::CopyTemplate> parsed, const std::string& text) {
    if (parsed) return parsed;
    return std::move(parsed).error().while_doing(format("name set copies '{}'", printable(text)));
}

// Why what is to be copied of the backup is not whole. Empty: it is.
std::string flaw_of(const Snapshot& snapshot, const SetCopyOrder& order) {
    const auto is_of_it = [&](const std::string& path) { return order.of.empty() || path == order.of || path.starts_with(order.of + "/"); };
    if (order.of.empty() && snapshot.damaged) return "a database is damaged";
    for (const auto& failure : snapshot.failed) {
        if (is_of_it(failure.path)) return format("{} is missing in it", printable(failure.path));
    }
    if (!snapshot.skew) return "";
    const bool is_concerned = order.of.empty() || std::ranges::any_of(snapshot.skew->paths, is_of_it);
    return is_concerned ? "it is not of one moment" : "";
}

class Archiving {
public:
    Archiving(Context& context, OpenRepository& opened, const Snapshot& snapshot, const SetCopyOrder& order)
        : context_(context), opened_(opened), snapshot_(snapshot), order_(order), subject_(subject_of(order, snapshot)) {}

    PlainCopiesReport run() {
        if (const auto flaw = flaw_of(snapshot_, order_); !flaw.empty()) return missed(flaw);
        if (!order_.of.empty() && companion() == snapshot_.companions.end()) return std::move(report_);  // it may be missing, and is
        report_.copies.push_back({.database = subject_.name, .path = {}});
        auto done = try_run();
        if (!done) {
            report_.copies.front().error = done.error().text();
            report_.incomplete = true;
        }
        const auto& copy = report_.copies.front();
        if (!copy.error.empty()) report_.warnings.push_back(format("no archive of {} was made: {}; the backup itself is whole", printable(subject_.name), copy.error));
        return std::move(report_);
    }

private:
    PlainCopiesReport missed(const std::string& why) {
        report_.incomplete = true;
        report_.warnings.push_back(format("no archive of {} was made: {}", printable(subject_.name), why));
        return std::move(report_);
    }
    std::vector<DirectoryEntry>::const_iterator companion() const { return std::ranges::find(snapshot_.companions, order_.of, &DirectoryEntry::name); }

    Result<void> try_run() {
        constexpr std::uint32_t folder_mode = 0700;
        TRY(host::make_folders_durably(context_.host.files, order_.files.folder, folder_mode));
        auto record = TRY(record_of(snapshot_, subject_, order_.files));
        record.repository = opened_.get().config().id.hex();
        {
            const auto folder = TRY(CopyFolder::lock(context_, order_.files.folder));
            if (TRY(is_told_as_there(folder, record, report_.copies.front()))) return {};
        }
        const auto members = TRY(order_.of.empty() ? all_members() : companion_members());
        TRY(expect_room(members));
        auto copy = TRY(CopyOnItsWay::write_stream(context_, {.folder = order_.files.folder, .compress = stream_format(order_.files.compress)},
                                                   [&](bundle::ByteSink& sink) { return write_members(context_, opened_, members, snapshot_.time, sink); }));
        record.size = copy.size;
        record.sha256 = copy.sha256;
        record.database_sha256 = copy.database_sha256;
        std::vector<CopyToPublish> ready;
        ready.push_back({.record = std::move(record), .copy = std::move(copy), .latest = {}});
        auto folder = TRY(CopyFolder::lock(context_, order_.files.folder));
        publish_copies(context_, folder, ready, order_.files, report_);
        return {};
    }
    Result<std::vector<BundleMember>> companion_members() { return TRY(bundle_companion(context_, opened_, *companion(), subject_.file_name)).members; }
    Result<std::vector<BundleMember>> all_members() {
        auto databases = TRY(bundle_databases(context_, opened_, {.snapshot = snapshot_, .notes = {}}, {}));
        auto companions = TRY(bundle_companions(context_, opened_, snapshot_));
        if (companions.companions.empty()) return with_metadata(std::move(databases.members), std::move(databases.facts));
        return with_companions(std::move(databases.members), std::move(databases.facts), std::move(companions));
    }
    // As for plain copies: what cannot fit does not fill the disk first.
    Result<void> expect_room(const std::vector<BundleMember>& members) const {
        if (stream_format(order_.files.compress)) return {};
        std::uint64_t needed = 0;
        for (const auto& member : members) needed += member.size;
        const std::uint64_t there = TRY(context_.host.files.free_bytes(order_.files.folder));
        if (there > needed) return {};
        return fail(ErrorCode::full, "it needs {}, and {} are free in {}", human_bytes(needed), human_bytes(there), printable(order_.files.folder)).with_advice("free space there; or compress it, or another folder");
    }

    Context& context_;
    OpenRepository& opened_;
    const Snapshot& snapshot_;
    const SetCopyOrder& order_;
    const CopySubject subject_;
    PlainCopiesReport report_;
};

void join(PlainCopiesReport& all, PlainCopiesReport one) {
    std::ranges::move(one.copies, std::back_inserter(all.copies));
    std::ranges::move(one.removed, std::back_inserter(all.removed));
    std::ranges::move(one.warnings, std::back_inserter(all.warnings));
    all.incomplete = all.incomplete || one.incomplete;
}

}  // namespace

Result<void> expect_true_tar_name(const std::string& name, const std::string& compress) {
    bundle::Layers written;
    if (const auto packed = stream_format(compress)) written.push_back(bundle::layer_of(*packed));
    written.push_back(bundle::ContentKind::tar);
    const auto named = bundle::layers_named(with_ending(name, compress));
    if (named == written) return {};
    return fail(ErrorCode::invalid, "the name says {}, and the archives would be {}", bundle::words_of(named), bundle::words_of(written))
        .with_advice(format("{}.tar: the setting `compress` adds the ending", printable(bundle::without_layers(name))));
}

Result<std::vector<SetCopyOrder>> set_copy_orders(Context& context, const LoadedSettings& loaded, const std::string& source) {
    std::vector<SetCopyOrder> orders;
    const auto* settings = loaded.source(source);
    if (settings == nullptr) return orders;
    for (const auto& copies : settings->set_copies) {
        SetCopyOrder order;
        if (!copies.of.empty()) order.of = TRY(host::canonical_or_future(context.host.files, copies.of));
        order.files.name = TRY(told(bundle::CopyTemplate::parse(copies.name), copies.name));
        TRY(expect_true_tar_name(copies.name, copies.compress));
        order.files.compress = copies.compress;
        order.files.folder = TRY(host::canonical_or_future(context.host.files, copies.folder));
        TRY(refuse_inside_repository(context, host::join_path(order.files.folder, "x")));
        order.files.policy.time_zone = loaded.settings.retention.time_zone;
        order.files = TRY(with_rule(std::move(order.files), {.keep_manual = copies.keep_manual, .keep = copies.keep}));
        orders.push_back(std::move(order));
    }
    return orders;
}

PlainCopiesReport make_set_copies(Context& context, OpenRepository& opened, const Snapshot& snapshot, const std::vector<SetCopyOrder>& orders) {
    PlainCopiesReport report;
    for (const auto& order : orders) join(report, Archiving(context, opened, snapshot, order).run());
    return report;
}

Result<PlainCopiesReport> rehearse_set_copies(Context& context, const Snapshot& snapshot, const std::vector<SetCopyOrder>& orders) {
    PlainCopiesReport report;
    for (const auto& order : orders) {
        auto folder = TRY(CopyFolder::look(context, order.files.folder));
        const auto subject = subject_of(order, snapshot);
        auto record = TRY(record_of(snapshot, subject, order.files));
        PlainCopy copy{.database = subject.name, .path = {}};
        if (!TRY(is_told_as_there(folder, record, copy))) {
            record.file = TRY(folder.free_name(record.file));
            copy.path = folder.path_of(record.file);
            TRY(rehearse_rotation(context, folder, record, order.files, report));
        }
        report.copies.push_back(std::move(copy));
    }
    return report;
}

}  // namespace holdfast::operations
