// SqlCursor: SQL that is read from left to right while it may not all be there yet: names, values, the ends of statements.
#pragma once

#include <string>
#include <string_view>

#include "holdfast/dump/value.h"

namespace holdfast::dump {

// Reads what stands in a view. Each reading function says whether it did; if not, then either the view ends before (`is_cut`:
// it is to be done again with more text), or `wrong` says what is wrong, at `at`. The view is not all there is unless is_last.
class SqlCursor {
public:
    SqlCursor(std::string_view text, bool is_last) : text_(text), is_last_(is_last) {}

    std::size_t at = 0;
    std::string wrong;
    bool is_cut = false, is_over = false;  // is_over: what is wrong is that the text ends

    // To what is neither space nor comment. False: the text ends before.
    bool skip_space();
    // After skip_space() found nothing: false, and why.
    bool expect_more() { return is_cut ? false : cut(); }
    char here() const { return text_[at]; }  // after skip_space()
    // One byte that has to stand there, behind space.
    bool take(char c);
    // A word or a quoted name, without its quotes ("", ``, [], ''); `is_quoted` if any.
    bool take_name(std::string& name, bool& is_quoted);
    // A bare word, in capitals.
    bool take_word(std::string& word);
    // A value: a literal, or an expression of the few kinds that dumps have: CAST, replace, char, unistr, signs, ||, and * and /
    // of reals. Nothing else is computed.
    bool take_value(Value& value);
    // To behind the semicolon that ends the statement which begins here; of CREATE TRIGGER behind the one after END.
    bool skip_statement();
    std::string_view text() const { return text_; }

private:
    bool cut();
    bool fault(std::string what);
    bool take_quoted(char quote, std::string& into);
    bool take_text(Value& value);
    bool take_blob(Value& value);
    bool take_number(Value& value);
    bool take_primary(Value& value, int depth);
    bool take_term(Value& value, int depth);
    bool take_call(const std::string& word, Value& value, int depth);
    bool take_cast(Value& value, int depth);
    bool take_sum(Value& value, int depth);

    std::string_view text_;
    bool is_last_;
};

}  // namespace holdfast::dump
