// What the micro-benchmarks measure on: a small application's database, made by SQLite, the same in every run.
#pragma once

#include <cstdlib>
#include <iostream>
#include <memory>
#include <span>
#include <string>

#include "holdfast/base/bytes.h"
#include "holdfast/base/error.h"
#include "holdfast/base/limits.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::bench {

constexpr std::uint32_t page_bytes = 4096;

// The value of a step that a measurement builds on: the program ends where it fails, so that no failure is measured.
template <typename T>
T must(Result<T> result) {
    if (!result.ok()) {
        std::cerr << "a step that had to succeed failed: " << result.error().text() << std::endl;
        std::abort();
    }
    return std::move(result).value();
}

// A folder of its own for as long as it lives.
class Folder {
public:
    Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

private:
    std::string path_;
};

// Customers, orders with a note each, and two indices: rows of 60 to 400 bytes of numbers, names and sentences.
// `journal_mode` as the pragma has it; a WAL is never checkpointed, and the connection stays open.
class Application {
public:
    Application(int orders, const std::string& journal_mode);
    // Commits of one order each, as people at work make them: mostly new ones, some older ones changed.
    void work(int commits);
    std::string path() const { return folder_ / "orders.db"; }

private:
    Folder folder_;
    sqlite::Connection connection_;
    int orders_;
    int worked_ = 0;
};

// The same database twice: before and after some hundred commits. Whole extents, and as many of them.
struct BeforeAndAfter {
    Bytes before, after;
};
const BeforeAndAfter& two_days();

inline std::size_t extents_in(ByteView file) { return file.size() / limits::extent_size; }
inline ByteView extent_of(ByteView file, std::size_t number) {
    return file.subspan(number * limits::extent_size, limits::extent_size);
}

// The extents that differ between the two.
std::vector<std::size_t> changed_extents();

}  // namespace holdfast::bench
