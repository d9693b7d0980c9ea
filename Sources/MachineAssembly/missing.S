// What the kernel does not define yet is a panic when it is first called.
        .text
        .weak   akuma_system_call, akuma_user_exception, akuma_user_interrupt
        .weak   akuma_kernel_exception, akuma_kernel_interrupt, akuma_thread_start
akuma_system_call:
akuma_user_exception:
akuma_user_interrupt:
akuma_kernel_exception:
akuma_kernel_interrupt:
akuma_thread_start:
        b       akuma_machine_impossible_exception
        .section .note.GNU-stack, "", @progbits
