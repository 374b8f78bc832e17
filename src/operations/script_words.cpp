#include "holdfast/operations/script_words.h"

#include "holdfast/base/text.h"
#include "holdfast/host/standard_input.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t script_size_max = 256ULL * 1024 * 1024;

}  // namespace

Result<std::string> text_of_script(Context& context, const ScriptRequest& request, std::string_view how) {
    if (request.sql.empty() == request.file.empty()) {
        return fail(ErrorCode::invalid, "run {}", request.sql.empty() ? "what: there is no SQL" : "SQL given both as a word and as a file").with_advice(std::string(how));
    }
    if (request.file.empty()) return request.sql;
    if (request.file == "-") return host::text_from_standard_input(script_size_max);
    const auto bytes = TRY(host::read_file(context.host.files, request.file, script_size_max));
    return std::string(text_of(bytes));
}

Result<std::pair<std::string, std::string>> split_pair(const std::string& text, std::string_view flag) {
    const auto equals = text.find('=');
    if (equals != 0 && equals != std::string::npos) return std::pair(text.substr(0, equals), text.substr(equals + 1));
    return fail(ErrorCode::invalid, "read --{} {}: it is not NAME=VALUE", flag, printable(text));
}

Result<std::vector<live::Parameter>> parameters_of(const ScriptRequest& request) {
    std::vector<live::Parameter> parameters;
    for (const auto& text : request.parameters) {
        auto [name, value] = TRY(split_pair(text, "parameter"));
        parameters.push_back({std::move(name), std::move(value)});
    }
    return parameters;
}

}  // namespace holdfast::operations
