// What becomes of each bit of each flag, of each advice, and of each call: "SECTION VALUE ERRNO", a line each.
// With arguments, only the calls of these numbers are made.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL

static unsigned long fresh(void) {
    return syscall(SYS_mmap, 0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void report(const char *section, unsigned long value, long result) {
    printf("%s %lu %d\n", section, value, result == -1 ? errno : 0);
}

static void mapping(void) {
    unsigned long place = fresh();
    for (int bit = 0; bit < 64; bit++)
        report("mmap.prot", 1UL << bit, syscall(SYS_mmap, 0, PAGE, 1UL << bit, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (int bit = 4; bit < 64; bit++)
        report("mmap.flags", 1UL << bit,
               syscall(SYS_mmap, place, PAGE, PROT_READ, 1UL << bit | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (unsigned long type = 0; type < 16; type++)
        report("mmap.type", type, syscall(SYS_mmap, 0, PAGE, PROT_READ, type | MAP_ANONYMOUS, -1, 0));
    for (unsigned long size = 0; size < 64; size++)
        report("mmap.huge", size,
               syscall(SYS_mmap, 0, PAGE, PROT_READ, size << 26 | MAP_HUGETLB | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (int bit = 0; bit < 64; bit++) report("mprotect.prot", 1UL << bit, syscall(SYS_mprotect, fresh(), PAGE, 1UL << bit));
    for (int bit = 0; bit < 64; bit++)
        report("mremap.flags", 1UL << bit, syscall(SYS_mremap, fresh(), PAGE, PAGE, 1UL << bit, 0));
}

static void advising(void) {
    for (unsigned long advice = 0; advice < 128; advice++) {
        if (advice == 100 || advice == 101) continue;  // These hurt the machine.
        unsigned long place = fresh();
        *(volatile char *)place = 1;
        report("madvise.advice", advice, syscall(SYS_madvise, place, PAGE, advice));
    }
    for (int bit = 0; bit < 32; bit++) {
        report("msync.flags", 1UL << bit, syscall(SYS_msync, fresh(), PAGE, 1UL << bit));
        report("mlock2.flags", 1UL << bit, syscall(SYS_mlock2, fresh(), PAGE, 1UL << bit));
        report("mlockall.flags", 1UL << bit, syscall(SYS_mlockall, 1UL << bit));
        syscall(SYS_munlockall);
        long file = syscall(SYS_memfd_create, "name", 1UL << bit);
        report("memfd_create.flags", 1UL << bit, file);
        if (file != -1) close(file);
        report("process_madvise.flags", 1UL << bit, syscall(SYS_process_madvise, -1, 0, 0, 4, 1UL << bit));
        report("process_vm_readv.flags", 1UL << bit, syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 1UL << bit));
    }
    for (int bit = 0; bit < 32; bit++) {
        long file = syscall(SYS_memfd_create, "name", MFD_ALLOW_SEALING);
        if (file == -1) break;
        report("fcntl.seals", 1UL << bit, syscall(SYS_fcntl, file, 1033, 1UL << bit));
        close(file);
    }
}

// All ones are wrong arguments for each call that could do harm.
static void call(unsigned long number) {
    report("call", number, syscall(number, -1L, -1L, -1L, -1L, -1L, -1L));
}

int main(int count, char **words) {
    if (count > 1) {
        for (int index = 1; index < count; index++) call(strtoul(words[index], 0, 0));
        return 0;
    }
    mapping();
    advising();
    for (unsigned long option = 0; option < 80; option++) report("prctl.option", option, syscall(SYS_prctl, option, 0, 0, 0, 0));
    return 0;
}
