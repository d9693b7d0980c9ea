// The functions of the Kernel module that the vectors and Machine call. Each takes the address of the TrapFrame.
#pragma once
#include "TrapFrame.h"
#include "Inline.h"

/// An SVC from a 64-bit program. The hot path.
void akuma_system_call(uint64_t frame);
/// Any other synchronous exception, or an SError, from a program.
void akuma_user_exception(uint64_t frame);
/// An interrupt that a program was running under.
void akuma_user_interrupt(uint64_t frame);
/// An abort that a user-copy routine met at EL1. True: resolved, try the instruction again. False: the routine ends
/// with the bytes that it did not copy.
bool akuma_kernel_exception(uint64_t frame);
/// An interrupt that the kernel was idle under.
void akuma_kernel_interrupt(uint64_t frame);
/// A new thread's first code, on its own kernel stack; when it returns the thread goes out to its TrapFrame.
void akuma_thread_start(uint64_t argument);
