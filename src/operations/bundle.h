// bundle: one backup as one archive that needs nothing of ours to be opened: databases, schema, metadata.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/operations/narrow.h"

namespace holdfast::operations {

struct BundleRequest {
    RepositoryRequest repository;
    NarrowRequest narrow;
    std::string snapshot = "latest";
    std::string at, source, to, encrypt_for, passphrase_file;
    std::vector<std::string> with;
    bool force = false, unscrubbed = false;

    static OperationText operation() {
        return {.name = "bundle",
                .sentence = "Write a backup as one archive that any machine can open.",
                .details = "A tar, compressed as its name ends (.tar.zst, .tar.gz), of the database files, the schema of each as SQL, the companions of a set with all that lies "
                           "in them, and metadata.json with times, versions, sizes and the SHA-256 of every file. Made twice from one backup it is the same, byte for byte. Every byte is "
                           "proven before it is written, and read back. Encrypted, gpg or age opens it. "
                           "Columns that the settings name in [bundle.scrub] are scrubbed: in the bundle alone, with every trace of them. "
                           "--with takes along what [bundle] names: settings files without their secrets (removed.json tells which, never what), "
                           "the lines of logs since the backup before, and metrics. "
                           "holdfast restore --from, verify and adopt read it.",
                .examples = {{"holdfast bundle 43 --to app.tar.zst", "to hand to somebody"},
                             {"holdfast bundle latest --to app.tar.zst.age --encrypt-for age1...", "for whoever has that key"},
                             {"holdfast bundle latest --to app.tar.gz.gpg --passphrase-file secret.txt", "with a passphrase, for gpg"},
                            {"holdfast bundle latest --to report.tar.zst --with all", "for who looks for a fault"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "Which backup.", .value = "SNAPSHOT", .positional = true});
        visit(to, {.name = "to", .sentence = "The archive: NAME.tar.zst or NAME.tar.gz, with .gpg or .age behind when it is encrypted.", .value = "FILE", .required = true});
        visit(encrypt_for, {.name = "encrypt-for", .sentence = "For this recipient alone: of age (age1..., an ssh key, a file of recipients), else a key that gpg knows by that name or fingerprint.", .value = "RECIPIENT"});
        visit(passphrase_file, {.name = "passphrase-file", .sentence = "Encrypted by gpg with the passphrase in this file.", .value = "FILE"});
        visit(with, {.name = "with", .sentence = "Take along what [bundle] in the settings names: files, logs, metrics, or all; may be repeated.", .value = "WHAT"});
        visit(unscrubbed, {.name = "unscrubbed", .sentence = "Leave the columns of [bundle.scrub] as they are: for whoever may see them."});
        visit(at, {.name = "at", .sentence = "The newest backup not after this time.", .value = "TIME"});
        visit(source, {.name = "source", .sentence = "Of this source (name, id or the path of one of its databases).", .value = "NAME"});
        narrow.describe(visit);
        visit(force, {.name = "force", .sentence = "Replace the file if it is there."});
        repository.describe(visit);
    }
};
struct BundledMember {
    std::string name, sha256;
    std::uint64_t bytes = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("name", name, "Its name in the archive.");
        visit("bytes", bytes, "Bytes.");
        visit("sha256", sha256, "SHA-256.");
    }
};
struct BundledCompanionTold {
    std::string path, member;
    std::uint64_t files = 0, folders = 0, links = 0, bytes = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "Where it was.");
        visit("member", member, "Its name in the archive; what lies in it is below.");
        visit("files", files, "Files.");
        visit("folders", folders, "Folders.");
        visit("links", links, "Links.");
        visit("bytes", bytes, "Bytes of all files.");
    }
};
struct RemovedFromBundle {
    std::string member, key, why;
    std::uint64_t line = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("member", member, "The text in the archive.");
        visit("line", line, "Its line, from 1.");
        visit("key", key, "Of the key with this name.");
        visit("why", why, "key name, address, random look, private key: what told that it is a secret.");
    }
};
struct BundleReport {
    std::uint64_t number = 0, bytes = 0;
    std::string id, file, compressed, encrypted, proof;
    Timestamp time;
    std::vector<BundledMember> members;
    std::vector<BundledCompanionTold> companions;
    std::vector<RemovedFromBundle> removed;
    std::vector<std::string> scrubbed;
    double duration_ms = 0;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup.");
        visit("id", id, "Its id.");
        visit("time", time, "The moment it holds.");
        visit("file", file, "The archive.");
        visit("bytes", bytes, "Its size.");
        visit("compressed", compressed, "zstd or gzip.");
        visit("encrypted", encrypted, "gpg or age; empty: it is not.");
        visit("proof", proof, "content: every member was read back and compared; none: it is encrypted for others.");
        visit("members", members, "What is in it, but for companions.");
        visit("companions", companions, "Files and folders that belong with the databases.");
        visit("removed", removed, "Secrets that were taken out of its texts.");
        visit("scrubbed", scrubbed, "Columns that were scrubbed, and how.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<BundleReport> bundle_backup(Context& context, const BundleRequest& request);

}  // namespace holdfast::operations
