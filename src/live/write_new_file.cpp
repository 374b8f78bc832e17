// Writing an image as a file: aside, synced, read back, then named; and the swap with what was there before.
#include <algorithm>
#include <memory>

#include "holdfast/base/text.h"
#include "holdfast/live/replace.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::live {
namespace {

constexpr std::uint64_t piece_size = 1024 * 1024;
constexpr unsigned pieces_in_flight = 6;

struct Piece {
    std::uint64_t offset = 0;
    std::uint64_t index = 0;
    std::size_t size = 0;
    Buffer bytes;
    Fingerprint fingerprint;
};

// Offers the pieces of a file one after another.
std::function<Result<bool>(Piece&)> piece_maker(std::uint64_t size, std::shared_ptr<std::uint64_t> next) {
    return [size, next](Piece& piece) -> Result<bool> {
        if (*next >= size) return false;
        piece.offset = *next;
        piece.index = *next / piece_size;
        piece.size = static_cast<std::size_t>(std::min(piece_size, size - *next));
        if (piece.bytes.size() == 0) piece.bytes = Buffer(piece_size);
        *next += piece.size;
        return true;
    };
}

class Writing {
public:
    Writing(const sqlite::Image& image, host::File& file, const Watch& watch) : image_(image), file_(file), watch_(watch), fingerprints_((image.size() + piece_size - 1) / piece_size) {}

    Result<void> write(host::WorkerPool& pool) {
        TRY(file_.resize(image_.size()));
        const auto work = [this](Piece& piece) -> Result<void> {
            const MutableByteView bytes = piece.bytes.span().first(piece.size);
            const std::uint32_t page = image_.page_size().bytes();
            const sqlite::PageNumber first{static_cast<std::uint32_t>(piece.offset / page + 1)};
            TRY(image_.read({.first = first, .count = static_cast<std::uint32_t>(piece.size / page)}, bytes));
            piece.fingerprint = fingerprint(bytes, 0);
            if (is_all_zero(bytes)) return {};  // stays a hole
            return file_.write_at(piece.offset, bytes);
        };
        return run(pool, "restoring", work, [this](Piece& piece) { fingerprints_[piece.index] = piece.fingerprint; return true; });
    }

    // What the file gives back is what the image gave.
    Result<void> prove(host::WorkerPool& pool) {
        const auto work = [this](Piece& piece) -> Result<void> {
            const MutableByteView bytes = piece.bytes.span().first(piece.size);
            if (TRY(file_.read_at(piece.offset, bytes)) != piece.size) return fail(ErrorCode::corrupt, "read back the restored file: it is shorter than what was written");
            piece.fingerprint = fingerprint(bytes, 0);
            return {};
        };
        const auto same = [this](Piece& piece) { return fingerprints_[piece.index] == piece.fingerprint; };
        return run(pool, "proving", work, same);
    }

private:
    Result<void> run(host::WorkerPool& pool, std::string_view phase, const std::function<Result<void>(Piece&)>& work, const std::function<bool(Piece&)>& accept) {
        std::uint64_t done = 0;
        const auto take = [&](Piece& piece) -> Result<void> {
            TRY(watch_.go_on());
            if (!accept(piece)) return fail(ErrorCode::corrupt, "read back the restored file: bytes {} to {} are not what was written", piece.offset, piece.offset + piece.size);
            done += piece.size;
            watch_.at({.phase = phase, .done = done, .total = image_.size()});
            return {};
        };
        return host::OrderedPipeline<Piece>::run(pool, pieces_in_flight, {.make = piece_maker(image_.size(), std::make_shared<std::uint64_t>(0)), .work = work, .take = take});
    }

    const sqlite::Image& image_;
    host::File& file_;
    const Watch& watch_;
    std::vector<Fingerprint> fingerprints_;
};

// "app.db.before-restore-20260801T093000Z", with a number behind it where that is taken.
Result<std::string> free_name(host::Host host, const std::string& path) {
    const CivilTime t = civil_of(host.clock.now());
    const std::string stem = format("{}.before-restore-{:04}{:02}{:02}T{:02}{:02}{:02}Z", path, t.year, t.month, t.day, t.hour, t.minute, t.second);
    for (int n = 1; n < 1000; ++n) {
        const std::string name = n == 1 ? stem : format("{}.{}", stem, n);
        bool taken = false;
        for (const char* suffix : {"", "-wal", "-shm", "-journal"}) taken = taken || TRY(host::exists(host.files, name + suffix));
        if (!taken) return name;
    }
    return fail(ErrorCode::exists, "keep {} aside: too many such files are there", path);
}

// Sidecars of a database that is gone or unusable would be taken for the new one's: a stale log silently undoes a
// restore. They are kept under another name.
Result<std::vector<std::string>> move_aside(host::Host host, const std::string& path, const std::vector<const char*>& suffixes) {
    std::vector<std::string> moved;
    const std::string aside = TRY(free_name(host, path));
    for (const char* suffix : suffixes) {
        auto renamed = host.files.rename_if_absent(path + suffix, aside + suffix);
        if (!renamed && renamed.error().code() == ErrorCode::not_found) continue;
        TRY(std::move(renamed));
        moved.push_back(aside + suffix);
    }
    if (!moved.empty()) TRY(host.files.sync_folder(host::folder_of(path)));
    return moved;
}

void give_appearance(host::Host host, const std::string& path, const FileAppearance& appearance, WriteReport& report) {
    if (appearance.set_owner) {
        if (auto done = host.files.set_owner(path, appearance.owner, appearance.group); !done)
            report.notes.push_back(format("the file could not be given to user {} and group {}: {}", appearance.owner, appearance.group, done.error().message()));
    }
    if (auto done = host.files.set_mode(path, appearance.mode); !done) report.notes.push_back("its mode could not be set: " + done.error().message());
}

// Removes the file aside unless it has got its name.
class Aside {
public:
    Aside(host::Host host, std::string path) : host_(host), path_(std::move(path)) {}
    ~Aside() {
        if (!named_) static_cast<void>(host_.files.remove(path_));
    }
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;
    void named() { named_ = true; }

private:
    host::Host host_;
    std::string path_;
    bool named_ = false;
};

Result<WriteReport> write_and_name(host::Host host, host::WorkerPool& pool, const sqlite::Image& image, const NewFileRequest& request, const Watch& watch) {
    const std::string folder = host::folder_of(request.path);
    TRY(host::make_folders_durably(host.files, folder, 0755));
    const std::string temporary = format("{}.holdfast-{:016x}", request.path, host::random_u64(host.random));
    WriteReport report{.bytes_written = image.size()};
    auto file = TRY(host.files.create(temporary, 0600));
    Aside aside(host, temporary);
    Writing writing(image, *file, watch);
    const host::Stopwatch copying(host.clock);
    TRY(writing.write(pool));
    give_appearance(host, temporary, request.appearance, report);
    TRY(file->sync());
    report.copy_ms = copying.ms();
    const host::Stopwatch proving(host.clock);
    TRY(writing.prove(pool));
    report.proof_ms = proving.ms();
    const std::vector<const char*> in_the_way = request.replace_existing ? std::vector<const char*>{"", "-wal", "-shm", "-journal"} : std::vector<const char*>{"-wal", "-shm", "-journal"};
    if (!request.replace_existing && TRY(host::exists(host.files, request.path)))
        return fail(ErrorCode::exists, "write {}: a file of that name is there", request.path).with_advice("another name, or --force to replace it");
    report.moved_aside = TRY(move_aside(host, request.path, in_the_way));
    auto renamed = host.files.rename_if_absent(temporary, request.path);
    if (!renamed && renamed.error().code() == ErrorCode::exists)
        return std::move(renamed).error().with_advice("somebody made the file meanwhile: look at it, then restore again");
    TRY(std::move(renamed));
    aside.named();
    TRY(host.files.sync_folder(folder));
    return report;
}

}  // namespace

Result<WriteReport> write_new_file(host::Host host, host::WorkerPool& pool, const sqlite::Image& image, const NewFileRequest& request, const Watch& watch) {
    if (!request.replace_existing && TRY(host::exists(host.files, request.path)))
        return fail(ErrorCode::exists, "write {}: a file of that name is there", request.path).with_advice("another name, or --force to replace it (it is kept aside)");
    return write_and_name(host, pool, image, request, watch);
}

Result<WriteReport> swap_file(host::Host host, host::WorkerPool& pool, const sqlite::Image& image, const NewFileRequest& request, const PlaceOptions& place, const Watch& watch) {
    const auto plan = TRY(plan_replacement(host, request.path, image, place));
    if (plan.route == Route::transaction) return fail(ErrorCode::busy, "restore {}: it became a usable database meanwhile", plan.target).with_advice("restore again");
    NewFileRequest swap = request;
    swap.path = plan.target;
    swap.replace_existing = plan.route == Route::swap;
    return write_and_name(host, pool, image, swap, watch);
}

}  // namespace holdfast::live
