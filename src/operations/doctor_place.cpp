// Where databases and repository lie: kind of file system, folders that others copy, rights, and free room.
#include <algorithm>
#include <array>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/file_system_type.h"
#include "holdfast/operations/doctor_looks.h"
#include "holdfast/operations/settings_in_effect.h"

namespace holdfast::operations {

namespace {

constexpr std::uint32_t others_may_write = 0002, sticky = 01000;

// Programs that copy a folder's files to other machines, one by one, whenever they change.
std::string copied_by(host::FileSystem& files, const std::string& path) {
    constexpr std::array<std::string_view, 6> names = {"Dropbox", "OneDrive", "Google Drive", "Nextcloud", "iCloud Drive", "pCloudDrive"};
    for (std::string folder = host::folder_of(path); folder != "/" && folder != "."; folder = host::folder_of(folder)) {
        const auto name = host::file_name_of(folder);
        if (std::ranges::find(names, name) != names.end()) return name;
        if (host::exists(files, host::join_path(folder, ".stfolder")).value_or(false)) return "Syncthing";
    }
    return "";
}

void judge_kind(Consultation& consultation, const std::string& path, const host::FileSystemType& found, bool is_database) {
    Finding finding{.severity = Severity::ok, .about = "place", .subject = path, .what = format("on {}, mounted at {}", found.type, printable(found.mounted_at))};
    switch (found.kind) {
        case host::FileSystemKind::network:
            finding.severity = is_database ? Severity::warning : Severity::info;
            finding.why = is_database ? "locks on network file systems are not to be relied on, and WAL mode does not work between machines: two machines at once damage the database"
                                      : "two machines that back up into it at once rely on its atomic file creation";
            if (is_database) finding.remedy = "move the database to a local disk, and let one machine alone open it";
            break;
        case host::FileSystemKind::user_space:
            finding.severity = is_database ? Severity::warning : Severity::info;
            finding.why = "a program serves this file system: whether its locks and memory maps are what SQLite needs, only that program knows";
            if (is_database) finding.remedy = "move the database to a file system of the kernel";
            break;
        case host::FileSystemKind::layered:
            finding.severity = Severity::info;
            finding.why = "a container's own layer goes with the container: what must stay belongs into a volume";
            break;
        case host::FileSystemKind::memory:
            finding.severity = is_database ? Severity::info : Severity::warning;
            finding.why = "it is in memory, and gone when the machine is switched off";
            if (!is_database) finding.remedy = "keep backups on a disk: holdfast init -r FOLDER";
            break;
        case host::FileSystemKind::disk: break;
    }
    consultation.findings.add(std::move(finding));
    if (found.is_read_only && is_database) {
        consultation.findings.add({.severity = Severity::warning, .about = "place", .subject = path, .what = "its file system is mounted read-only", .why = "nothing can be written; after an error the kernel does this by itself",
                                   .remedy = "dmesg | tail, then mount -o remount,rw " + shell_word(found.mounted_at)});
    }
}

void look_at_room(Consultation& consultation, const Patient& patient) {
    const auto free = consultation.context.host.files.free_bytes(patient.path);
    if (!free) return consultation.unseen("room", patient.path, free.error());
    const auto wanted = room_wanted(*consultation.settings, patient.status->size);
    Finding finding{.severity = Severity::ok, .about = "room", .subject = patient.path, .what = format("{} are free on its file system", human_bytes(*free))};
    if (*free < std::max(wanted.warn, wanted.least)) {
        const bool is_too_little = *free < wanted.least;
        finding.severity = is_too_little ? Severity::fault : Severity::warning;
        finding.what += format(", less than {}", human_bytes(is_too_little ? wanted.least : wanted.warn));
        finding.why = "on a full disk transactions, checkpoints and backups fail";
        finding.remedy = format("holdfast maintain cleanup {} --dry-run; holdfast maintain vacuum {} --by-way-of FOLDER_ON_ANOTHER_DISK", shell_word(patient.path), shell_word(patient.path));
    }
    consultation.findings.add(std::move(finding));
}

void add_right(Consultation& consultation, const std::string& path, Finding finding) {
    finding.about = "place";
    finding.subject = path;
    consultation.findings.add(std::move(finding));
}

// Sidecars and database must belong to the same user, or one of the programs cannot write them.
void look_at_owners(Consultation& consultation, const Patient& patient) {
    for (const char* ending : {"-wal", "-shm", "-journal"}) {
        const auto path = patient.path + ending;
        const auto status = consultation.context.host.files.status(path);
        if (!status || (status->owner == patient.status->owner && (status->mode & 0600) == 0600)) continue;
        const bool is_foreign = status->owner != patient.status->owner;
        add_right(consultation, path,
                  {.severity = Severity::warning, .what = is_foreign ? format("belongs to user {}, the database to user {}", status->owner, patient.status->owner) : std::string("its owner may not write it"),
                   .why = "a program of the database's owner cannot write it: \"attempt to write a readonly database\"; it was made by a program of another user, such as root",
                   .remedy = is_foreign ? format("sudo chown --reference={} {}", shell_word(patient.path), shell_word(path)) : format("chmod --reference={} {}", shell_word(patient.path), shell_word(path))});
    }
}

}  // namespace

void look_at_file_system(Consultation& consultation, const std::string& path, std::string_view what) {
    const auto found = host::file_system_type(path);
    if (found) judge_kind(consultation, path, *found, what == "database");
    else consultation.unseen("place", path, found.error());
    const auto copier = copied_by(consultation.context.host.files, path);
    if (copier.empty()) return;
    add_right(consultation, path, {.severity = Severity::warning, .what = format("lies in a folder that {} copies", copier),
                                   .why = "it copies the database, its -wal and its -journal at different moments, and puts back what another machine had: that damages databases",
                                   .remedy = "move it out of that folder; keep a repository there instead, or holdfast backup --output DIR"});
}

void look_at_rights(Consultation& consultation, const Patient& patient) {
    auto& files = consultation.context.host.files;
    const auto& status = *patient.status;
    const std::string folder = host::folder_of(patient.path);
    if ((status.mode & others_may_write) != 0) {
        add_right(consultation, patient.path, {.severity = Severity::warning, .what = format("anybody may write it (mode {:o})", status.mode), .why = "any program of any user can damage it", .remedy = "chmod o-w " + shell_word(patient.path)});
    }
    const auto around = files.status(folder);
    if (around && (around->mode & others_may_write) != 0 && (around->mode & sticky) == 0) {
        add_right(consultation, folder, {.severity = Severity::warning, .what = format("anybody may write into the folder (mode {:o})", around->mode), .why = "anybody may put another database in its place", .remedy = "chmod o-w " + shell_word(folder)});
    }
    const bool is_owners = around && around->owner == status.owner;
    if (is_owners && (around->mode & 0300) != 0300) {
        add_right(consultation, folder, {.severity = Severity::fault, .what = format("the database's owner may not write into its folder (mode {:o})", around->mode),
                                         .why = "SQLite makes -wal and -journal there: \"unable to open database file\", \"attempt to write a readonly database\"", .remedy = "chmod u+rwx " + shell_word(folder)});
    }
    if (is_owners && (status.mode & 0600) != 0600) {
        add_right(consultation, patient.path, {.severity = Severity::fault, .what = format("its owner may not read and write it (mode {:o})", status.mode),
                                               .why = "\"attempt to write a readonly database\", or \"unable to open database file\"", .remedy = "chmod u+rw " + shell_word(patient.path)});
    } else if (const auto writable = files.expect_writable(patient.path); !writable) {
        add_right(consultation, patient.path, {.severity = Severity::info, .what = format("this user may not write it, or into its folder: {}", writable.error().message()),
                                               .why = "a restore in place needs to", .remedy = format("run holdfast as user {}: sudo -u '#{}' holdfast ...", status.owner, status.owner)});
    }
    look_at_owners(consultation, patient);
}

void look_at_place(Consultation& consultation, const Patient& patient) {
    look_at_file_system(consultation, patient.path, "database");
    look_at_room(consultation, patient);
    constexpr std::int64_t future_s = 300;
    const auto ahead_s = (patient.status->modified.nanoseconds - consultation.context.host.clock.now().nanoseconds) / nanoseconds_per_second;
    if (ahead_s <= future_s) return;
    consultation.findings.add({.severity = Severity::warning, .about = "clock", .subject = patient.path, .what = format("was changed {} in the future", human_duration_ms(static_cast<double>(ahead_s) * 1000)),
                               .why = "the clock was wrong then, or is wrong now: ages of backups and retention go by it", .remedy = "timedatectl status"});
}

}  // namespace holdfast::operations
