#include "holdfast/agree/faiss.h"

#include <algorithm>
#include <numeric>

#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"
#include "holdfast/host/run_program.h"

namespace holdfast::agree {

namespace {

constexpr std::size_t line_size_max = 64 * 1024;
constexpr std::uint64_t memory_spare = 1ull << 30, memory_of_size = 6;
constexpr int killed = 9, terminated = 15;  // by whoever had no memory or time for it; other signals are the index's doing

// What the program writes: a line, and bytes behind it.
class Answer {
public:
    explicit Answer(std::uint64_t ids_max) : bytes_max_(ids_max * sizeof(std::int64_t)) {}
    bool take(ByteView more) {
        if (!has_line_) {
            const auto end = std::ranges::find(more, std::byte{'\n'});
            const auto size = static_cast<std::size_t>(end - more.begin());
            line_ += text_of(more.first(size));
            has_line_ = end != more.end();
            more = more.subspan(std::min(more.size(), size + 1));
        }
        if (line_.size() > line_size_max || more.size() > bytes_max_ - bytes_.size()) return false;
        append(bytes_, more);
        return true;
    }
    Result<Json> facts() const { return has_line_ ? Json::parse(line_) : Result<Json>(fail(ErrorCode::unavailable, "{} answered nothing", faiss_program)); }
    ByteView ids() const { return bytes_; }

private:
    const std::uint64_t bytes_max_;
    std::string line_;
    Bytes bytes_;
    bool has_line_ = false;
};

Error nonsense() { return fail(ErrorCode::unavailable, "{} answered nonsense", faiss_program).with_advice("install holdfast and holdfast-faiss of the same version"); }

Result<void> judge_end(const host::ProgramEnd& end, const FaissQuestion& question, const LookBounds& bounds) {
    if (end.is_success()) return {};
    switch (end.ending) {
        case host::ProgramEnding::output_refused: return fail(ErrorCode::unavailable, "it holds more ids than are compared ({})", bounds.ids_max);
        case host::ProgramEnding::time_limit: return fail(ErrorCode::unavailable, "the FAISS library did not read it within {}", human_duration_ms(static_cast<double>(question.time_ms_max)));
        case host::ProgramEnding::stopped:
        case host::ProgramEnding::by_itself: break;
    }
    if (end.signal != 0 && end.signal != killed && end.signal != terminated) return fail(ErrorCode::corrupt, "the FAISS library cannot read it: it {}", end.text());
    return fail(ErrorCode::unavailable, "{} {}", faiss_program, end.text());
}

std::string text_at(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    const auto* text = value == nullptr ? nullptr : value->as_text();
    return text == nullptr ? "" : *text;
}
Result<std::uint64_t> number_at(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    const auto number = value == nullptr ? Result<std::int64_t>(nonsense()) : value->as_integer();
    if (!number) return nonsense();
    if (*number < 0) return fail(ErrorCode::corrupt, "it says that its {} is {}", key, *number);
    return static_cast<std::uint64_t>(*number);
}

Result<std::vector<std::int64_t>> ids_of(const Json& facts, ByteView bytes, std::uint64_t count, const LookBounds& bounds) {
    const bool are_positions = text_at(facts, "ids") == "positions";
    if (count > bounds.ids_max) return fail(ErrorCode::unavailable, "it holds {} ids, and at most {} are compared", count, bounds.ids_max);
    std::vector<std::int64_t> ids(are_positions ? count : bytes.size() / sizeof(std::int64_t));
    if (are_positions) {
        std::iota(ids.begin(), ids.end(), 0);
        return ids;
    }
    if (bytes.size() != TRY(number_at(facts, "ids_count")) * sizeof(std::int64_t)) return nonsense();
    for (auto& id : ids) {
        id = static_cast<std::int64_t>(std::uint64_t{load<LittleEndian<std::uint64_t>>(bytes)});
        bytes = bytes.subspan(sizeof(std::int64_t));
    }
    return ids;
}

Result<Look> look_of(const Answer& answer, const LookBounds& bounds) {
    const auto facts = answer.facts();
    if (!facts) return nonsense();
    if (const auto why = text_at(*facts, "error"); !why.empty()) {
        return fail(text_at(*facts, "verdict") == "damaged" ? ErrorCode::corrupt : ErrorCode::unavailable, "{}", printable(why));
    }
    Look look;
    look.type = text_at(*facts, "type");
    look.metric = text_at(*facts, "metric");
    look.count = TRY(number_at(*facts, "count"));
    look.dimension = TRY(number_at(*facts, "dimension"));
    const auto* trained = facts->find("trained");
    if (trained == nullptr || trained->as_bool() == nullptr) return nonsense();
    look.trained = *trained->as_bool();
    look.ids = TRY(ids_of(*facts, answer.ids(), *look.count, bounds));
    return look;
}

}  // namespace

Result<Look> look_at_faiss(const FaissQuestion& question, const LookBounds& bounds) {
    if (question.program.empty()) {
        return fail(ErrorCode::unavailable, "the program that reads indexes of FAISS, {}, is not installed", faiss_program).with_advice("install the package holdfast-faiss");
    }
    const std::uint64_t memory = question.size * memory_of_size + memory_spare;
    Answer answer(bounds.ids_max);
    host::ProgramOrder order;
    order.words = {"/bin/sh", "-c", format("ulimit -c 0 && ulimit -f 0 && ulimit -v {} && exec \"$0\" \"$1\"", memory / 1024), question.program, question.path};
    order.environment = {{"OMP_NUM_THREADS", "1"}, {"OPENBLAS_NUM_THREADS", "1"}};
    order.output = host::ProgramOutput::taken;
    order.take = [&](ByteView more) { return answer.take(more); };
    order.time_ms_max = std::max<std::int64_t>(question.time_ms_max, 1);
    order.stop = bounds.watch.stop;
    const auto end = host::run_program(order);
    TRY(bounds.watch.go_on());
    if (!end) return end.error().copy().with_code(ErrorCode::unavailable);
    TRY(judge_end(*end, question, bounds));
    return look_of(answer, bounds);
}

}  // namespace holdfast::agree
