// The nearest of some names to a word that is none of them: for "did you mean".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

// Of the candidates, the one that a person most likely meant; empty when none is near. Case counts.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace holdfast
