#include "holdfast/operations/plain_copy_order.h"

#include "holdfast/base/text.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/settings_in_effect.h"

namespace holdfast::operations {

namespace {

// Flags stand in place of the settings' values, one by one.
PlainCopySettings with_flags(PlainCopySettings copies, const PlainCopyRequest& flags) {
    if (!flags.output.empty()) copies.folder = flags.output;
    if (!flags.name.empty()) copies.name = flags.name;
    if (!flags.compress.empty()) copies.compress = flags.compress;
    return copies;
}

Result<bundle::CopyTemplate> told(Result<bundle::CopyTemplate> parsed, const std::string& text) {
    if (parsed) return parsed;
    return std::move(parsed).error().while_doing(format("name plain copies '{}'", printable(text)));
}

Result<void> expect_apart(const bundle::CopyTemplate& name, std::size_t databases) {
    if (databases < 2 || name.has("database")) return {};
    return fail(ErrorCode::invalid, "name plain copies '{}': the copies of {} databases would have one name", printable(name.text()), databases)
        .with_advice("{database} in it");
}

Result<void> expect_true(const bundle::CopyTemplate& name, const std::string& compress) {
    const auto is_true = expect_true_copy_name(name.text(), compress);
    return is_true ? Result<void>() : is_true.error().copy().while_doing(format("name plain copies '{}'", printable(name.text())));
}

// The newest copy must not get the name of what it is a copy of.
Result<void> expect_not_live(Context& context, const PlainCopyOrder& order, const std::vector<std::string>& databases) {
    if (!order.latest) return {};
    for (const auto& database : databases) {
        const std::string file = with_ending(TRY(order.latest->fill({.database = host::file_name_of(database)})), order.compress);
        const std::string path = host::join_path(order.folder, file);
        for (const auto& live : databases) {
            if (TRY(host::canonical_or_future(context.host.files, live)) != path) continue;
            return fail(ErrorCode::invalid, "make plain copies: the newest would have the name of the database {} itself", printable(path)).with_advice("another folder, or another name for `latest`");
        }
    }
    return {};
}

}  // namespace

std::optional<StreamFormat> stream_format(const std::string& compress) {
    if (compress == "gzip") return StreamFormat::gzip;
    if (compress == "zstd") return StreamFormat::zstd;
    return std::nullopt;
}

std::string with_ending(std::string name, const std::string& compress) {
    const std::string_view ending = compress == "gzip" ? ".gz" : compress == "zstd" ? ".zst" : "";
    if (!name.ends_with(ending)) name += ending;
    return name;
}

Result<void> expect_true_copy_name(const std::string& name, const std::string& compress) {
    const auto format = stream_format(compress);
    const bundle::Layers named = bundle::layers_named(with_ending(name, compress)), written = format ? bundle::Layers{bundle::layer_of(*format)} : bundle::Layers();
    if (named == written) return {};
    return fail(ErrorCode::invalid, "the name says {}, and the copies would be {}", bundle::words_of(named), bundle::words_of(written))
        .with_advice(holdfast::format("{}: the setting `compress`, or --compress, adds the ending", printable(bundle::without_layers(name))));
}

Result<PlainCopyOrder> with_rule(PlainCopyOrder order, const PlainCopySettings& settings) {
    constexpr history::KeepCount automatic_last = 10;
    order.policy.automatic = settings.keep.is_empty() ? history::RetentionRule{.last = automatic_last} : TRY(rule_of(settings.keep));
    order.policy.manual = {.all = true};
    order.counts_kinds_together = !settings.keep.is_empty() && !settings.keep_manual;
    return order;
}

Result<std::optional<PlainCopyOrder>> plain_copy_order(Context& context, const BackupRequest& request) {
    const auto& loaded = *request.repository.settings.loaded;
    const auto* source = loaded.source(request.source);
    const bool is_in_settings = source != nullptr && source->plain_copies;
    if (!is_in_settings && !request.plain.is_said()) return std::optional<PlainCopyOrder>();
    const auto settings = with_flags(is_in_settings ? *source->plain_copies : PlainCopySettings(), request.plain);
    if (settings.folder.empty()) return fail(ErrorCode::invalid, "make plain copies: nothing says where").with_advice("--output DIR besides");
    if (settings.compress != "none" && !stream_format(settings.compress)) {
        return fail(ErrorCode::invalid, "make plain copies with --compress {}: there are gzip, zstd and none", printable(settings.compress)).with_advice("--compress zstd");
    }
    PlainCopyOrder order;
    order.name = TRY(told(bundle::CopyTemplate::parse(settings.name), settings.name));
    TRY(expect_apart(order.name, request.databases.size()));
    if (!settings.latest.empty()) {
        order.latest = TRY(told(bundle::CopyTemplate::parse_fixed(settings.latest), settings.latest));
        TRY(expect_apart(*order.latest, request.databases.size()));
    }
    TRY(expect_true(order.name, settings.compress));
    if (order.latest) TRY(expect_true(*order.latest, settings.compress));
    order.metadata = settings.metadata;
    order.compress = settings.compress;
    order.folder = TRY(host::canonical_or_future(context.host.files, settings.folder));
    TRY(refuse_inside_repository(context, host::join_path(order.folder, "x")));
    TRY(expect_not_live(context, order, request.databases));
    order.policy.time_zone = loaded.settings.retention.time_zone;
    return std::optional(TRY(with_rule(std::move(order), settings)));
}

}  // namespace holdfast::operations
