#include "holdfast/repository/chunk_reader.h"

#include <algorithm>
#include <set>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/chunk_reader_state.h"
#include "holdfast/repository/dictionaries.h"
#include "holdfast/repository/index_rows.h"
#include "holdfast/repository/payload.h"

namespace holdfast::repository {

namespace {

// What became of each entry of one chunk: together the message of the failure, and what it means.
class Failures {
public:
    explicit Failures(const ChunkId& id) : id_(id) {}

    bool was_tried(const EntryPlace& place) const { return tried_.contains({place.pack, place.offset}); }
    void add(const EntryPlace& place, const Error& why) {
        tried_.insert({place.pack, place.offset});
        text_ += format("; {} bytes {} to {}: {}", pack_name(place.pack).text(), place.offset,
                        std::uint64_t{place.offset} + place.stored_size, why.message());
        if (why.code() == ErrorCode::not_found) is_pack_gone_ = true;
        else if (why.code() != ErrorCode::corrupt) outside_ = why.code();
    }
    // Whether the store's or the index's state may have changed since it was looked at.
    bool is_stale() const { return tried_.empty() || is_pack_gone_; }

    Error error() const {
        if (tried_.empty()) return fail(ErrorCode::not_found, "read chunk {}: no pack is known to hold it", id_.hex());
        // Not the bytes are at fault when the store could not be reached: a retry may help.
        return fail(outside_.value_or(ErrorCode::corrupt), "read chunk {}{}", id_.hex(), text_);
    }

private:
    ChunkId id_;
    std::set<std::pair<PackId, std::uint32_t>> tried_;
    std::string text_;
    bool is_pack_gone_ = false;
    std::optional<ErrorCode> outside_;
};

Error bad_chunk(std::string_view why) { return fail(ErrorCode::corrupt, "decode chunk: {}", why); }

}  // namespace

DecompressorPool::Lent DecompressorPool::lend() {
    {
        const std::lock_guard lock(mutex_);
        if (!waiting_.empty()) {
            auto lent = std::move(waiting_.back());
            waiting_.pop_back();
            return {*this, std::move(lent)};
        }
    }
    return {*this, std::make_unique<Decompressor>()};
}

void DecompressorPool::give_back(std::unique_ptr<Decompressor> lent) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(lent));
}

Result<std::shared_ptr<const PackHeader>> ChunkReader::State::pack_header(const PackId& pack) const {
    if (auto known = packs.find(pack)) return known;
    // A plain pack's header says nothing that its entries need.
    if (!keys.is_sealed()) {
        auto plain = std::make_shared<const PackHeader>();
        packs.put(pack, plain, 1);
        return std::shared_ptr<const PackHeader>(std::move(plain));
    }
    std::array<std::byte, pack_header_size> bytes;
    TRY(store.read(pack_name(pack), 0, bytes));
    auto header = std::make_shared<const PackHeader>(TRY(open_pack_header(bytes, keys)));
    packs.put(pack, header, 1);
    return std::shared_ptr<const PackHeader>(std::move(header));
}

Result<std::shared_ptr<const Dictionary>> ChunkReader::State::dictionary(const ChunkId& id) const {
    if (auto known = dictionaries.find(id)) return known;
    const Bytes bytes = TRY(get_dictionary(store, keys, id));
    auto loaded = std::make_shared<const Dictionary>(TRY(Dictionary::load_to_decompress(bytes)));
    dictionaries.put(id, loaded, 1);
    return std::shared_ptr<const Dictionary>(std::move(loaded));
}

Result<void> ChunkReader::State::decode(const Fetched& fetched, const Bases& at_hand, MutableByteView into) const {
    TRY(decode_unproven(fetched, at_hand, into));
    if (keys.name_of(fetched.type, into) != fetched.entry.id) return bad_chunk("its bytes are not those that its id names");
    return {};
}

Result<void> ChunkReader::State::decode_unproven(const Fetched& fetched, const Bases& at_hand, MutableByteView into) const {
    const IndexEntry& entry = fetched.entry;
    const EntryHeader header = TRY(parse_entry_header(fetched.bytes));
    // The kind as well: an index that calls a patch raw would have us look for the bases of bases, without end.
    if (header.id != entry.id || header.type != fetched.type || header.kind != entry.kind) {
        return bad_chunk("another entry lies there");
    }
    const auto pack = TRY(pack_header(entry.place.pack));
    Bytes room;
    const ByteView payload = TRY(unseal_payload(*pack, header, fetched.bytes, room));
    std::shared_ptr<const Dictionary> trained;
    if (header.dictionary) trained = TRY(dictionary(*header.dictionary));
    std::vector<SharedBytes> owned;
    std::vector<ByteView> bases;
    for (const ChunkId& id : header.bases) {
        const auto known = at_hand.find(id);
        owned.push_back(known != at_hand.end() ? known->second
                                               : TRY(read_cached({.id = id, .type = header.type, .depth = Depth::alone})));
        bases.push_back(*owned.back());
    }
    auto decompressor = decompressors.lend();
    return decode_payload(header, payload, {.decompressor = *decompressor, .bases = bases, .dictionary = trained.get()}, into);
}

Result<Bytes> ChunkReader::State::read_entry(const IndexEntry& entry, ChunkType type) const {
    if (entry.plain_size > limits::chunk_size_max || entry.place.stored_size > limits::chunk_stored_max + entry_header_size_max) {
        return bad_chunk("the index tells of a size that no chunk has");
    }
    Buffer bytes(entry.place.stored_size);
    TRY(store.read(pack_name(entry.place.pack), entry.place.offset, bytes.span()));
    Bytes plain(entry.plain_size);
    TRY(decode({.entry = entry, .bytes = bytes.view(), .type = type}, {}, plain));
    return plain;
}

Result<Bytes> ChunkReader::State::read(const What& what) const {
    Failures failures(what.id);
    for (int look = 0; look < 3; ++look) {
        if (look == 1 && failures.is_stale()) TRY(index.refresh());
        if (look == 2) TRY(index.recover());
        for (const IndexEntry& entry : TRY(index.find(what.id))) {
            if (what.depth == Depth::alone && !stands_alone(entry.kind)) continue;
            if (failures.was_tried(entry.place)) continue;
            auto plain = read_entry(entry, what.type);
            if (plain) return plain;
            failures.add(entry.place, plain.error());
        }
    }
    return failures.error();
}

Result<SharedBytes> ChunkReader::State::read_cached(const What& what) const {
    if (auto known = decoded.find(what.id)) return known;
    auto plain = std::make_shared<const Bytes>(TRY(read(what)));
    decoded.put(what.id, plain, plain->size());
    return SharedBytes(std::move(plain));
}

ChunkReader::ChunkReader(store::ObjectStore& store, const Keys& keys, const Index& index, Options options)
    : state_(std::make_unique<State>(store, keys, index, options)) {}
ChunkReader::ChunkReader(store::ObjectStore& store, const Keys& keys, const Index& index)
    : ChunkReader(store, keys, index, Options()) {}
ChunkReader::~ChunkReader() = default;

const Keys& ChunkReader::keys() const { return state_->keys; }

Result<Bytes> ChunkReader::read(const ChunkId& id, ChunkType type) const { return state_->read({.id = id, .type = type}); }

Result<Bytes> ChunkReader::read_entry(const IndexEntry& entry) const { return state_->read_entry(entry, entry.type); }

Result<SharedBytes> ChunkReader::read_cached(const ChunkId& id, ChunkType type) const {
    return state_->read_cached({.id = id, .type = type});
}

Result<std::shared_ptr<const Dictionary>> ChunkReader::dictionary(const ChunkId& id) const { return state_->dictionary(id); }

}  // namespace holdfast::repository
