// How text is shown: colours where they are wanted, times in the local zone, columns that line up.
#pragma once

#include <string>
#include <vector>

#include "holdfast/base/time.h"

namespace holdfast::cli {

struct Style {
    bool colour = false;
    bool quiet = false;  // only what went wrong is to be said
    bool json = false;   // nothing of it is for people
    std::string bold(const std::string& text) const;
    std::string good(const std::string& text) const;
    std::string bad(const std::string& text) const;
    std::string faint(const std::string& text) const;
};

std::string local_time(Timestamp moment);  // "2026-08-01 09:30:00", in the zone of this machine

// Rows of cells as text; columns as wide as their widest cell, the ones marked right-aligned.
std::string columns(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right);
std::string counted(std::uint64_t count, std::string_view what);  // "1 backup", "2 backups"
std::string lines(const std::string& indent, const std::vector<std::string>& texts);
std::string joined(const std::vector<std::string>& texts, std::string_view between);

}  // namespace holdfast::cli
