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

}  // namespace

Result<bool> is_as_kept(Context& context, const repository::Repository& repository, const KeptDatabase& kept) {
    const auto& [source, entry, path] = kept;
    const bool is_there = TRY(host::status_if_any(context.host.files, path)).has_value();
    if (!is_there || !entry.database || !entry.database->findings.empty()) return false;
    const Timestamp seen = context.host.clock.now();
    const auto now = live::appearance_of(context.host, path, freeze_options(context));
    if (now && shows(history::recall_appearance(repository, {.source = source, .member = path}), *now, entry.content)) return true;
    if (now && shows(history::recall_appearance(repository, key_as_restored(kept)), *now, entry.content)) return true;
    const auto image = TRY(history::open_image(repository, entry));
    const auto same = live::is_live_image(context.host, path, *image, freeze_options(context), context.watch);
    if (!same && same.error().code() != ErrorCode::corrupt) return same.error().copy();
    if (!same || !*same) return false;
    if (now) history::remember_appearance(repository, key_as_restored(kept), {.appearance = now->text, .frozen = seen, .content = entry.content});
    return true;
}

}  // namespace holdfast::operations
