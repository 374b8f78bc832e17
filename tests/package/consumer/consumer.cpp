// The smallest program that uses an installed holdfast.
#include <cstdio>

#include "holdfast/base/json.h"
#include "holdfast/host/host.h"

int main(int, char** arguments) {
    auto host = holdfast::host::real_host();
    const auto names = host.files.list(arguments[1]);
    if (!names) return std::fprintf(stderr, "%s\n", names.error().text().c_str()), 1;
    return std::puts(holdfast::Json::object().set("files", names->size()).to_text().c_str()) < 0;
}
