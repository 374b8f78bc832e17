#include "holdfast/operations/look_at_content.h"

#include <algorithm>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/check_agreement.h"
#include "holdfast/operations/look_at_expectations.h"
#include "holdfast/operations/settings_in_effect.h"

namespace holdfast::operations {

namespace {

using repository::Repository;
using repository::Snapshot;

// One look.
class Look {
public:
    Look(Context& context, Repository& repository, const Snapshot& snapshot, BackupReport& report) : context_(context), repository_(repository), snapshot_(snapshot), report_(report) {}

    void look(const LoadedSettings& loaded) {
        at_expectations(loaded);
        at_emptied();
        at_agreement(loaded);
        tell();
        asked_ = asked_of_content(loaded, snapshot_.source.name);
        if (is_complete_ && (!unmet_.empty() || asked_ || was_noted_)) note();
    }
    void was_noted() { was_noted_ = true; }

private:
    void at_expectations(const LoadedSettings& loaded) {
        const auto expectations = expectations_of(loaded, snapshot_.source.name);
        if (expectations.empty() || snapshot_.damaged) return;
        auto results = look_at_backup(context_, repository_, snapshot_, expectations);
        if (!results) return could_not("what the settings expect", results.error());
        report_.expectations = std::move(*results);
        add(unmet_among(report_.expectations));
    }
    // Whatever the settings expect: an application that lost its database starts with an empty one, and notices nothing.
    void at_emptied() {
        auto emptied = emptied_in(repository_, snapshot_);
        if (emptied) return add(std::move(*emptied));
        report_.warnings.push_back("what the backup before held could not be looked at: " + emptied.error().message());
    }
    // Of what was kept, so that it is said of the backup and not of what is there by now.
    void at_agreement(const LoadedSettings& loaded) {
        auto results = agreement_of_backup(context_, repository_, snapshot_, loaded);
        if (!results && results.error().code() == ErrorCode::cancelled) return could_not("whether its files agree", results.error());
        if (!results) return add({{.what = "agreement", .why = "could not be checked: " + results.error().message(), .lost = {}}});
        report_.agreement = std::move(*results);
        add(unmet_among(report_.agreement));
    }

    void add(std::vector<UnmetThing> unmet) { std::ranges::move(unmet, std::back_inserter(unmet_)); }
    // Without a note the next one who meets it looks again.
    void could_not(const std::string& what, const Error& why) {
        is_complete_ = false;
        report_.unmet = true;
        report_.warnings.push_back(format("{} could not be looked at: {}", what, why.message()));
    }
    void tell() {
        if (unmet_.empty()) return;
        report_.unmet = true;
        const bool is_loss = std::ranges::any_of(unmet_, [](const UnmetThing& thing) { return !thing.lost.empty(); });
        for (const auto& thing : unmet_) report_.warnings.push_back(format("expected: {}; {}", printable(thing.what), thing.why));
        if (is_loss) report_.warnings.push_back(format("if this loss is right: {}", accepting_command(snapshot_.number)));
    }
    void note() {
        const auto noted = note_expected(context_, repository_, snapshot_.number, {.unmet = unmet_, .asked = asked_});
        if (!noted) report_.warnings.push_back("whether it holds what is expected could not be noted: " + noted.error().message());
    }

    Context& context_;
    Repository& repository_;
    const Snapshot& snapshot_;
    BackupReport& report_;
    std::vector<UnmetThing> unmet_;
    std::optional<Hash> asked_;
    bool is_complete_ = true, was_noted_ = false;
};

// Of settings, whatever they are called: their keys and values.
class TextOfSettings {
public:
    void operator()(const std::string& value, const SettingText& about) { add(about, value); }
    void operator()(const std::vector<std::string>& values, const SettingText& about) {
        for (const auto& value : values) add(about, value);
    }
    void operator()(bool value, const SettingText& about) { add(about, value ? "true" : "false"); }
    void operator()(std::int64_t value, const SettingText& about) { add(about, format("{}", value)); }
    void operator()(const std::optional<double>& value, const SettingText& about) { add(about, value ? format("{}", *value) : ""); }
    void begin(std::string_view table) { text += format("[{}]\n", table); }
    std::string text;

private:
    void add(const SettingText& about, const std::string& value) { text += format("{} = {} {}\n", about.key, value.size(), value); }
};

}  // namespace

std::optional<Hash> asked_of_content(const LoadedSettings& loaded, const std::string& source) {
    const auto* own = loaded.source(source);
    if (own == nullptr || (own->expect.empty() && own->agreement.empty())) return std::nullopt;
    TextOfSettings asked;
    for (auto one : own->expect) {
        asked.begin("expect");
        one.describe(asked);
    }
    for (auto one : own->agreement) {
        asked.begin("agreement");
        one.describe(asked);
    }
    return sha256(bytes_of(asked.text));
}

bool is_yet_to_be_looked_at(const Snapshot& snapshot, const repository::NoteSummary& notes, const LoadedSettings& loaded) {
    if (snapshot.damaged || notes.accepted || !repository::is_ordinary(snapshot.kind)) return false;
    return asked_of_content(loaded, snapshot.source.name) != (notes.expected ? notes.expected->hash : std::nullopt);
}

void LookAtContent::at_new(const Snapshot& snapshot, BackupReport& report) const { Look(context_, repository_, snapshot, report).look(loaded_); }

void LookAtContent::at_confirmed(const Snapshot& snapshot, const repository::NoteSummary& notes, BackupReport& report) const {
    if (is_yet_to_be_looked_at(snapshot, notes, loaded_)) {
        const auto lease = repository_.lease(snapshot.number);  // nobody prunes it meanwhile
        const auto whole = repository_.snapshot(snapshot.number);
        if (lease && whole) {
            Look look(context_, repository_, *whole, report);
            if (notes.expected) look.was_noted();
            return look.look(loaded_);
        }
        report.unmet = true;
        report.warnings.push_back("what it holds could not be looked at: " + (lease ? whole.error() : lease.error()).message());
        return;
    }
    tell_noted(notes, report);
}

void tell_noted(const repository::NoteSummary& notes, BackupReport& report) {
    for (const auto& line : unmet_by_notes(notes)) {
        report.unmet = true;
        report.warnings.push_back("expected, and since then nothing has changed: " + line);
    }
}

}  // namespace holdfast::operations
