#include "holdfast/operations/outside_backup.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/bundle/backup_name.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/database_of_sql.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/setting_forms.h"
#include "holdfast/operations/stream_file.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t text_max = 16 * 1024 * 1024;

std::optional<std::string> text_beside(Context& context, const std::string& path) {
    const auto bytes = host::read_file(context.host.files, path, text_max);
    if (!bytes) return std::nullopt;
    return std::string(text_of(*bytes));
}

void add_what_lies_beside(Context& context, const std::string& path, bundle::Catalogue& catalogue) {
    const std::string folder = host::folder_of(path);
    std::vector<std::string> names = {path + ".meta.json"};
    for (const char* name : {"backup_metadata.json", "manifest.json", "metadata.json", ".holdfast-copies.json"}) names.push_back(host::join_path(folder, name));
    for (const auto& name : names) {
        if (const auto text = text_beside(context, name)) catalogue.add(name, *text);
    }
}

// As sha256sum writes it: "<hash>  <name>".
Result<void> prove_by_file_beside(Context& context, OutsideBackup& backup) {
    constexpr std::size_t digits = 64;
    const auto text = text_beside(context, backup.path + ".sha256");
    if (!text) return {};
    const auto stated = Hash::from_hex(std::string_view(*text).substr(0, digits));
    if (!stated) {
        backup.warnings.push_back(format("{}.sha256 holds no hash", printable(backup.path)));
        return {};
    }
    if (TRY(hash_of_file(context, backup.path)) != *stated) {
        return fail(ErrorCode::corrupt, "open {}: its SHA-256 is not the one in {}.sha256", printable(backup.path), printable(host::file_name_of(backup.path)))
            .with_advice("it was changed or damaged since; another backup");
    }
    backup.proven_by.push_back(host::file_name_of(backup.path) + ".sha256");
    return {};
}

// Of several databases in one archive the times of their own are the truer ones.
std::vector<std::string> names_that_tell(const bundle::UnpackedDatabase& database, const OutsideBackup& backup) {
    std::vector<std::string> names = {bundle::without_layers(host::file_name_of(database.name))};
    const bool is_alone = backup.unpacked->databases.size() == 1 || !database.modified || !is_a_time(*database.modified);
    if (backup.unpacked->has_tar && is_alone) names.push_back(bundle::without_layers(host::file_name_of(backup.path)));
    return names;
}

std::string layers_of(const bundle::UnpackedDatabase& database) {
    std::string text;
    for (const auto kind : database.layers) text += format("{}{}", text.empty() ? "" : ", ", bundle::name_of(kind));
    return text;
}

Result<void> prove_by_catalogue(const bundle::UnpackedDatabase& database, const OutsideDatabase& opened, OutsideBackup& backup) {
    if (backup.is_bundle && !opened.told.sha256) {
        return fail(ErrorCode::corrupt, "open {}: its metadata tells of no database {}", printable(backup.path), printable(database.name)).with_advice("it was changed since it was made; another bundle");
    }
    if (!opened.told.sha256 || !database.sha256) return {};
    if (*opened.told.sha256 != *database.sha256) {
        return fail(ErrorCode::corrupt, "open {}: the SHA-256 of {} is not the one its metadata tells", printable(backup.path), printable(database.name))
            .with_advice("it was changed or damaged since; another backup");
    }
    if (std::ranges::find(backup.proven_by, "metadata") == backup.proven_by.end()) backup.proven_by.push_back("metadata");
    return {};
}

// In the archive, and above it.
std::vector<std::string> folders_above(const bundle::UnpackedDatabase& database, const OutsideUse& use) {
    std::vector<std::string> names;
    std::string path = database.name;
    for (auto slash = path.rfind('/'); slash != std::string::npos && slash > 0; slash = path.rfind('/')) {
        path.resize(slash);
        names.push_back(host::file_name_of(path));
    }
    names.insert(names.end(), use.folders.begin(), use.folders.end());
    return names;
}

struct HowOpened {
    const bundle::Catalogue& catalogue;
    const OutsideUse& use;
};
Result<OutsideDatabase> open_database(Context& context, const bundle::UnpackedDatabase& database, const HowOpened& how, OutsideBackup& backup) {
    OutsideDatabase opened;
    const bool is_in_archive = backup.unpacked->has_tar;
    opened.name = database.name;
    opened.layers = layers_of(database);
    opened.path = database.path;
    opened.told = how.catalogue.of(is_in_archive ? database.name : backup.path);
    TRY(prove_by_catalogue(database, opened, backup));
    const auto status = TRY(context.host.files.status(backup.path));
    const bool is_ours = backup.is_bundle || !opened.told.backup_id.empty();
    opened.time = TRY(time_of(context, {.names = names_that_tell(database, backup), .folders = folders_above(database, how.use), .told = opened.told.time,
                                        .told_is_ours = is_ours, .in_archive = database.modified, .modified = status.modified}));
    auto frozen = live::freeze(context.host, database.path, freeze_options(context));
    if (!frozen) return std::move(frozen).error().while_doing(format("open {}", printable(backup.path)));
    opened.frozen = *std::move(frozen);
    return opened;
}

Result<void> take_bundle(Context& context, const bundle::BundleFacts& facts, OutsideBackup& backup) {
    if (!facts.fault.empty()) return fail(ErrorCode::corrupt, "open {}: {}", printable(backup.path), facts.fault).with_advice("it was changed or damaged since it was made; another bundle");
    backup.bundle_facts = facts;
    if (const auto time = time_of_text(context, facts.whole.time)) backup.bundle_time = {.time = *time, .from = "metadata"};
    for (const auto& companion : backup.unpacked->companions) backup.companions.push_back(TRY(outside_companion(context, companion)));
    if (!backup.companions.empty() && backup.databases.empty()) backup.proven_by.push_back("metadata");
    if (!facts.faults.skew_why.empty()) backup.warnings.push_back(format("it is not all of one moment: {}", printable(facts.faults.skew_why)));
    for (const auto& [path, why] : facts.faults.failed) backup.warnings.push_back(format("{} is missing in it: {}", printable(path), printable(why)));
    return {};
}

Result<std::string> folder_for_unpacking(const OutsideRequest& request) {
    if (!request.unpack_in.empty()) return request.unpack_in;
    std::string folder = host::cache_folder();
    if (!folder.empty()) return folder;
    return fail(ErrorCode::invalid, "take the file apart: there is no cache folder").with_advice("--unpack-in FOLDER");
}

}  // namespace

OutsideTime OutsideBackup::time() const {
    if (!databases.empty()) return databases.front().time;
    return bundle_time;
}

Result<OutsideBackup> open_outside(Context& context, const std::string& path, const OutsideRequest& request, const OutsideUse& use) {
    OutsideBackup backup;
    backup.path = TRY(context.host.files.canonical(path));
    backup.size = TRY(context.host.files.status(backup.path)).size;
    TRY(prove_by_file_beside(context, backup));
    auto folder = TRY(folder_for_unpacking(request));
    bundle::UnpackRequest unpacking{.path = backup.path, .folder = std::move(folder),
                                          .secrets = {.passphrase_file = request.decrypt_passphrase_file, .age_identity = request.age_identity},
                                          .limits = {.bytes_max = TRY(parse_size(request.unpack_max))}, .companions = use.companions, .others = use.others};
    Timestamp time_of_sql;
    if (use.sql == OutsideUse::Sql::is_a_dump) {
        unpacking.make_of_sql = [&](bundle::ByteStream& text, const std::string& at) -> Result<void> {
            auto made = make_database_of_sql(context, text, at, request);
            if (!made) return std::move(made).error().while_doing(format("open {}", printable(backup.path)));
            time_of_sql = *made;
            return {};
        };
    }
    backup.unpacked = std::make_unique<bundle::Unpacked>(TRY(bundle::Unpacked::open(context.host, unpacking, context.watch)));
    bundle::Catalogue catalogue = use.known != nullptr ? *use.known : bundle::Catalogue();
    if (!backup.unpacked->has_tar) add_what_lies_beside(context, backup.path, catalogue);
    for (const auto& text : backup.unpacked->texts) catalogue.add(text.name, text.text);
    backup.is_bundle = catalogue.is_bundle() && backup.unpacked->has_tar;
    if (backup.is_bundle) TRY(take_bundle(context, catalogue.bundle(), backup));
    std::ranges::copy(backup.unpacked->notes, std::back_inserter(backup.warnings));
    for (const auto& database : backup.unpacked->databases) {
        backup.databases.push_back(TRY(open_database(context, database, {.catalogue = catalogue, .use = use}, backup)));
        if (time_of_sql != Timestamp{}) backup.databases.back().time = {.time = time_of_sql, .from = "header"};
    }
    return backup;
}

Result<void> expect_unchanged(OutsideBackup& backup) {
    for (auto& database : backup.databases) {
        auto done = database.frozen->finish();
        if (!done) return std::move(done).error().while_doing(format("read {}", printable(backup.path)));
    }
    return {};
}

}  // namespace holdfast::operations
