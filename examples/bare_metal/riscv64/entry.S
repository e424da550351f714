# Where QEMU's -kernel jumps in without firmware, in machine mode: every address is physical, and
# a1 is the device tree. And the way into the trap handler.

    .section .text.entry, "ax", @progbits
    .globl _start
_start:
    la sp, boot_stack_end
    la t0, save_and_handle
    csrw mtvec, t0
    mv a0, a1
    call kernel_main
1:  wfi
    j 1b

    .text
    .balign 4
save_and_handle:
    addi sp, sp, -128
    sd ra, 0(sp)
    sd t0, 8(sp)
    sd t1, 16(sp)
    sd t2, 24(sp)
    sd t3, 32(sp)
    sd t4, 40(sp)
    sd t5, 48(sp)
    sd t6, 56(sp)
    sd a0, 64(sp)
    sd a1, 72(sp)
    sd a2, 80(sp)
    sd a3, 88(sp)
    sd a4, 96(sp)
    sd a5, 104(sp)
    sd a6, 112(sp)
    sd a7, 120(sp)
    csrr a0, mcause
    call handle_trap
    ld ra, 0(sp)
    ld t0, 8(sp)
    ld t1, 16(sp)
    ld t2, 24(sp)
    ld t3, 32(sp)
    ld t4, 40(sp)
    ld t5, 48(sp)
    ld t6, 56(sp)
    ld a0, 64(sp)
    ld a1, 72(sp)
    ld a2, 80(sp)
    ld a3, 88(sp)
    ld a4, 96(sp)
    ld a5, 104(sp)
    ld a6, 112(sp)
    ld a7, 120(sp)
    addi sp, sp, 128
    mret

    .bss
    .balign 16
boot_stack:
    .skip 32768
boot_stack_end:
