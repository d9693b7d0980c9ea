// How much memory is promised in overcommit mode 2: counted when mapped or made writable, given back when unmapped.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1L << 20)

static void *map(long size, int protection, int flags) {
    return mmap(0, size, protection, flags | MAP_ANONYMOUS, -1, 0);
}

static const char *word(void *result) { return result == MAP_FAILED ? strerror(errno) : "mapped"; }

int main(void) {
    // 64 MiB of RAM less what the kernel has; half of it may be promised.
    int rw = PROT_READ | PROT_WRITE;
    printf("40 MiB: %s\n", word(map(40 * MIB, rw, MAP_PRIVATE)));
    char *first = map(20 * MIB, rw, MAP_PRIVATE);
    printf("20 MiB: %s\n", word(first));
    printf("20 more: %s\n", word(map(20 * MIB, rw, MAP_PRIVATE)));
    printf("20 more without reservation: %s\n", word(map(20 * MIB, rw, MAP_PRIVATE | MAP_NORESERVE)));
    printf("20 more shared: %s\n", word(map(20 * MIB, rw, MAP_SHARED)));
    char *readable = map(20 * MIB, PROT_READ, MAP_PRIVATE);
    printf("20 to read: %s\n", word(readable));
    printf("made writable: %s\n", mprotect(readable, 20 * MIB, rw) ? strerror(errno) : "yes");
    printf("a page made writable: %s\n", mprotect(readable, 4096, rw) ? strerror(errno) : "yes");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(0);
    printf("fork: %s\n", child < 0 ? strerror(errno) : "yes");
    munmap(first, 20 * MIB);
    printf("20 after munmap: %s\n", word(map(20 * MIB, rw, MAP_PRIVATE)));
    return 0;
}
