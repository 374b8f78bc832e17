// ToldMembers: what the metadata.json of a bundle tells of its databases and texts, held against what came out of it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "holdfast/base/hash.h"
#include "holdfast/base/json.h"

namespace holdfast::bundle {

class ToldMembers {
public:
    struct Member {
        std::uint64_t size = 0;
        Hash sha256{};  // of what is no file: zeros, the hash of nothing
    };
    using Came = std::multimap<std::string, Member>;  // by their names in the archive, without "./" before them

    // None where it is no metadata of a bundle of ours. `corrupt`: it does not list what is in it, or not the databases that
    // it tells of.
    static Result<std::optional<ToldMembers>> in(const Json& metadata);
    // Members of companions are none of these, and neither is metadata.json. `corrupt`: one that is told did not come or is
    // another, or one came of which nothing is told, or twice.
    Result<void> expect_just(const Came& came) const;

private:
    std::map<std::string, Member> told_;
};

}  // namespace holdfast::bundle
