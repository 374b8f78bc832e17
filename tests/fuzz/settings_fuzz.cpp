// Settings: whatever the text, reading them makes problems and values, and no more. What reads well is read again from the
// file that init would write with it.
#include "holdfast/base/text.h"
#include "holdfast/host/file_system.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/settings_pages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::operations;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto& files = host::posix_file_system();
    const auto read = read_settings_text(files, {.text = text, .file = "/nowhere/holdfast.toml", .environment = "production"});
    for (const auto& problem : read.problems) HOLDFAST_ASSERT(!problem.message.empty());
    if (!read.problems.empty()) return 0;
    NewFileText plan{.repository = read.loaded.settings.repository.path, .key_file = {}, .password_file = {}, .password_command = {}, .sources = {}};
    bool is_text = printable(plan.repository) == plan.repository;  // %FF in a URL makes a path that no TOML can hold
    for (const auto& [name, source] : read.loaded.settings.source) {
        plan.sources.push_back({.name = name, .database = source.databases.front()});
        is_text = is_text && printable(plan.sources.back().database) == plan.sources.back().database;
    }
    if (!is_text) return 0;
    const auto file = new_settings_file(plan);
    const auto again = read_settings_text(files, {.text = file, .file = "/nowhere/holdfast.toml", .environment = {}});
    HOLDFAST_ASSERT(again.problems.empty());
    HOLDFAST_ASSERT(again.loaded.settings.repository.path == plan.repository);
    HOLDFAST_ASSERT(again.loaded.settings.source.size() == plan.sources.size());
    return 0;
}
