#include <doctest/doctest.h>

#include <set>
#include <string>

#include <vsnd/base/status.hpp>

using namespace vsnd;

TEST_CASE("every status has a text of its own") {
    std::set<std::string> texts;
    const auto count = static_cast<unsigned>(status_code::count_);
    for (unsigned i = 0; i < count; ++i)
        texts.insert(to_string(static_cast<status_code>(i)));
    CHECK(texts.size() == count);
    CHECK(texts.count("unknown status") == 0);
    CHECK(std::string(to_string(status_code::count_)) == "unknown status");
    CHECK(std::string(to_string(static_cast<status_code>(200))) == "unknown status");
}

TEST_CASE("only ok is ok") {
    for (unsigned i = 0; i < static_cast<unsigned>(status_code::count_); ++i)
        CHECK(ok(static_cast<status_code>(i)) == (i == 0));
}

TEST_CASE("a result is a value or a code, and reading it never traps") {
    const result<int> good = 7;
    CHECK(good.ok());
    CHECK(static_cast<bool>(good));
    CHECK(good.code() == status_code::ok);
    CHECK(good.value() == 7);

    const result<int> bad = status_code::timed_out;
    CHECK_FALSE(bad.ok());
    CHECK_FALSE(static_cast<bool>(bad));
    CHECK(bad.code() == status_code::timed_out);
    CHECK(bad.value() == 0);

    result<int> changed = 1;
    changed.value() = 2;
    CHECK(changed.value() == 2);
}
