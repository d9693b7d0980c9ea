// How much memory is promised in overcommit mode 2: counted when mapped or made writable, given back when unmapped.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1L << 20)

static void *map(long size, int protection, int flags) {
    return mmap(0, size, protection, flags | MAP_ANONYMOUS, -1, 0);
}

static const char *word(void *result) { return result == MAP_FAILED ? strerror(errno) : "mapped"; }

int main(void) {
    // Half of what RAM there is may be promised.
    struct sysinfo info;
    sysinfo(&info);
    long limit = info.totalram * info.mem_unit / 2;
    long most = limit / 3 * 2 & -4096;
    int rw = PROT_READ | PROT_WRITE;
    printf("more than the limit: %s\n", word(map(limit + MIB, rw, MAP_PRIVATE)));
    char *first = map(most, rw, MAP_PRIVATE);
    printf("two thirds: %s\n", word(first));
    printf("as much again: %s\n", word(map(most, rw, MAP_PRIVATE)));
    printf("without reservation: %s\n", word(map(most, rw, MAP_PRIVATE | MAP_NORESERVE)));
    printf("shared: %s\n", word(map(most, rw, MAP_SHARED)));
    char *readable = map(most, PROT_READ, MAP_PRIVATE);
    printf("to read: %s\n", word(readable));
    printf("made writable: %s\n", mprotect(readable, most, rw) ? strerror(errno) : "yes");
    printf("a page made writable: %s\n", mprotect(readable, 4096, rw) ? strerror(errno) : "yes");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(0);
    printf("fork: %s\n", child < 0 ? strerror(errno) : "yes");
    munmap(first, most);
    printf("after munmap: %s\n", word(map(most, rw, MAP_PRIVATE)));
    return 0;
}
