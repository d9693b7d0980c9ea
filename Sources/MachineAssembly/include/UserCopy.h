// A program's memory (usercopy.S). Addresses may be anything; counts are below 2⁶³.
#pragma once
#include "Inline.h"

struct AkumaUserWord { uint64_t value; uint64_t succeeded; };
struct AkumaUserString { uint64_t count; uint64_t outcome; };

uint64_t akuma_copy_from_user(void *to, uint64_t from, uint64_t count);
uint64_t akuma_copy_to_user(uint64_t to, const void *from, uint64_t count);
uint64_t akuma_clear_user(uint64_t to, uint64_t count);
struct AkumaUserString akuma_copy_string_from_user(void *to, uint64_t from, uint64_t limit);
struct AkumaUserWord akuma_user_load8(uint64_t address);
struct AkumaUserWord akuma_user_load32(uint64_t address);
