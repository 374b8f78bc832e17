// Tagged records: the encoding of every small object (snapshots, notes, keys, directories). Readers keep what they
// do not know, so that fields can be added; docs/formats/repository.md has the grammar.
#pragma once

#include <map>
#include <optional>

#include "holdfast/base/wire.h"

namespace holdfast {

// record = { tag:varint length:varint bytes[length] }*, tags ascending; equal tags repeat in order.
// A tag that is odd is critical: a reader that does not know it must refuse the record (too_new).
class RecordWriter {
public:
    void number(std::uint32_t tag, std::uint64_t value);  // varint
    void text(std::uint32_t tag, std::string_view value);
    void bytes(std::uint32_t tag, ByteView value);
    void record(std::uint32_t tag, const RecordWriter& value);
    // The encoding; fields are written in the order of the calls, which must have ascending tags.
    Bytes take() &&;
    ByteView view() const { return out_.view(); }

private:
    ByteWriter out_;
    std::uint32_t last_tag_ = 0;
};

class RecordReader {
public:
    // Splits `bytes` into fields; `what` names the record in messages. Fails `corrupt` on anything malformed,
    // and beyond limits::record_fields_max. Holds views: `bytes` outlives the reader.
    static Result<RecordReader> parse(ByteView bytes, std::string_view what);

    Result<std::uint64_t> number(std::uint32_t tag);  // corrupt when missing
    Result<std::uint64_t> number_or(std::uint32_t tag, std::uint64_t otherwise);
    Result<std::string> text(std::uint32_t tag);
    Result<std::string> text_or_empty(std::uint32_t tag);
    Result<ByteView> bytes(std::uint32_t tag);
    std::optional<ByteView> bytes_if(std::uint32_t tag);
    std::vector<ByteView> all(std::uint32_t tag);  // every field with that tag, in order
    // Every critical tag has been asked for; call it last. Fails too_new, naming the tag.
    Result<void> finish() const;

private:
    struct Field {
        std::uint32_t tag;
        bool asked = false;
        ByteView bytes;
    };
    std::vector<Field> fields_;
    std::string what_;
};

}  // namespace holdfast
