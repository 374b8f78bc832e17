// Lru: a cache bounded by weight that hands out shared, immutable values; the least recently used go first.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace holdfast::repository {

// Thread-safe. A value stays alive for whoever holds it, also after it has left the cache.
template <typename Key, typename Value, typename Hasher = std::hash<Key>>
class Lru {
public:
    explicit Lru(std::size_t weight_max) : weight_max_(weight_max) {}

    std::shared_ptr<const Value> find(const Key& key) {
        const std::lock_guard lock(mutex_);
        const auto at = places_.find(key);
        if (at == places_.end()) return nullptr;
        order_.splice(order_.begin(), order_, at->second);
        return at->second->value;
    }
    // What weighs more than the whole cache is not kept. A key that is there already keeps its value.
    void put(const Key& key, std::shared_ptr<const Value> value, std::size_t weight) {
        const std::lock_guard lock(mutex_);
        if (weight > weight_max_ || places_.contains(key)) return;
        while (weight_ + weight > weight_max_) drop_last();
        order_.push_front({key, std::move(value), weight});
        places_.emplace(key, order_.begin());
        weight_ += weight;
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        while (!order_.empty()) drop_last();
    }
    std::size_t weight() const {
        const std::lock_guard lock(mutex_);
        return weight_;
    }

private:
    struct Item {
        Key key;
        std::shared_ptr<const Value> value;
        std::size_t weight;
    };
    void drop_last() {
        weight_ -= order_.back().weight;
        places_.erase(order_.back().key);
        order_.pop_back();
    }

    const std::size_t weight_max_;
    mutable std::mutex mutex_;
    std::list<Item> order_;  // most recently used first
    std::unordered_map<Key, typename std::list<Item>::iterator, Hasher> places_;
    std::size_t weight_ = 0;
};

}  // namespace holdfast::repository
