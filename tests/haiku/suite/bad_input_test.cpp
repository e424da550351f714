// What a hostile or careless program hands in: every operation with every bad pointer, wrong sizes,
// absurd counts, in every state. An error, nothing written, nothing hung.

#include <doctest/doctest.h>

#include <client/media_add_on.hpp>

namespace {

using namespace client;

constexpr u32 first_op = B_MULTI_GET_DESCRIPTION;
constexpr u32 last_op = B_MULTI_SET_MODE;

// What the add-on has been through when the bad call comes.
enum class stage { opened, started, playing, stopped };
constexpr stage all_stages[] = {stage::opened, stage::started, stage::playing, stage::stopped};

struct desk {
    explicit desk(stage at, const char* settings = "controls true\n")
        : k(vsnd::model::default_profile(), true), user(k) {
        k.settings = settings;
        REQUIRE(k.nodes.probe() == B_OK);
        REQUIRE(user.open() == B_OK);
        if (at != stage::opened) REQUIRE(user.start() == B_OK);
        if (at == stage::playing || at == stage::stopped) user.exchange(6);
        if (at == stage::stopped) REQUIRE(user.force_stop() == B_OK);
    }
    // Nothing that was done matters: it still plays, and goes in good order.
    void works() {
        REQUIRE(user.start() == B_OK);
        user.playback.clear();
        user.exchange(30);
        CHECK(user.playback.size() > 5);
        CHECK(user.wrong == "");
        user.close();
        CHECK(k.complaints() == "");
        CHECK(k.leftovers() == "");
    }
    kernel k;
    media_add_on user;
};

// A call, and that it neither hung nor left a lock behind.
status_t tries(desk& d, u32 op, u64 argument, usize length) {
    const u64 before = d.k.now_us();
    const status_t code = d.user.call(op, argument, length);
    CHECK(d.k.now_us() - before <= 50'000);
    CHECK_FALSE(cpu().interrupts_off);
    CHECK(cpu().spinlocks == 0);
    return code;
}

// How large the structure of an operation is; 0: it has none, or is not implemented by anybody.
usize size_of(u32 op) {
    switch (op) {
    case B_MULTI_GET_DESCRIPTION: return sizeof(multi_description);
    case B_MULTI_GET_ENABLED_CHANNELS:
    case B_MULTI_SET_ENABLED_CHANNELS: return sizeof(multi_channel_enable);
    case B_MULTI_GET_GLOBAL_FORMAT:
    case B_MULTI_SET_GLOBAL_FORMAT: return sizeof(multi_format_info);
    case B_MULTI_GET_MIX:
    case B_MULTI_SET_MIX: return sizeof(multi_mix_value_info);
    case B_MULTI_LIST_MIX_CONTROLS: return sizeof(multi_mix_control_info);
    case B_MULTI_GET_BUFFERS: return sizeof(multi_buffer_list);
    case B_MULTI_BUFFER_EXCHANGE: return sizeof(multi_buffer_info);
    default: return 0;
    }
}

// Bytes of user memory around and in which nothing may change.
class untouched {
  public:
    untouched(kernel& k, u64 address, usize bytes) : view_(k.space.view(address, bytes)) {
        before_.assign(view_, view_ + bytes);
    }
    bool holds() const { return std::equal(before_.begin(), before_.end(), view_); }

  private:
    const u8* view_;
    bytes before_;
};

// Pointers at which `bytes` cannot be read or written.
std::vector<u64> bad_pointers(kernel& k, usize bytes) {
    const u64 gone = k.space.map_user(4096);
    k.space.unmap_user(gone, 4096);
    static u8 in_the_kernel[65536];
    std::vector<u64> all = {0,
                            1,
                            reinterpret_cast<u64>(in_the_kernel),
                            0xffff'ffff'8000'0000u,
                            ~u64{0},
                            ~u64{0} - bytes / 2,
                            gone,
                            k.space.map_user_tail(bytes) + bytes / 2};
    for (const auto& [id, area] : k.space.areas())
        all.push_back(area.address);
    return all;
}

} // namespace

TEST_CASE("bad input: every operation with every bad pointer, in every state") {
    for (const stage at : all_stages) {
        desk d(at);
        for (u32 op = first_op; op <= last_op; ++op) {
            const usize bytes = size_of(op);
            if (op == B_MULTI_BUFFER_FORCE_STOP) continue; // its argument is not looked at
            for (const u64 pointer : bad_pointers(d.k, bytes != 0 ? bytes : 256)) {
                CAPTURE(static_cast<int>(at));
                CAPTURE(op - first_op);
                CAPTURE(pointer);
                CHECK(tries(d, op, pointer, bytes) != B_OK);
            }
        }
        d.works();
    }
}

TEST_CASE("bad input: FORCE_STOP looks at nothing") {
    desk d(stage::playing);
    for (const u64 pointer : bad_pointers(d.k, 256))
        CHECK(tries(d, B_MULTI_BUFFER_FORCE_STOP, pointer, 1) == B_OK);
    d.works();
}

TEST_CASE("bad input: half of the structure is mapped, and nothing is written to that half") {
    for (const stage at : all_stages) {
        desk d(at);
        for (u32 op = first_op; op <= last_op; ++op) {
            const usize bytes = size_of(op);
            if (bytes == 0) continue;
            for (const usize mapped : {usize{1}, bytes / 2, bytes - 1}) {
                const u64 address = d.k.space.map_user(4096) + 4096 - mapped;
                const untouched page(d.k, address - (4096 - mapped), 4096);
                CHECK(tries(d, op, address, bytes) != B_OK);
                CHECK(page.holds());
            }
        }
        d.works();
    }
}

TEST_CASE("bad input: operations that do not exist") {
    desk d(stage::playing);
    user<u8> rubbish(d.k, 4096);
    const untouched page(d.k, rubbish.address, 4096);
    for (const u32 op : {0u, 1u, 7999u, 8000u, 8019u, last_op + 1, 8100u, 0x8000'0000u, ~0u}) {
        CHECK(tries(d, op, rubbish.address, 4096) != B_OK);
        CHECK(tries(d, op, 0, 0) != B_OK);
    }
    CHECK(page.holds());
    d.works();
}

// The length of an ioctl is what the C library passes; a program may say anything.
TEST_CASE("bad input: wrong lengths and info sizes never make it write beyond the structure") {
    desk d(stage::playing);
    for (u32 op = first_op; op <= last_op; ++op) {
        const usize size = size_of(op);
        if (size == 0) continue;
        for (const usize length : {usize{0}, usize{1}, size - 1, size + 1, ~usize{0}})
            for (const usize told : {usize{0}, size - 1, size, size + 1, ~usize{0}}) {
                user<u8> room(d.k, 8192);
                std::memset(&room[0], 0, size); // null pointers, counts of 0
                std::memcpy(&room[0], &told, sizeof(told));
                const untouched behind(d.k, room.address + size, 8192 - size);
                (void)tries(d, op, room.address, length);
                CHECK(behind.holds());
            }
    }
    d.works();
}

namespace {

constexpr s32 absurd[] = {-1, -2147483647 - 1, 2147483647, 0x7fff'0000, 33, 129, 1 << 20};

} // namespace

TEST_CASE("bad input: GET_DESCRIPTION with bad channel tables and absurd counts") {
    desk d(stage::started);
    auto& u = d.user;
    for (const s32 count : absurd) {
        user<multi_channel_info> table(d.k, 200);
        u.description->request_channel_count = count;
        u.description->channels = table.address_for_driver();
        const untouched behind(d.k, table.address + 32 * sizeof(multi_channel_info),
                               168 * sizeof(multi_channel_info));
        (void)tries(d, B_MULTI_GET_DESCRIPTION, u.description.address, sizeof(multi_description));
        CHECK(behind.holds());
    }
    for (const u64 pointer : bad_pointers(d.k, 32 * sizeof(multi_channel_info))) {
        u.description->info_size = sizeof(multi_description);
        u.description->request_channel_count = 32;
        u.description->channels = reinterpret_cast<multi_channel_info*>(pointer);
        const untouched all(d.k, u.description.address, sizeof(multi_description));
        const bool some = d.k.space.view(pointer, 1) != nullptr && d.k.space.is_user(pointer);
        const status_t code =
            tries(d, B_MULTI_GET_DESCRIPTION, u.description.address, sizeof(multi_description));
        // A table whose first entries are there may hold all that there are.
        if (!some) {
            CHECK(code != B_OK);
            CHECK(all.holds());
        }
    }
    // Without room for channels it still tells how many there are.
    u.description->request_channel_count = 0;
    u.description->channels = nullptr;
    CHECK(tries(d, B_MULTI_GET_DESCRIPTION, u.description.address, sizeof(multi_description)) ==
          B_OK);
    CHECK(u.description->output_channel_count > 0);
    d.works();
}

TEST_CASE("bad input: channel bits at bad places") {
    desk d(stage::started);
    for (const u32 op : {B_MULTI_GET_ENABLED_CHANNELS, B_MULTI_SET_ENABLED_CHANNELS})
        for (const u64 pointer : bad_pointers(d.k, 2)) {
            d.user.enable->info_size = sizeof(multi_channel_enable);
            d.user.enable->enable_bits = reinterpret_cast<uchar*>(pointer);
            const status_t code = tries(d, op, d.user.enable.address, sizeof(multi_channel_enable));
            if (!d.k.space.is_user(pointer)) CHECK(code != B_OK);
        }
    // The bytes for the channels that there are, and not one more.
    user<u8> bits(d.k, 64);
    d.user.enable->enable_bits = bits.address_for_driver();
    const untouched behind(d.k, bits.address + 4, 60);
    CHECK(tries(d, B_MULTI_GET_ENABLED_CHANNELS, d.user.enable.address,
                sizeof(multi_channel_enable)) == B_OK);
    CHECK(behind.holds());
    d.works();
}

TEST_CASE("bad input: formats and rates that nobody offered are refused, and nothing changes") {
    desk d(stage::playing);
    const u32 rate = d.user.format->output.rate, sample = d.user.format->output.format;
    for (const u32 bad : {0u, ~0u, u32{B_SR_1536000}, 3u, u32{B_SR_8000}, 0x8000'0000u}) {
        d.user.format->output.rate = bad;
        CHECK(tries(d, B_MULTI_SET_GLOBAL_FORMAT, d.user.format.address,
                    sizeof(multi_format_info)) != B_OK);
        d.user.format->output.rate = rate;
        d.user.format->output.format = bad;
        CHECK(tries(d, B_MULTI_SET_GLOBAL_FORMAT, d.user.format.address,
                    sizeof(multi_format_info)) != B_OK);
        d.user.format->output.format = sample;
    }
    d.user.format.rubbish();
    CHECK(tries(d, B_MULTI_GET_GLOBAL_FORMAT, d.user.format.address, sizeof(multi_format_info)) ==
          B_OK);
    CHECK(d.user.format->output.rate == rate);
    CHECK(d.user.format->output.format == sample);
    d.works();
}

TEST_CASE("bad input: GET_BUFFERS with bad tables, tables of bad rows, and absurd counts") {
    desk d(stage::playing);
    auto& u = d.user;
    for (const s32 count : absurd) {
        (void)u.get_buffers();
        u.list->request_playback_buffers = u.list->request_record_buffers = count;
        u.list->request_playback_channels = u.list->request_record_channels = count;
        u.list->request_playback_buffer_size = static_cast<u32>(count);
        u.list->request_record_buffer_size = static_cast<u32>(count);
        const status_t code =
            tries(d, B_MULTI_GET_BUFFERS, u.list.address, sizeof(multi_buffer_list));
        if (code != B_OK) continue;
        CHECK(u.list->return_playback_buffers >= 2);
        CHECK(u.list->return_playback_buffers <= 21);
        CHECK(u.list->return_playback_buffer_size > 0);
    }
    for (const u64 pointer : bad_pointers(d.k, 32 * sizeof(void*)))
        for (const u32 which : {0u, 1u, 2u, 3u}) {
            (void)u.get_buffers();
            auto** const table = reinterpret_cast<buffer_desc**>(pointer);
            auto* const row = reinterpret_cast<buffer_desc*>(pointer);
            if (which == 0) u.list->playback_buffers = table;
            if (which == 1) u.list->record_buffers = table;
            if (which == 2) u.play_buffers[1] = row;
            if (which == 3) u.record_buffers[1] = row;
            const status_t code =
                tries(d, B_MULTI_GET_BUFFERS, u.list.address, sizeof(multi_buffer_list));
            const bool some = d.k.space.view(pointer, 1) != nullptr && d.k.space.is_user(pointer);
            CAPTURE(pointer);
            CAPTURE(which);
            if (!some) CHECK(code != B_OK);
        }
    d.works();
}

TEST_CASE("bad input: mixer values and controls, with ids and counts of all kinds") {
    desk d(stage::playing);
    user<multi_mix_value> values(d.k, 200);
    user<multi_mix_value_info> mix(d.k);
    for (const u32 op : {B_MULTI_GET_MIX, B_MULTI_SET_MIX}) {
        for (const s32 id : absurd) {
            mix->info_size = sizeof(multi_mix_value_info);
            mix->item_count = 1;
            mix->values = values.address_for_driver();
            values.rubbish();
            values[0].id = id;
            CHECK(tries(d, op, mix.address, sizeof(multi_mix_value_info)) != B_OK);
        }
        for (const s32 count : absurd) {
            mix->item_count = count;
            values.rubbish();
            (void)tries(d, op, mix.address, sizeof(multi_mix_value_info));
        }
        for (const u64 pointer : bad_pointers(d.k, sizeof(multi_mix_value))) {
            mix->item_count = 1;
            mix->values = reinterpret_cast<multi_mix_value*>(pointer);
            CHECK(tries(d, op, mix.address, sizeof(multi_mix_value_info)) != B_OK);
        }
    }
    auto& u = d.user;
    for (const s32 count : absurd) {
        user<multi_mix_control> table(d.k, 200);
        u.controls->control_count = count;
        u.controls->controls = table.address_for_driver();
        const untouched behind(d.k, table.address + 128 * sizeof(multi_mix_control),
                               72 * sizeof(multi_mix_control));
        (void)tries(d, B_MULTI_LIST_MIX_CONTROLS, u.controls.address,
                    sizeof(multi_mix_control_info));
        CHECK(behind.holds());
    }
    d.works();
}

TEST_CASE("bad input: an exchange before there are buffers, and cycles that the caller invented") {
    desk d(stage::opened);
    d.user.info.rubbish();
    for (u32 i = 0; i < 5; ++i) {
        const u64 before = d.k.now_us();
        (void)tries(d, B_MULTI_BUFFER_EXCHANGE, d.user.info.address, sizeof(multi_buffer_info));
        CHECK(d.k.now_us() - before >= 1'000); // never at once
    }
    REQUIRE(d.user.start() == B_OK);
    for (u32 i = 0; i < 20; ++i) {
        d.user.info->playback_buffer_cycle = static_cast<s32>(0x7fff'ffff - i);
        d.user.info->record_buffer_cycle = -static_cast<s32>(i);
        (void)tries(d, B_MULTI_BUFFER_EXCHANGE, d.user.info.address, sizeof(multi_buffer_info));
        CHECK(d.user.info->playback_buffer_cycle >= 0);
        CHECK(d.user.info->playback_buffer_cycle < d.user.list->return_playback_buffers);
    }
    d.works();
}
