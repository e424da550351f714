// packed_queue against the model's device end, which was read from the chapter by itself: first the
// rings alone, at random, then the whole driver that plays and records.
// [virtio 1.4] Packed Virtqueues

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <vector>

#include <support/packed_port.hpp>
#include <vsnd/model/packed_virtqueue.hpp>
#include <vsnd/vsnd.hpp>

using namespace vsnd;

namespace {

struct sized_policy : ring_policy {
    static constexpr u16 most_descriptors = 256;
    static constexpr auto in_order = choice::negotiated;
};

struct counting_doorbell {
    u32* rung = nullptr;
    void ring() { ++*rung; }
};

// Both ends of one ring. The driver posts, kicks, arms and takes as it likes; whatever it does,
// no doorbell and no interrupt that one side waits for may be missing.
class both_ends {
    using queue_type = packed_queue<counting_doorbell, sized_policy>;

  public:
    both_ends(u16 size, u64 features, u32 seed) : state_(seed * 2654435761u + 1) {
        const dma_region memory = memory_.allocate(queue_type::memory_bytes(size), 16);
        REQUIRE(ok(queue_.init(size, features, memory, {&rung_})));
        const ring_addresses where = queue_.addresses();
        model::queue_setup setup{size, where.descriptors, where.driver_area, where.device_area};
        setup.event_idx = (features >> wire::F_EVENT_IDX & 1) != 0;
        setup.indirect = (features >> wire::F_INDIRECT_DESC & 1) != 0;
        setup.in_order = (features >> wire::F_IN_ORDER & 1) != 0;
        setup.packed = true;
        device_.enable(setup);
        const dma_region data = memory_.allocate(4096);
        for (usize i = 0; queue_.free_chains(3) != 0; ++i) {
            const part parts[] = {{data.bus, 4}, {data.bus + 64, 100}, {data.bus + 512, 8}};
            chains_.push_back({queue_.bind({parts, 2}, cookie_of(i)).value()});
        }
    }

    void steps(u32 count) {
        for (u32 i = 0; i < count && wrong_ == 0; ++i) {
            switch (below(4)) {
            case 0: post_some(); break;
            case 1: serve(); break;
            case 2: finish_some(); break;
            default: look(); break;
            }
        }
        CHECK(wrong_ == 0);
        CHECK(log_.entries().empty());
        if (!log_.entries().empty()) MESSAGE(log_.report());
    }
    u32 completed() const { return completed_; }
    u32 rung() const { return rung_; }
    u32 interrupts() const { return interrupts_; }

  private:
    struct chain_state {
        queue_type::slot slot;
        bool posted = false;
        u32 written = 0;
    };
    static cookie cookie_of(usize i) { return reinterpret_cast<cookie>(i + 1); }
    u32 below(u32 n) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_ % n;
    }

    void post_some() {
        u32 posted = 0;
        for (u32 n = below(6); n != 0; --n) {
            const usize i = below(static_cast<u32>(chains_.size()));
            if (chains_[i].posted) continue;
            wrong_ += !ok(queue_.post(chains_[i].slot));
            chains_[i].posted = true;
            posted_.push_back(i);
            ++posted;
        }
        const u32 before = rung_;
        queue_.kick(posted);
        heard_ = heard_ || rung_ != before;
    }
    // The device works when it heard a doorbell: one that it asked for must have come.
    void serve() {
        if (device_.wants_doorbells() && device_.fresh() != 0 && !heard_) ++wrong_;
        heard_ = false;
        while (auto chain = device_.pop()) {
            const usize i = posted_.front();
            posted_.pop_front();
            wrong_ += chain->readable_bytes != 104 || chain->writable_bytes != 8;
            held_.push_back({i, std::move(*chain)});
        }
        device_.want_doorbells(below(4) != 0);
        heard_ = heard_ || device_.fresh() != 0;
    }
    void finish_some() {
        for (u32 n = below(5); n != 0 && !held_.empty(); --n) {
            const u32 which = below(static_cast<u32>(held_.size()));
            const held h = std::move(held_[which]);
            held_.erase(held_.begin() + which);
            chains_[h.index].written = below(4) != 0 ? 8 : below(8);
            device_.push_used(h.chain, h.chain.head, chains_[h.index].written);
        }
        if (device_.take_notification()) {
            ++interrupts_;
            woken_ = true;
        }
    }
    // The driver takes when it was interrupted; with arm(1) no completion may go without.
    void look() {
        const bool all = below(2) == 0;
        for (;;) {
            const used u = queue_.take();
            if (u.type == used::kind::nothing) {
                if (all || !queue_.arm(1)) break;
                continue;
            }
            const usize i = reinterpret_cast<usize>(u.what) - 1;
            wrong_ += u.type != used::kind::completed || i >= chains_.size();
            if (wrong_ != 0) return;
            wrong_ += !chains_[i].posted || u.written != chains_[i].written;
            wrong_ += armed_ && !woken_;
            chains_[i].posted = false;
            ++completed_;
        }
        armed_ = !all;
        woken_ = false;
    }
    struct held {
        usize index;
        model::device_chain chain;
    };

    model::guest_memory memory_;
    model::violation_log log_;
    u64 now_ns_ = 0;
    model::packed_virtqueue device_{memory_, log_, now_ns_, 0};
    queue_type queue_;
    std::vector<chain_state> chains_;
    std::deque<usize> posted_;
    std::vector<held> held_;
    u32 state_;
    u32 rung_ = 0;
    u32 interrupts_ = 0;
    u32 completed_ = 0;
    u32 wrong_ = 0;
    bool heard_ = false;
    bool woken_ = false;
    bool armed_ = false;
};

constexpr u64 event_idx = u64{1} << wire::F_EVENT_IDX;
constexpr u64 indirect = u64{1} << wire::F_INDIRECT_DESC;
constexpr u64 in_order = u64{1} << wire::F_IN_ORDER;

struct in_order_policy : ring_policy {
    static constexpr auto in_order = choice::negotiated;
};

std::vector<u8> noise(usize count) {
    std::vector<u8> all(count);
    u32 x = 4711;
    for (u8& b : all)
        b = static_cast<u8>((x = x * 1664525u + 1013904223u) >> 24);
    return all;
}

template <class Policy>
struct world {
    explicit world(model::device_profile p) : port(std::move(p)) {
        port.device.on_interrupt = [this](u32) { driver.pump_all(); };
    }
    support::packed_port<Policy> port;
    card<support::packed_port<Policy>> driver;
    dma_region area = port.memory.allocate(card_bytes<>(), card_alignment);

    stream_memory memory_for(const pcm_params& p) {
        return {port.memory.allocate(static_cast<usize>(audio_bytes(p)), 4096),
                port.memory.allocate(static_cast<usize>(silence_bytes(p)), 4096)};
    }
};

pcm_params small() {
    pcm_params p;
    p.period_frames = 256;
    p.periods = 4;
    return p;
}

template <class World>
void play(World& w, const std::vector<u8>& data, pcm_params p) {
    auto& out = *w.driver.find(direction::playback);
    REQUIRE(out.prepare(p, w.memory_for(p)) == status_code::ok);
    const usize heard = w.port.device.stream(0).sink().size();
    for (usize at = 0; at < data.size();) {
        const auto n = out.write({data.data() + at, data.size() - at});
        if (n.ok()) {
            at += n.value();
            continue;
        }
        REQUIRE(n.code() == status_code::would_block);
        if (out.state() == stream_state::prepared) REQUIRE(out.start() == status_code::ok);
        w.port.wait(100'000);
    }
    CHECK(out.drain() == status_code::ok);
    const auto& sink = w.port.device.stream(0).sink();
    REQUIRE(sink.size() >= heard + data.size());
    CHECK(std::equal(data.begin(), data.end(), sink.begin() + static_cast<long>(heard)));
    CHECK(out.counters().xruns == 0);
    CHECK(out.release() == status_code::ok);
}

template <class World>
void record(World& w) {
    auto& in = *w.driver.find(direction::capture);
    const auto source = noise(1024 * 200);
    w.port.device.stream(in.id()).set_source(source);
    REQUIRE(in.prepare(small(), w.memory_for(small())) == status_code::ok);
    REQUIRE(in.start() == status_code::ok);
    std::vector<u8> got(1024 * 20);
    for (usize at = 0; at < got.size();) {
        const auto n = in.read({got.data() + at, got.size() - at});
        if (n.ok()) {
            at += n.value();
        } else {
            REQUIRE(n.code() == status_code::would_block);
            w.port.wait(100'000);
        }
    }
    // The source goes on where it was at the last recording.
    CHECK(std::search(source.begin(), source.end(), got.begin(), got.end()) != source.end());
    CHECK(in.stop() == status_code::ok);
    CHECK(in.release() == status_code::ok);
}

} // namespace

TEST_CASE("packed: two readings of the chapter understand each other") {
    for (const u16 size : {u16{3}, u16{5}, u16{64}, u16{256}}) {
        for (const u64 features : {u64{0}, event_idx, indirect, event_idx | indirect,
                                   in_order | event_idx, in_order | event_idx | indirect}) {
            CAPTURE(size);
            CAPTURE(features);
            for (u32 seed = 1; seed <= 2; ++seed) {
                both_ends b(size, features, seed);
                b.steps(15'000);
                CHECK(b.completed() > 500);
                CHECK(b.rung() > 100);
                CHECK(b.interrupts() > 100);
            }
        }
    }
}

TEST_CASE_TEMPLATE("packed: the whole driver plays and records, again and again", Policy,
                   ring_policy, in_order_policy) {
    for (const bool qemu : {false, true}) {
        for (u32 variant = 0; variant < 8; ++variant) {
            CAPTURE(qemu);
            CAPTURE(variant);
            model::device_profile p = qemu ? model::qemu_profile() : model::default_profile();
            p.buffer_frames = 512;
            p.event_idx = (variant & 1) != 0;
            p.indirect = (variant & 2) != 0;
            p.in_order = true;
            // Odd sizes, so that chains of three lie across the end of the ring.
            if ((variant & 4) != 0)
                for (u16& size : p.queue_sizes)
                    size = p.indirect ? 7 : 19;
            world<Policy> w(p);
            for (u32 round = 0; round < 2; ++round) {
                REQUIRE(w.driver.open(w.port, w.area) == status_code::ok);
                REQUIRE(w.port.device.queue(wire::SND_VQ_TX).is_packed());
                play(w, noise(1024 * 20 + 300), small());
                record(w);
                CHECK(w.driver.close() == status_code::ok);
            }
            CHECK(w.driver.counters().unknown_ids == 0);
            CHECK_MESSAGE(w.port.device.violations().clean(), w.port.device.violations().report());
        }
    }
}

TEST_CASE("packed: batched notifications, little more than a quarter of each") {
    for (const bool tables : {true, false}) {
        CAPTURE(tables);
        model::device_profile p = model::default_profile();
        p.indirect = tables;
        world<ring_policy> w(p);
        REQUIRE(w.driver.open(w.port, w.area) == status_code::ok);
        REQUIRE(w.driver.set_policy(wire::SND_VQ_TX, {4, 4}) == status_code::ok);
        pcm_params params = small();
        params.periods = 8;
        const u32 periods = 400;
        const u64 rung = w.port.device.doorbells(wire::SND_VQ_TX);
        const u64 told = w.port.device.interrupts(wire::SND_VQ_TX);
        play(w, noise(1024 * periods), params);
        const u64 most = periods / 4 + 30; // beginning and end have their own
        CHECK(w.port.device.doorbells(wire::SND_VQ_TX) - rung <= most);
        CHECK(w.port.device.interrupts(wire::SND_VQ_TX) - told <= most);
        CHECK(w.driver.close() == status_code::ok);
        CHECK_MESSAGE(w.port.device.violations().clean(), w.port.device.violations().report());
    }
}
