#include "holdfast/base/record.h"

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"

namespace holdfast {

void RecordWriter::bytes(std::uint32_t tag, ByteView value) {
    HOLDFAST_ASSERT(tag >= last_tag_);
    last_tag_ = tag;
    out_.varint(tag);
    out_.counted_bytes(value);
}

void RecordWriter::number(std::uint32_t tag, std::uint64_t value) {
    ByteWriter inside;
    inside.varint(value);
    bytes(tag, inside.view());
}

void RecordWriter::text(std::uint32_t tag, std::string_view value) { bytes(tag, bytes_of(value)); }

void RecordWriter::record(std::uint32_t tag, const RecordWriter& value) { bytes(tag, value.view()); }

Bytes RecordWriter::take() && { return std::move(out_).take(); }

Result<RecordReader> RecordReader::parse(ByteView bytes, std::string_view what) {
    RecordReader reader;
    reader.what_ = std::string(what);
    ByteReader in(bytes, reader.what_);
    std::uint64_t last_tag = 0;
    while (in.remaining() > 0) {
        if (reader.fields_.size() == limits::record_fields_max)
            return fail(ErrorCode::corrupt, "read {}: it has more than {} fields", what, limits::record_fields_max);
        const std::uint64_t tag = TRY(in.varint());
        if (tag < last_tag || tag > UINT32_MAX) return fail(ErrorCode::corrupt, "read {}: its fields are out of order", what);
        last_tag = tag;
        const ByteView value = TRY(in.counted_bytes(in.remaining()));
        reader.fields_.push_back({.tag = static_cast<std::uint32_t>(tag), .bytes = value});
    }
    return reader;
}

std::optional<ByteView> RecordReader::bytes_if(std::uint32_t tag) {
    std::optional<ByteView> found;
    for (auto& field : fields_) {
        if (field.tag != tag) continue;
        field.asked = true;
        if (!found) found = field.bytes;
    }
    return found;
}

Result<ByteView> RecordReader::bytes(std::uint32_t tag) {
    const auto found = bytes_if(tag);
    if (!found) return fail(ErrorCode::corrupt, "read {}: field {} is missing", what_, tag);
    return *found;
}

Result<std::uint64_t> RecordReader::number(std::uint32_t tag) {
    ByteReader in(TRY(bytes(tag)), what_);
    const std::uint64_t value = TRY(in.varint());
    TRY(in.expect_end());
    return value;
}

Result<std::uint64_t> RecordReader::number_or(std::uint32_t tag, std::uint64_t otherwise) {
    if (!bytes_if(tag)) return otherwise;
    return number(tag);
}

Result<std::string> RecordReader::text(std::uint32_t tag) { return std::string(text_of(TRY(bytes(tag)))); }

Result<std::string> RecordReader::text_or_empty(std::uint32_t tag) {
    const auto found = bytes_if(tag);
    return found ? std::string(text_of(*found)) : std::string();
}

std::vector<ByteView> RecordReader::all(std::uint32_t tag) {
    std::vector<ByteView> found;
    for (auto& field : fields_) {
        if (field.tag != tag) continue;
        field.asked = true;
        found.push_back(field.bytes);
    }
    return found;
}

Result<void> RecordReader::finish() const {
    for (const auto& field : fields_)
        if (field.tag % 2 == 1 && !field.asked)
            return fail(ErrorCode::too_new, "read {}: field {} is not known to this program", what_, field.tag)
                .with_advice("use a newer holdfast");
    return {};
}

}  // namespace holdfast
