#include <doctest/doctest.h>
#include <kernel/kernel.hpp>
TEST_CASE("threads: start") { CHECK(true); }
