#include "holdfast/operations/old_companions.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/bundle/archived_tree.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/operations/duration.h"
#include "holdfast/operations/nearest_database.h"
#include "holdfast/operations/repository_place.h"

namespace holdfast::operations {

namespace {

constexpr double ns_per_ms = 1e6;

std::string words_of(std::int64_t apart_ns) { return human_duration_ms(static_cast<double>(apart_ns) / ns_per_ms); }

class Finding {
public:
    Finding(Context& context, const AdoptRequest& request, const std::vector<SoughtCompanion>& sought) : context_(context), request_(request), sought_(sought) {}

    // What is in a file: databases, and in an archive other things.
    Result<void> look_into(const std::string& file) {
        if (!seen_.insert(file).second) return {};
        const auto backup = open_outside(context_, file, request_.outside, {.companions = bundle::CompanionFiles::passed_over, .others = bundle::OtherFiles::kept, .known = nullptr});
        if (!backup && backup.error().code() == ErrorCode::cancelled) return backup.error().copy();
        if (!backup || backup->is_bundle) return {};
        const bool is_archive = backup->unpacked->has_tar;
        Tree tree{.name = bundle::without_layers(host::file_name_of(file)), .place = {}, .things = {}, .with_databases = {}};
        for (const auto& database : backup->databases) {
            const bool is_single = !is_archive;
            std::string member = database.name;
            while (member.starts_with("./")) member.erase(0, 2);
            const OldPlace at = is_single ? OldPlace{.archive = {}, .path = file} : OldPlace{.archive = file, .path = member};
            if (!database.told.is_scrubbed) databases.push_back({.file = file, .name = database.name, .at = at, .time = database.time});
            const auto slash = member.rfind('/');
            if (is_archive) tree.with_databases.insert(slash == std::string::npos ? "" : member.substr(0, slash));
        }
        if (!is_archive) return {};
        for (const auto& other : backup->unpacked->others) {
            const auto kind = other.told.kind == bundle::TarKind::file ? host::FileKind::regular : other.told.kind == bundle::TarKind::folder ? host::FileKind::folder : host::FileKind::link;
            tree.things.push_back({.path = other.told.path, .kind = kind, .modified = other.told.modified});
        }
        archives_.push_back({.tree = std::move(tree), .file = file});
        return {};
    }

    // Every folder that was named, when the databases in it are known.
    Result<void> look_at_folder(const std::string& folder) {
        Tree tree{.name = host::file_name_of(folder), .place = folder, .things = {}, .with_databases = {}};
        std::set<std::string> known;
        for (const auto& database : databases) {
            if (!database.at.path.starts_with(folder + "/")) continue;
            known.insert(database.at.path);
            const auto above = host::folder_of(database.at.path);
            tree.with_databases.insert(above == folder ? "" : above.substr(folder.size() + 1));
        }
        TRY(list(tree, known));
        return take(tree, "");
    }
    Result<void> look_at_archives() {
        for (const auto& archive : archives_) TRY(take(archive.tree, archive.file));
        return {};
    }

    std::vector<OldDatabase> databases;
    std::vector<OldCompanion> copies;
    std::vector<std::string> doubts;

private:
    struct Archive {
        Tree tree;
        std::string file;
    };
    struct Folder {
        std::string path;
        int depth = 0;
    };

    Result<void> list(Tree& tree, const std::set<std::string>& databases_there) {
        constexpr int depth_max = 16;
        std::vector<Folder> todo = {{tree.place, 0}};
        while (!todo.empty()) {
            TRY(context_.watch.go_on());
            const Folder folder = std::move(todo.back());
            todo.pop_back();
            if (!refuse_inside_repository(context_, host::join_path(folder.path, "x"))) continue;
            auto names = context_.host.files.list(folder.path);
            if (!names) continue;  // who adopts what is in it tells
            for (const auto& name : *names) {
                const std::string path = host::join_path(folder.path, name);
                const auto status = context_.host.files.status_of_link(path);
                if (!status || databases_there.contains(path)) continue;
                if (status->kind == host::FileKind::folder && folder.depth < depth_max) todo.push_back({path, folder.depth + 1});
                tree.things.push_back({.path = path.substr(tree.place.size() + 1), .kind = status->kind, .modified = status->modified});
            }
        }
        std::ranges::sort(tree.things, {}, &TreeThing::path);
        return {};
    }

    Result<void> take(const Tree& tree, const std::string& archive) {
        auto found = copies_in_tree(tree, sought_, doubts);
        for (std::size_t i = 0; i < sought_.size(); ++i) add_given(tree, archive, i, found);
        for (const auto& copy : found) {
            const std::string path = !archive.empty() ? copy.at : copy.at.empty() ? tree.place : host::join_path(tree.place, copy.at);
            const OldPlace at{.archive = archive, .path = path};
            const auto is_same = [&](const OldCompanion& other) { return other.at == at && other.sought == copy.sought; };
            if (std::ranges::any_of(copies, is_same)) continue;
            OldCompanion made{.sought = copy.sought, .at = at, .names = copy.names, .time = {}, .parts_alike = copy.parts_alike, .is_of_a_database = copy.is_of_a_database};
            for (const auto& folder : copy.left_out) made.left_out.push_back({.archive = archive, .path = archive.empty() ? host::join_path(tree.place, folder) : folder});
            TRY(date(tree, copy, made));
            copies.push_back(std::move(made));
        }
        return {};
    }
    // A person's word stands in place of what names tell.
    static bool is_given(const SoughtCompanion& sought, const std::string& path) { return std::ranges::find(sought.given, path) != sought.given.end(); }
    void add_given(const Tree& tree, const std::string& archive, std::size_t i, std::vector<TreeCopy>& found) {
        const auto& sought = sought_[i];
        const std::string& root = archive.empty() ? tree.place : archive;
        if (!is_given(sought, root)) return;
        const bool is_found = std::ranges::any_of(found, [&](const TreeCopy& copy) { return copy.sought == i; });
        if (!is_found) found.push_back({.sought = i, .at = "", .parts_alike = 0});
        std::erase_if(found, [&](const TreeCopy& copy) { return copy.sought != i; });
    }

    Result<void> date(const Tree& tree, const TreeCopy& copy, OldCompanion& made) {
        KnownTimes known{.names = {}, .modified = {}};
        std::vector<std::string> folders;
        for (std::string at = copy.at;;) {
            folders.push_back(at);
            if (at.empty()) break;
            const auto slash = at.rfind('/');
            at = slash == std::string::npos ? "" : at.substr(0, slash);
        }
        for (const auto& folder : folders) known.names.push_back(folder.empty() ? tree.name : host::file_name_of(folder));
        for (const auto& thing : tree.things) {
            const bool is_in = copy.at.empty() || thing.path == copy.at || thing.path.starts_with(copy.at + "/");
            const auto first = is_in && thing.path.size() > copy.at.size() ? bundle::parts_of(copy.at.empty() ? thing.path : thing.path.substr(copy.at.size() + 1)).front() : std::string();
            const bool is_one = copy.names.empty() || std::ranges::find(copy.names, first) != copy.names.end();
            if (is_in && is_one && thing.kind == host::FileKind::regular) known.modified = std::max(known.modified, thing.modified);
        }
        if (!made.at.archive.empty() && !is_a_time(known.modified)) known.modified = TRY(context_.host.files.status(made.at.archive)).modified;
        if (!tree.place.empty()) told_on_disk(tree, folders, known, made);
        made.time = TRY(time_of(context_, known));
        if (made.time.from == "metadata") return {};
        made.made_in.clear();
        for (const auto& folder : folders) {
            const auto name = TRY(time_of(context_, {.names = {folder.empty() ? tree.name : host::file_name_of(folder)}, .modified = {}}));
            if (name.from != "name" || tree.place.empty()) continue;
            made.made_in = folder.empty() ? tree.place : host::join_path(tree.place, folder);
            break;
        }
        return {};
    }
    // A checkpoint's manifest.json.
    void told_on_disk(const Tree& tree, const std::vector<std::string>& folders, KnownTimes& known, OldCompanion& made) const {
        constexpr std::uint64_t text_max = 1024 * 1024;
        for (const auto& folder : folders) {
            const std::string path = folder.empty() ? tree.place : host::join_path(tree.place, folder);
            const std::string manifest = host::join_path(path, "manifest.json");
            const auto text = host::read_file(context_.host.files, manifest, text_max);
            if (!text) continue;
            bundle::Catalogue catalogue;
            catalogue.add(manifest, text_of(*text));
            known.told = catalogue.of(host::join_path(path, "x")).time;
            if (known.told.empty()) continue;
            made.made_in = path;
            return;
        }
    }

    Context& context_;
    const AdoptRequest& request_;
    const std::vector<SoughtCompanion>& sought_;
    std::set<std::string> seen_;
    std::vector<Archive> archives_;
};

// Those of one companion for one database: the nearest, and no guess where two are.
void keep_nearest(const std::vector<SoughtCompanion>& sought, std::vector<OldPart>& parts, std::vector<AdoptedCompanion>& left_out) {
    std::vector<OldPart> kept;
    for (std::size_t i = 0; i < sought.size(); ++i) {
        std::vector<OldPart> of_one;
        for (const auto& part : parts) {
            if (part.copy->sought == i) of_one.push_back(part);
        }
        if (of_one.empty()) continue;
        const auto rank = [](const OldPart& part) { return std::pair(part.apart_ns, -static_cast<std::int64_t>(part.copy->parts_alike)); };
        std::ranges::stable_sort(of_one, {}, rank);
        const bool is_doubtful = of_one.size() > 1 && rank(of_one[0]) == rank(of_one[1]);
        if (!is_doubtful) kept.push_back(of_one[0]);
        for (std::size_t n = is_doubtful ? 0 : 1; n < of_one.size(); ++n) {
            auto told = told_of(*of_one[n].copy, sought[i]);
            told.why = is_doubtful ? format("{} is as near to the same database copy", of_one[n == 0 ? 1 : 0].copy->at.text()) : format("{} is nearer to the same database copy", of_one[0].copy->at.text());
            left_out.push_back(std::move(told));
        }
    }
    parts = std::move(kept);
}

std::string doubt_of(const OldCompanion& copy, const DatabaseChoice& choice, std::int64_t within_ns) {
    if (!choice.also.empty()) return format("{} belongs with {} or as well with {}", copy.at.text(), choice.database->at.text(), choice.also);
    if (choice.apart_ns <= within_ns) return "";
    return format("{} is {} away from {}", copy.at.text(), words_of(choice.apart_ns), choice.database->at.text());
}

}  // namespace

std::string OldPlace::text() const { return archive.empty() ? printable(path) : path.empty() ? printable(archive) : format("{} in {}", printable(path), printable(archive)); }

AdoptedCompanion told_of(const OldCompanion& copy, const SoughtCompanion& sought) {
    AdoptedCompanion told;
    told.path = sought.path;
    told.from = copy.at.archive.empty() ? copy.at.path : copy.at.archive;
    told.member = copy.at.archive.empty() ? "" : copy.at.path;
    told.time = copy.time.time;
    told.time_from = copy.time.from;
    told.state = "left out";
    return told;
}

Result<OldCompanions> OldCompanions::find(Context& context, const AdoptRequest& request, const std::vector<AdoptableFile>& files, std::vector<SoughtCompanion> sought,
                                          const std::string& database) {
    OldCompanions old;
    old.sought_ = std::move(sought);
    if (old.sought_.empty()) return old;
    const std::int64_t within_ns = TRY(parse_duration_s(request.within)) * nanoseconds_per_second;
    Finding finding(context, request, old.sought_);
    for (const auto& file : files) TRY(finding.look_into(file.path));
    std::vector<std::string> folders;
    for (const auto& one : old.sought_) {
        for (const auto& given : one.given) {
            if (TRY(context.host.files.status(given)).kind == host::FileKind::folder) folders.push_back(given);
            else TRY(finding.look_into(given));
        }
    }
    for (const auto& name : request.files) {
        const auto path = TRY(context.host.files.canonical(name));
        if (TRY(context.host.files.status(path)).kind == host::FileKind::folder) folders.push_back(path);
    }
    for (const auto& folder : folders) TRY(finding.look_at_folder(folder));
    TRY(finding.look_at_archives());
    for (const auto& doubt : finding.doubts) old.warnings.push_back(format("{}: nothing tells which; --companion PATH=OLD does", doubt));
    for (auto& found : finding.copies) {
        old.copies_.push_back(std::make_unique<const OldCompanion>(std::move(found)));
        const auto& copy = *old.copies_.back();
        const auto& of = old.sought_[copy.sought];
        const auto choice = database_for(copy, finding.databases, {.database = database, .companion = of.path});
        auto told = told_of(copy, of);
        told.why = !of.why_not.empty() ? of.why_not : choice.why;
        if (!told.why.empty()) old.left_out.push_back(std::move(told));
        else old.parts_[{choice.database->file, choice.database->name}].push_back({.copy = &copy, .apart_ns = choice.apart_ns, .doubt = doubt_of(copy, choice, within_ns)});
    }
    for (auto& [of, parts] : old.parts_) keep_nearest(old.sought_, parts, old.left_out);
    return old;
}

const std::vector<OldPart>* OldCompanions::of(const std::string& file, const std::string& name) const {
    const auto found = parts_.find({file, name});
    return found == parts_.end() || found->second.empty() ? nullptr : &found->second;
}

bool OldCompanions::is_from(const std::string& archive) const {
    return std::ranges::any_of(copies_, [&](const auto& copy) { return copy->at.archive == archive; });
}

}  // namespace holdfast::operations
