// One period's message: how it is bound, and how its status is read.

#include <doctest/doctest.h>

#include <vector>

#include <vsnd/sound/pcm_message.hpp>

using namespace vsnd;

namespace {

struct recording_end {
    std::vector<part> readable;
    std::vector<part> writable;
    cookie what = nullptr;
    status_code answer = status_code::ok;

    result<int> bind(const chain& c, cookie w) {
        readable.assign(c.parts.begin(), c.parts.begin() + c.readable);
        writable.assign(c.parts.begin() + c.readable, c.parts.end());
        what = w;
        if (!ok(answer)) return answer;
        return 42;
    }
};

using message = pcm_message<int, recording_end>;
const message_parts parts{{{0x1000}, 4}, {{0x2000}, 1024}, {{0x3000}, 8}};

} // namespace

// [virtio 1.4] Sound Device / PCM I/O Messages
// [virtio 1.4] Sound Device / PCM Output Stream, driver 2
// [virtio 1.4] Sound Device / PCM Input Stream, driver 2
// [virtio 1.4] Split Virtqueues / Message Framing, driver 2
TEST_CASE("bind_message: tx reads header and audio, rx writes audio and status") {
    for (const bool playback : {true, false}) {
        recording_end end;
        message m;
        wire::snd_pcm_status reply{};
        m.reply = &reply;
        CHECK(bind_message(end, m, parts, playback) == status_code::ok);
        CHECK(m.chain == 42);
        CHECK(end.what == &m);
        CHECK(reply.code == poisoned_reply);
        REQUIRE(end.readable.size() == (playback ? 2 : 1));
        REQUIRE(end.writable.size() == (playback ? 1 : 2));
        CHECK(end.readable[0].address == parts[0].address);
        CHECK(end.readable[0].bytes == 4);
        const part audio = playback ? end.readable[1] : end.writable[0];
        CHECK(audio.address == parts[1].address);
        CHECK(audio.bytes == 1024);
        CHECK(end.writable.back().address == parts[2].address);
        CHECK(end.writable.back().bytes == 8);
    }
}

TEST_CASE("bind_message without room says so") {
    recording_end end;
    end.answer = status_code::no_room;
    message m;
    wire::snd_pcm_status reply{};
    m.reply = &reply;
    CHECK(bind_message(end, m, parts, true) == status_code::no_room);
    CHECK(m.chain == 0);
}

TEST_CASE("take_reply reads the status once and poisons it again") {
    message m;
    wire::snd_pcm_status reply{};
    m.reply = &reply;
    reply.code = wire::SND_S_OK;
    CHECK(m.take_reply() == wire::SND_S_OK);
    CHECK(reply.code == poisoned_reply);
    CHECK(m.take_reply() == poisoned_reply);
    CHECK(poisoned_reply != wire::SND_S_OK);
    m.move_to(message::place::device);
    CHECK(m.at(message::place::device));
    CHECK_FALSE(m.at(message::place::idle));
}
