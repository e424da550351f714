#pragma once
// What Haiku's media add-on does with a multi_audio device, in the same order and with the same
// carelessness: uninitialised fields, results that are ignored, a stop with no argument.
//
//     media_add_on user(k);
//     REQUIRE(user.open() == B_OK);
//     REQUIRE(user.start() == B_OK);         // describes, chooses, gets buffers
//     user.exchange(100);                    // plays a signal of its own and records
//     CHECK(user.heard_exactly(0) == "");    // what the device's stream 0 got
//     user.force_stop();
//     user.close();

#include <fcntl.h>

#include <string>
#include <vector>

#include <client/user.hpp>
#include <hmulti_audio.h>

namespace client {

using bytes = std::vector<u8>;

inline constexpr usize most_buffers = 32;
inline constexpr usize most_channels = 32;
inline constexpr usize most_controls = 128;

class media_add_on {
  public:
    explicit media_add_on(kernel& k);
    ~media_add_on() { close(); }
    media_add_on(const media_add_on&) = delete;
    media_add_on& operator=(const media_add_on&) = delete;

    status_t open();
    void close();
    // Everything that must succeed, or the add-on drops the device.
    status_t start();
    status_t get_buffers();
    // One direction to another rate: what its rate control does.
    status_t set_output_rate(u32 rate);
    status_t set_input_rate(u32 rate);
    // One turn of its loop, `times` times. The result is ignored there; here it is kept.
    void exchange(u32 times = 1);
    status_t force_stop();
    status_t call(u32 op, u64 argument, usize length) {
        return k_.nodes.control(handle, op, argument, length);
    }

    // --- What it saw. ---
    struct played {
        u64 at_us; // when the exchange returned
        s64 real_time, frames;
        s32 cycle;
    };
    std::vector<played> playback, recording; // each change of a cycle
    bytes recorded;                          // of all input channels, frame by frame
    u64 longest_us = 0;                      // the longest exchange
    u64 shortest_us = ~u64{0};               // and the shortest, of those that changed nothing
    u32 errors = 0;                          // exchanges that failed
    u32 written = 0;                         // buffers that the signal was written to
    std::string wrong;                       // the first thing that may never be

    // --- Judgement: nothing, or what is wrong. ---
    // Output stream `nth` of the device got silence, then the signal, and no gap in it.
    std::string heard_exactly(u32 nth, u32 at_least_buffers = 1);
    std::string recorded_exactly(u32 at_least_buffers = 1);
    std::string description_is_sane();

    device_manager::handle handle;
    user<multi_description> description;
    user<multi_channel_info> channels;
    user<multi_channel_enable> enable;
    user<u32> enable_bits;
    user<multi_format_info> format;
    user<multi_buffer_list> list;
    user<buffer_desc> play_table, record_table;
    user<buffer_desc*> play_buffers, record_buffers;
    user<multi_mix_control_info> controls;
    user<multi_mix_control> control;
    user<multi_buffer_info> info;
    u32 seed = 1; // of the signal

  private:
    void look_at_playback();
    void look_at_recording();
    void write_signal(usize buffer);
    bytes signal(u32 first_channel, u32 channel_count, usize sample, u64 frame, usize frames) const;
    bool need(bool good, const std::string& what);

    kernel& k_;
    s32 old_play_cycle_ = -1;
    s32 old_record_cycle_ = -1;
    u64 signal_frames_ = 0; // written so far
};

usize sample_bytes(u32 format);
u32 hertz(u32 rate); // of B_SR_...

} // namespace client
