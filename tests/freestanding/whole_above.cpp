// What lies beside the card for the layer above, over a port whose kernel takes scatter lists:
// every public call of it.

#include <vsnd/pcm/dialect.hpp>
#include <vsnd/port/sg_queue.hpp>
#include <vsnd/port/skeleton.hpp>
#include <vsnd/sound/mixer.hpp>
#include <vsnd/sound/stream_group.hpp>

#include "drive.hpp"

using namespace vsnd;

namespace {

// A kernel that answers from a table, so that nothing is folded away.
struct bare_virtqueue {
    struct segment {
        u64 address;
        u32 bytes;
    };
    void* volatile* answers;

    static segment segment_of(const part& p) { return {p.address.value, p.bytes}; }
    u32 size() const { return 64; }
    bool enqueue(void* token, const segment*, u32 readable, u32 writable) {
        answers[readable] = token;
        return writable != 0;
    }
    bool dequeue(void*& token, u32& written) {
        token = answers[0];
        written = 8;
        return token != nullptr;
    }
    void notify() { answers[1] = nullptr; }
};

struct device : skeleton::device {
    using queue_type = sg_queue<bare_virtqueue>;
    result<queue_type*> queue(u32 index) { return &queues[index]; }
    queue_type queues[4];
};

using card_type = card<device, whole::refill>;

constinit device port;
constinit card_type driver;
constinit stream_group<card_type::stream_type, 4> group;
constinit mixer<card_type, default_limits::elements> controls;

constexpr dialect<pcm_format> formats[] = {{0x10, pcm_format::s16, "16"},
                                           {0x20, pcm_format::s32_, "32"}};
constexpr dialect<pcm_rate> rates[] = {{1, pcm_rate::hz_44100, "44100"},
                                       {2, pcm_rate::hz_48000, "48000"}};

} // namespace

extern "C" u64 vsnd_whole_above(void* volatile* answers, u8* memory, u32 bytes, const char* word) {
    for (auto& queue : port.queues)
        queue.init({answers});
    const dma_region all{memory, {0x200000}, bytes};
    u64 sum = whole::drive(driver, port, all, {}) + port.queues[0].room(3);
    sum += port.queues[0].in_device() + named_set(formats, word) + named_set(rates, word);
    for (u32 i = 0; auto* const s = driver.find(direction::playback, i); ++i) {
        group.add(*s);
        sum += to_kernel(formats, s->info().formats) + to_kernel(rates, s->info().rates);
        if (find_entry(rates, bytes) != nullptr) ++sum;
        group.at(i).set_up({}, {all, all});
        if (group.at(i).given() == memory) sum += group.at(i).params().periods;
    }
    group.begin(true);
    for (u32 i = 0; i < bytes && !group.idle(); ++i) {
        sum += group.step(sum) + group.started() + group.buffer() + group.frames();
        if (group.time_ns() > sum) group.stop();
    }
    controls.init(driver, word);
    for (u32 i = 0; i < controls.all().size(); ++i) {
        sum += static_cast<u64>(controls.read(i).value());
        sum += static_cast<u64>(controls.write(i, static_cast<s32>(sum)));
    }
    controls.clear();
    return sum;
}
