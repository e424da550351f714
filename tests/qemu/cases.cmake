# All end-to-end cases. Those of one row are told apart by their first word.

set(pc x86_64-pci)
set(machines x86_64-pci x86_64-mmio aarch64-pci aarch64-mmio riscv64-pci riscv64-mmio)

# --- Every machine and transport ---------------------------------------------------------------

foreach(machine IN LISTS machines)
    foreach(ring split packed)
        # With and without what a device may leave out. Without EVENT_IDX every period interrupts,
        # and only a burst of them shares a doorbell.
        set(case ${machine} both --ring ${ring} --period 256 --count 8 --frames 48000
            --max-doorbells 0.6)
        set(name ${machine}_${ring})
        e2e_case(${name} ${case} --max-interrupts 0.6)
        e2e_case(${name}_direct ${case} --no-indirect-desc --max-interrupts 0.6)
        e2e_case(${name}_no_event_idx ${case} --no-event-idx --max-interrupts 1)
        e2e_case(${name}_direct_no_event_idx ${case} --no-indirect-desc --no-event-idx
            --max-interrupts 1)

        # One direction alone, each period by itself: what the notifications cost.
        set(case ${machine} play --ring ${ring})
        e2e_case(${name}_play_1024x4 ${case} --max-doorbells 1 --max-interrupts 1)
        e2e_case(${name}_play_256x8 ${case} --period 256 --count 8
            --max-doorbells 0.6 --max-interrupts 0.54)
        # What batching is for: few doorbells, few interrupts, and everything on time.
        e2e_case(${name}_256x8_by_4 ${case} --period 256 --count 8 --policy batched4
            --max-doorbells 0.26 --max-interrupts 0.26)
        e2e_case(${name}_64x32_by_16 ${case} --period 64 --count 32 --policy batched16
            --max-doorbells 0.08 --max-interrupts 0.08)

        # A device behind an IOMMU refuses a driver that does not take ACCESS_PLATFORM.
        e2e_case(${name}_iommu_platform ${machine} both --ring ${ring} --frames 24000
            --iommu-platform)
    endforeach()
    e2e_case(${machine}_record_1024x4 ${machine} record)
    e2e_case(${machine}_record_256x8 ${machine} record --period 256 --count 8)
    e2e_case(${machine}_polled ${machine} both --period 256 --count 8 --interrupts polled)
    # Two cards, each with its own noise in both directions.
    e2e_case(${machine}_two_cards ${machine} both --period 256 --count 8 --also card=1)
endforeach()

# The other way in which PCI completions can reach the driver; RISC-V has no other.
foreach(machine x86_64-pci aarch64-pci)
    e2e_case(${machine}_intx ${machine} both --period 256 --count 8 --interrupts intx)
endforeach()
e2e_case(packed_intx ${pc} both --ring packed --period 256 --count 8 --interrupts intx)

# --- Every format, rate, number of channels and direction --------------------------------------

# The ring holds two ticks of QEMU's audio timer, 10 ms, or more.
foreach(rate 5512 8000 11025 16000 22050 32000 44100 48000 64000 88200 96000 176400 192000 384000)
    math(EXPR frames "${rate} * 2 / 5")
    set(period 32)
    foreach(doubled RANGE 6)
        math(EXPR enough "${period} * 200")
        if(enough LESS rate)
            math(EXPR period "${period} * 2")
        endif()
    endforeach()
    foreach(format s8 u8 s16 u16 s32 u32 float)
        foreach(channels 1 2)
            e2e_case(${format}_${rate}_${channels} ${pc} both --bars unassigned
                --format ${format} --rate ${rate} --channels ${channels}
                --frames ${frames} --period ${period})
        endforeach()
    endforeach()
endforeach()

# What QEMU's wav backend itself cannot: it takes 1024 frames at a tick and no more, so that fast
# streams are exact but late, until the ticks come faster; and it opens no voice of 32-bit samples,
# though PREPARE and START are answered with OK.
e2e_case(wav_384000_is_late ${pc} play --bars unassigned --rate 384000 --frames 192000
    --most-per-tick 1024)
e2e_case(wav_176400_is_late ${pc} play --bars unassigned --rate 176400 --frames 176400
    --most-per-tick 1024)
e2e_case(wav_384000 ${pc} play --bars unassigned --rate 384000 --frames 192000 --tick-us 2500)
e2e_case(wav_s32_never_plays ${pc} play --bars unassigned --format s32 --frames 24000
    --fails-with "the kernel says timed out" --log-says "WAVE files can not handle 32bit formats")
e2e_case(wav_float_never_plays ${pc} play --bars unassigned --format float --frames 24000
    --fails-with "the kernel says timed out" --log-says "WAVE files can not handle float formats")

# --- Several streams of one card ---------------------------------------------------------------

# Each has a rate or a format of its own, for which QEMU opens a voice and writes a file of its own.
e2e_case(second_stream ${pc} both --streams 4 --stream 1)
foreach(ring split packed)
    e2e_case(two_outputs_one_input_${ring} ${pc} both --ring ${ring} --streams 4
        --period 256 --count 8 --also "mode=play stream=1 rate=44100")
    e2e_case(three_outputs_three_inputs_${ring} ${pc} both --ring ${ring} --streams 8
        --period 256 --count 8 --also "stream=1 rate=44100"
        --also "stream=2 rate=96000 period=1024 count=4")
    e2e_case(two_outputs_at_one_rate_${ring} ${pc} both --ring ${ring} --streams 4
        --period 256 --count 8 --also "mode=play stream=1 format=s32")
    # A batch counts the completions of all streams of a queue.
    e2e_case(two_outputs_by_4_${ring} ${pc} play --ring ${ring} --backend alsa --streams 4
        --period 256 --count 8 --policy batched4 --also "stream=1 rate=44100"
        --max-doorbells 0.26 --max-interrupts 0.26)
endforeach()

# --- Geometries and lengths --------------------------------------------------------------------

# The first three are those in which a driver that takes its position modulo the buffer sees no
# progress, since QEMU completes the whole ring in one burst.
e2e_case(play_256x2 ${pc} play --period 256 --count 2)
e2e_case(play_256x4 ${pc} play --period 256 --count 4)
e2e_case(play_512x2 ${pc} play --period 512 --count 2)
e2e_case(play_4096x2 ${pc} play --period 4096 --count 2)
e2e_case(both_1024x4 ${pc} both)
# A length that is no multiple of the period: the last one is padded, the tail is not lost.
e2e_case(play_odd_length ${pc} play --period 256 --count 8 --frames 50001)
e2e_case(record_batched ${pc} record --period 256 --count 8 --policy batched4
    --max-doorbells 0.5 --max-interrupts 0.5)

# --- Machines that make it hard ----------------------------------------------------------------

# The device's registers where a kernel must map them first, and where it must place them itself.
e2e_case(bars_high ${pc} play --frames 24000 --bars high)
e2e_case(bars_unassigned ${pc} play --frames 24000 --bars unassigned)

# Interrupts are off for 300 ms, and everything goes on.
e2e_case(late_1024x4 ${pc} play --late-ms 300)
e2e_case(late_256x2 ${pc} play --period 256 --count 2 --late-ms 300)
e2e_case(late_both ${pc} both --late-ms 300)
e2e_case(packed_late ${pc} both --ring packed --late-ms 300)

# The proof that the clock is looked at: one period is less than QEMU wants at a time, so this is
# bit-exact and takes nearly twice as long as it should.
e2e_case(one_period_is_late ${pc} play --period 256 --count 1 --fails-with time:)

# A device that has only the interface from before virtio 1.0 is called so.
e2e_case(legacy aarch64-legacy play --fails-with "the kernel says legacy virtio device")

# In real time, beside whatever else this host does: bit-exact, and not faster than the clock.
e2e_case(real_time ${pc} play --frames 48000 --real-time)
