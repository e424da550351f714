// Long random runs of split_queue against a reference that is a handful of maps, with the device
// end written by hand in between.
// [virtio 1.4] Split Virtqueues / Virtqueue Operation

#include <doctest/doctest.h>

#include <map>

#include <ring/hand_device.hpp>
#include <support/rounds.hpp>

using namespace ring_test;
using vsnd::status_code;
using kind = vsnd::used::kind;

namespace {

struct random_source {
    uint64_t state;
    uint32_t below(uint32_t n) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return static_cast<uint32_t>(state >> 33) % n;
    }
};

class run {
  public:
    run(unsigned size, uint64_t features, uint64_t seed)
        : b_(size, features), event_idx_((features & event_idx_bit) != 0),
          indirect_((features & indirect_bit) != 0), free_(size), random_{seed * 977 + 1} {}

    void steps(unsigned count) {
        for (unsigned i = 0; i < count && wrong_ == 0; ++i)
            step();
        CHECK(wrong_ == 0);
        size_t posted = 0;
        for (const auto& [name, chain] : chains_)
            posted += chain.posted;
        CHECK(b_.queue.in_device() == posted);
    }
    unsigned completed() const { return completed_; }
    unsigned refused() const { return refused_; }

  private:
    struct bound {
        bench<>::queue_type::slot slot;
        std::vector<element> elements;
        uint32_t capacity = 0;
        size_t takes = 0; // descriptors of the ring
        bool posted = false;
    };
    void expect(bool good) { wrong_ += !good; }

    void step() {
        switch (random_.below(16)) {
        case 0: return bind();
        case 1: return unbind();
        case 2: return stale();
        case 3:
        case 4: return kick();
        case 5:
        case 6:
        case 7:
        case 8: return post();
        case 9:
        case 10:
        case 11: return complete();
        default: return take();
        }
    }

    void bind() {
        const size_t reads = random_.below(4);
        const size_t writes = random_.below(4);
        std::vector<vsnd::part> parts;
        bound made;
        for (size_t i = 0; i < reads + writes; ++i) {
            parts.push_back({{uint64_t{random_.below(1U << 30)} << 4}, 1 + random_.below(5000)});
            made.elements.push_back({parts[i].address.value, parts[i].bytes, i >= reads});
            if (i >= reads) made.capacity += parts[i].bytes;
        }
        const size_t n = parts.size();
        made.takes = indirect_ && n > 1 && n <= 4 ? 1 : n;
        const vsnd::chain c{{parts.data(), reads + writes}, reads};
        const auto slot = b_.queue.bind(c, cookie_of(next_name_));
        if (n == 0) return expect(slot.code() == status_code::invalid_argument);
        if (n > b_.size || made.takes > free_) {
            ++refused_;
            return expect(slot.code() == status_code::no_room);
        }
        expect(slot.ok());
        made.slot = slot.value();
        free_ -= made.takes;
        chains_.emplace(next_name_++, made);
    }

    std::map<size_t, bound>::iterator any_chain() {
        auto it = chains_.begin();
        if (!chains_.empty())
            std::advance(it, random_.below(static_cast<uint32_t>(chains_.size())));
        return it;
    }

    void unbind() {
        const auto it = any_chain();
        if (it == chains_.end()) return;
        const auto answer = b_.queue.unbind(it->second.slot);
        if (it->second.posted) return expect(answer == status_code::memory_still_owned);
        expect(answer == status_code::ok);
        free_ += it->second.takes;
        chains_.erase(it);
    }

    void post() {
        const auto it = any_chain();
        if (it == chains_.end() || it->second.posted) return;
        expect(b_.queue.post(it->second.slot) == status_code::ok);
        it->second.posted = true;
        unseen_.push_back(it->first);
        ++written_;
    }

    void kick() {
        // The entries since the last kick are kicked_ to written_ - 1, and the rule names one.
        const uint16_t event = static_cast<uint16_t>(kicked_ + random_.below(6) - 2);
        const uint16_t flags = static_cast<uint16_t>(random_.below(2));
        b_.device.set_avail_event(event);
        b_.device.set_used_flags(flags);
        bool wanted = written_ != kicked_ && flags == 0;
        if (event_idx_) {
            wanted = false;
            for (uint16_t i = kicked_; i != written_; ++i)
                wanted = wanted || i == event;
        }
        const int before = b_.rung;
        b_.queue.kick(static_cast<uint16_t>(written_ - kicked_));
        expect(b_.rung - before == static_cast<int>(wanted));
        kicked_ = written_;
    }

    // The device takes what is new, checks it, and gives any of what it has back.
    void complete() {
        while (b_.device.has_next()) {
            const size_t name = unseen_.front();
            unseen_.erase(unseen_.begin());
            const unsigned head = b_.device.pop();
            expect(b_.device.follow(head) == chains_.at(name).elements);
            with_device_.push_back({name, head});
        }
        if (with_device_.empty() || given_.size() == b_.size) return;
        const size_t which = random_.below(static_cast<uint32_t>(with_device_.size()));
        const auto [name, head] = with_device_[which];
        with_device_.erase(with_device_.begin() + static_cast<ptrdiff_t>(which));
        const bound& c = chains_.at(name);
        expect(b_.device.follow(head) == c.elements); // as it was while exposed
        const bool lies = random_.below(20) == 0;
        const uint32_t length = lies ? c.capacity + 1 : random_.below(c.capacity + 1);
        b_.device.give(head, length, event_idx_);
        given_.push_back({name, lies ? 0 : length});
    }

    // An id that no chain of the device has; few enough that the ring is not given up.
    void stale() {
        if (stale_ == b_.size || given_.size() == b_.size) return;
        ++stale_;
        b_.device.give(b_.size + random_.below(1U << 20), 0, event_idx_);
        given_.push_back({dropped, 0});
    }

    void take() {
        const vsnd::used u = b_.queue.take();
        if (given_.empty()) return expect(u.type == kind::nothing && u.what == nullptr);
        const auto [name, length] = given_.front();
        given_.erase(given_.begin());
        if (name == dropped) return expect(u.type == kind::dropped && u.what == nullptr);
        expect(u.type == kind::completed && u.what == cookie_of(name) && u.written == length);
        chains_.at(name).posted = false;
        ++completed_;
    }

    static constexpr size_t dropped = ~size_t{0};

    bench<> b_;
    bool event_idx_;
    bool indirect_;
    size_t free_;
    random_source random_;
    std::map<size_t, bound> chains_;
    std::vector<size_t> unseen_;                           // posted, not yet popped
    std::vector<std::pair<size_t, unsigned>> with_device_; // popped: name, head
    std::vector<std::pair<size_t, uint32_t>> given_;       // in the used ring: name, length
    size_t next_name_ = 0;
    uint16_t written_ = 0;
    uint16_t kicked_ = 0;
    unsigned stale_ = 0;
    unsigned completed_ = 0;
    unsigned refused_ = 0;
    unsigned wrong_ = 0;
};

} // namespace

// [virtio 1.4] Split Virtqueues / Message Framing, driver 1
// [virtio 1.4] Split Virtqueues / The Virtqueue Descriptor Table, driver 1
// [virtio 1.4] General Initialization And Device Operation / Device Cleanup, driver 1
TEST_CASE("ring: random operations agree with the reference") {
    unsigned number = 0;
    for (const unsigned size : {1U, 2U, 4U, 8U, 64U}) {
        for (const uint64_t features :
             {uint64_t{0}, indirect_bit, event_idx_bit, event_idx_bit | indirect_bit}) {
            for (uint64_t seed = 1; seed <= 4; ++seed) {
                if (!support::one_in(11, number++)) continue;
                CAPTURE(size);
                CAPTURE(features);
                CAPTURE(seed);
                run r(size, features, seed);
                r.steps(8'000);
                CHECK(r.completed() > 100);
                CHECK(r.refused() > 10);
            }
        }
    }
}

TEST_CASE("ring: a random run that wraps the 16-bit indices") {
    for (const uint64_t features : {uint64_t{0}, event_idx_bit | indirect_bit}) {
        run r(8, features, 99);
        r.steps(1'000'000);
        CHECK(r.completed() > 70'000);
    }
}
