// Whole pages, by their addresses in the identity mapping (pages.S).
#pragma once
#include <stdint.h>

void akuma_clear_page(uint64_t page);
void akuma_clean_page(uint64_t page);
void akuma_copy_page(uint64_t from, uint64_t to);
void akuma_publish_instructions(uint64_t page);
