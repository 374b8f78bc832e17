// What a file's name says of its layers (gzip, tar, age), and whether that is true of what is to be written: a name that lies
// is a trap for whoever restores, and one that promises encryption gives everything away.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/compress_stream.h"
#include "holdfast/bundle/content_kind.h"

namespace holdfast::bundle {

using Layers = std::vector<ContentKind>;  // from the outermost

// "app.tar.zst.age" is {age, zstd, tar}. `other` stands for one that is never written here (.xz, .zip). Large letters are as small ones.
Layers layers_named(std::string_view name);

// The endings of layers taken off: "app.db.tar.gz.gpg" is "app.db". Never all of the name.
std::string without_layers(std::string_view name);
std::string with_layers(std::string_view name, const Layers& layers);  // those, and no others

ContentKind layer_of(StreamFormat format);
std::string words_of(const Layers& layers);  // "age, zstd, tar"; "plain" where there is none

// `invalid`, with the true name as advice, behind `flags` (those that would make this one true; may be empty).
Result<void> expect_true_name(const std::string& path, const Layers& written, std::string_view flags);

}  // namespace holdfast::bundle
