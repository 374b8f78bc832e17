// Catalogue: what files beside backups tell of them: the lists and descriptions that applications write.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/hash.h"
#include "holdfast/base/json.h"
#include "holdfast/bundle/bundled_set.h"

namespace holdfast::bundle {

// What is told of one backup. Empty: nothing.
struct CatalogueEntry {
    std::string comment;
    std::string time;  // as it stands there
    std::string operation;
    std::optional<bool> is_automatic;
    std::optional<Hash> sha256;  // of the file
    std::string original_path;   // of the database it is a backup of
    bool is_scrubbed = false;    // values were taken out of it, for giving it away: it is no backup of that database
    std::string source_id;       // of a bundle of ours: 32 hex digits, of the source that it is a backup of
    // Of a plain copy of ours:
    std::string backup_id;                 // the backup it is a copy of
    std::optional<Hash> database_sha256;   // of the database in it, whatever its layers
};

// What a bundle of ours tells of itself as a whole.
struct BundleFacts {
    CatalogueEntry whole;
    std::string id;        // of the backup that it was made of
    BundledFaults faults;
    std::vector<BundledAbsence> missing = {};
    std::string fault = {};  // why what was missing cannot be told; empty: it can
};

// Read: backup_metadata.json ({"backups": [...]}) and rows of a table with the same columns, NAME.meta.json, a checkpoint's
// manifest.json, the metadata.json of our own bundles, and the catalogue of our own plain copies, which counts most. What cannot be read tells nothing: it decides about no byte.
class Catalogue {
public:
    // `name` may have folders before it: a manifest speaks of what lies in its own.
    void add(const std::string& name, std::string_view json);
    // A file by its name; folders tell files of one name apart, where the description had any.
    CatalogueEntry of(const std::string& name) const;
    // The whole was made by us as one bundle: all databases in it are of one moment.
    bool is_bundle() const { return is_bundle_; }
    const BundleFacts& bundle() const { return bundle_; }

private:
    void add_list(const Json::Array& backups);
    void add_copies(const std::string& folder, std::string_view json);
    void add_bundle(const std::string& folder, const Json& metadata);
    std::map<std::string, CatalogueEntry> by_name_;    // a file's own name
    std::map<std::string, CatalogueEntry> by_path_;    // "folder/name" as given
    std::map<std::string, CatalogueEntry> by_folder_;  // everything in it
    bool is_bundle_ = false;
    BundleFacts bundle_;
};

}  // namespace holdfast::bundle
