// AgreementFiles: the files that must agree with a database, by the paths of the settings: as they lie on disk, where a
// restore has put them, or as a backup holds them.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "holdfast/operations/temporary_place.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// A file that can be opened by its path as long as this lives.
struct ReadableFile {
    std::string path;
    std::unique_ptr<TemporaryPlace> place = nullptr;  // of a copy; none: it lies there anyway
};

class AgreementFiles {
public:
    virtual ~AgreementFiles() = default;
    // Regular files in a folder, which need not be there; links are none, as none is followed.
    virtual Result<std::vector<std::string>> names(const std::string& folder) = 0;
    virtual Result<std::optional<std::uint64_t>> size(const std::string& path) = 0;  // none: there is no such file
    virtual Result<ReadableFile> open(const std::string& path) = 0;
};

// `to`: where companions and databases were restored to, by where they were; what is not named lies where it is called.
std::unique_ptr<AgreementFiles> files_on_disk(Context& context, std::map<std::string, std::string> to);
// Of a backup that is leased. Its files are copied to a temporary place of our own to be read. All three outlive it.
std::unique_ptr<AgreementFiles> files_in_backup(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot);

}  // namespace holdfast::operations
