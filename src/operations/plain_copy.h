// PlainCopy: the flags that ask for plain copies of a backup, and what is told of each copy.
#pragma once

#include <string>
#include <vector>

namespace holdfast::operations {

// The part of a backup's request. Empty: as the settings have it for the source.
struct PlainCopyRequest {
    std::string output, name, compress;
    bool is_said() const { return !output.empty() || !name.empty() || !compress.empty(); }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(output, {.name = "output", .sentence = "Write the databases into this folder, too: ordinary files, each with a .sha256. Default: plain_copies.folder of the settings, else none.", .value = "DIR"});
        visit(name, {.name = "name", .sentence = "How these files are called: {database} {date} {time} {stamp} {number} {kind} {auto}. Default: {database}_{date}_{time}.db.", .value = "TEMPLATE"});
        visit(compress, {.name = "compress", .sentence = "Compress them: gzip, zstd or none.", .value = "HOW"});
    }
};

struct PlainCopy {
    std::string database, path, latest, sha256, error;
    std::uint64_t bytes = 0;
    bool written = false;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "Of which database or companion; of a whole set, the source's name.");
        visit("path", path, "The file; empty: it failed before it had a name.");
        visit("latest", latest, "The file with the name of the newest copy that was replaced by the same bytes; empty: none.");
        visit("bytes", bytes, "Its size.");
        visit("sha256", sha256, "Its SHA-256, as sha256sum prints it.");
        visit("written", written, "It was written now; false: it was there already, is only planned, or failed.");
        visit("error", error, "Why there is none.");
    }
};
// Those of one backup.
struct PlainCopiesReport {
    std::vector<PlainCopy> copies;
    std::vector<std::string> removed;  // older ones, by the copies' own retention
    std::vector<std::string> warnings;
    bool incomplete = false;           // something that was asked for was not done
};

}  // namespace holdfast::operations
