// A child that borrows its parent's memory and stack, made while frames are short.
#pragma once

#include <stdint.h>

/// Makes `akuma_shortage`, whose number is `call`, with `clone` as the call that is short of frames; the child ends at
/// once with status 0. Returns what `clone` returned to the parent: the child's number or `-errno`.
int64_t akuma_vfork_short_of_frames(uint64_t call, uint64_t shortage);
