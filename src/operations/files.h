// files, cat: what lies in a backup, file by file, and the bytes of one of them.
#pragma once

#include <functional>

#include "holdfast/operations/context.h"
#include "holdfast/operations/narrow.h"

namespace holdfast::operations {

struct ListedFile {
    std::string path, kind, link_target;
    std::uint64_t size = 0, pages = 0, mode = 0, owner = 0, group = 0;
    Timestamp modified;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "Where it was.");
        visit("kind", kind, "database, raw (bytes of a damaged database), file, folder or link.");
        visit("size", size, "Bytes of a file or database.");
        visit("pages", pages, "Of a database: its pages.");
        visit("mode", mode, "Permission bits.");
        visit("owner", owner, "Number of its owner.");
        visit("group", group, "Number of its group.");
        visit("modified", modified, "When it was written last.");
        visit("link_target", link_target, "What a link says.");
    }
};
struct FilesRequest {
    RepositoryRequest repository;
    std::string snapshot = "latest";
    std::vector<std::string> paths;
    std::string at, source, depth;
    NarrowRequest narrow;
    std::vector<std::string> find;
    bool is_long = false;
    std::function<Result<void>(const ListedFile&)> take;  // by the surface: each as it comes

    static OperationText operation() {
        return {.name = "files",
                .sentence = "List the databases, files and folders that a backup holds.",
                .details = "SNAPSHOT is a number (43), latest, latest~2, last-good, or the beginning of an id. Without PATH everything is listed. PATH is absolute, as it was in the "
                           "source; or relative to the folder that all of the backup shares (restore --to lays it out so), to one above that, or to the working folder. "
                           "Exit code 4: a folder could not be read, and what lies in it is not listed.",
                .examples = {{"holdfast files 43", "everything in it, a path a line"},
                             {"holdfast files 43 data/faiss --long", "one folder, with mode, owner, size and time"},
                             {"holdfast files latest --find '*.index' --find '*.npz'", "by patterns, as in .gitignore"},
                             {"holdfast files latest --depth 0", "the databases and companions themselves"},
                             {"holdfast files 43 --json", "for a program"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "Which backup.", .value = "SNAPSHOT", .positional = true});
        visit(paths, {.name = "path", .sentence = "Only what is, or lies in, this file or folder.", .value = "PATH", .positional = true});
        visit(find, {.name = "find", .sentence = "Only what matches this pattern, as in .gitignore, relative to the folder that all share; may be repeated.", .value = "PATTERN"});
        visit(depth, {.name = "depth", .sentence = "Go down so many folders: 0 lists only what is named, 1 also what lies right in it. Default: all.", .value = "N"});
        visit(is_long, {.name = "long", .sentence = "Mode, owner, group, size and time, too.", .letter = 'l'});
        visit(at, {.name = "at", .sentence = "The newest backup not after this time (RFC 3339, local time, '2 hours ago').", .value = "TIME"});
        visit(source, {.name = "source", .sentence = "Of this source.", .value = "NAME"});
        narrow.describe(visit);
        repository.describe(visit);
    }
};
struct FilesReport {
    std::uint64_t number = 0, databases = 0, files = 0, folders = 0, links = 0, bytes = 0;
    std::string id, folder;
    Timestamp time;
    std::vector<std::string> damage, warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup.");
        visit("id", id, "Its id.");
        visit("time", time, "The moment it holds.");
        visit("folder", folder, "The folder that all of it shares: paths may be given relative to it.");
        visit("databases", databases, "Databases listed.");
        visit("files", files, "Files listed.");
        visit("folders", folders, "Folders listed.");
        visit("links", links, "Links listed.");
        visit("bytes", bytes, "Bytes of all that is listed.");
        visit("damage", damage, "Folders that cannot be read: what lies in them is not known.");
        visit("warnings", warnings, "What else should be known.");
    }
};
// Reads listings, and of what is not listed not even these. In bounded memory, but for the largest folder.
Result<FilesReport> list_files(Context& context, const FilesRequest& request);

struct CatRequest {
    RepositoryRequest repository;
    std::string snapshot, path, at, source;
    NarrowRequest narrow;
    std::function<Result<void>(ByteView)> write;  // by the surface

    static OperationText operation() {
        return {.name = "cat",
                .sentence = "Write one file of a backup to standard output.",
                .details = "SNAPSHOT:PATH names the backup and the file in it; or both are given one after the other. Paths are as holdfast files takes them. Of a database it is the "
                           "image, byte for byte as restore --to makes it. Bytes are proven before they are written; at the first that cannot be, it ends with exit code 4, and what was "
                           "written before is a part of the file. Nothing else goes to standard output.",
                .examples = {{"holdfast cat 43:data/faiss/1.meta.json", ""},
                             {"holdfast cat latest data/app.db", "a database, for > FILE or | another program"},
                             {"holdfast cat --at '2 hours ago' config.toml", "as it was then"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "Which backup, and behind a colon which file. With --at the file alone.", .value = "SNAPSHOT:PATH", .positional = true, .required = true});
        visit(path, {.name = "path", .sentence = "The file, when the first word names the backup alone.", .value = "PATH", .positional = true});
        visit(at, {.name = "at", .sentence = "Of the newest backup not after this time (RFC 3339, local time, '2 hours ago').", .value = "TIME"});
        visit(source, {.name = "source", .sentence = "Of this source.", .value = "NAME"});
        narrow.describe(visit);
        repository.describe(visit);
    }
};
struct CatReport {
    std::uint64_t number = 0, bytes = 0;
    std::string path, sha256;
    Timestamp time;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup.");
        visit("time", time, "The moment it holds.");
        visit("path", path, "Where the file was.");
        visit("bytes", bytes, "Bytes written.");
        visit("sha256", sha256, "Their SHA-256.");
        visit("warnings", warnings, "What else should be known.");
    }
};
// `invalid`: it is a folder or a link; `corrupt`: names the bytes that are not proven, of which none are written.
Result<CatReport> cat(Context& context, const CatRequest& request);

}  // namespace holdfast::operations
