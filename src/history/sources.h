// The sources that a list of moments is about, and words for them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "holdfast/history/history.h"

namespace holdfast::history {

std::string title_of(const repository::SourceRecord& source);  // "app.db (0f3a91c2)"

// Every source of the moments for which `wanted` is true, by its newest name; the one used last comes first.
std::vector<repository::SourceRecord> sources_of(const std::vector<Moment>& moments,
                                                 const std::function<bool(const Moment&)>& wanted);

// Some of them, for a message.
std::string titles_of(const std::vector<repository::SourceRecord>& sources);

// Nothing matches the filter: `not_found`, naming the sources that there are.
Error no_such_source(const repository::Repository& repository, const Filter& filter);

}  // namespace holdfast::history
