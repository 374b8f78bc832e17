// What differs in schema and properties. For this room only.
#pragma once

#include "holdfast/rows/compare.h"
#include "holdfast/rows/side.h"

namespace holdfast::rows {

// Type, and name in small letters: what tells an object from others.
using ObjectKey = std::pair<std::string, std::string>;
ObjectKey key_of(const SchemaObject& object);

// By type and name. Indexes that constraints make are part of their table's SQL; shadow tables and what is on them are left
// out unless they are to be shown.
std::vector<SchemaChange> compare_schemas(const Schema& before, const Schema& after, CompareRequest::Internal internal);

std::vector<PropertyChange> compare_properties(const Side& before, const Side& after);

}  // namespace holdfast::rows
