#include "holdfast/repository/dictionaries.h"

#include "holdfast/base/limits.h"
#include "holdfast/base/record.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/envelope.h"

namespace holdfast::repository {

namespace {

constexpr std::uint32_t bytes_tag = 1;

}  // namespace

store::ObjectName dictionary_name(const ChunkId& id) { return store::ObjectName(("dictionaries/" + id.hex()).c_str()); }

Result<ChunkId> put_dictionary(store::ObjectStore& store, const Keys& keys, host::Random& random, ByteView bytes) {
    if (bytes.size() > limits::dictionary_size_max) {
        return fail(ErrorCode::invalid, "keep dictionary: {} bytes are more than {}", bytes.size(), limits::dictionary_size_max);
    }
    const ChunkId id = keys.name_of(ChunkType::dictionary, bytes);
    const store::ObjectName name = dictionary_name(id);
    RecordWriter record;
    record.bytes(bytes_tag, bytes);
    const Envelope envelope{.type = ObjectType::dictionary, .record = std::move(record).take()};
    auto put = put_twice(store, name, TRY(seal_envelope(envelope, name, &keys, random)));
    if (!put && put.error().code() != ErrorCode::exists) return std::move(put).error();
    if (!put) TRY(get_dictionary(store, keys, id));
    return id;
}

Result<Bytes> get_dictionary(store::ObjectStore& store, const Keys& keys, const ChunkId& id) {
    const store::ObjectName name = dictionary_name(id);
    const Bytes record = TRY(get_record_kept_twice(store, name, ObjectType::dictionary, &keys));
    Bytes bytes = TRY(decode_dictionary(record));
    if (keys.name_of(ChunkType::dictionary, bytes) == id) return bytes;
    return fail(ErrorCode::corrupt, "read {}: it does not hold what its name says", name.text());
}

Result<Bytes> decode_dictionary(ByteView record) {
    auto reader = TRY(RecordReader::parse(record, "dictionary"));
    const ByteView bytes = TRY(reader.bytes(bytes_tag));
    TRY(reader.finish());
    if (bytes.size() > limits::dictionary_size_max) return fail(ErrorCode::corrupt, "read dictionary: {} bytes", bytes.size());
    return copy_of(bytes);
}

}  // namespace holdfast::repository
