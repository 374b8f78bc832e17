// make_faiss_index KIND PATH DIMENSION ID...: an index as an application would have written it, by the FAISS library itself.
// KIND: flat, ivf, hnsw, idmap, idmap2, ivf_of (its own ids), pretransform, untrained.
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/MetaIndexes.h>
#include <faiss/VectorTransform.h>
#include <faiss/index_io.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace {

// A unit vector's worth of numbers that differ from id to id.
std::vector<float> vectors_of(const std::vector<std::int64_t>& ids, int dimension) {
    std::vector<float> values;
    for (const auto id : ids) {
        for (int i = 0; i < dimension; ++i) values.push_back(static_cast<float>((id * 31 + i * 17) % 101) / 101.0F);
    }
    return values;
}

}  // namespace

int main(int count, char** words) {
    if (count < 4) return EXIT_FAILURE;
    const std::string kind = words[1];
    const int dimension = std::atoi(words[3]);
    std::vector<std::int64_t> ids;
    for (int i = 4; i < count; ++i) ids.push_back(std::atoll(words[i]));
    const auto vectors = vectors_of(ids, dimension);
    const auto size = static_cast<std::int64_t>(ids.size());
    faiss::IndexFlatIP flat(dimension);
    faiss::IndexIVFFlat lists(&flat, static_cast<std::size_t>(dimension), 2, faiss::METRIC_INNER_PRODUCT);
    faiss::IndexHNSWFlat graph(dimension, 8);
    faiss::IndexIDMap map(&flat);
    faiss::IndexIDMap2 map2(&flat);
    faiss::RandomRotationMatrix rotation(dimension, dimension);
    faiss::IndexPreTransform rotated(&rotation, &flat);
    faiss::Index* index = &flat;
    if (kind == "ivf" || kind == "ivf_of" || kind == "untrained") index = &lists;
    if (kind == "hnsw") index = &graph;
    if (kind == "idmap") index = &map;
    if (kind == "idmap2") index = &map2;
    if (kind == "pretransform") index = &rotated;
    const bool has_own_ids = kind == "idmap" || kind == "idmap2" || kind == "ivf_of";
    if (kind != "untrained") index->train(size, vectors.data());
    if (kind == "ivf" || kind == "ivf_of") flat.ntotal = static_cast<std::int64_t>(lists.nlist);
    if (kind == "untrained" || size == 0) {
        // nothing is in it
    } else if (has_own_ids) {
        index->add_with_ids(size, vectors.data(), ids.data());
    } else {
        index->add(size, vectors.data());
    }
    faiss::write_index(index, words[2]);
    return EXIT_SUCCESS;
}
