// ToldCompanions: what the metadata.json at the beginning of a bundle tells of its companions, met member by member.
#pragma once

#include <map>

#include "holdfast/bundle/bundled_set.h"
#include "holdfast/bundle/tar_reader.h"

namespace holdfast::bundle {

class ToldCompanions {
public:
    ToldCompanions() = default;
    // None where it is no metadata of a bundle of ours, or tells of no companion. `corrupt`: companions_in().
    static Result<ToldCompanions> in(const Json& metadata);

    struct Place {
        std::size_t companion = 0, thing = 0;
    };
    bool is_empty() const { return companions_.empty(); }
    // Whether the member is, or lies in, a companion.
    bool has(const std::string& member) const;
    // `corrupt`: nothing of that name and kind is told, or it has come before.
    Result<Place> meet(const TarMember& member);
    // `corrupt`: something that is told has not come.
    Result<void> expect_all_met() const;

    const BundledThing& at(const Place& place) const { return companions_[place.companion].things[place.thing]; }
    const std::vector<BundledCompanion>& companions() const { return companions_; }

private:
    std::vector<BundledCompanion> companions_;
    std::map<std::string, Place> waiting_;  // by the names of members
};

}  // namespace holdfast::bundle
