// JSON files, read whole: one value, or one a line (.jsonl, .ndjson).
#pragma once

#include <string_view>

#include "holdfast/agree/look.h"
#include "holdfast/base/json.h"
#include "holdfast/host/file_system.h"

namespace holdfast::agree {

// `corrupt`: it is no JSON, or nested more than 64 deep.
Result<Json> read_json(host::FileSystem& files, const std::string& path, const LookBounds& bounds);

// What a pointer of RFC 6901 ("/dim", "/models/0/name") leads to; null: nothing. The empty one is the value itself.
const Json* find_pointer(const Json& json, std::string_view pointer);

// `ids`: a pointer to a list of whole numbers; empty: it has none. Counted are these, else the items of a list, or the
// lines of a file of lines.
Result<Look> look_at_json(host::FileSystem& files, const std::string& path, const std::string& ids, const LookBounds& bounds);

}  // namespace holdfast::agree
