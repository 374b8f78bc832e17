#include "holdfast/operations/agreement_rules.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/operations/agreement_questions.h"
#include "holdfast/operations/named_path.h"

namespace holdfast::operations {

namespace {

class Faults {
public:
    Faults(host::FileSystem& files, const SourceSettings& source, const AgreementSettings& agreement) : files_(files), source_(source), agreement_(agreement) {}

    std::vector<AgreementFault> find() {
        const bool is_command = agreement_.kind == "command";
        if (agreement_.files.empty() && !is_command) add("files", "it is not said which files have to agree", "files = [\"data/faiss/*.index\"]");
        if (is_command && trim(agreement_.command).empty()) add("command", "the kind is command, and there is none", "command = \"./scripts/check-index.py\"");
        if (!is_command && !agreement_.command.empty()) add("command", "a command judges by itself, and files of another kind are looked at without one: both are given", "kind = \"command\", or no command");
        if (agreement_.time_limit == 0) add("time_limit", "nothing is looked at in no time", "time_limit = \"60s\"");
        check_paths();
        check_kinds();
        check_meta();
        const bool has_query = !agreement_.each.empty() || !agreement_.ids.empty() || !agreement_.count.empty() || !agreement_.dimension.empty() || !agreement_.model.empty();
        if (has_query && is_command) add("kind", "a command compares by itself, and is told nothing of what queries answer", "leave out the queries");
        check_database();
        return std::move(faults_);
    }

private:
    void add(std::string key, std::string message, std::string advice) { faults_.push_back({.key = std::move(key), .message = std::move(message), .advice = std::move(advice)}); }

    void check_paths() {
        std::size_t named = 0, parsed = 0;
        const auto check = [&](const std::string& key, const std::string& path) {
            const auto pattern = NamedPath::parse(path);
            if (!pattern) return add(key, pattern.error().message(), pattern.error().advice());
            ++parsed;
            named += pattern->has_name();
        };
        for (const auto& path : agreement_.files) check("files", path);
        if (named > 0 && named < parsed) add("files", "some of the files have a star for their name, and others none", "a star in each, or a table for each");
        const std::size_t named_files = named;
        for (const auto& path : agreement_.needs) check("needs", path);
        if (!agreement_.meta.empty()) check("meta", agreement_.meta);
        if (named > named_files && named_files == 0) add("files", "what belongs to them has a star for their name, and they have none", "files = [\"data/faiss/*.index\"]");
        if (named_files == 0 && !agreement_.each.empty()) add("each", "it tells names, and no file has a star for one", "files = [\"data/faiss/*.index\"]");
    }
    void check_kinds() {
        for (const auto& path : agreement_.files) {
            const auto kind = kind_of(agreement_, path);
            if (kind.empty()) add("files", format("the name of {} does not say what it is", printable(path)), "kind = \"faiss\"");
            if (kind == "sqlite" && (!agreement_.ids.empty() || !agreement_.count.empty()) && agreement_.ids_in == AgreementSettings().ids_in) {
                add("ids_in", "what ids a SQLite database holds is a query", "ids_in = \"SELECT id FROM documents\"");
            }
        }
    }
    void check_meta() {
        for (const auto& [key, pointer] : {std::pair("meta_dimension", &agreement_.meta_dimension), std::pair("meta_model", &agreement_.meta_model)}) {
            if (pointer->empty()) continue;
            if (agreement_.meta.empty()) add(key, "it is not said in which file that stands", "meta = \"data/faiss/*.meta.json\"");
            if (!pointer->starts_with("/")) add(key, "that is no pointer", "\"/dim\"");
        }
        if (!agreement_.model.empty() && agreement_.meta_model.empty()) add("model", "it is compared with what a file says, and none is named", "meta = \"data/faiss/*.meta.json\" and meta_model = \"/model_name\"");
    }
    void check_database() {
        if (agreement_.database.empty()) return;
        const auto canonical = [&](const std::string& path) { return host::canonical_or_future(files_, path).value_or(std::string(path)); };
        const auto meant = canonical(agreement_.database);
        if (std::ranges::none_of(source_.databases, [&](const auto& path) { return canonical(path) == meant; })) {
            add("database", format("{} is none of the source's databases", printable(agreement_.database)), "name it in databases, too");
        }
    }

    host::FileSystem& files_;
    const SourceSettings& source_;
    const AgreementSettings& agreement_;
    std::vector<AgreementFault> faults_;
};

}  // namespace

std::vector<AgreementFault> faults_of(host::FileSystem& files, const SourceSettings& source, const AgreementSettings& agreement) { return Faults(files, source, agreement).find(); }

}  // namespace holdfast::operations
