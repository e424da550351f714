// The fuzzer's corpus and what it once found, as ordinary cases: no sanitizer is needed for them,
// and any compiler will do.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "seeds.hpp"
#include "session.hpp"

namespace {

using bytes = std::vector<vsnd::u8>;

std::vector<std::filesystem::path> files_of(const char* folder) {
    std::vector<std::filesystem::path> found;
    const auto root = std::filesystem::path(VSND_SOURCE_DIR) / "tests/fuzz" / folder / "card";
    for (const auto& entry : std::filesystem::directory_iterator(root))
        found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}
bytes content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
fuzz::state_set run(const bytes& input) {
    return fuzz::session(input.data(), input.size()).run();
}

} // namespace

TEST_CASE("every input that once broke the card is harmless") {
    const auto files = files_of("regressions");
    CHECK(!files.empty());
    for (const auto& path : files) {
        CAPTURE(path.filename().string());
        CHECK_NOTHROW(run(content(path)));
    }
}

TEST_CASE("the fuzzer's corpus is what its generator makes, and reaches what it must") {
    const auto seeds = fuzz::seeds();
    CHECK(files_of("corpus").size() == seeds.size());
    fuzz::state_report report;
    for (const auto& seed : seeds) {
        const std::string& name = seed.first;
        const bytes& input = seed.second;
        CAPTURE(name);
        const auto path = std::filesystem::path(VSND_SOURCE_DIR) / "tests/fuzz/corpus/card" / name;
        CHECK(content(path) == input);
        report.add(run(input));
    }
    CHECK(report.complete());
    using fuzz::reached;
    for (const reached r : {reached::played, reached::stopped, reached::dropped, reached::released,
                            reached::reopened, reached::memory_still_owned}) {
        const std::string state = fuzz::reached_names[static_cast<int>(r)];
        CAPTURE(state);
        CHECK(report.count(r) != 0);
    }
}

TEST_CASE("the fuzzer fails on a card that does not keep its promises") {
    // A driver that scribbles beyond its memory, one that leaves it, one that never ends.
    fuzz::guest_memory memory;
    fuzz::setup setup;
    fuzz::whims whim;
    fuzz::fuzz_device device(memory, setup, whim);
    fuzz::pci_function pci(device, setup, whim);
    fuzz::fuzz_kernel kernel(memory, device, pci, setup);
    const auto region = memory.allocate(100, 16);
    const volatile vsnd::usize too_many = 11; // a compiler that sees it would warn
    CHECK_NOTHROW(memory.check_guards());
    if (fuzz::guard_bytes != 0) {
        region.cpu[100] ^= 1;
        CHECK_THROWS_AS(memory.check_guards(), fuzz::broken_promise);
        region.cpu[100] ^= 1;
    }
    CHECK_THROWS_AS(kernel.fill(region.cpu + 90, 0, too_many), fuzz::broken_promise);
    CHECK_THROWS_AS(kernel.pci_read(2, 4), fuzz::broken_promise);
    CHECK_THROWS_AS(kernel.register_read(region.cpu, 4), fuzz::broken_promise);
    const auto poll = [&] {
        for (;;)
            (void)kernel.now_ns();
    };
    kernel.begin_call();
    CHECK_THROWS_AS(poll(), fuzz::broken_promise);
}
