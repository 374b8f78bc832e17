#include "holdfast/operations/as_kept.h"

#include "holdfast/history/recorder.h"
#include "holdfast/live/is_live_image.h"
#include "holdfast/operations/keep_database.h"

namespace holdfast::operations {

namespace {

// A database that was found to be as a backup holds it, but for the header: what the next full backup leans on is remembered apart.
history::MemberKey key_as_restored(const KeptDatabase& kept) { return {.source = kept.source, .member = kept.path + "\nas restored"}; }

bool shows(const std::optional<history::Remembered>& remembered, const live::Appearance& now, const repository::Content& content) {
    return remembered && remembered->appearance == now.text && remembered->content == content && is_settled(now, remembered->frozen);
}

bool is_remembered(const repository::Repository& repository, const KeptDatabase& kept, const live::Appearance& now) {
    const auto& content = kept.entry.content;
    return shows(history::recall_appearance(repository, {.source = kept.source, .member = kept.path}), now, content) ||
           shows(history::recall_appearance(repository, key_as_restored(kept)), now, content);
}

}  // namespace

bool is_known_as_kept(Context& context, const repository::Repository& repository, const KeptDatabase& kept) {
    const auto there = context.host.files.status(kept.path);
    const bool is_whole = there && kept.entry.database && kept.entry.database->findings.empty();
    if (!is_whole) return false;
    const auto now = live::appearance_of(context.host, kept.path, freeze_options(context));
    return now && is_remembered(repository, kept, *now);
}

Result<bool> is_as_kept(Context& context, const repository::Repository& repository, const KeptDatabase& kept) {
    const auto& [source, entry, path] = kept;
    const bool is_there = TRY(host::status_if_any(context.host.files, path)).has_value();
    if (!is_there || !entry.database || !entry.database->findings.empty()) return false;
    const Timestamp seen = context.host.clock.now();
    const auto now = live::appearance_of(context.host, path, freeze_options(context));
    if (now && is_remembered(repository, kept, *now)) return true;
    const auto image = TRY(history::open_image(repository, entry));
    const auto same = live::is_live_image(context.host, path, *image, freeze_options(context), context.watch);
    if (!same && same.error().code() != ErrorCode::corrupt) return same.error().copy();
    if (!same || !*same) return false;
    if (now) history::remember_appearance(repository, key_as_restored(kept), {.appearance = now->text, .frozen = seen, .content = entry.content});
    return true;
}

}  // namespace holdfast::operations
