// ToldBeside: values of which another value tells that they are secret: {name: DB_PASSWORD, value: …}, {kind: Secret, data: …}.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/bundle/setting_names.h"

namespace holdfast::bundle {

// Names in the same braces, in the same block of lines as deep, or in the same element, in whatever order and whatever else stands
// between them.
class ToldBeside {
public:
    using Place = std::pair<std::size_t, std::size_t>;  // a line, and where in it a name begins

    explicit ToldBeside(const std::vector<std::string_view>& lines);

    bool has(const Place& name) const;

private:
    // What holds names that belong together.
    enum class Kind { lines, braces, element };
    struct Group {
        Kind kind = Kind::lines;
        std::size_t indent = 0;  // of the lines
        std::string tag{};       // of the element
        bool names_secret = false, is_secret_object = false;
        std::vector<Place> values{}, data{};
    };
    void read_line(std::string_view line, std::size_t number);
    void enter_lines(std::string_view line);
    void note(std::string_view line, const Named& named, std::size_t number);
    void enter(Group group);
    void leave();
    void leave_innermost(Kind kind, std::string_view tag);

    std::vector<Group> groups_;  // the innermost is the last; the first one is never left
    std::vector<Place> told_;    // in order
};

}  // namespace holdfast::bundle
