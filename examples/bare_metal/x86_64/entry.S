# Where QEMU's -kernel jumps in: a PVH entry (32-bit protected mode, paging off, ebx = start info),
# then the way to 64-bit mode. The first 4 GiB are mapped 1:1 with 2 MiB pages, since not every
# CPU model has 1 GiB pages; the last of the four GiB, where devices lie, is mapped uncached.

    .section .note.pvh, "a", @note
    .balign 4
    .long 4                      # length of the name
    .long 8                      # length of the address
    .long 18                     # XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad pvh_entry

    .set present_writable, 0x03
    .set large, 0x80
    .set uncached, 0x18          # PWT and PCD

    .section .text.entry, "ax", @progbits
    .code32
    .globl pvh_entry
pvh_entry:
    cli
    cld
    movl $boot_stack_end, %esp
    movl %ebx, %esi              # the start info survives in esi

    movl $boot_directory, %edi   # four page directories, one after the other
    movl $(present_writable | large), %eax
    xorl %ecx, %ecx
1:  cmpl $(3 * 512), %ecx
    jne 2f
    orl $uncached, %eax
2:  movl %eax, (%edi, %ecx, 8)
    addl $0x200000, %eax
    incl %ecx
    cmpl $(4 * 512), %ecx
    jne 1b

    movl $(boot_directory + present_writable), %eax
    xorl %ecx, %ecx
3:  movl %eax, page_pointers(, %ecx, 8)
    addl $0x1000, %eax
    incl %ecx
    cmpl $4, %ecx
    jne 3b
    movl $(page_pointers + present_writable), page_root

    movl $page_root, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $0x20, %eax              # PAE
    movl %eax, %cr4
    movl $0xc0000080, %ecx       # EFER
    rdmsr
    orl $0x100, %eax             # LME
    wrmsr
    movl %cr0, %eax
    orl $0x80000000, %eax        # PG
    movl %eax, %cr0
    lgdt descriptor_table_pointer
    ljmp $0x08, $long_mode

    .code64
long_mode:
    movw $0x10, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    xorl %eax, %eax
    movw %ax, %fs
    movw %ax, %gs
    movl %esi, %edi              # also clears the upper half of rdi
    xorl %ebp, %ebp
    call kernel_main
4:  hlt
    jmp 4b

    .section .rodata
    .balign 8
descriptor_table:
    .quad 0
    .quad 0x00af9b000000ffff     # 0x08: 64-bit code
    .quad 0x00cf93000000ffff     # 0x10: data
descriptor_table_pointer:
    .word . - descriptor_table - 1
    .long descriptor_table

    .section .bss
    .balign 4096
    .globl page_root
page_root:
    .skip 4096
page_pointers:
    .skip 4096
boot_directory:
    .skip 4 * 4096
boot_stack:
    .skip 32768
boot_stack_end:

    .section .note.GNU-stack, "", @progbits
