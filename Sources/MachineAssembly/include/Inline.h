// What every header here is built from: functions that inline to the bare instruction, in Swift too.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#define AKUMA_INLINE static inline __attribute__((always_inline))
