#pragma once
// Who may touch what. User memory and areas that users can reach have addresses, but nothing lies
// there for kernel code: a plain access ends the test. Their bytes lie elsewhere, for user_memcpy,
// for the device, and for the tests that play the user.

#include <map>
#include <string>
#include <vector>

#include <kernel/machine.hpp>

namespace simulated {

class address_space {
  public:
    static constexpr usize page = 4096;

    explicit address_space(machine& where);
    ~address_space();
    address_space(const address_space&) = delete;
    address_space& operator=(const address_space&) = delete;

    // --- The user's side. ---
    // Whole pages of user memory, zeroed, the next one unmapped. An address for the driver.
    u64 map_user(usize bytes);
    void unmap_user(u64 address, usize bytes);
    // `bytes` of user memory that lie at the very end of what is mapped.
    u64 map_user_tail(usize bytes) { return map_user(bytes) + (page - bytes % page) % page; }
    // So many bytes at this address, whoever may touch them; null where nothing is.
    u8* view(u64 address, usize bytes);
    // Copies between the user and an area that the device uses, too.
    bool user_writes(u64 to, const void* from, usize bytes);
    bool user_reads(void* to, u64 from, usize bytes);
    bool is_user(u64 address) const { return address - user_ < window; }
    bool is_user_accessible(u64 address) const {
        return is_user(address) || address - shared_ < window;
    }

    // --- The kernel's side. ---
    // False: a fault; what came before it is copied.
    bool copy(void* to, const void* from, usize bytes);
    bool fill(void* to, u8 value, usize bytes);

    struct area {
        std::string name;
        u64 address = 0; // as the driver has it
        bool users = false;
        vsnd::dma_region memory;
    };
    // 0: there is no memory.
    u32 create(const char* name, usize bytes, bool users);
    bool remove(u32 id);
    const area* find(u64 address) const;
    const std::map<u32, area>& areas() const { return areas_; }
    // After so many more, there is no memory for areas; all ones: never.
    u32 areas_left = ~u32{0};

  private:
    static constexpr usize window = usize{1} << 28;
    struct place { // bytes that lie together, null: nothing there
        u8* bytes;
        usize count;
    };
    place at(u64 address);
    u64 checked(const void* address, usize bytes) const;

    machine& machine_;
    u64 user_;
    u64 shared_;
    u8* user_bytes_;
    std::vector<bool> mapped_;
    usize next_user_ = 16; // pages
    u64 next_shared_;
    std::map<u32, area> areas_;
    u32 next_area_ = 1000;
};

} // namespace simulated
