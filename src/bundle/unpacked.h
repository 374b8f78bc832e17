// Unpacked: the databases in a backup file from anywhere, taken out of all its layers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/hash.h"
#include "holdfast/base/progress.h"
#include "holdfast/bundle/archived_tree.h"
#include "holdfast/bundle/bundled_set.h"
#include "holdfast/bundle/encryption.h"
#include "holdfast/bundle/private_folder.h"

namespace holdfast::bundle {

// Files that somebody else made: each of these is a limit, and passing it `invalid`.
struct UnpackLimits {
    std::uint64_t bytes_max = std::uint64_t{16} << 40;  // that come out of all layers together, kept or not
    std::uint64_t room_left = 64 * 1024 * 1024;         // of the disk, that stays free; `full` otherwise
    std::uint64_t members_max = 2'000'000;              // of archives
    std::size_t depth_max = 8;                          // layers, one in another
    std::uint64_t text_max = 1024 * 1024;               // of one descriptive file
    std::uint64_t metadata_max = metadata_size_max;     // of the metadata.json of a bundle
};
// What becomes of the files that a bundle of ours holds beside its databases.
enum class CompanionFiles { passed_over, hashed, kept };
// And of what another tar holds beside its databases.
enum class OtherFiles { passed_over, kept };

struct UnpackRequest {
    std::string path;
    std::string folder;  // where there is room for what comes out
    OpeningSecrets secrets;
    UnpackLimits limits;
    CompanionFiles companions = CompanionFiles::passed_over;
    OtherFiles others = OtherFiles::passed_over;
    // Makes a database, at the path, of SQL text; none: such text is passed over. In archives it always is: there it may be
    // anything that a project has.
    std::function<Result<void>(ByteStream& text, const std::string& path)> make_of_sql = {};
};

// A database as it lies on disk now; its -wal or -journal, where it came with one, lies beside it.
struct UnpackedDatabase {
    std::string path;
    std::string name;                   // in the archive; of a single file its name without the endings of its layers
    std::optional<Timestamp> modified;  // as the archive has it
    std::vector<ContentKind> layers;    // from the outermost
    std::uint64_t size = 0;
    std::optional<Hash> sha256;         // of the file; none when it lies where it was
};
// A descriptive file beside them, as JSON text: metadata.json and the like.
struct UnpackedText {
    std::string name;
    std::string text;
};

// A companion of a bundle, all of it as its metadata.json tells: every file has the size and the SHA-256 told, and there is
// nothing else.
struct UnpackedCompanion {
    BundledCompanion told;
    std::vector<std::string> files;  // of told.things: where the bytes lie now, if they were kept
};

// A plain database is left where it lies. Everything else is written to files of our own naming in a private folder, and
// nothing is given out before every layer was read to its end and has proven itself. Links and devices are not followed.
class Unpacked {
public:
    // `invalid`: no database is in it (and no companion, or other file, that was asked for), or a limit is passed; `corrupt`: a layer is
    // damaged, or a bundle of ours is not, all of it and nothing else, what its metadata.json tells; `full`; as open_encrypted().
    static Result<Unpacked> open(host::Host host, const UnpackRequest& request, const Watch& watch);

    std::vector<UnpackedDatabase> databases;  // as they come in the archive
    std::vector<UnpackedText> texts;
    std::vector<UnpackedCompanion> companions;
    std::vector<ArchivedThing> others;        // of the outermost tar, if it is no bundle of ours
    std::vector<std::string> notes;           // what was passed over
    std::optional<PrivateFolder> folder;      // holds what was unpacked
    bool has_tar = false;
};

}  // namespace holdfast::bundle
