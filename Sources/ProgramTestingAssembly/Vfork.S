// See Vfork.h. In assembly, since the child runs on its parent's stack and must not write there.

        .section .text.akuma_vfork_short_of_frames, "ax", %progbits
        .globl  akuma_vfork_short_of_frames
        .type   akuma_vfork_short_of_frames, %function
akuma_vfork_short_of_frames:
        mov     x8, x0
        mov     x7, x1
        mov     x6, #220                        // clone
        mov     x0, #0x4111                     // CLONE_VFORK | CLONE_VM | SIGCHLD
        mov     x1, xzr
        mov     x2, xzr
        mov     x3, xzr
        mov     x4, xzr
        mov     x5, xzr
        svc     #0
        cbz     x0, 1f
        ret
1:      mov     x8, #94                         // exit_group
        svc     #0
        .size   akuma_vfork_short_of_frames, . - akuma_vfork_short_of_frames

        .section .note.GNU-stack, "", %progbits
