// What no key alone can say of a table of the settings that says what has to agree.
#pragma once

#include <string>
#include <vector>

#include "holdfast/host/file_system.h"
#include "holdfast/operations/settings.h"

namespace holdfast::operations {

struct AgreementFault {
    std::string key;  // empty: the table
    std::string message, advice;
};
std::vector<AgreementFault> faults_of(host::FileSystem& files, const SourceSettings& source, const AgreementSettings& agreement);

}  // namespace holdfast::operations
