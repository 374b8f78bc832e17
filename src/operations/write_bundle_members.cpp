#include "holdfast/base/text.h"
#include "holdfast/bundle/tar_writer.h"
#include "holdfast/operations/bundle_members.h"
#include "holdfast/operations/stream_entry.h"
#include "holdfast/operations/stream_file.h"
#include "holdfast/operations/stream_image.h"

namespace holdfast::operations {

namespace {

// Its members go through the tar's own sink.
struct IntoTar final : bundle::ByteSink {
    explicit IntoTar(bundle::TarWriter& writer) : tar(writer) {}
    Result<void> write(ByteView bytes) override { return tar.write(bytes); }
    Result<void> finish() override { return {}; }
    bundle::TarWriter& tar;
};

Error read_differently(const std::string& name) {
    return fail(ErrorCode::corrupt, "bundle {}: it read differently the second time", printable(name)).with_advice("check the memory of this machine");
}

Result<void> write_of_companion(Context& context, OpenRepository& opened, const BundleMember& member, bundle::TarWriter& tar) {
    using repository::EntryType;
    const auto& entry = *member.entry;
    const auto kind = entry.type == EntryType::directory ? bundle::TarKind::folder : entry.type == EntryType::link ? bundle::TarKind::link : bundle::TarKind::file;
    TRY(tar.begin({.name = member.name, .kind = kind, .link_target = entry.link_target, .size = member.size, .modified = entry.modified, .mode = entry.mode}));
    if (kind != bundle::TarKind::file) return {};
    IntoTar into(tar);
    return TRY(stream_entry(context, opened.get(), entry, into)) == member.sha256 ? Result<void>() : Result<void>(read_differently(member.name));
}

}  // namespace

Result<void> write_members(Context& context, OpenRepository& opened, const std::vector<BundleMember>& members, Timestamp time, bundle::ByteSink& sink) {
    const auto tar = TRY(bundle::TarWriter::open(sink));
    IntoTar into(*tar);
    for (const auto& member : members) {
        if (member.entry) {
            TRY(write_of_companion(context, opened, member, *tar));
            continue;
        }
        TRY(tar->begin({.name = member.name, .size = member.size, .modified = time}));
        if (!member.image && member.file.empty()) {
            TRY(tar->write(bytes_of(member.text)));
        } else if (TRY(member.image ? stream_image(context, opened.pool(), *member.image, into) : stream_file(context, member.file, into)) != member.sha256) {
            return read_differently(member.name);
        }
    }
    return tar->finish();
}

}  // namespace holdfast::operations
