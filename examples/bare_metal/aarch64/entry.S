// Where QEMU's -kernel jumps in, at exception level 1 with the MMU off: every address is physical
// and every access goes to memory in order, aligned. And the exception vectors.

    .section .text.entry, "ax", %progbits
    .globl _start
_start:
    adrp x1, boot_stack_end
    add x1, x1, :lo12:boot_stack_end
    mov sp, x1
    adrp x1, exception_vectors
    add x1, x1, :lo12:exception_vectors
    msr vbar_el1, x1
    isb
    mov x0, #0x40000000          // QEMU leaves the device tree where memory begins
    bl kernel_main
1:  wfi
    b 1b

    .macro vector number
    .balign 128
    .if \number == 5             // an interrupt, taken while the kernel runs on its own stack
    b save_and_handle
    .else
    mov x0, #\number
    b stop_for_exception
    .endif
    .endm

    .text
    .balign 2048
exception_vectors:
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vector \number
    .endr

save_and_handle:
    stp x29, x30, [sp, #-176]!
    stp x0, x1, [sp, #16]
    stp x2, x3, [sp, #32]
    stp x4, x5, [sp, #48]
    stp x6, x7, [sp, #64]
    stp x8, x9, [sp, #80]
    stp x10, x11, [sp, #96]
    stp x12, x13, [sp, #112]
    stp x14, x15, [sp, #128]
    stp x16, x17, [sp, #144]
    str x18, [sp, #160]
    bl handle_interrupt
    ldr x18, [sp, #160]
    ldp x16, x17, [sp, #144]
    ldp x14, x15, [sp, #128]
    ldp x12, x13, [sp, #112]
    ldp x10, x11, [sp, #96]
    ldp x8, x9, [sp, #80]
    ldp x6, x7, [sp, #64]
    ldp x4, x5, [sp, #48]
    ldp x2, x3, [sp, #32]
    ldp x0, x1, [sp, #16]
    ldp x29, x30, [sp], #176
    eret

    .bss
    .balign 16
boot_stack:
    .skip 32768
boot_stack_end:
