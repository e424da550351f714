#include <kernel/kernel.hpp>

#include <exception>

namespace simulated {

namespace {

kernel* running = nullptr;

// What reaches a device over a bus that loses feature bits, and goes on nevertheless.
vsnd::model::device_profile as_seen(vsnd::model::device_profile profile, bool delivers_features) {
    if (!delivers_features) profile.version_1 = false;
    return profile;
}

// What Haiku's bus manager does itself; and advice that a driver need not take.
bool excused(vsnd::model::violation v) {
    using enum vsnd::model::violation;
    return v == config_generation_not_checked || v == doorbell_needless ||
           v == steps_out_of_order ||
           vsnd::model::clause_of(v).force == vsnd::model::strength::should;
}

} // namespace

kernel::kernel(vsnd::model::device_profile profile, bool delivers_features)
    : hardware(as_seen(std::move(profile), delivers_features)), space(hardware),
      bus(hardware, space), nodes(bus), heap_before_(heap_in_use()),
      areas_before_(space.areas().size()) {
    bus.delivers_features = delivers_features;
    if (running != nullptr) throw std::logic_error("a second kernel");
    running = this;
    cpu() = {};
    heap_fails_after(~u32{0});
}

kernel::~kernel() {
    cpu() = {};
    heap_fails_after(~u32{0});
    // After a panic the driver is as it was then, and stays so.
    if (std::uncaught_exceptions() == 0) nodes.remove();
    running = nullptr;
}

kernel& kernel::current() {
    if (running == nullptr) throw std::logic_error("no kernel is running");
    return *running;
}

std::string kernel::complaints() {
    std::string text;
    for (const auto& e : device().violations().entries())
        if (!excused(e.what))
            text += std::string(vsnd::model::clause_of(e.what).name) + ": " + e.detail + "\n";
    if (const char* const crash = device().crashed()) text += std::string(crash) + "\n";
    if (hardware.memory.released_memory_touched()) text += "released memory was written\n";
    return text;
}

std::string kernel::leftovers() {
    nodes.remove();
    std::string text;
    const auto tell = [&](const char* what, long long n) {
        if (n != 0) text += std::to_string(n) + " " + what + "\n";
    };
    tell("pieces of heap", static_cast<long long>(heap_in_use() - heap_before_));
    tell("areas", static_cast<long long>(space.areas().size() - areas_before_));
    long long alive = 0;
    for (const auto& [id, s] : semaphores)
        alive += !s.deleted;
    tell("semaphores", alive);
    tell("references to nodes", nodes.references_kept());
    tell("virtqueues", static_cast<long long>(bus.queues()));
    for (const auto& [generator, used] : nodes.ids())
        for (const bool u : used)
            tell("ids", u);
    if (bus.interrupts_set_up()) text += "interrupts\n";
    return text;
}

} // namespace simulated
