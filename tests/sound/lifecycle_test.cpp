// The life of a stream against the specification's own table, written here a second time.

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

#include <vsnd/sound/lifecycle.hpp>

using namespace vsnd;
using enum stream_state;
using cmd = stream_command;

namespace {

constexpr stream_state all_states[] = {released, params_set, prepared, running, stopped, unknown};
constexpr cmd all_commands[] = {cmd::set_params, cmd::prepare, cmd::start, cmd::stop, cmd::release};

struct way {
    stream_state from;
    stream_goal to;
    std::initializer_list<cmd> commands;
};

// Every goal that a caller can ask for, from every state where that is possible.
const way ways[] = {
    {released, released, {}},
    {released, prepared, {cmd::set_params, cmd::prepare}},
    {params_set, released, {}},
    {params_set, prepared, {cmd::prepare}},
    {prepared, released, {cmd::release}},
    {prepared, prepared, {}},
    {prepared, running, {cmd::start}},
    {prepared, stopped, {}},
    {running, released, {cmd::stop, cmd::release}},
    {running, prepared, {cmd::stop, cmd::release, cmd::set_params, cmd::prepare}},
    {running, running, {}},
    {running, stopped, {cmd::stop}},
    {stopped, released, {cmd::release}},
    {stopped, prepared, {cmd::release, cmd::set_params, cmd::prepare}},
    {stopped, running, {cmd::start}},
    {stopped, stopped, {}},
    {unknown, released, {cmd::release}},
};

} // namespace

// [virtio 1.4] Sound Device / PCM Command Lifecycle
TEST_CASE("command_allowed is the specification's table") {
    struct row {
        cmd command;
        std::initializer_list<stream_state> from;
    };
    const row rows[] = {
        {cmd::set_params, {released, params_set}},
        {cmd::prepare, {params_set}},
        {cmd::start, {prepared, stopped}},
        {cmd::stop, {running}},
        {cmd::release, {prepared, stopped, unknown}},
    };
    for (const row& r : rows) {
        for (const stream_state s : all_states) {
            bool expected = false;
            for (const stream_state f : r.from)
                expected = expected || f == s;
            CAPTURE(to_string(s));
            CAPTURE(static_cast<int>(r.command));
            CHECK(command_allowed(s, r.command) == expected);
        }
    }
    for (const stream_state s : all_states)
        CHECK_FALSE(command_allowed(s, cmd::forbidden));
}

TEST_CASE("next_command leads to every goal by the shortest allowed way") {
    for (const way& w : ways) {
        stream_state at = w.from;
        CAPTURE(to_string(w.from));
        CAPTURE(to_string(w.to));
        for (const cmd expected : w.commands) {
            const cmd c = next_command(at, w.to);
            REQUIRE(c == expected);
            CHECK(command_allowed(at, c));
            at = state_after(c);
        }
        CHECK(next_command(at, w.to) == cmd::none);
    }
}

TEST_CASE("next_command forbids every other way") {
    for (const stream_state from : all_states) {
        for (const stream_goal to : all_states) {
            bool listed = false;
            for (const way& w : ways)
                listed = listed || (w.from == from && w.to == to);
            CAPTURE(to_string(from));
            CAPTURE(to_string(to));
            CHECK((next_command(from, to) == cmd::forbidden) == !listed);
        }
    }
}

TEST_CASE("a command's request and what it leads to") {
    CHECK(request_code(cmd::set_params) == 0x0101);
    CHECK(request_code(cmd::prepare) == 0x0102);
    CHECK(request_code(cmd::release) == 0x0103);
    CHECK(request_code(cmd::start) == 0x0104);
    CHECK(request_code(cmd::stop) == 0x0105);
    CHECK(state_after(cmd::set_params) == params_set);
    CHECK(state_after(cmd::prepare) == prepared);
    CHECK(state_after(cmd::start) == running);
    CHECK(state_after(cmd::stop) == stopped);
    CHECK(state_after(cmd::release) == released);
    for (const cmd c : all_commands)
        CHECK(state_after(c) != unknown);
}

TEST_CASE("every state has a name of its own") {
    for (const stream_state a : all_states)
        for (const stream_state b : all_states)
            CHECK((std::string(to_string(a)) == to_string(b)) == (a == b));
    CHECK(std::string(to_string(static_cast<stream_state>(99))) == "invalid");
}
