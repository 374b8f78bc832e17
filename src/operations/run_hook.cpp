#include "holdfast/operations/run_hook.h"

#include <algorithm>

#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/http_request.h"
#include "holdfast/host/run_program.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t output_kept_max = 4 * 1024;
constexpr std::size_t error_text_max = 4 * 1024;  // a variable has its limit, too

std::string number_text(const HookFacts& facts) { return facts.number == 0 ? "" : std::to_string(facts.number); }

std::string one_a_line(const std::vector<std::string>& texts) {
    std::string all;
    for (const auto& text : texts) all += (all.empty() ? "" : "\n") + text;
    return all;
}

std::vector<std::pair<std::string, std::string>> environment_of(const HookOrder& order) {
    const auto& facts = order.facts;
    std::vector<std::pair<std::string, std::string>> all = {{"HOLDFAST_EVENT", std::string(order.event)},
                                                             {"HOLDFAST_SOURCE", facts.source},
                                                             {"HOLDFAST_REPOSITORY", facts.repository},
                                                             {"HOLDFAST_OPERATION", facts.operation},
                                                             {"HOLDFAST_NUMBER", number_text(facts)},
                                                             {"HOLDFAST_DATABASE", facts.databases.size() == 1 ? facts.databases.front() : ""},
                                                             {"HOLDFAST_DATABASES", one_a_line(facts.databases)},
                                                             {"HOLDFAST_OUTCOME", std::string(order.outcome)},
                                                             {"HOLDFAST_ERROR", order.error.substr(0, error_text_max)}};
    if (!facts.companion.empty()) all.emplace_back("HOLDFAST_COMPANION", facts.companion);
    return all;
}

std::string json_of_facts(const HookOrder& order) {
    const auto& facts = order.facts;
    Json json;
    json.set("event", order.event).set("source", facts.source).set("repository", facts.repository).set("operation", facts.operation);
    json.set("number", facts.number == 0 ? Json() : Json(facts.number)).set("databases", json_of(facts.databases));
    if (!facts.companion.empty()) json.set("companion", facts.companion);
    return json.set("outcome", order.outcome).set("error", order.error).to_text();
}

HookResult run_command(const HookOrder& order) {
    host::OutputTail tail(output_kept_max);
    host::ProgramOrder program;
    program.words = host::shell_words(order.hook.command);
    program.folder = order.hook.folder;
    program.environment = environment_of(order);
    program.folder = order.hook.folder;
    program.output = order.take_output ? host::ProgramOutput::taken_with_errors : host::ProgramOutput::to_errors;
    program.take = [&](ByteView more) { return tail.take(more); };
    program.time_ms_max = std::max<std::int64_t>(order.hook.time_limit_ms, 1);
    program.stop = order.stop;
    HookResult result;
    auto ran = host::run_program(program);
    result.output = tail.text();
    if (!ran) {
        result.failure = std::move(ran).error();
    } else {
        result.status = ran->exit_code();
        if (!ran->is_success()) result.failure = fail(ErrorCode::unavailable, "it {}", ran->text());
    }
    return result;
}

HookResult run_post(const HookOrder& order) {
    host::HttpRequest request;
    request.method = host::HttpMethod::post;
    request.url = order.hook.post;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = order.hook.body.empty() ? json_of_facts(order) : order.hook.body;
    request.time_ms_max = order.hook.time_limit_ms;
    request.answer_max = output_kept_max;
    request.stop = order.stop;
    HookResult result;
    auto answer = host::http_request(request);
    if (!answer) {
        result.failure = std::move(answer).error();
        return result;
    }
    result.status = answer->status;
    if (order.take_output) result.output = answer->body;
    if (auto good = host::judge(*answer, request.url); !good) result.failure = std::move(good).error();
    return result;
}

}  // namespace

HookResult run_hook(const HookOrder& order) {
    const bool is_command = !order.hook.command.empty(), is_post = !order.hook.post.empty();
    if (is_command == is_post) {
        HookResult result;
        result.failure = fail(ErrorCode::invalid, "it has {} a command and an address", is_command ? "both" : "neither");
        return result;
    }
    return is_command ? run_command(order) : run_post(order);
}

bool is_run_by_hook() { return host::environment("HOLDFAST_EVENT").has_value(); }

std::string word_for(const Hook& hook) {
    if (hook.command.empty()) return host::place_of_url(hook.post);
    for (const auto& word : split(hook.command, ' ')) {
        if (word.empty() || word.find('=') != std::string::npos) continue;  // what sets variables may be secrets, too
        return printable(word.substr(0, word.find('\n')));
    }
    return "a command";
}

}  // namespace holdfast::operations
