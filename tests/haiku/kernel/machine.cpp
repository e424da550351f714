#include <kernel/machine.hpp>

#include <chrono>

namespace simulated {

namespace {
std::atomic<bool> threads{false};

// The processor takes an interrupt: whatever ran before goes on where it was.
class interrupt_scope {
  public:
    interrupt_scope() : before_(cpu()) {
        cpu() = {};
        cpu().interrupts_off = cpu().in_interrupt = true;
    }
    ~interrupt_scope() { cpu() = before_; }
    interrupt_scope(const interrupt_scope&) = delete;
    interrupt_scope& operator=(const interrupt_scope&) = delete;

  private:
    cpu_state before_;
};
} // namespace

bool threads_run() {
    return threads;
}

machine::machine(vsnd::model::device_profile profile)
    : memory(vsnd::model::first_bus_of(profile)), device(memory, std::move(profile)) {
    device.on_interrupt = [this](u32 queue) {
        const bool config = queue == vsnd::model::sound_device::config_interrupt;
        pend(1u << (config ? 4 : queue));
    };
}

u64 machine::look_at_clock() {
    if (looks_.fetch_add(1, std::memory_order_relaxed) > 10'000'000)
        stop("a loop looks at the clock and never waits");
    return now_ns();
}

// To the device's next event, at most until then.
void machine::step(u64 until_ns) {
    looks_ = 0;
    const u32 more = spurious ? spurious() : 0;
    if (more != 0) until_ns = vsnd::lesser(until_ns, now_ns() + ms);
    with_device([&](vsnd::model::sound_device& d) {
        const u64 now = d.now_ns();
        const u64 target = until_ns - boot_ns;
        const u64 next = vsnd::lesser(d.next_event(), target);
        d.advance(next > now ? next - now : 0);
        // Something that is due again and again at the same moment must not hold up time.
        if (d.now_ns() == now && next <= now) d.advance(1);
        device_ns_.store(d.now_ns(), std::memory_order_relaxed);
    });
    pend(more);
    serve();
}

void machine::run(u64 ns) {
    const kernel_scope inside;
    const u64 end = now_ns() + ns;
    while (now_ns() < end)
        step(end);
}

void machine::pass(u64 ns) {
    with_device([&](vsnd::model::sound_device& d) {
        d.advance(ns);
        device_ns_.store(d.now_ns(), std::memory_order_relaxed);
    });
}

void machine::serve() {
    if (cpu().interrupts_off || !interrupt) return;
    for (u32 rounds = 0;; ++rounds) {
        with_device([](vsnd::model::sound_device& d) { d.deliver_interrupts(); });
        const u32 bits = pending_.exchange(0);
        if (bits == 0) return;
        if (rounds > 10'000) stop("interrupts without an end");
        const interrupt_scope now;
        interrupt(bits);
    }
}

void machine::run_clock() {
    constexpr u64 stride = 100 * us;
    for (;;) {
        {
            std::unique_lock<std::mutex> held(sleep_lock_);
            // Time goes slowly while somebody has something to do.
            idle_.wait_for(held, std::chrono::microseconds(300),
                           [&] { return awake_ == 0 || !clock_runs_; });
            if (!clock_runs_) return;
        }
        step(now_ns() + stride);
        changed_.notify_all();
    }
}

void machine::run_threads(const std::vector<std::function<void()>>& all) {
    awake_ = static_cast<u32>(all.size());
    clock_runs_ = threads = true;
    clock_ = std::thread([this] { run_clock(); });
    std::vector<std::thread> started;
    for (const auto& body : all)
        started.emplace_back([this, &body] {
            body();
            change([this] { --awake_; });
            idle_.notify_all();
        });
    for (std::thread& t : started)
        t.join();
    join_threads();
}

void machine::join_threads() {
    if (!clock_.joinable()) return;
    change([this] { clock_runs_ = false; });
    idle_.notify_all();
    clock_.join();
    threads = false;
}

} // namespace simulated
