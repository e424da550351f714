# One stub of 16 bytes per vector: it leaves an error code and the vector on the stack and goes on
# to handle_interrupt, which gets a pointer to all of it.

    .section .text
    .code64
    .balign 16
    .globl interrupt_stubs
interrupt_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if (vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21)
    .else
    pushq $0                     # this vector has no error code of its own
    .endif
    pushq $vector
    jmp save_and_handle
    .set vector, vector + 1
    .endr

save_and_handle:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    cld
    leaq 72(%rsp), %rdi          # the vector, the error code, and what the processor pushed
    pushq %rbx
    movq %rsp, %rbx
    andq $-16, %rsp
    call handle_interrupt
    movq %rbx, %rsp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp
    iretq

    .section .note.GNU-stack, "", @progbits
