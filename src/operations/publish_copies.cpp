#include "holdfast/operations/publish_copies.h"

#include <algorithm>
#include <set>

#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/copy_metadata.h"
#include "holdfast/operations/copy_rotation.h"
#include "holdfast/operations/repository_place.h"

namespace holdfast::operations {

namespace {

using bundle::CopyRecord;
using Records = std::vector<CopyRecord>;

// Numbers of one repository order its backups, however clocks are set.
bool is_newer(const CopyRecord& a, const CopyRecord& b) { return a.repository == b.repository ? a.number > b.number : a.time > b.time; }

class Publishing {
public:
    Publishing(Context& context, CopyFolder& folder, const PlainCopyOrder& order, PlainCopiesReport& report)
        : context_(context), folder_(folder), records_(folder.catalogue.records), order_(order), report_(report) {}

    // The catalogue knows every file before it has its name; what people see changes in such an order that a copy is
    // always the youngest file among them.
    Result<void> run(std::vector<CopyToPublish>& copies) {
        for (auto& copy : copies) TRY(announce(copy));
        plan_rotation(copies);
        TRY(folder_.save());
        had_ = records_;
        write_metadata();
        for (auto& copy : copies) put(copy);
        TRY(context_.host.files.sync_folder(folder_.path()));
        for (auto& copy : copies) put_latest(copy);
        rotate();
        write_metadata();
        return folder_.save();
    }

    void write_metadata() {
        if (order_.metadata.empty()) return;
        auto done = try_write_metadata();
        if (!done) miss(format("{} was not written: {}", printable(folder_.path_of(order_.metadata)), done.error().text()));
    }

private:
    void miss(std::string why) {
        report_.incomplete = true;
        const bool is_told = std::ranges::find(report_.warnings, why) != report_.warnings.end();
        if (!is_told) report_.warnings.push_back(std::move(why));
    }
    PlainCopy& told(const CopyRecord& record) {
        return *std::ranges::find_if(report_.copies, [&](const PlainCopy& copy) { return printable(copy.database) == record.database; });
    }
    void forget(const std::string& file, bool is_latest) {
        std::erase_if(records_, [&](const CopyRecord& record) { return record.file == file && record.is_latest == is_latest; });
    }
    Records::iterator record_of(const std::string& file) {
        return std::ranges::find_if(records_, [&](const CopyRecord& record) { return record.file == file && !record.is_latest; });
    }

    Result<void> announce(CopyToPublish& copy) {
        copy.record.file = TRY(folder_.free_name(copy.record.file));
        TRY(refuse_side_file(context_, folder_.path_of(copy.record.file)));
        records_.push_back(copy.record);
        if (!copy.latest) return {};
        CopyRecord latest = copy.record;
        latest.is_latest = true;
        latest.file = with_ending(TRY(order_.latest->fill({.database = host::file_name_of(copy.record.database)})), order_.compress);
        TRY(refuse_side_file(context_, folder_.path_of(latest.file)));
        const auto place = TRY(latest_place(context_, folder_, latest, latest.file));
        if (place == LatestPlace::foreign) {
            miss(format("{} was not written by holdfast, or was changed, and is left alone: move it away, and the next backup makes it anew", printable(folder_.path_of(latest.file))));
        }
        if (place == LatestPlace::foreign || place == LatestPlace::newer) copy.latest.reset();
        else records_.push_back(latest);
        return {};
    }

    // Names are marked now; files go when the new ones are there.
    void plan_rotation(const std::vector<CopyToPublish>& copies) {
        for (const auto& copy : copies) {
            const auto places = rotated_out(context_, records_, copy.record, order_);
            if (!places) miss("no older plain copy was removed: " + places.error().message());
            else for (const auto at : *places) going_.insert(records_[at].file);
        }
    }

    void put(CopyToPublish& copy) {
        auto done = put_file(copy);
        auto& told_of = told(copy.record);
        if (done) {
            told_of.path = folder_.path_of(copy.record.file);
            told_of.bytes = copy.copy.size;
            told_of.sha256 = copy.copy.sha256.hex();
            told_of.written = true;
            return;
        }
        told_of.error = done.error().text();
        report_.incomplete = true;
        static_cast<void>(folder_.remove_checksum(copy.record).ok());
        forget(copy.record.file, false);
        copy.latest.reset();
        failed_.push_back(copy.record);
    }
    Result<void> put_file(CopyToPublish& copy) {
        TRY(folder_.write_checksum(copy.record));
        const auto status = TRY(copy.copy.make_youngest());
        TRY(copy.copy.take_name(folder_.path_of(copy.record.file)));
        record_of(copy.record.file)->identity = {.device = status.device, .inode = status.inode, .modified = status.modified};
        return {};
    }

    void put_latest(CopyToPublish& copy) {
        if (!copy.latest) return;
        auto done = put_latest_file(copy);
        if (done) told(copy.record).latest = *done;
        else miss(format("the newest copy did not get its second name: {}", done.error().text()));
    }
    Result<std::string> put_latest_file(CopyToPublish& copy) {
        const auto is_its = [&](const CopyRecord& record) { return record.is_latest && record.backup_id == copy.record.backup_id && is_of_same_database(record, copy.record); };
        const auto at = std::ranges::find_if(records_, is_its);
        HOLDFAST_ASSERT(at != records_.end());
        const CopyRecord latest = *at;
        const std::string path = folder_.path_of(latest.file);
        const auto status = TRY(copy.latest->make_youngest());
        // What was known as ours when this began, by the content, is so still: nobody else is at work here.
        TRY(TRY(host::exists(context_.host.files, path)) ? copy.latest->replace(path) : copy.latest->take_name(path));
        TRY(context_.host.files.sync_folder(folder_.path()));
        forget(latest.file, true);
        records_.push_back(latest);
        records_.back().identity = {.device = status.device, .inode = status.inode, .modified = status.modified};
        return path;
    }

    void rotate() {
        for (const auto& file : going_) {
            const auto found = record_of(file);
            if (found == records_.end()) continue;
            const CopyRecord record = *found;
            const auto is_its = [&](const CopyRecord& failed) { return is_of_same_database(failed, record); };
            if (std::ranges::any_of(failed_, is_its)) continue;  // nothing goes before something newer is there
            auto done = drop(record);
            if (!done) miss(format("{} was not removed: {}", printable(folder_.path_of(file)), done.error().text()));
        }
    }
    Result<void> drop(const CopyRecord& record) {
        const std::string path = folder_.path_of(record.file);
        switch (TRY(folder_.state_of(record))) {
            case CopyState::ours:
                TRY(folder_.remove(record));
                report_.removed.push_back(path);
                break;
            case CopyState::gone: TRY(folder_.remove_checksum(record)); break;
            case CopyState::changed:
                report_.warnings.push_back(format("{} is no longer what holdfast wrote: it is left alone from now on", printable(path)));
                break;
        }
        forget(record.file, false);
        return {};
    }

    Result<void> try_write_metadata() {
        const std::string path = folder_.path_of(order_.metadata);
        TRY(folder_.remove_unfinished(order_.metadata));
        const std::string before = TRY(text_there(path));
        Records listed;
        for (const auto& record : records_) {
            if (record.what == "database" && !record.is_latest && !going_.contains(record.file)) listed.push_back(record);
        }
        const auto is_there = [&](const std::string& file) { return context_.host.files.status_of_link(file).ok(); };
        const std::string text = TRY(bundle::copy_metadata(listed, {.folder = folder_.path(), .before = before, .ours = &had_, .is_there = is_there}));
        for (const auto& record : listed) record_of(record.file)->metadata_id = record.metadata_id;
        if (text == before) return {};
        constexpr std::uint32_t only_mine = 0600;
        return host::replace_atomically(context_.host.files, path, bytes_of(text), only_mine);
    }
    // A list that was cut is made anew, and kept beside. What does not even begin as one is somebody's.
    Result<std::string> text_there(const std::string& path) {
        constexpr std::uint64_t size_max = 64 * 1024 * 1024;
        auto bytes = host::read_file(context_.host.files, path, size_max);
        if (!bytes && bytes.error().code() == ErrorCode::not_found) return std::string();
        std::string text(text_of(TRY(std::move(bytes))));
        if (text.empty() || Json::parse(text)) return text;
        if (!trim(text).starts_with('{')) return fail(ErrorCode::invalid, "it is no list of backups").with_advice("move it away, or choose another name for metadata");
        const std::string aside = TRY(folder_.free_name(order_.metadata + ".unreadable"));
        TRY(context_.host.files.rename_if_absent(path, folder_.path_of(aside)));
        report_.warnings.push_back(format("{} could not be read: it is {} now, and was made anew", printable(path), printable(aside)));
        return std::string();
    }

    Context& context_;
    CopyFolder& folder_;
    Records& records_;
    const PlainCopyOrder& order_;
    PlainCopiesReport& report_;
    Records had_;                  // when it began, with the new ones
    Records failed_;
    std::set<std::string> going_;  // files that the policy drops
};

}  // namespace

Result<LatestPlace> latest_place(Context& context, const CopyFolder& folder, const CopyRecord& record, const std::string& name) {
    const std::string path = folder.path_of(name);
    for (const std::string_view ending : {"-wal", "-journal", "-shm"}) {
        if (context.host.files.status_of_link(path + std::string(ending))) return LatestPlace::foreign;
    }
    const auto status = context.host.files.status_of_link(path);
    if (!status && status.error().code() == ErrorCode::not_found) return LatestPlace::free;
    if (!status) return status.error().copy();
    for (const auto& known : folder.catalogue.records) {
        if (!known.is_latest || known.file != name || !is_of_same_database(known, record)) continue;
        if (TRY(folder.state_of(known)) != CopyState::ours) continue;
        return is_newer(known, record) ? LatestPlace::newer : LatestPlace::ours;
    }
    return LatestPlace::foreign;
}

void publish_metadata(Context& context, CopyFolder& folder, const PlainCopyOrder& order, PlainCopiesReport& report) {
    Publishing(context, folder, order, report).write_metadata();
}

void publish_copies(Context& context, CopyFolder& folder, std::vector<CopyToPublish>& copies, const PlainCopyOrder& order, PlainCopiesReport& report) {
    auto done = Publishing(context, folder, order, report).run(copies);
    if (done) return;
    report.incomplete = true;
    for (auto& copy : report.copies) {
        if (!copy.written && copy.path.empty() && copy.error.empty()) copy.error = done.error().text();
    }
    report.warnings.push_back(format("plain copies in {}: {}", printable(folder.path()), done.error().text()));
}

}  // namespace holdfast::operations
