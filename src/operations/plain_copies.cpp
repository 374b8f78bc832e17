#include "holdfast/operations/plain_copies.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/history.h"
#include "holdfast/operations/copy_of_backup.h"
#include "holdfast/operations/publish_copies.h"

namespace holdfast::operations {

namespace {

using bundle::CopyRecord;
using repository::DirectoryEntry;
using repository::Snapshot;

CopySubject subject_of(const DirectoryEntry& entry) { return {.what = "database", .name = entry.name, .file_name = host::file_name_of(entry.name)}; }

class Copying {
public:
    Copying(Context& context, OpenRepository& opened, const Snapshot& snapshot, const PlainCopyOrder& order)
        : context_(context), opened_(opened), snapshot_(snapshot), order_(order) {}

    PlainCopiesReport run() {
        auto done = try_run();
        if (!done) miss(done.error());
        for (const auto& copy : report_.copies) {
            if (!copy.error.empty()) report_.warnings.push_back(format("no plain copy of {} was made: {}; the backup itself is whole", printable(copy.database), copy.error));
        }
        return std::move(report_);
    }

private:
    void miss(const Error& error) {
        report_.incomplete = true;
        for (auto& copy : report_.copies) {
            if (copy.path.empty() && copy.error.empty()) copy.error = error.text();
        }
        if (report_.copies.empty()) report_.warnings.push_back(format("no plain copy was made: {}; the backup itself is whole", error.text()));
    }

    Result<void> try_run() {
        constexpr std::uint32_t folder_mode = 0700;
        for (const auto& entry : snapshot_.members) {
            if (is_fit(entry)) report_.copies.push_back({.database = entry.name, .path = {}});
        }
        TRY(host::make_folders_durably(context_.host.files, order_.folder, folder_mode));
        TRY(leave_out_what_is_there());
        std::vector<CopyToPublish> ready;
        for (const auto* entry : wanted_) prepare(*entry, ready);
        if (ready.empty()) return {};
        auto folder = TRY(CopyFolder::lock(context_, order_.folder));
        publish_copies(context_, folder, ready, order_, report_);
        return {};
    }

    bool is_fit(const DirectoryEntry& entry) {
        if (entry.database && entry.database->findings.empty()) return true;
        report_.warnings.push_back(format("no plain copy of {} was made: the database is damaged", printable(entry.name)));
        report_.incomplete = true;
        return false;
    }

    Result<void> leave_out_what_is_there() {
        auto folder = TRY(CopyFolder::lock(context_, order_.folder));
        for (auto& told : report_.copies) {
            const auto entry = std::ranges::find(snapshot_.members, told.database, &DirectoryEntry::name);
            if (!TRY(is_told_as_there(folder, TRY(record_of(snapshot_, subject_of(*entry), order_)), told))) wanted_.push_back(&*entry);
        }
        if (wanted_.empty()) publish_metadata(context_, folder, order_, report_);
        return {};
    }

    // Others need the disk as well: what cannot fit does not fill it first. How small a compressed copy will be is not known.
    Result<void> expect_room(const sqlite::Image& image) const {
        if (stream_format(order_.compress)) return {};
        const std::uint64_t needed = image.size() * (order_.latest ? 2 : 1), there = TRY(context_.host.files.free_bytes(order_.folder));
        if (there > needed) return {};
        return fail(ErrorCode::full, "it needs {}, and {} are free in {}", human_bytes(needed), human_bytes(there), printable(order_.folder))
            .with_advice("free space there; or --compress zstd, or another folder");
    }

    void prepare(const DirectoryEntry& entry, std::vector<CopyToPublish>& ready) {
        auto written = write(entry);
        if (written) return ready.push_back(std::move(*written));
        report_.incomplete = true;
        std::ranges::find(report_.copies, entry.name, &PlainCopy::database)->error = written.error().text();
    }
    Result<CopyToPublish> write(const DirectoryEntry& entry) {
        auto record = TRY(record_of(snapshot_, subject_of(entry), order_));
        record.repository = opened_.get().config().id.hex();
        const auto image = TRY(history::open_image(opened_.get(), entry));
        TRY(expect_room(*image));
        auto copy = TRY(CopyOnItsWay::write(context_, opened_.pool(), *image, {.folder = order_.folder, .compress = stream_format(order_.compress)}));
        record.size = copy.size;
        record.sha256 = copy.sha256;
        record.database_sha256 = copy.database_sha256;
        std::optional<CopyOnItsWay> latest;
        if (order_.latest) {
            auto twin = copy.twin(context_);
            if (twin) latest.emplace(std::move(*twin));
            else report_.warnings.push_back(format("the newest copy did not get its second name: {}", twin.error().text()));
            report_.incomplete = report_.incomplete || !twin;
        }
        return CopyToPublish{.record = std::move(record), .copy = std::move(copy), .latest = std::move(latest)};
    }

    Context& context_;
    OpenRepository& opened_;
    const Snapshot& snapshot_;
    const PlainCopyOrder& order_;
    PlainCopiesReport report_;
    std::vector<const DirectoryEntry*> wanted_;
};

}  // namespace

PlainCopiesReport make_plain_copies(Context& context, OpenRepository& opened, const Snapshot& snapshot, const PlainCopyOrder& order) {
    return Copying(context, opened, snapshot, order).run();
}

Result<PlainCopiesReport> rehearse_plain_copies(Context& context, const Snapshot& snapshot, const PlainCopyOrder& order) {
    auto folder = TRY(CopyFolder::look(context, order.folder));
    PlainCopiesReport report;
    for (const auto& entry : snapshot.members) {
        auto record = TRY(record_of(snapshot, subject_of(entry), order));
        PlainCopy told{.database = entry.name, .path = {}};
        if (!TRY(is_told_as_there(folder, record, told))) {
            record.file = TRY(folder.free_name(record.file));
            told.path = folder.path_of(record.file);
            if (order.latest) {
                const std::string name = with_ending(TRY(order.latest->fill({.database = host::file_name_of(entry.name)})), order.compress);
                const auto place = TRY(latest_place(context, folder, record, name));
                if (place == LatestPlace::free || place == LatestPlace::ours) told.latest = folder.path_of(name);
            }
            TRY(rehearse_rotation(context, folder, record, order, report));
        }
        report.copies.push_back(std::move(told));
    }
    return report;
}

}  // namespace holdfast::operations
