#pragma once
// The whole driver on the model device: kernel, PCI port, card, and the loops of a user who plays
// and records. The kernel is stricter than model_kernel: no lock may be held in a wait, and a wait
// that would last for ever in virtual time ends the test.
//
//     support::rig<> r;                       // or: r(qemu_profile())
//     REQUIRE(r.open() == status_code::ok);
//     auto& out = *r.driver.find(direction::playback);
//     REQUIRE(r.prepare(out, params) == status_code::ok);
//     CHECK(r.play(out, bytes) == status_code::ok);   // fills, starts, goes on, drains
//     CHECK(r.clean());

#include <algorithm>
#include <stdexcept>
#include <vector>

#include <support/model_kernel.hpp>
#include <vsnd/transport/pci.hpp>
#include <vsnd/vsnd.hpp>

namespace support {

using bytes = std::vector<u8>;

// Neighbours differ, and nothing repeats within a test's length.
inline bytes noise(usize count, u32 seed = 1) {
    bytes all(count);
    u32 x = seed * 2654435761u + 1;
    for (u8& b : all) {
        x = x * 1664525u + 1013904223u;
        b = static_cast<u8>(x >> 24);
    }
    return all;
}

class sound_kernel : public model_kernel {
  public:
    using model_kernel::model_kernel;

    u32 lock(u32 queue) {
        ++held;
        return model_kernel::lock(queue);
    }
    void unlock(u32 queue, u32 saved) {
        --held;
        model_kernel::unlock(queue, saved);
        if (after_unlock) after_unlock(queue);
    }
    void wait(u64 timeout_ns) {
        if (held != 0) throw std::logic_error("a wait with a lock held");
        if (device.now_ns() > longest_ns) throw std::runtime_error("the driver waits for ever");
        ++waits;
        model_kernel::wait(vsnd::lesser(timeout_ns, u64{60'000'000'000}));
    }

    u32 held = 0;
    u32 waits = 0;
    u64 longest_ns = 600'000'000'000; // virtual
    std::function<void(u32)> after_unlock;

    void trace(const vsnd::trace_note& note) { notes.push_back(note); }
    std::vector<vsnd::trace_note> notes;
};

// A card that does not help itself: what fails stays as it is.
struct without_resets : vsnd::default_limits {
    static constexpr bool resets = false;
};

// The same on any transport, which is brought up and connected by the class that derives from it.
template <class Kernel, class Port, class Handler, class Limits>
class rig_on {
  public:
    using port_type = Port;
    using card_type = vsnd::card<port_type, Handler, Limits>;
    using stream = typename card_type::stream_type;

    explicit rig_on(vsnd::model::device_profile profile, Handler handler)
        : kernel(std::move(profile)), driver(handler) {
        area = kernel.memory.allocate(vsnd::card_bytes<Limits>(), vsnd::card_alignment);
    }

    Kernel kernel;
    port_type port;
    card_type driver;
    vsnd::dma_region area;

    vsnd::model::sound_device& device() { return kernel.device; }
    vsnd::status_code open() { return driver.open(port, area); }

    vsnd::stream_memory memory_for(const vsnd::pcm_params& p) {
        const auto pages = [this](u64 count) {
            if constexpr (requires { kernel.audio_memory(0); }) return kernel.audio_memory(count);
            return kernel.memory.allocate(static_cast<usize>(count), 4096);
        };
        return {pages(vsnd::audio_bytes(p)), pages(vsnd::silence_bytes(p))};
    }
    vsnd::status_code prepare(stream& s, const vsnd::pcm_params& p) {
        return s.prepare(p, memory_for(p));
    }

    // Writes what there is room for; starts the stream when it is full.
    vsnd::status_code feed(stream& s, const bytes& data, usize& at, usize chunk) {
        while (at < data.size()) {
            const usize n = std::min(chunk, data.size() - at);
            const auto wrote = s.write({data.data() + at, n});
            if (wrote.ok()) {
                at += wrote.value();
                continue;
            }
            if (wrote.code() != vsnd::status_code::would_block) return wrote.code();
            if (s.state() != vsnd::stream_state::prepared) break;
            if (const auto begun = s.start(); !ok(begun)) return begun;
        }
        return vsnd::status_code::ok;
    }

    // Plays all of `data` to the end.
    vsnd::status_code play(stream& s, const bytes& data, usize chunk = ~usize{0}) {
        for (usize at = 0; at < data.size();) {
            const auto fed = feed(s, data, at, chunk);
            if (!ok(fed)) return fed;
            if (at < data.size()) kernel.wait(1'000'000);
        }
        return s.drain();
    }

    // Reads `count` bytes from a running stream; fewer when the stream gives no more.
    bytes record(stream& s, usize count, usize chunk = ~usize{0}) {
        bytes got(count);
        usize at = 0;
        const u64 end = device().now_ns() + u64{60'000'000'000};
        while (at < count && device().now_ns() < end) {
            const auto n = s.read({got.data() + at, std::min(chunk, count - at)});
            if (n.ok())
                at += n.value();
            else if (n.code() == vsnd::status_code::would_block)
                kernel.wait(1'000'000);
            else
                break;
        }
        got.resize(at);
        return got;
    }

    void run(u64 ns) { device().advance(ns); }

    // No clause that binds a driver was broken.
    bool clean() { return device().violations().clean(); }
    std::string report() { return device().violations().report(); }
    // What the device has heard so far: any request or doorbell changes it.
    u64 heard() {
        u64 sum = device().trace().count(vsnd::model::trace_kind::request);
        for (u32 q = 0; q < 4; ++q)
            sum += device().doorbells(q) + device().queue(q).popped();
        return sum;
    }
};

template <class Handler = vsnd::no_handler, class Limits = vsnd::default_limits,
          class Policy = vsnd::ring_policy, template <class, class> class Ring = vsnd::split_queue,
          class Kernel = sound_kernel>
class rig : public rig_on<Kernel, vsnd::pci_device<Kernel, Policy, Ring>, Handler, Limits> {
    using base = rig_on<Kernel, vsnd::pci_device<Kernel, Policy, Ring>, Handler, Limits>;

  public:
    explicit rig(vsnd::model::device_profile profile = vsnd::model::default_profile(),
                 Handler handler = {})
        : base(std::move(profile), handler) {
        this->port.init(this->kernel, model_kernel::messages(5));
        this->kernel.pci.on_vector = [this](u32 vector) { interrupt(vector); };
    }
    // Vector 0 tells of the configuration, vector i + 1 of queue i.
    void interrupt(u32 vector) {
        if (vector == 0) return this->driver.config_changed();
        while (this->driver.pump(vector - 1, vsnd::default_budget)) {
        }
    }
};

// Whether `sink` is `data` from byte `from` on, and nothing but silence behind it.
inline bool plays_exactly(const bytes& sink, const bytes& data, vsnd::pcm_format format,
                          usize from = 0) {
    if (sink.size() < from + data.size()) return false;
    const auto begin = sink.begin() + static_cast<std::ptrdiff_t>(from);
    if (!std::equal(data.begin(), data.end(), begin)) return false;
    for (usize i = data.size(); from + i < sink.size(); ++i)
        if (sink[from + i] != vsnd::silence_byte(format, i)) return false;
    return true;
}

} // namespace support

#define CHECK_CLEAN(rig_) CHECK_MESSAGE((rig_).clean(), (rig_).report())
