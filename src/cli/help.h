// Help, man page and completions, all made from the described operations.
#pragma once

#include <string>
#include <vector>

#include "holdfast/cli/fields.h"

namespace holdfast::cli {

struct VerbText {
    operations::OperationText operation;
    std::vector<BoundField> fields;  // only their texts are used
};

std::string overview(const std::vector<VerbText>& verbs);
// The commands that begin with the word `group` ("retention simulate" for "retention").
std::string overview_of_group(std::string_view group, const std::vector<VerbText>& verbs);
std::string help_of(const VerbText& verb, const std::vector<BoundField>& common);
std::string exit_code_table();
std::string man_page(const std::vector<VerbText>& verbs, const std::vector<BoundField>& common);
// `shell` is bash, zsh or fish; empty for another one.
std::string completion(const std::string& shell, const std::vector<VerbText>& verbs, const std::vector<BoundField>& common);

}  // namespace holdfast::cli
