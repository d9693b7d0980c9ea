// A new process without returning twice: the child runs only these instructions, on a stack of its own, in the parent's
// memory (CLONE_VM), while the parent waits (CLONE_VFORK).

        .set    SYS_dup3, 24
        .set    SYS_fcntl, 25
        .set    SYS_exit, 93
        .set    SYS_clone, 220
        .set    SYS_execve, 221
        .set    F_DUPFD_CLOEXEC, 1030
        .set    CLONE_VM_VFORK_SIGCHLD, 0x100 | 0x4000 | 17

        .section .text.akuma_spawn, "ax", %progbits
        .globl  akuma_spawn
        .type   akuma_spawn, %function
akuma_spawn:                                    // x0: struct akuma_spawn_plan
        mov     x9, x0
        str     wzr, [x9, #44]                  // no error yet
        ldr     x1, [x9, #24]                   // child_stack
        mov     x0, #(CLONE_VM_VFORK_SIGCHLD & 0xffff)
        mov     x2, #0
        mov     x3, #0
        mov     x4, #0
        mov     x8, #SYS_clone
        svc     #0
        cbz     x0, .Lchild
        ldrsw   x1, [x9, #44]                   // the child shared our memory: its failure is ours
        cmp     x0, #0
        ccmp    x1, #0, #0, ge
        csel    x0, x1, x0, lt
        ret

.Lchild:
        mov     x10, #0                         // first copy all three out of the way of 0 … 2,
        add     x11, x9, #32
        sub     sp, sp, #16
1:      ldrsw   x0, [x11, x10, lsl #2]
        mov     x1, #F_DUPFD_CLOEXEC
        mov     x2, #3
        mov     x8, #SYS_fcntl
        svc     #0
        tbnz    x0, #63, .Lfailed
        str     w0, [sp, x10, lsl #2]
        add     x10, x10, #1
        cmp     x10, #3
        b.lo    1b
        mov     x10, #0                         // then put each in its place, without close-on-exec
2:      ldr     w0, [sp, x10, lsl #2]
        mov     x1, x10
        mov     x2, #0
        mov     x8, #SYS_dup3
        svc     #0
        tbnz    x0, #63, .Lfailed
        add     x10, x10, #1
        cmp     x10, #3
        b.lo    2b
        ldp     x0, x1, [x9, #0]
        ldr     x2, [x9, #16]
        mov     x8, #SYS_execve
        svc     #0
.Lfailed:
        str     w0, [x9, #44]
        mov     x0, #127                        // what shells say for a program that they could not run
        mov     x8, #SYS_exit
        svc     #0
        brk     #1
        .size   akuma_spawn, . - akuma_spawn

        .section .note.GNU-stack, "", %progbits
