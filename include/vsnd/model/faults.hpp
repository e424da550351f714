#pragma once
// What goes wrong at run time. All off by default; a test sets them at any moment.

#include <functional>
#include <vector>

#include <vsnd/base/types.hpp>
#include <vsnd/wire/sound.hpp>

namespace vsnd::model {

// What happens to a control request. The first entry that matches and has `times` left applies.
struct request_fault {
    static constexpr u32 any = 0;
    static constexpr u32 always = 0xffff'ffff;
    enum class kind : u8 {
        no_answer, // never answered, never done; the buffer comes back at reset only
        answer,    // not done; `answer` is the code
        late,      // done and answered after `late_ns`
        garbage,   // done, but the payload of the answer is rubbish
        cut,       // done, but only `keep_bytes` of the payload are written
        edited,    // done, but `edit` changes the payload first
    };
    u32 code = any; // the request, SND_R_*
    kind what = kind::no_answer;
    u32 answer = wire::SND_S_IO_ERR;
    u64 late_ns = 0;
    u32 skip = 0;       // let so many matching requests pass first
    u32 times = always; // how many it hits
    u32 keep_bytes = 0;
    std::function<void(std::vector<u8>& payload)> edit = nullptr;
};

// Spoils the used ring: `times` elements of `queue` get this id or length.
struct used_fault {
    u32 queue = 0;
    u32 times = 0;
    bool wrong_id = false;
    u32 id = 0;
    bool wrong_length = false;
    u32 length = 0;
};

struct fault_set {
    static constexpr u64 never = ~u64{0};

    std::vector<request_fault> requests;
    std::vector<used_fault> used;
    bool refuses_features_ok = false;
    bool ignores_reset = false;            // the status never reads 0 again, and DMA goes on
    bool ignores_queue_reset = false;      // the reset of a queue never ends
    bool refuses_suspend = false;          // SUSPEND is answered with NEEDS_RESET
    bool refuses_resume = false;           // so is the DRIVER_OK that should end it
    bool gone = false;                     // unplugged: registers read as all ones, no DMA
    bool no_vectors = false;               // vector registers read back NO_VECTOR
    u32 lost_doorbells = 0;                // so many doorbells are not heard
    u32 lost_doorbell_queue = 0xffff'ffff; // of this queue; all ones: of any
    u32 stalled_stream = 0;
    u64 stall_at_frame = never; // the stream's converter stops for good at this frame
    u32 flipped_stream = 0;
    u64 flip_at_byte = never; // this byte of the stream's sink gets its lowest bit inverted
    u32 io_error_stream = 0;
    u32 io_errors = 0; // so many buffers of the stream complete with IO_ERR
};

} // namespace vsnd::model
