// The looks of doctor, a file each: every one adds what it saw, and fails never. For this room only.
#pragma once

#include <memory>
#include <optional>

#include "holdfast/live/database_users.h"
#include "holdfast/operations/doctor.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/status.h"

namespace holdfast::operations {

// What the looks share.
struct Consultation {
    Context& context;
    const DoctorRequest& request;
    std::shared_ptr<LoadedSettings> settings = std::make_shared<LoadedSettings>();  // defaults stand where something is wrong
    std::unique_ptr<OpenRepository> repository = nullptr;  // none: there is none, or it cannot be opened
    std::optional<StatusReport> status = {};
    Findings findings = {};

    // The command with the flags that say which repository, as they were given.
    std::string command(const std::string& words) const;
    // What could not be looked at: told, and no fault.
    void unseen(const std::string& about, const std::string& subject, const Error& why);
};

// A database, and what the first look at it tells the others.
struct Patient {
    std::string path;                                // canonical, also of one that is missing
    std::string named;                               // as a person named it
    std::optional<host::FileStatus> status = {};     // none: it is not there
    bool has_header = false;                         // of a SQLite database
    bool is_wal = false;                             // by its header
    std::optional<live::DatabaseUsers> users = {};
    bool can_be_looked_at() const { return status && status->kind == host::FileKind::regular; }
};

void look_at_settings(Consultation& consultation);
void look_at_schedule(Consultation& consultation);
void look_at_repository(Consultation& consultation);
void look_at_backups(Consultation& consultation);
void look_at_clock(Consultation& consultation);
void look_at_own_sqlite(Consultation& consultation);

void look_at_file(Consultation& consultation, Patient& patient);
void look_at_sidecars(Consultation& consultation, const Patient& patient);
void look_at_users(Consultation& consultation, Patient& patient);
void look_at_wal(Consultation& consultation, const Patient& patient);
void look_at_sqlite_of_users(Consultation& consultation, const Patient& patient);
void look_at_place(Consultation& consultation, const Patient& patient);
void look_at_past(Consultation& consultation, const Patient& patient);
void look_at_content(Consultation& consultation, const Patient& patient);

// Of all databases together: what restores of their sources have left.
void look_at_restores(Consultation& consultation, const std::vector<std::string>& databases);

// Of a database's or the repository's file system.
void look_at_file_system(Consultation& consultation, const std::string& path, std::string_view what);
// Rights that let everybody in, or keep out those who need them.
void look_at_rights(Consultation& consultation, const Patient& patient);

// The text of --report. Never a row, a secret, or the name of a user or machine.
std::string report_for_others(Consultation& consultation, const DoctorReport& report);

}  // namespace holdfast::operations
