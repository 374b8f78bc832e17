#include "holdfast/operations/prove_dump.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/live/freeze.h"
#include "holdfast/operations/database_of_sql.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/rows/compare.h"

namespace holdfast::operations {

Result<DumpProof> DumpProof::begin(Context& context, const OutsideRequest& request) {
    const std::string folder = request.unpack_in.empty() ? host::cache_folder() : request.unpack_in;
    if (folder.empty()) return fail(ErrorCode::invalid, "prove the dump: there is no cache folder").with_advice("--unpack-in FOLDER");
    DumpProof proof(context, TRY(bundle::PrivateFolder::make(context.host, folder)));
    constexpr std::uint32_t only_mine = 0600;
    proof.text_ = TRY(context.host.files.create(host::join_path(proof.folder_.path(), "dump.sql"), only_mine));
    return proof;
}

Result<void> DumpProof::write(std::string_view piece) {
    TRY(text_->write_at(size_, bytes_of(piece)));
    size_ += piece.size();
    return {};
}

Result<void> DumpProof::expect_equal(const Whole& whole) {
    const std::string path = host::join_path(folder_.path(), "loaded.db");
    const auto read = TRY(context_->host.files.open_to_read(host::join_path(folder_.path(), "dump.sql")));
    bundle::FileStream text(*read);
    OutsideRequest as_it_is;
    as_it_is.unproven = true;  // its last line is still to come
    static_cast<void>(TRY(make_database_of_sql(*context_, text, path, as_it_is)));
    const auto loaded = TRY(live::freeze(context_->host, path, freeze_options(*context_)));
    const auto found = TRY(rows::compare(whole.image, loaded->image(), {.tables = whole.tables, .watch = context_->watch}));
    for (const auto& table : found.tables) {
        if (table.is_different()) return fail(ErrorCode::corrupt, "prove the dump: the table {} that it makes is not the one that it is of", printable(table.name)).with_advice("this is a fault of holdfast, which is to be reported; holdfast bundle makes a file of any database");
    }
    for (const auto& change : found.schema) {
        if (!whole.is_part) return fail(ErrorCode::corrupt, "prove the dump: the {} {} that it makes is not the one that it is of", change.type, printable(change.name));
    }
    static_cast<void>(TRY(loaded->finish()));
    return {};
}

}  // namespace holdfast::operations
