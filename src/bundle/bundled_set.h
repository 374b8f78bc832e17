// BundledCompanion: files, folders and links that go with the databases of a bundle, as its metadata.json lists them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/hash.h"
#include "holdfast/base/json.h"
#include "holdfast/base/time.h"
#include "holdfast/bundle/tar_writer.h"

namespace holdfast::bundle {

// Of a metadata.json, which lists every file: some 250,000 of them.
constexpr std::uint64_t metadata_size_max = 64 * 1024 * 1024;

struct BundledThing {
    std::string path;                 // below the companion, '/' between names; empty: the companion itself
    TarKind kind = TarKind::file;
    std::uint32_t mode = 0;
    Timestamp modified;
    std::uint64_t size = 0;           // of a file
    std::optional<Hash> sha256 = {};  // of a file, always
    std::string link_target = {};
};
struct BundledCompanion {
    std::string path;                 // where it was: absolute
    std::string member;               // its name in the archive; what lies in it is below
    std::vector<std::string> include, exclude;
    std::string within;
    std::vector<BundledThing> things;  // a folder before what lies in it, which comes in the order of names

    std::string member_of(const BundledThing& thing) const { return thing.path.empty() ? member : member + "/" + thing.path; }
};

// What is not all of one moment in the bundle, and what is missing in it.
struct BundledFaults {
    std::int64_t skew_span_ns = 0;
    std::string skew_why;                 // empty: all is of one moment
    std::vector<std::string> skew_paths;
    std::vector<std::pair<std::string, std::string>> failed;  // paths, and why
};
// One that was not there when the backup was made: what would have been taken of it.
struct BundledAbsence {
    std::string path;                 // where it would have been: absolute
    std::vector<std::string> include, exclude;
    std::string within, named;        // as CompanionRules have them
    bool redacted = false;
};
// As they stand in metadata.json: "companions", and beside it "skew" and "failed", each only where there is any. Bytes that
// are no UTF-8 stand in hexadecimal digits under the key with "_hex" behind.
Json json_of(const std::vector<BundledCompanion>& companions);
void set_faults(Json& metadata, const BundledFaults& faults);
// "missing", where there is any.
void set_missing(Json& metadata, const std::vector<BundledAbsence>& missing);

// Bytes from outside: `corrupt` where a companion lacks what it needs, lies outside itself, is told twice, or holds things in
// no folder of it. In its order.
Result<std::vector<BundledCompanion>> companions_in(const Json& metadata);
BundledFaults faults_in(const Json& metadata);
// What a restore may remove goes by it: `corrupt` where anything of it is not as set_missing() writes it, or is told twice.
Result<std::vector<BundledAbsence>> missing_in(const Json& metadata);

}  // namespace holdfast::bundle
