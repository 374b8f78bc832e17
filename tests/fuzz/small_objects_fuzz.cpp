// Records of the small objects that have no target of their own, each in an envelope that proves: claims, leases, gaps,
// condemned lists, the configuration, key slots. Reading one never does more than fail.
// The first byte tells which.
#include "fuzz/keys_for_fuzzing.h"
#include "holdfast/repository/claim.h"
#include "holdfast/repository/condemned.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/key_slot.h"
#include "holdfast/repository/lease.h"
#include "holdfast/repository/ledger.h"
#include "support/memory_store.h"

namespace holdfast::repository {
namespace {

// A store with that record under the name.
tests::MemoryStore store_with(ObjectType type, ByteView record, const Keys* keys, const char* name) {
    NoRandom random;
    tests::MemoryStore::Contents contents;
    auto sealed = seal_envelope({.type = type, .record = copy_of(record)}, store::ObjectName(name), keys, random);
    if (sealed) contents[name] = *std::move(sealed);
    return tests::MemoryStore(std::move(contents));
}

void read_gap(ByteView record) {
    const auto numbers = NumberSet::decode(record);
    if (!numbers) return;
    const auto again = NumberSet::decode(numbers->encode());
    HOLDFAST_ASSERT(again.ok() && *again == *numbers);
    auto store = store_with(ObjectType::gap, record, &plain_keys(), "gaps/1");
    HOLDFAST_ASSERT(read_gaps(store, plain_keys()).value().numbers == *numbers);
}

void read_slot(ByteView record) {
    Unlock unlock;
    unlock.key = SecretBytes(Bytes(32, std::byte{3}));
    (void)unwrap_keys(record, unlock, sha256({}));
}

void read_one(std::uint8_t which, ByteView record) {
    switch (which % 6) {
        case 0: {
            auto store = store_with(ObjectType::session, record, &plain_keys(), "sessions/1");
            (void)read_claim(store, plain_keys(), {1});
            return;
        }
        case 1: {
            auto store = store_with(ObjectType::lease, record, &plain_keys(), "leases/00000000000000000000000000000001");
            (void)read_leases(store, plain_keys());
            return;
        }
        case 2: return read_gap(record);
        case 3: {
            auto store = store_with(ObjectType::condemned, record, &plain_keys(), "condemned/00000000000000000000000000000001");
            (void)read_condemned(store, plain_keys());
            return;
        }
        case 4: {
            auto store = store_with(ObjectType::config, record, nullptr, "config");
            (void)read_config(store);
            return;
        }
        default: return read_slot(record);
    }
}

}  // namespace
}  // namespace holdfast::repository

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    if (size == 0) return 0;
    repository::read_one(data[0], std::as_bytes(std::span(data, size)).subspan(1));
    return 0;
}
