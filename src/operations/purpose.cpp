#include "holdfast/operations/purpose.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

using repository::SnapshotKind;

constexpr std::size_t tag_size_max = 4096;

Result<void> expect_short(std::string_view what, const std::string& text, std::size_t size_max) {
    if (text.size() <= size_max) return {};
    return fail(ErrorCode::invalid, "read the {}: it has {} bytes, more than {}", what, text.size(), size_max)
        .with_advice("keep the long text in a file, and name that");
}

// The default texts of the applications that keep backups before their operations.
std::string comment_for(SnapshotKind kind, const std::string& operation) {
    if (kind == SnapshotKind::manual) return "Manual backup";
    return operation.empty() ? "Automatic backup" : "Auto-backup before: " + operation;
}

}  // namespace

Result<Tags> parse_tags(const std::vector<std::string>& texts) {
    if (texts.size() > limits::tags_max) return fail(ErrorCode::invalid, "at most {} tags", limits::tags_max);
    Tags tags;
    for (const auto& text : texts) {
        const auto equals = text.find('=');
        if (text.empty() || equals == 0) {
            return fail(ErrorCode::invalid, "read the tag '{}': it has no key", printable(text)).with_advice("--tag archive, or --tag release=1.4");
        }
        if (text.size() > tag_size_max) return fail(ErrorCode::invalid, "read a tag: it has {} bytes, more than {}", text.size(), tag_size_max);
        tags.emplace_back(text.substr(0, equals), equals == std::string::npos ? std::string() : text.substr(equals + 1));
    }
    return tags;
}

Result<SnapshotKind> parse_kind(const std::string& text) {
    for (const auto kind : {SnapshotKind::manual, SnapshotKind::automatic, SnapshotKind::safety}) {
        if (text == name_of(kind)) return kind;
    }
    return fail(ErrorCode::invalid, "there is no kind '{}' of backup", printable(text)).with_advice("manual, automatic or safety");
}

std::string_view name_of(SnapshotKind kind) {
    switch (kind) {
        case SnapshotKind::manual: return "manual";
        case SnapshotKind::automatic: return "automatic";
        case SnapshotKind::safety: return "safety";
        case SnapshotKind::voided: return "void";
    }
    return "unknown";
}

Result<Purpose> purpose_of(const PurposeRequest& request) {
    TRY(expect_short("comment", request.comment, limits::comment_size_max));
    TRY(expect_short("operation's name", request.operation, limits::operation_size_max));
    Purpose purpose;
    purpose.kind = request.operation.empty() ? SnapshotKind::manual : SnapshotKind::automatic;
    if (!request.kind.empty()) purpose.kind = TRY(parse_kind(request.kind));
    if (!repository::is_ordinary(purpose.kind)) {
        return fail(ErrorCode::invalid, "make a backup of kind {}: only a restore does", name_of(purpose.kind)).with_advice("--kind manual, or --kind automatic");
    }
    purpose.operation = request.operation;
    auto tags = request.tags;
    for (const auto& tag : request.source_tags) {
        if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(tag);
    }
    purpose.tags = TRY(parse_tags(tags));
    purpose.is_said = !request.comment.empty() || !request.tags.empty();
    purpose.comment = request.comment.empty() ? comment_for(purpose.kind, purpose.operation) : request.comment;
    return purpose;
}

bool serves(const repository::Snapshot& snapshot, const Purpose& purpose) {
    return snapshot.kind == purpose.kind && snapshot.operation == purpose.operation && snapshot.comment == purpose.comment &&
           snapshot.tags == purpose.tags;
}

}  // namespace holdfast::operations
