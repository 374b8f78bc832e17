#include "holdfast/operations/check_image.h"

#include "holdfast/base/text.h"
#include "holdfast/operations/spooled_image.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::operations {

namespace {

using sqlite::CheckOutcome;

// An error on the way to a verdict: SQLite found nonsense, which is a verdict, or the image could not be read.
Result<CheckOutcome> verdict_of(Error error, const sqlite::ServedImage& served) {
    if (const std::string why = served.last_failure(); !why.empty()) {
        return fail(ErrorCode::corrupt, "check an image: {}", why);
    }
    if (error.code() != ErrorCode::corrupt) return error;
    return CheckOutcome{.verdict = CheckOutcome::Verdict::damaged, .findings = {error.message()}};
}

}  // namespace

Result<CheckOutcome> check_image(const sqlite::Image& image, const Watch& watch) {
    if (image.last_page().value == 0) return CheckOutcome{};
    const auto served = TRY(sqlite::serve_image(image));
    auto connection = served->connect();
    if (!connection) return verdict_of(std::move(connection).error(), *served);
    // KiB: the check looks every row up in every index.
    if (auto set = connection->execute("PRAGMA cache_size=-49152"); !set) return verdict_of(std::move(set).error(), *served);
    auto outcome = sqlite::check_integrity(*connection, sqlite::CheckDepth::full, watch);
    if (!outcome) return verdict_of(std::move(outcome).error(), *served);
    if (const std::string why = served->last_failure(); !why.empty()) {
        return fail(ErrorCode::corrupt, "check an image: {}", why);
    }
    return outcome;
}

Result<CheckOutcome> check_kept_image(Context& context, const repository::Repository& repository, const sqlite::Image& image) {
    const auto unpacked = TRY(spool(context, repository, image));
    return check_image(unpacked ? *unpacked : image, context.watch);
}

Result<SchemaFacts> read_schema(const sqlite::Image& image) {
    SchemaFacts facts;
    if (image.last_page().value == 0) return facts;
    const auto served = TRY(sqlite::serve_image(image));
    auto hash = [&]() -> Result<std::string> {
        auto connection = TRY(served->connect());
        return sqlite::schema_hash(connection);
    }();
    if (hash) {
        facts.schema_hash = std::move(hash).value();
        return facts;
    }
    if (const std::string why = served->last_failure(); !why.empty()) {
        return std::move(hash).error().while_doing("read the schema: " + why);
    }
    facts.is_damaged = hash.error().code() == ErrorCode::corrupt;
    facts.findings.push_back(format("the schema cannot be read: {}", hash.error().message()));
    return facts;
}

std::string_view name_of(CheckOutcome::Verdict verdict) {
    switch (verdict) {
        case CheckOutcome::Verdict::ok: return "ok";
        case CheckOutcome::Verdict::damaged: return "damaged";
        case CheckOutcome::Verdict::could_not: return "could not";
    }
    return "could not";
}

}  // namespace holdfast::operations
