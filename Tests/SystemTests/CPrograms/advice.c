// madvise and msync on private anonymous memory: what comes back as zeroes, what is refused and how. Holes and unknown
// advice are for the unit tests: qemu-aarch64 passes over both, where Linux does not.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static char *base;

static int advise(long offset, size_t length, int advice) {
    return madvise(base + offset, length, advice) ? errno : 0;
}

static int synchronize(long offset, size_t length, int flags) { return msync(base + offset, length, flags) ? errno : 0; }

int main(void) {
    base = mmap(0, 64 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(base, 7, 64 << 12);
    int result = advise(4096, 2 << 12, MADV_DONTNEED);
    printf("dontneed %d: %d %d %d %d\n", result, base[4095], base[4096], base[3 * 4096 - 1], base[3 * 4096]);
    base[4096] = 3;
    printf("again %d\n", base[4096]);

    printf("errors %d %d %d\n", advise(1, 4096, MADV_DONTNEED), advise(0, -1, MADV_DONTNEED), advise(0, 0, MADV_DONTNEED));
    printf("hints %d %d %d %d\n", advise(0, 4096, MADV_NORMAL), advise(0, 4096, MADV_SEQUENTIAL),
           advise(0, 4096, MADV_RANDOM), advise(0, 4096, MADV_WILLNEED));

    mprotect(base, 4096, PROT_NONE);
    result = advise(0, 4096, MADV_DONTNEED);
    mprotect(base, 4096, PROT_READ);
    printf("no access %d: %d\n", result, base[0]);

    printf("msync %d %d %d %d %d\n", synchronize(0, 4096, MS_SYNC), synchronize(0, 16 << 12, MS_ASYNC),
           synchronize(0, 4096, MS_SYNC | MS_ASYNC), synchronize(1, 4096, MS_SYNC), synchronize(0, 4096, 64));
    return 0;
}
