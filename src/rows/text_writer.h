// TextWriter: text on its way to a sink, in large pieces.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "holdfast/base/error.h"

namespace holdfast::rows {

using TextSink = std::function<Result<void>(std::string_view)>;

// Memory for one piece and for what is added between two calls of pass_on(). One thread at a time.
class TextWriter {
public:
    explicit TextWriter(TextSink sink) : sink_(std::move(sink)) {}
    void add(std::string_view text) { waiting_ += text; }
    void add(char c) { waiting_ += c; }
    // To be called now and then: hands over what has come together, if that is worth it.
    Result<void> pass_on() { return waiting_.size() < piece_bytes ? Result<void>() : finish(); }
    // Hands over everything. What was added and not handed over is lost with the writer.
    Result<void> finish();
    std::uint64_t size() const { return handed_over_ + waiting_.size(); }  // of all that was added

private:
    static constexpr std::size_t piece_bytes = 256 * 1024;
    TextSink sink_;
    std::string waiting_;
    std::uint64_t handed_over_ = 0;
};

}  // namespace holdfast::rows
