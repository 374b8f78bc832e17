#include "holdfast/repository/presence.h"

#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

enum Tag : std::uint32_t { process = 2, start = 4, boot = 6, machine = 8, pid_namespace = 10, since = 12, purpose = 14 };

}  // namespace

RecordWriter write_presence(const Presence& presence) {
    RecordWriter record;
    record.number(Tag::process, static_cast<std::uint64_t>(presence.process.process));
    record.number(Tag::start, presence.process.start_ticks);
    record.text(Tag::boot, presence.process.boot_id);
    record.text(Tag::machine, presence.process.machine_id);
    record.number(Tag::pid_namespace, presence.process.pid_namespace);
    record.number(Tag::since, static_cast<std::uint64_t>(presence.since.nanoseconds));
    record.text(Tag::purpose, presence.purpose);
    return record;
}

Result<Presence> read_presence(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "presence"));
    Presence presence;
    presence.process.process = static_cast<std::int64_t>(TRY(record.number_or(Tag::process, 0)));
    presence.process.start_ticks = TRY(record.number_or(Tag::start, 0));
    presence.process.boot_id = TRY(record.text_or_empty(Tag::boot));
    presence.process.machine_id = TRY(record.text_or_empty(Tag::machine));
    presence.process.pid_namespace = TRY(record.number_or(Tag::pid_namespace, 0));
    presence.since = {static_cast<std::int64_t>(TRY(record.number_or(Tag::since, 0)))};
    presence.purpose = TRY(record.text_or_empty(Tag::purpose));
    TRY(record.finish());
    return presence;
}

std::string describe(const Presence& presence) {
    return format("{}, process {}", printable(presence.purpose), presence.process.process);
}

}  // namespace holdfast::repository
