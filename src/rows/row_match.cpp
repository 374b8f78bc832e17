#include "holdfast/rows/row_match.h"

#include <algorithm>
#include <bit>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::rows {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

Result<Hash> hash_of_large(const LargeValue& large) {
    Sha256 hash;
    Bytes piece;
    for (std::uint64_t at = 0; at < large.size; at += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, large.size - at)));
        TRY(large.read(at, piece));
        hash.update(piece);
    }
    return hash.finish();
}

}  // namespace

bool RowMatch::is_by_key() const {
    return versions_->table.identity == Identity::primary_key && versions_->before.layout && versions_->after.layout && versions_->after.layout->stored_key().empty();
}

Result<bool> RowMatch::is_same_row(const Row& before, const Row& after) const {
    for (const auto& [mine, theirs] : versions_->common) {
        if (!TRY(is_same(before_field(before, mine), after_field(after, theirs)))) return false;
    }
    return true;
}

bool RowMatch::has_same_key(const Row& before, const Row& after, Nulls nulls) const {
    const auto &key = versions_->before.layout->declared_key(), &other_key = versions_->after.layout->declared_key();
    for (std::size_t i = 0; i < key.size(); ++i) {
        const auto mine = before_field(before, key[i].field), theirs = after_field(after, other_key[i].field);
        if (nulls == Nulls::differ && std::holds_alternative<std::monostate>(mine.field)) return false;
        if (compare_fields(mine, theirs, key[i].order) != 0) return false;
    }
    return true;
}

std::uint64_t RowMatch::key_hash(const Row& row, Which which) const {
    const auto encoding = which == Which::before ? versions_->table.encoding_before : versions_->table.encoding_after;
    std::uint64_t hash = 0;
    for (const auto& part : side(which).layout->declared_key()) {
        const std::uint64_t both[2] = {hash, hash_of({row.fields[part.field], encoding}, part.order)};
        hash = short_fingerprint(std::as_bytes(std::span(both)), 0);
    }
    return hash;
}

Result<Fingerprint> RowMatch::print_of(const Row& row, Which which) const {
    const auto encoding = which == Which::before ? versions_->table.encoding_before : versions_->table.encoding_after;
    ByteWriter bytes;
    for (const auto& [mine, theirs] : versions_->common) {
        const Field& field = row.fields[which == Which::before ? mine : theirs];
        bytes.u8(static_cast<std::uint8_t>(field.index()));
        if (const auto* integer = std::get_if<std::int64_t>(&field)) bytes.u64(static_cast<std::uint64_t>(*integer));
        if (const auto* real = std::get_if<double>(&field)) bytes.u64(std::bit_cast<std::uint64_t>(*real));
        if (const auto* text = std::get_if<StoredText>(&field)) bytes.counted_text(in_utf8(*text, encoding));
        if (const auto* blob = std::get_if<Bytes>(&field)) bytes.counted_text(text_of(*blob));
        if (const auto* large = std::get_if<LargeValue>(&field)) bytes.counted_text(text_of(TRY(hash_of_large(*large)).view()));
    }
    return fingerprint(bytes.view(), 0);
}

Result<Row> RowMatch::fetch(Which which, std::int64_t row_id) const {
    const StoredTable& table = side(which);
    auto found = TRY(table.trees->find_row(table.root, row_id));
    if (!found) return fail(ErrorCode::corrupt, "the row with rowid {} is not where its b-tree should have it", row_id);
    return table.layout->read(sqlite::StoredPayload(*table.trees, found->page.bytes, found->cell), row_id);
}

Result<bool> is_same_payload(const sqlite::StoredPayload& one, const sqlite::StoredPayload& other) {
    if (one.size() != other.size() || !std::ranges::equal(one.local(), other.local())) return false;
    Bytes mine, theirs;
    for (std::uint64_t at = one.local().size(); at < one.size(); at += piece_bytes) {
        mine.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, one.size() - at)));
        theirs.resize(mine.size());
        TRY(one.read(at, mine));
        TRY(other.read(at, theirs));
        if (mine != theirs) return false;
    }
    return true;
}

}  // namespace holdfast::rows
