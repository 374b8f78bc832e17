// holdfast-faiss-look INDEX: opens an index with the FAISS library, and writes what it holds to standard output.
//
// A line of JSON, {"type", "count", "dimension", "metric", "trained", "ids", "ids_count"}, or {"error", "verdict"}; behind
// the line, when "ids" is "listed", ids_count integers of 64 bits, little endian. Exit code 0 also for an error that it can
// tell of. The library asserts, allocates and may crash on what is no index: that is why this is a program of its own. Who
// starts it limits its memory and its time.
#include <cxxabi.h>
#include <faiss/Index.h>
#include <faiss/IndexFlatCodes.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/MetaIndexes.h>
#include <faiss/impl/FaissException.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <faiss/invlists/OnDiskInvertedLists.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

namespace {

static_assert(std::endian::native == std::endian::little);

using Ids = std::vector<std::int64_t>;

struct Found {
    std::string type;
    bool are_listed = false;
    Ids ids;
    std::string damage;      // empty: none was seen
    std::string cannot_say;  // empty: it can
};

std::string name_of_class(const faiss::Index& index) {
    if (dynamic_cast<const faiss::IndexIDMap2*>(&index) != nullptr) return "IndexIDMap2";
    if (dynamic_cast<const faiss::IndexIDMap*>(&index) != nullptr) return "IndexIDMap";
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(typeid(index).name(), nullptr, nullptr, &status), std::free);
    const std::string text = status == 0 ? name.get() : "Index";
    constexpr std::string_view prefix = "faiss::";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string text_of(std::int64_t number) { return std::to_string(number); }

void expect(Found& found, bool holds, const std::string& what) {
    if (!holds && found.damage.empty()) found.damage = what;
}

void take_lists(const faiss::IndexIVF& index, Found& found) {
    if (index.invlists == nullptr) return expect(found, index.ntotal == 0, "its lists are missing");
    if (dynamic_cast<const faiss::OnDiskInvertedLists*>(index.invlists) != nullptr) {
        found.cannot_say = "its lists lie in another file";
        return;
    }
    std::int64_t total = 0;
    for (std::size_t list = 0; list < index.invlists->nlist; ++list) {
        const std::size_t size = index.invlists->list_size(list);
        faiss::InvertedLists::ScopedIds ids(index.invlists, list);
        total += static_cast<std::int64_t>(size);
        found.ids.insert(found.ids.end(), ids.get(), ids.get() + size);
    }
    found.are_listed = true;
    expect(found, total == index.ntotal, "its lists hold " + text_of(total) + " vectors, and it says " + text_of(index.ntotal));
}

// An index within another has as many vectors; its own ids are those of the outermost that has any.
void look_at(const faiss::Index& index, Found& found) {
    found.type += name_of_class(index);
    const auto look_within = [&](const faiss::Index* inner) {
        if (inner == nullptr) return expect(found, false, "the index within it is missing");
        expect(found, inner->ntotal == index.ntotal, "it says " + text_of(index.ntotal) + " vectors, and the index within it " + text_of(inner->ntotal));
        found.type += "(";
        look_at(*inner, found);
        found.type += ")";
    };
    if (const auto* map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {  // IDMap2 is one
        look_within(map->index);
        const auto size = static_cast<std::int64_t>(map->id_map.size());
        expect(found, size == index.ntotal, "it has " + text_of(size) + " ids for " + text_of(index.ntotal) + " vectors");
        found.ids.assign(map->id_map.begin(), map->id_map.end());
        found.are_listed = true;
        found.cannot_say.clear();
    } else if (const auto* transformed = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        look_within(transformed->index);
    } else if (const auto* refined = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        look_within(refined->base_index);
    } else if (const auto* lists = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        take_lists(*lists, found);
    } else if (const auto* graph = dynamic_cast<const faiss::IndexHNSW*>(&index)) {
        expect(found, static_cast<std::int64_t>(graph->hnsw.levels.size()) == index.ntotal, "its graph has " + text_of(static_cast<std::int64_t>(graph->hnsw.levels.size())) + " nodes for " + text_of(index.ntotal) + " vectors");
        expect(found, graph->storage != nullptr && graph->storage->ntotal == index.ntotal, "its vectors are missing");
    } else if (const auto* flat = dynamic_cast<const faiss::IndexFlatCodes*>(&index)) {
        const auto wanted = static_cast<std::size_t>(index.ntotal) * flat->code_size;
        expect(found, flat->codes.size() == wanted, "it holds " + text_of(static_cast<std::int64_t>(flat->codes.size())) + " bytes of vectors, and says " + text_of(static_cast<std::int64_t>(wanted)));
    }
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~' ? ' ' : c;
    }
    return out + "\"";
}

std::string metric_of(const faiss::Index& index) {
    if (index.metric_type == faiss::METRIC_INNER_PRODUCT) return "inner product";
    return index.metric_type == faiss::METRIC_L2 ? "L2" : "metric " + text_of(index.metric_type);
}

int answer(const std::string& line) {
    const std::string whole = line + "\n";
    return std::fwrite(whole.data(), 1, whole.size(), stdout) == whole.size() && std::fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
int tell_damage(const std::string& why) { return answer("{\"error\": " + quoted(why) + ", \"verdict\": \"damaged\"}"); }
int tell_unknown(const std::string& why) { return answer("{\"error\": " + quoted(why) + ", \"verdict\": \"unknown\"}"); }

int tell(const faiss::Index& index, const Found& found) {
    if (!found.damage.empty()) return tell_damage(found.damage);
    if (!found.cannot_say.empty()) return tell_unknown(found.cannot_say);
    const std::string line = "{\"type\": " + quoted(found.type) + ", \"count\": " + text_of(index.ntotal) + ", \"dimension\": " + text_of(index.d) +
                             ", \"metric\": " + quoted(metric_of(index)) + ", \"trained\": " + (index.is_trained ? "true" : "false") +
                             ", \"ids\": " + (found.are_listed ? "\"listed\"" : "\"positions\"") + ", \"ids_count\": " + text_of(static_cast<std::int64_t>(found.ids.size())) + "}";
    if (answer(line) != EXIT_SUCCESS) return EXIT_FAILURE;
    return std::fwrite(found.ids.data(), sizeof(std::int64_t), found.ids.size(), stdout) == found.ids.size() && std::fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

// What the library says, without the place in its sources.
std::string plain_reason(const std::string& message) {
    const auto at = message.find(" at ./");
    const auto error = message.rfind(": Error: ");
    if (error != std::string::npos) return message.substr(error + 9);
    return message.substr(0, at);
}

// Every index begins with four letters, its dimension and its count, by which the library makes room and counts before it
// has looked whether there is so much.
std::string fault_of_beginning(std::FILE* file, long size) {
    struct Beginning {
        char letters[4];
        std::int32_t dimension;
        std::int64_t count;
    } beginning{};
    static_assert(sizeof(beginning) == 16);
    if (std::fread(&beginning, sizeof(beginning), 1, file) != 1) return "it is too short for an index";
    if (beginning.letters[0] != 'I') return "";  // none of its kind: the library says so
    if (beginning.dimension < 0) return "it says that its dimension is " + text_of(beginning.dimension);
    const bool is_possible = beginning.count >= 0 && beginning.count <= size;
    return is_possible ? "" : "it says " + text_of(beginning.count) + " vectors, and has " + text_of(size) + " bytes";
}

int look(const char* path) {
    faiss::FileIOReader reader(path);
    if (std::fseek(reader.f, 0, SEEK_END) != 0) return tell_unknown("its end was not found");
    const long size = std::ftell(reader.f);
    std::rewind(reader.f);
    if (const auto fault = fault_of_beginning(reader.f, size); !fault.empty()) return tell_damage(fault);
    std::rewind(reader.f);
    const std::unique_ptr<faiss::Index> index(faiss::read_index(&reader, faiss::IO_FLAG_READ_ONLY));
    const long read = std::ftell(reader.f);
    if (read != size) return tell_damage("behind its end there are " + text_of(size - read) + " bytes more");
    Found found;
    look_at(*index, found);
    return tell(*index, found);
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) return EXIT_FAILURE;
    if (std::freopen("/dev/null", "w", stderr) == nullptr) return EXIT_FAILURE;  // the library chats
    try {
        return look(words[1]);
    } catch (const std::bad_alloc&) {
        return tell_unknown("it wants more memory than its size accounts for: it is damaged, or the machine has too little");
    } catch (const std::length_error&) {
        return tell_damage("it states a length that cannot be");
    } catch (const faiss::FaissException& error) {
        const std::string what = error.what();
        const bool is_other = what.find("not recognized") != std::string::npos;
        return is_other ? tell_unknown("it is of a type that the FAISS library does not know, or no index: " + plain_reason(what)) : tell_damage("the FAISS library cannot read it: " + plain_reason(what));
    } catch (const std::exception& error) {
        return tell_damage(std::string("the FAISS library cannot read it: ") + error.what());
    }
}
