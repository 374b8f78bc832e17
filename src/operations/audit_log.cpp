#include "holdfast/operations/audit_log.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/lock_when_free.h"
#include "holdfast/host/process_identity.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t line_size_max = 4 * 1024 * 1024;
constexpr std::size_t look_at_first = 8 * 1024;  // more than the last entry, nearly always
constexpr std::string_view every_entry_begins = "{\"log\":\"";

// Where the log ends: the last whole entry, and what lies behind it.
struct Tail {
    std::optional<AuditEntry> last;
    Hash last_line;
    std::uint64_t size = 0;  // of the file
    std::string torn;        // behind the last whole entry
};

Result<std::string> read_text(const host::File& file, std::uint64_t from, std::uint64_t to) {
    std::string text(to - from, '\0');
    text.resize(TRY(file.read_at(from, std::as_writable_bytes(std::span(text)))));
    return text;
}

// The last line that is an entry, if the text has one. Its first line may have lost its beginning.
bool find_last_entry(const std::string& text, bool begins_at_start, Tail& tail) {
    std::size_t end = text.rfind('\n');
    while (end != std::string::npos) {
        const std::size_t before = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
        if (before == std::string::npos && !begins_at_start) return false;
        const std::size_t begin = before == std::string::npos ? 0 : before + 1;
        const std::string_view line = std::string_view(text).substr(begin, end - begin);
        if (auto entry = parse_audit_entry(line)) {
            tail.last = std::move(entry);
            tail.last_line = sha256(bytes_of(line));
            tail.torn = text.substr(end + 1);
            return true;
        }
        end = before;
    }
    return false;
}

// Backwards, in steps that grow: usually one.
Result<Tail> read_tail(const host::File& file, const std::string& path) {
    Tail tail;
    tail.size = TRY(file.size());
    for (std::uint64_t look = look_at_first;; look *= 8) {
        const std::uint64_t from = tail.size > look ? tail.size - look : 0;
        const std::string text = TRY(read_text(file, from, tail.size));
        if (find_last_entry(text, from == 0, tail)) return tail;
        if (from == 0) tail.torn = text;
        if (from == 0 || look > line_size_max) break;
    }
    // The first entry ever may be torn. Anything else is somebody's file, or a log that somebody has ruined.
    const auto shared = std::min(tail.torn.size(), every_entry_begins.size());
    const bool is_ours = tail.size <= line_size_max && (tail.torn.starts_with(every_entry_begins.substr(0, shared)) || tail.torn.starts_with('\0'));
    if (tail.size == 0 || is_ours) return tail;
    return fail(ErrorCode::corrupt, "append to the audit log {}: it ends with what is no entry of one", printable(path))
        .with_advice("look what it is, and move it away: a new log is then begun");
}

Result<std::unique_ptr<host::FileLock>> lock_log(host::Host host, const std::string& path) {
    auto lock = host::lock_when_free(host, path + ".lock");
    if (lock || lock.error().code() != ErrorCode::busy) return lock;
    return std::move(lock).error().while_doing("write the audit log");
}

Result<std::unique_ptr<host::File>> open_or_create(host::FileSystem& files, const std::string& path) {
    auto opened = files.open_to_write(path);
    if (opened || opened.error().code() != ErrorCode::not_found) return opened;
    auto created = TRY(files.create(path, 0600));
    TRY(files.sync_folder(host::folder_of(path)));
    return created;
}

// The lines that follow the tail: a `repaired` entry first where something is torn.
class Following {
public:
    Following(host::Host host, const Tail& tail) : sequence_(tail.last ? tail.last->sequence : 0) {
        log_ = tail.last ? tail.last->log : to_hex(host::random_bytes(host.random, 16));
        if (tail.last) previous_ = tail.last_line.hex();
    }
    void repair(const std::string& torn, AuditEntry like) {
        if (!torn.ends_with('\n')) text_ += '\n';
        AuditEntry repaired{.log = {}, .time = like.time, .event = "repaired", .repository = std::move(like.repository), .source = {}, .numbers = {},
                            .code = {}, .message = {}, .program = std::move(like.program), .user = {}, .host = {}, .previous = {}};
        repaired.details.set("torn_bytes", torn.size()).set("torn_sha256", sha256(bytes_of(torn)).hex());
        add(std::move(repaired));
    }
    // Entries that were there are gone, or not what they were.
    void tell_other_head(const AuditHead& beside, const AuditEntry& like) {
        AuditEntry differs{.log = {}, .time = like.time, .event = "head_differs", .repository = like.repository, .source = {}, .numbers = {},
                           .code = {}, .message = {}, .program = like.program, .user = {}, .host = {}, .previous = {}};
        differs.details.set("head", beside.text());
        add(std::move(differs));
    }
    void add(AuditEntry entry) {
        entry.log = log_;
        entry.sequence = ++sequence_;
        entry.previous = previous_;
        const std::string line = json_of(entry).to_text();
        last_line_ = sha256(bytes_of(line));
        previous_ = last_line_.hex();
        text_ += line + "\n";
    }
    const std::string& text() const { return text_; }
    AuditHead head() const { return {.log = log_, .sequence = sequence_, .last_line = last_line_, .place = {}}; }

private:
    std::string log_, previous_, text_;
    std::uint64_t sequence_;
    Hash last_line_;
};

std::string head_path(const std::string& path) { return path + ".head"; }

// After a power cut it may be behind the log, which is written durably before it; so whatever else it says is of entries
// that were there.
bool is_of_others(const AuditHead& beside, const Tail& tail) {
    if (!tail.last || beside.log != tail.last->log || beside.sequence > tail.last->sequence) return true;
    return beside.sequence == tail.last->sequence && beside.last_line != tail.last_line;
}

// The log is what counts: without its head it is only less well proven.
void write_head(host::FileSystem& files, const std::string& path, const AuditHead& head) {
    const std::string text = head.text() + "\n";
    const auto file = open_or_create(files, head_path(path));
    if (!file || !(*file)->write_at(0, bytes_of(text))) return;
    static_cast<void>((*file)->resize(text.size()).ok());
}

Result<void> write_at_end(host::File& file, std::uint64_t end, const std::string& text) {
    auto written = file.write_at(end, bytes_of(text));
    if (written) return file.sync();
    static_cast<void>(file.resize(end));  // no half of a line; where that fails as well, the next entry tells of it
    return written;
}

std::string text_or_empty(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    const auto* text = value ? value->as_text() : nullptr;
    return text ? *text : std::string();
}

}  // namespace

std::string AuditHead::text() const { return format("{}:{}:{}:{}", log, sequence, last_line.hex(), place); }

Result<AuditHead> AuditHead::parse(std::string_view text) {
    const auto parts = split(text, ':');
    constexpr std::size_t digits_max = 18;
    if (parts.size() != 4 || !is_all_digits(parts[1]) || parts[1].size() > digits_max) {
        return fail(ErrorCode::invalid, "read the head of an audit log: '{}' is none", printable(text));
    }
    const auto last_line = TRY(Hash::from_hex(parts[2]));
    return AuditHead{.log = parts[0], .sequence = std::stoull(parts[1]), .last_line = last_line, .place = parts[3]};
}

std::string audit_log_path(const std::string& repository) {
    const std::string folder = host::join_path(host::state_folder(), "audit");
    return host::join_path(folder, (repository.empty() ? "no-repository" : repository) + ".jsonl");
}

Result<std::string> audit_log_place(host::FileSystem& files, const std::string& path) {
    constexpr std::size_t digits = 16;
    const std::string canonical = TRY(host::canonical_or_future(files, path));
    return sha256(bytes_of(host::this_machine() + ":" + canonical)).hex().substr(0, digits);
}

std::optional<AuditHead> head_beside_audit_log(host::FileSystem& files, const std::string& path) {
    constexpr std::uint64_t size_max = 4096;
    const auto bytes = host::read_file(files, head_path(path), size_max);
    if (!bytes) return std::nullopt;
    auto head = AuditHead::parse(trim(text_of(*bytes)));
    return head ? std::optional(*std::move(head)) : std::nullopt;
}

Result<AuditHead> append_to_audit_log(host::Host host, const std::string& path, AuditEntry entry) {
    TRY(host::make_folders_durably(host.files, host::folder_of(path), 0700));
    const auto lock = TRY(lock_log(host, path));
    const auto file = TRY(open_or_create(host.files, path));
    const Tail tail = TRY(read_tail(*file, path));
    Following following(host, tail);
    if (!tail.torn.empty()) following.repair(tail.torn, entry);
    const auto beside = head_beside_audit_log(host.files, path);
    if (beside && is_of_others(*beside, tail)) following.tell_other_head(*beside, entry);
    following.add(std::move(entry));
    TRY(write_at_end(*file, tail.size, following.text()));
    auto head = following.head();
    head.place = TRY(audit_log_place(host.files, path));
    write_head(host.files, path, head);
    return head;
}

// Under the lock, so that it is of an entry that will still be there after a power cut.
Result<std::optional<AuditHead>> head_of_audit_log(host::Host host, const std::string& path) {
    if (!TRY(host::exists(host.files, path))) return std::optional<AuditHead>();
    const auto lock = TRY(lock_log(host, path));
    const auto file = TRY(host.files.open_to_read(path));
    const Tail tail = TRY(read_tail(*file, path));
    if (!tail.last) return std::optional<AuditHead>();
    auto place = TRY(audit_log_place(host.files, path));
    return std::optional(AuditHead{.log = tail.last->log,
                                   .sequence = tail.last->sequence,
                                   .last_line = tail.last_line,
                                   .place = std::move(place)});
}

Result<void> read_audit_log(host::FileSystem& files, const std::string& path, const std::function<Result<void>(const AuditLine&)>& take) {
    constexpr std::uint64_t step = 256 * 1024;
    const auto file = TRY(files.open_to_read(path));
    const std::uint64_t size = TRY(file->size());
    std::string text;
    AuditLine line;
    const auto give = [&](std::string_view bytes) {
        ++line.number;
        line.text = bytes;
        line.entry = line.is_ended ? parse_audit_entry(bytes) : std::nullopt;
        return take(line);
    };
    for (std::uint64_t at = 0; at < size; at += step) {
        const std::size_t searched = text.size();
        text += TRY(read_text(*file, at, std::min(size, at + step)));
        std::size_t begin = 0;
        for (std::size_t end = text.find('\n', searched); end != std::string::npos; end = text.find('\n', begin)) {
            TRY(give(std::string_view(text).substr(begin, end - begin)));
            begin = end + 1;
        }
        text.erase(0, begin);
        if (text.size() > line_size_max) return fail(ErrorCode::corrupt, "read the audit log {}: line {} is too long for one", printable(path), line.number + 1);
    }
    line.is_ended = false;
    if (!text.empty()) TRY(give(text));
    return {};
}

Json json_of(const AuditEntry& entry) {
    Json numbers = Json::array();
    for (const auto number : entry.numbers) numbers.push(number);
    Json json;
    json.set("log", entry.log).set("sequence", entry.sequence).set("time", to_rfc3339(entry.time)).set("event", entry.event);
    json.set("repository", entry.repository).set("source", entry.source).set("numbers", std::move(numbers)).set("outcome", entry.outcome);
    if (!entry.code.empty()) json.set("code", entry.code).set("message", entry.message);
    json.set("duration_ms", std::round(entry.duration_ms * 10) / 10).set("program", entry.program);
    if (!entry.user.empty()) json.set("user", entry.user).set("host", entry.host);
    return json.set("details", entry.details).set("previous", entry.previous);
}

std::optional<AuditEntry> parse_audit_entry(std::string_view line) {
    if (!line.starts_with(every_entry_begins)) return std::nullopt;
    const auto json = Json::parse(line);
    if (!json || !json->as_object()) return std::nullopt;
    const auto* sequence = json->find("sequence");
    const auto counted = sequence ? sequence->as_integer() : Result<std::int64_t>(0);
    if (!counted || *counted <= 0) return std::nullopt;
    AuditEntry entry;
    entry.sequence = static_cast<std::uint64_t>(*counted);
    const auto fill = [&](std::string& field, std::string_view key) { field = text_or_empty(*json, key); };
    fill(entry.log, "log");
    fill(entry.event, "event");
    fill(entry.repository, "repository");
    fill(entry.source, "source");
    fill(entry.outcome, "outcome");
    fill(entry.code, "code");
    fill(entry.message, "message");
    fill(entry.program, "program");
    fill(entry.user, "user");
    fill(entry.host, "host");
    fill(entry.previous, "previous");
    const auto no_local_time = [](const CivilTime&) -> Result<Timestamp> { return fail(ErrorCode::invalid, "a time without zone"); };
    const auto time = parse_moment(text_or_empty(*json, "time"), {}, no_local_time, 0);
    if (!time || entry.log.empty() || entry.event.empty()) return std::nullopt;
    entry.time = *time;
    if (const auto* numbers = json->find("numbers"); numbers && numbers->as_array()) {
        for (const auto& number : *numbers->as_array()) {
            if (const auto value = number.as_integer(); value && *value > 0) entry.numbers.push_back(static_cast<std::uint64_t>(*value));
        }
    }
    if (const auto* duration = json->find("duration_ms")) entry.duration_ms = duration->as_number().value_or(0);
    if (const auto* details = json->find("details"); details && details->as_object()) entry.details = *details;
    return entry;
}

}  // namespace holdfast::operations
