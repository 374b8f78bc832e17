#include "holdfast/bundle/unpacked.h"

#include <algorithm>
#include <map>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/bundle/compressed.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/bundle/tar_reader.h"
#include "holdfast/bundle/told_companions.h"
#include "holdfast/bundle/told_members.h"

namespace holdfast::bundle {
namespace {

constexpr std::size_t piece = 256 * 1024;

// What all layers together have given, and what of it was put on the disk.
class Spending {
public:
    Spending(host::Host host, const UnpackRequest& request, const Watch& watch) : host_(host), request_(request), watch_(watch) {}

    Result<void> took(std::uint64_t bytes) {
        taken_ += bytes;
        watch_.at({.phase = "unpacking", .done = taken_, .total = 0});
        TRY(watch_.go_on());
        if (taken_ <= request_.limits.bytes_max) return {};
        return fail(ErrorCode::invalid, "unpack {}: more than {} come out of it", printable(request_.path), human_bytes(request_.limits.bytes_max));
    }
    // Looked at before the disk can be full: others need it as well.
    Result<void> expect_room(const std::string& folder, std::uint64_t bytes) {
        constexpr std::uint64_t look_every = 16 * 1024 * 1024;
        written_ += bytes;
        if (written_ < next_look_) return {};
        next_look_ = written_ + look_every;
        if (TRY(host_.files.free_bytes(folder)) >= request_.limits.room_left + look_every) return {};
        return fail(ErrorCode::full, "unpack {}: {} came out of it, and there is no room for more in {}", printable(request_.path),
                    human_bytes(written_), printable(folder))
            .with_advice("--unpack-in FOLDER on a disk with more room");
    }
    Result<void> went_into_a_member() {
        if (++members_ <= request_.limits.members_max) return {};
        return fail(ErrorCode::invalid, "unpack {}: it has more than {} members", printable(request_.path), request_.limits.members_max);
    }

private:
    host::Host host_;
    const UnpackRequest& request_;
    const Watch& watch_;
    std::uint64_t taken_ = 0, written_ = 0, next_look_ = 0, members_ = 0;
};

// Every layer's bytes count, also those that are passed over.
class CountedStream final : public ByteStream {
public:
    CountedStream(std::unique_ptr<ByteStream> stream, Spending& spending) : stream_(std::move(stream)), spending_(spending) {}
    Result<std::size_t> read(MutableByteView into) override {
        const std::size_t got = TRY(stream_->read(into));
        TRY(spending_.took(got));
        return got;
    }

private:
    std::unique_ptr<ByteStream> stream_;
    Spending& spending_;
};

class MemberStream final : public ByteStream {
public:
    explicit MemberStream(TarReader& tar) : tar_(tar) {}
    Result<std::size_t> read(MutableByteView into) override { return tar_.read(into); }

private:
    TarReader& tar_;
};

// A member of the outermost tar that is no database, which has a hash anyway.
struct MemberHash {
    std::string name;
    Sha256 hash = {};
    std::uint64_t size = 0;
    void update(ByteView bytes) {
        hash.update(bytes);
        size += bytes.size();
    }
};

class HashedStream final : public ByteStream {
public:
    HashedStream(std::unique_ptr<ByteStream> stream, MemberHash& hash) : stream_(std::move(stream)), hash_(hash) {}
    Result<std::size_t> read(MutableByteView into) override {
        const std::size_t got = TRY(stream_->read(into));
        hash_.update(into.first(got));
        return got;
    }

private:
    std::unique_ptr<ByteStream> stream_;
    MemberHash& hash_;
};

// A file that is held open as long as it is read.
class OpenFileStream final : public ByteStream {
public:
    explicit OpenFileStream(std::unique_ptr<host::File> file) : file_(std::move(file)), stream_(*file_) {}
    Result<std::size_t> read(MutableByteView into) override { return stream_.read(into); }

private:
    std::unique_ptr<host::File> file_;
    FileStream stream_;
};

// The encrypted file that a stream was put into, gone with it.
class SpooledFile final : public ByteStream {
public:
    SpooledFile(host::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
    ~SpooledFile() override { static_cast<void>(files_.remove(path_).ok()); }
    Result<std::size_t> read(MutableByteView into) override { return plain->read(into); }
    std::unique_ptr<ByteStream> plain;

private:
    host::FileSystem& files_;
    std::string path_;
};

std::optional<StreamFormat> format_of(ContentKind kind) {
    if (kind == ContentKind::gzip) return StreamFormat::gzip;
    if (kind == ContentKind::zstd) return StreamFormat::zstd;
    return std::nullopt;
}

bool is_encrypted(ContentKind kind) {
    return kind == ContentKind::openpgp || kind == ContentKind::openpgp_armor || kind == ContentKind::age || kind == ContentKind::age_armor;
}

// Something with a name that may be a database, or hold one.
struct Candidate {
    std::string name;
    std::optional<Timestamp> modified;
    std::vector<ContentKind> layers;
    std::string path;  // the file itself, before any layer was taken off; empty: it is no file of its own
};

class Unpacking {
public:
    Unpacking(host::Host host, const UnpackRequest& request, const Watch& watch)
        : host_(host), request_(request), watch_(watch), spending_(host, request, watch) {}

    Result<Unpacked> run() {
        const auto file = TRY(host_.files.open_to_read(request_.path));
        Candidate whole{.name = host::file_name_of(request_.path), .modified = {}, .layers = {}, .path = request_.path};
        TRY(take(std::make_unique<FileStream>(*file), std::move(whole)));
        while (!tars_.empty()) TRY(take_next_member());
        TRY(told_.expect_all_met());
        if (told_members_) TRY(told_members_->expect_just(came_));
        drop_lone_sidecars();
        unpacked_.others = others_.things(unpacked_.notes);
        if (unpacked_.databases.empty() && unpacked_.companions.empty() && unpacked_.others.empty()) return nothing_found();
        return std::move(unpacked_);
    }

private:
    struct OpenTar {
        std::unique_ptr<TarReader> reader;
        Candidate candidate;
    };

    // Takes layer after layer off, until a database, a tar or nothing of interest is left.
    Result<void> take(std::unique_ptr<ByteStream> stream, Candidate candidate) {
        for (;;) {
            auto peeked = TRY(PeekedStream::peek(std::move(stream)));
            const ContentKind kind = kind_of(peeked->head());
            if (candidate.layers.size() > request_.limits.depth_max) {
                return fail(ErrorCode::invalid, "unpack {}: it has more than {} layers, one in another", printable(request_.path), request_.limits.depth_max);
            }
            const auto format = format_of(kind);
            if (!format && !is_encrypted(kind)) return take_content(std::move(peeked), kind, std::move(candidate));
            stream = format ? decompressed(std::move(peeked), *format) : TRY(decrypted(std::move(peeked), kind, candidate));
            stream = std::make_unique<CountedStream>(std::move(stream), spending_);
            candidate.layers.push_back(kind);
            candidate.name = without_layers(candidate.name);
            candidate.path.clear();
        }
    }

    Result<std::unique_ptr<ByteStream>> decrypted(std::unique_ptr<PeekedStream> sealed, ContentKind kind, const Candidate& candidate) {
        if (kind == ContentKind::age && is_age_with_passphrase(sealed->head())) {
            return fail(ErrorCode::denied, "decrypt {}: age asks for its passphrase on a terminal only", printable(candidate.name))
                .with_advice("age -d -o FILE by hand, then this again with FILE");
        }
        if (!candidate.path.empty()) return open_encrypted(candidate.path, kind, request_.secrets, watch_.stop);
        const std::string path = TRY(new_path(".sealed"));
        auto spooled = std::make_unique<SpooledFile>(host_.files, path);
        TRY(write_file(*sealed, path));
        spooled->plain = TRY(open_encrypted(path, kind, request_.secrets, watch_.stop));
        return std::unique_ptr<ByteStream>(std::move(spooled));
    }

    Result<void> take_content(std::unique_ptr<PeekedStream> stream, ContentKind kind, Candidate candidate) {
        switch (kind) {
            case ContentKind::database: return take_database(*stream, std::move(candidate));
            case ContentKind::wal:
            case ContentKind::journal: return take_sidecar(*stream, candidate);
            case ContentKind::json: return take_text(*stream, candidate);
            case ContentKind::sql: return request_.make_of_sql && !unpacked_.has_tar ? take_sql(*stream, std::move(candidate)) : pass_over(*stream, kind, candidate);
            case ContentKind::tar: {
                unpacked_.has_tar = true;
                candidate.layers.push_back(kind);
                candidate.path.clear();
                tars_.push_back({.reader = TRY(TarReader::open(std::move(stream))), .candidate = std::move(candidate)});
                return {};
            }
            default: return pass_over(*stream, kind, candidate);
        }
    }

    Result<void> take_next_member() {
        auto& tar = tars_.back();
        if (tars_.size() == 1) TRY(end_member(*tar.reader));
        const auto member = TRY(tar.reader->next());
        if (!member) {
            tars_.pop_back();
            return {};
        }
        TRY(spending_.went_into_a_member());
        const bool is_outermost = tars_.size() == 1, is_first = is_outermost && std::exchange(is_at_first_, false);
        if (is_outermost && told_.has(member->name)) return take_of_companion(*member, *tar.reader);
        if (is_first && member->name == "metadata.json" && member->is_file) return take_metadata(*tar.reader);
        if (is_outermost && request_.others == OtherFiles::kept && told_.is_empty()) return take_other(*member, tar);
        if (member->is_folder) return {};
        if (!member->is_file) {
            if (is_outermost) came(member->name, {});
            note(format("{} is a link or a device: left alone", printable(member->name)));
            return {};
        }
        Candidate candidate{.name = member->name, .modified = member->modified, .layers = tar.candidate.layers, .path = {}};
        auto stream = std::make_unique<CountedStream>(std::make_unique<MemberStream>(*tar.reader), spending_);
        return is_outermost ? take_outermost(std::move(stream), std::move(candidate)) : take(std::move(stream), std::move(candidate));
    }

    // What it is has to be known at the end, if the whole is a bundle of ours.
    Result<void> take_outermost(std::unique_ptr<ByteStream> stream, Candidate candidate) {
        const std::string name = candidate.name;
        Bytes head(PeekedStream::head_max);
        head.resize(TRY(read_fully(*stream, head)));
        if (kind_of(head) == ContentKind::database) {
            TRY(take(std::make_unique<PeekedStream>(std::move(stream), std::move(head)), std::move(candidate)));
            came(name, {.size = unpacked_.databases.back().size, .sha256 = *unpacked_.databases.back().sha256});
            return {};
        }
        at_member_ = std::make_unique<MemberHash>(MemberHash{.name = name});
        at_member_->update(head);
        auto hashed = std::make_unique<HashedStream>(std::move(stream), *at_member_);
        TRY(take(std::make_unique<PeekedStream>(std::move(hashed), std::move(head)), std::move(candidate)));
        if (TRY(is_metadata(name))) at_member_.reset();
        return {};
    }
    // What was taken last. It comes behind what it tells of, in a bundle without companions.
    Result<bool> is_metadata(const std::string& name) {
        const bool may_be = !told_members_ && without_dot(name) == "metadata.json" && !unpacked_.texts.empty() && unpacked_.texts.back().name == name;
        if (!may_be) return false;
        const auto json = Json::parse(unpacked_.texts.back().text);
        if (!json) return false;
        told_members_ = TRY(ToldMembers::in(*json));
        if (TRY(ToldCompanions::in(*json)).is_empty()) return told_members_.has_value();
        return fail(ErrorCode::corrupt, "open {}: its metadata.json does not come first", printable(request_.path)).with_advice("it was packed anew since it was made; another bundle");
    }
    // Also what nobody wanted of it.
    Result<void> end_member(TarReader& tar) {
        if (!at_member_) return {};
        CountedStream rest(std::make_unique<MemberStream>(tar), spending_);
        Buffer buffer(piece);
        for (std::size_t got = 0; (got = TRY(rest.read(buffer.span()))) > 0;) at_member_->update(buffer.view().first(got));
        const auto member = std::exchange(at_member_, nullptr);
        came(member->name, {.size = member->size, .sha256 = member->hash.finish()});
        return {};
    }
    static std::string without_dot(const std::string& name) { return name.starts_with("./") ? name.substr(2) : name; }
    // Of a tar of somebody else's not without end; a bundle of which more came is refused for what is missing.
    void came(const std::string& name, ToldMembers::Member member) {
        constexpr std::size_t members_max = 100'000;
        if (came_.size() < members_max) came_.emplace(without_dot(name), member);
    }

    // As it stands there, if it is no database; what is in its layers may be one all the same.
    Result<void> take_other(const TarMember& member, const OpenTar& tar) {
        auto path = ArchivedTree::path_of(member);
        if (!path) note(path.error().message());
        if (!member.is_file) {
            if (!member.is_folder) came(member.name, {});
            if (path) others_.add(*std::move(path), member, {});
            return {};
        }
        Candidate candidate{.name = member.name, .modified = member.modified, .layers = tar.candidate.layers, .path = {}};
        const std::string name = member.name;
        auto peeked = TRY(PeekedStream::peek(std::make_unique<CountedStream>(std::make_unique<MemberStream>(*tar.reader), spending_)));
        const ContentKind kind = kind_of(peeked->head());
        const bool is_sqlite = kind == ContentKind::database || kind == ContentKind::wal || kind == ContentKind::journal;
        if (is_sqlite || !path) return take_outermost(std::move(peeked), std::move(candidate));
        ArchivedThing other{.told = {}, .file = TRY(new_path(".file"))};
        Sha256 hash;
        other.told.size = TRY(write_file(*peeked, other.file, &hash));
        other.told.sha256 = hash.finish();
        auto written = std::make_unique<OpenFileStream>(TRY(host_.files.open_to_read(other.file)));
        const ToldMembers::Member as_it_came{.size = other.told.size, .sha256 = *other.told.sha256};
        others_.add(*std::move(path), member, std::move(other));
        TRY(take(std::move(written), std::move(candidate)));
        if (!TRY(is_metadata(name))) came(name, as_it_came);
        return {};
    }

    // At the beginning only: what it tells of has to be known before it comes.
    Result<void> take_metadata(TarReader& tar) {
        std::string text;
        Buffer buffer(piece);
        CountedStream stream(std::make_unique<MemberStream>(tar), spending_);
        for (std::size_t got = 0; (got = TRY(stream.read(buffer.span()))) > 0;) {
            text += text_of(buffer.view().first(got));
            if (text.size() <= request_.limits.metadata_max) continue;
            return fail(ErrorCode::invalid, "unpack {}: its metadata.json is larger than {}", printable(request_.path), human_bytes(request_.limits.metadata_max));
        }
        if (const auto json = Json::parse(text)) {
            told_ = TRY(ToldCompanions::in(*json));
            told_members_ = TRY(ToldMembers::in(*json));
        }
        if (request_.companions != CompanionFiles::passed_over) {
            for (const auto& companion : told_.companions()) unpacked_.companions.push_back({.told = companion, .files = std::vector<std::string>(companion.things.size())});
        }
        unpacked_.texts.push_back({.name = "metadata.json", .text = std::move(text)});
        return {};
    }

    // Its bytes as they stand there, whatever they are.
    Result<void> take_of_companion(const TarMember& member, TarReader& tar) {
        const auto place = TRY(told_.meet(member));
        if (request_.companions == CompanionFiles::passed_over || !member.is_file) return {};
        CountedStream stream(std::make_unique<MemberStream>(tar), spending_);
        Sha256 hash;
        std::uint64_t size = 0;
        if (request_.companions == CompanionFiles::kept) {
            const std::string path = TRY(new_path(".file"));
            size = TRY(write_file(stream, path, &hash));
            unpacked_.companions[place.companion].files[place.thing] = path;
        } else {
            size = TRY(hash_of(stream, hash));
        }
        const auto& told = told_.at(place);
        if (size == told.size && hash.finish() == *told.sha256) return {};
        return fail(ErrorCode::corrupt, "open {}: the size or SHA-256 of {} is not the one its metadata tells", printable(request_.path), printable(member.name))
            .with_advice("it was changed or damaged since; another backup");
    }
    static Result<std::uint64_t> hash_of(ByteStream& stream, Sha256& hash) {
        Buffer buffer(piece);
        std::uint64_t size = 0;
        for (std::size_t got = 0; (got = TRY(stream.read(buffer.span()))) > 0; size += got) hash.update(buffer.view().first(got));
        return size;
    }

    Result<void> take_database(ByteStream& stream, Candidate candidate) {
        UnpackedDatabase database{.path = candidate.path, .name = candidate.name, .modified = candidate.modified,
                                  .layers = std::move(candidate.layers), .size = 0, .sha256 = {}};
        if (database.path.empty()) {
            database.path = TRY(path_for(candidate.name));
            Sha256 hash;
            database.size = TRY(write_file(stream, database.path, &hash));
            database.sha256 = hash.finish();
        } else {
            database.size = TRY(host_.files.status(database.path)).size;
        }
        unpacked_.databases.push_back(std::move(database));
        return {};
    }

    Result<void> take_sql(ByteStream& stream, Candidate candidate) {
        candidate.layers.push_back(ContentKind::sql);
        UnpackedDatabase database{.path = TRY(path_for(candidate.name)), .name = candidate.name, .modified = candidate.modified, .layers = std::move(candidate.layers), .size = 0, .sha256 = {}};
        TRY(request_.make_of_sql(stream, database.path));
        Buffer buffer(piece);
        while (TRY(stream.read(buffer.span())) > 0) {  // the layers above prove themselves at their ends
        }
        database.size = TRY(host_.files.status(database.path)).size;
        unpacked_.databases.push_back(std::move(database));
        return {};
    }

    Result<void> take_sidecar(ByteStream& stream, const Candidate& candidate) {
        for (const std::string_view ending : {"-wal", "-journal"}) {
            if (!candidate.name.ends_with(ending) || !candidate.path.empty()) continue;
            const std::string of = candidate.name.substr(0, candidate.name.size() - ending.size());
            TRY(write_file(stream, TRY(path_for(of, ending)) + std::string(ending)));
            return {};
        }
        note(format("{} belongs to no database", printable(candidate.name)));
        return {};
    }

    Result<void> take_text(ByteStream& stream, const Candidate& candidate) {
        Bytes text(request_.limits.text_max + 1);
        text.resize(TRY(read_fully(stream, text)));
        if (text.size() > request_.limits.text_max) return {};
        unpacked_.texts.push_back({.name = candidate.name, .text = std::string(text_of(text))});
        return {};
    }

    // What lies below has to prove itself at its end all the same; members of a tar do so with the tar.
    Result<void> pass_over(ByteStream& stream, ContentKind kind, const Candidate& candidate) {
        last_kind_ = kind;
        const bool is_member = !tars_.empty();
        if (candidate.layers.empty() || is_member) return {};
        Buffer buffer(piece);
        while (TRY(stream.read(buffer.span())) > 0) {
        }
        return {};
    }

    Result<std::string> new_path(std::string_view ending) {
        if (!unpacked_.folder) unpacked_.folder.emplace(TRY(PrivateFolder::make(host_, request_.folder)));
        return host::join_path(unpacked_.folder->path(), format("{}{}", ++files_made_, ending));
    }
    // One path for one name, so that a database and what belongs to it meet, whichever comes first. A name that comes twice
    // is another database.
    Result<std::string> path_for(const std::string& name, std::string_view ending = "") {
        const auto known = paths_.find(name);
        if (known != paths_.end() && !TRY(host::exists(host_.files, known->second + std::string(ending)))) return known->second;
        std::string path = TRY(new_path(".db"));
        paths_.insert_or_assign(name, path);
        return path;
    }

    // Zeros stay holes.
    Result<std::uint64_t> write_file(ByteStream& stream, const std::string& path, Sha256* hash = nullptr) {
        constexpr std::uint32_t only_mine = 0600;
        const auto file = TRY(host_.files.create(path, only_mine));
        Buffer buffer(piece);
        std::uint64_t at = 0;
        for (;;) {
            const std::size_t got = TRY(read_fully(stream, buffer.span()));
            if (got == 0) break;
            TRY(spending_.expect_room(unpacked_.folder->path(), got));
            const ByteView bytes = buffer.view().first(got);
            if (!is_all_zero(bytes)) TRY(file->write_at(at, bytes));
            if (hash != nullptr) hash->update(bytes);
            at += got;
        }
        TRY(file->resize(at));
        return at;
    }

    void drop_lone_sidecars() {
        for (const auto& [name, path] : paths_) {
            const bool has_main = std::ranges::find(unpacked_.databases, path, &UnpackedDatabase::path) != unpacked_.databases.end();
            if (!has_main) note(format("what belongs to {} came without it", printable(name)));
        }
    }

    void note(std::string text) {
        constexpr std::size_t notes_max = 100;
        if (unpacked_.notes.size() < notes_max) unpacked_.notes.push_back(std::move(text));
    }

    Error nothing_found() const {
        const std::string what = unpacked_.has_tar ? "no database is in it" : last_kind_ == ContentKind::empty ? "it is empty" : "it is no SQLite database, and nothing that holds one";
        const bool is_cut_off = !unpacked_.has_tar && last_kind_ == ContentKind::empty;  // nobody backs up nothing
        return fail(is_cut_off ? ErrorCode::corrupt : ErrorCode::invalid, "open {}: {}", printable(request_.path), what)
            .with_advice("plain copies, dumps in SQL, .gz, .zst, .tar, .gpg and .age are read, by what is in them, whatever they are called");
    }

    host::Host host_;
    const UnpackRequest& request_;
    const Watch& watch_;
    Spending spending_;
    Unpacked unpacked_;
    std::vector<OpenTar> tars_;
    bool is_at_first_ = true;  // no member of the outermost tar has come
    ToldCompanions told_;
    std::optional<ToldMembers> told_members_;
    ToldMembers::Came came_;  // of the outermost tar, but for metadata.json and companions
    std::unique_ptr<MemberHash> at_member_;
    ArchivedTree others_;
    std::map<std::string, std::string> paths_;
    std::uint64_t files_made_ = 0;
    ContentKind last_kind_ = ContentKind::other;
};

}  // namespace

Result<Unpacked> Unpacked::open(host::Host host, const UnpackRequest& request, const Watch& watch) {
    const auto status = TRY(host.files.status(request.path));
    if (status.kind == host::FileKind::folder) return fail(ErrorCode::invalid, "open {}: it is a folder", printable(request.path));
    return Unpacking(host, request, watch).run();
}

}  // namespace holdfast::bundle
