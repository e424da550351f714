#include <kernel/address_space.hpp>

#include <csignal>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

namespace simulated {

namespace {

u64 reserve(usize bytes, int protection) {
    void* const made =
        mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED) stop("no address space for the simulation");
    return reinterpret_cast<u64>(made);
}

const address_space* watched = nullptr;
struct sigaction previous;

// Says what it was, and leaves the end to whoever was responsible before.
void on_fault(int signal, siginfo_t* info, void*) {
    const bool user =
        watched != nullptr && watched->is_user_accessible(reinterpret_cast<u64>(info->si_addr));
    constexpr char text[] = "kernel panic: a plain access to memory that users can reach\n";
    if (user && write(STDERR_FILENO, text, sizeof(text) - 1) < 0) _exit(99);
    sigaction(signal, &previous, nullptr);
}

} // namespace

address_space::address_space(machine& where)
    : machine_(where), user_(reserve(window, PROT_NONE)), shared_(reserve(window, PROT_NONE)),
      user_bytes_(reinterpret_cast<u8*>(reserve(window, PROT_READ | PROT_WRITE))),
      mapped_(window / page), next_shared_(shared_ + page) {
    watched = this;
    struct sigaction handler {};
    handler.sa_sigaction = on_fault;
    handler.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &handler, &previous);
}

address_space::~address_space() {
    sigaction(SIGSEGV, &previous, nullptr);
    watched = nullptr;
    munmap(reinterpret_cast<void*>(user_), window);
    munmap(reinterpret_cast<void*>(shared_), window);
    munmap(user_bytes_, window);
}

u64 address_space::map_user(usize bytes) {
    const usize pages = (bytes + page - 1) / page;
    const u64 address = user_ + next_user_ * page;
    if (next_user_ + pages + 2 > mapped_.size()) stop("the user has no more memory");
    for (usize i = 0; i < pages; ++i)
        mapped_[next_user_ + i] = true;
    next_user_ += pages + 1;
    return address;
}

void address_space::unmap_user(u64 address, usize bytes) {
    for (u64 a = address; a < address + bytes; a += page)
        mapped_[(a - user_) / page] = false;
}

const address_space::area* address_space::find(u64 address) const {
    for (const auto& [id, a] : areas_)
        if (address - a.address < a.memory.bytes) return &a;
    return nullptr;
}

address_space::place address_space::at(u64 address) {
    if (is_user(address)) {
        const u64 offset = address - user_;
        if (!mapped_[offset / page]) return {nullptr, 0};
        return {user_bytes_ + offset, page - offset % page};
    }
    if (is_user_accessible(address)) {
        const area* const a = find(address);
        if (a == nullptr) return {nullptr, 0};
        const u64 offset = address - a->address;
        return {a->memory.cpu + offset, a->memory.bytes - offset};
    }
    return {reinterpret_cast<u8*>(address), ~usize{0}};
}

u8* address_space::view(u64 address, usize bytes) {
    u64 end = address;
    while (end < address + bytes) {
        const place p = at(end);
        if (p.bytes == nullptr) return nullptr;
        end += vsnd::lesser(p.count, usize{address + bytes - end});
    }
    return at(address).bytes;
}

// What user_memcpy refuses before it touches anything.
u64 address_space::checked(const void* address, usize bytes) const {
    const u64 first = reinterpret_cast<u64>(address);
    const bool crosses = bytes != 0 && is_user(first) != is_user(first + bytes - 1);
    return first + bytes < first || crosses ? 0 : first;
}

bool address_space::copy(void* to, const void* from, usize bytes) {
    u64 target = checked(to, bytes);
    u64 source = checked(from, bytes);
    if (target == 0 || source == 0) return false;
    if (!is_user_accessible(target) && !is_user_accessible(source))
        stop("user_memcpy between two places in the kernel: an address was not judged");
    return machine_.with_device([&](auto&) {
        while (bytes != 0) {
            const place in = at(source);
            const place out = at(target);
            if (in.bytes == nullptr || out.bytes == nullptr) return false;
            const usize n = vsnd::lesser(vsnd::lesser(in.count, out.count), bytes);
            std::memmove(out.bytes, in.bytes, n);
            source += n;
            target += n;
            bytes -= n;
        }
        return true;
    });
}

bool address_space::fill(void* to, u8 value, usize bytes) {
    u64 target = checked(to, bytes);
    if (target == 0) return false;
    if (!is_user_accessible(target)) stop("user_memset in the kernel: an address was not judged");
    return machine_.with_device([&](auto&) {
        while (bytes != 0) {
            const place out = at(target);
            if (out.bytes == nullptr) return false;
            const usize n = vsnd::lesser(out.count, bytes);
            std::memset(out.bytes, value, n);
            target += n;
            bytes -= n;
        }
        return true;
    });
}

bool address_space::user_writes(u64 to, const void* from, usize bytes) {
    return machine_.with_device([&](auto&) {
        u8* const there = is_user_accessible(to) ? view(to, bytes) : nullptr;
        if (there != nullptr) std::memcpy(there, from, bytes);
        return there != nullptr;
    });
}

bool address_space::user_reads(void* to, u64 from, usize bytes) {
    return machine_.with_device([&](auto&) {
        const u8* const there = is_user_accessible(from) ? view(from, bytes) : nullptr;
        if (there != nullptr) std::memcpy(to, there, bytes);
        return there != nullptr;
    });
}

u32 address_space::create(const char* name, usize bytes, bool users) {
    return machine_.with_device([&](auto&) -> u32 {
        if (areas_left == 0 || bytes == 0) return 0;
        if (areas_left != ~u32{0}) --areas_left;
        area a;
        a.name = name;
        a.users = users;
        a.memory = machine_.memory.allocate(bytes, page);
        if (a.memory.empty()) return 0;
        std::memset(a.memory.cpu, 0, bytes); // as Haiku's areas are
        a.address = reinterpret_cast<u64>(a.memory.cpu);
        if (users) {
            a.address = next_shared_;
            next_shared_ += (bytes + 2 * page - 1) / page * page;
            if (next_shared_ > shared_ + window) stop("no more room for areas");
        }
        areas_.emplace(++next_area_, a);
        return next_area_;
    });
}

bool address_space::remove(u32 id) {
    return machine_.with_device([&](auto&) {
        const auto found = areas_.find(id);
        if (found == areas_.end()) return false;
        machine_.memory.release(found->second.memory);
        areas_.erase(found);
        return true;
    });
}

} // namespace simulated
