// The contract of ObjectStore as a suite: every store passes it, whatever it stands on.
//
// To put another store under it:
//   INSTANTIATE_TEST_SUITE_P(S3, ObjectStoreContract, ::testing::Values(StoreMaker{"s3", make_place}), name_of_place);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "holdfast/store/object_store.h"

namespace holdfast::tests {

// An empty place, which goes with all its objects when destroyed.
class StorePlace {
public:
    virtual ~StorePlace() = default;
    // Another ObjectStore of the same place, as another process would open it.
    virtual std::unique_ptr<store::ObjectStore> open() = 0;
};

struct StoreMaker {
    std::string name;
    std::function<std::unique_ptr<StorePlace>()> make_place;
};
std::ostream& operator<<(std::ostream& out, const StoreMaker& maker);
std::string name_of_place(const ::testing::TestParamInfo<StoreMaker>& test);

class ObjectStoreContract : public ::testing::TestWithParam<StoreMaker> {
protected:
    std::unique_ptr<StorePlace> place = GetParam().make_place();
    std::unique_ptr<store::ObjectStore> store = place->open();
};

}  // namespace holdfast::tests
