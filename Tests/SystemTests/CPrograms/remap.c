// mremap: what moves, what stays, and which error wins.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L
static char *base;  // a window of free addresses
static sigjmp_buf escape;

static void onFault(int signal, siginfo_t *information, void *context) { siglongjmp(escape, signal * 100 + information->si_code); }

// A byte's value, or minus the signal and its code.
static int look(long offset) {
    int fault = sigsetjmp(escape, 1);
    if (fault) return -fault;
    return *(volatile unsigned char *)(base + offset);
}

static void map(long offset, long length, int protection, int flags) {
    if (mmap(base + offset, length, protection, MAP_FIXED | MAP_ANONYMOUS | flags, -1, 0) == MAP_FAILED) abort();
}

// Where a mapping is afterwards, relative to the window, or minus the error.
static long move(long offset, size_t old, size_t new, int flags, long target) {
    // Not the C library's call, which does not pass a hint on.
    char *result = (char *)syscall(SYS_mremap, base + offset, old, new, flags, base + target);
    return result == MAP_FAILED ? -errno : result - base;
}

static void clear(void) {
    munmap(base, 256 * PAGE);
}

static void basics(void) {
    map(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    for (int page = 0; page < 4; page++) base[page * PAGE] = page + 1;
    printf("grow %ld %ld\n", move(0, 4 * PAGE, 6 * PAGE, 0, 0), move(0, 6 * PAGE, 8 * PAGE, MREMAP_MAYMOVE, 0));
    printf("new pages %d %d, beyond %d\n", look(5 * PAGE), look(7 * PAGE), look(8 * PAGE));
    printf("same %ld %ld\n", move(0, 8 * PAGE, 8 * PAGE, 0, 0), move(PAGE, PAGE, PAGE, 0, 0));
    printf("shrink %ld", move(0, 8 * PAGE, 3 * PAGE, 0, 0));
    printf(": %d %d %d\n", look(2 * PAGE), look(3 * PAGE), look(7 * PAGE));
    map(3 * PAGE, PAGE, PROT_READ, MAP_PRIVATE);
    printf("no room %ld\n", move(0, 3 * PAGE, 4 * PAGE, 0, 0));
    char *moved = mremap(base, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    printf("moved %d: %d %d %d %d, old %d\n", moved != base, moved[0], moved[PAGE], moved[2 * PAGE], moved[3 * PAGE], look(0));
    munmap(moved, 4 * PAGE);
    clear();
}

static void fixed(void) {
    map(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    for (int page = 0; page < 4; page++) base[page * PAGE] = page + 1;
    map(16 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(base + 16 * PAGE, 9, 8 * PAGE);
    printf("fixed %ld", move(0, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 18 * PAGE));
    printf(": %d | %d %d %d %d %d | %d\n", look(0), look(17 * PAGE), look(18 * PAGE), look(21 * PAGE), look(21 * PAGE + 1),
           look(22 * PAGE), look(24 * PAGE));
    printf("fixed and larger %ld", move(18 * PAGE, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 32 * PAGE));
    printf(": %d %d %d %d\n", look(32 * PAGE), look(35 * PAGE), look(37 * PAGE), look(38 * PAGE));
    printf("fixed and smaller %ld", move(32 * PAGE, 6 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 0));
    printf(": %d %d %d %d %d\n", look(0), look(PAGE), look(2 * PAGE), look(32 * PAGE), look(36 * PAGE));
    clear();
}

static void dontUnmap(void) {
    map(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    base[PAGE] = 5;
    printf("dontunmap %ld", move(0, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, 8 * PAGE));
    printf(": %d %d\n", look(PAGE), look(9 * PAGE));
    base[PAGE] = 6;
    printf("apart %d %d\n", look(PAGE), look(9 * PAGE));
    printf("hint %ld %d\n", move(8 * PAGE, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 24 * PAGE), look(25 * PAGE));
    clear();
}

static void states(void) {
    map(0, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    base[0] = 1;
    base[2 * PAGE] = 3;
    mprotect(base, 6 * PAGE, PROT_NONE);
    printf("no access %ld", move(0, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 16 * PAGE));
    printf(" %d", look(16 * PAGE));
    mprotect(base + 16 * PAGE, 6 * PAGE, PROT_READ);
    printf(": %d %d %d\n", look(16 * PAGE), look(17 * PAGE), look(18 * PAGE));
    if (mlock(base + 16 * PAGE, 6 * PAGE)) printf("mlock %d\n", errno);
    printf("locked %ld", move(16 * PAGE, 6 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 0));
    unsigned char resident[8];
    mincore(base, 8 * PAGE, resident);
    printf(": %d %d, resident %d %d, discard %d\n", look(0), look(2 * PAGE), resident[6] & 1, resident[7] & 1,
           madvise(base, PAGE, MADV_DONTNEED) ? errno : 0);
    clear();
}

static void shared(void) {
    map(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    base[PAGE] = 4;
    printf("duplicate %ld", move(PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 16 * PAGE));
    printf(": %d", look(16 * PAGE));
    base[16 * PAGE] = 7;
    printf(" %d\n", look(PAGE));
    printf("duplicate in place %ld\n", move(PAGE, 0, 2 * PAGE, 0, 0));
    printf("move %ld", move(0, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 32 * PAGE));
    printf(": %d\n", look(33 * PAGE));
    fflush(stdout);
    if (fork() == 0) {
        base[33 * PAGE] = 8;
        move(32 * PAGE, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 64 * PAGE);
        base[66 * PAGE] = 2;
        _exit(0);
    }
    wait(0);
    printf("from the child %d %d %d\n", look(33 * PAGE), look(34 * PAGE), look(16 * PAGE));
    clear();
}

static void inChild(void) {
    map(0, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    for (int page = 0; page < 64; page++) base[page * PAGE] = page + 1;
    fflush(stdout);
    if (fork() == 0) {
        printf("child %ld", move(8 * PAGE, 32 * PAGE, 32 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 128 * PAGE));
        base[130 * PAGE] = 99;
        printf(": %d %d %d %d\n", look(8 * PAGE), look(128 * PAGE), look(130 * PAGE), look(159 * PAGE));
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    printf("parent %d %d %d\n", look(8 * PAGE), look(10 * PAGE), look(128 * PAGE));
    clear();
}

static void errors(void) {
    map(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    map(4 * PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE);
    map(8 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    int may = MREMAP_MAYMOVE, to = MREMAP_MAYMOVE | MREMAP_FIXED;
    printf("flags %ld %ld %ld %ld %ld\n", move(0, PAGE, PAGE, MREMAP_FIXED, 64 * PAGE), move(0, PAGE, PAGE, MREMAP_DONTUNMAP, 0),
           move(0, PAGE, PAGE, 8, 0), move(0, PAGE, 2 * PAGE, may | MREMAP_DONTUNMAP, 0), move(6 * PAGE, PAGE, PAGE, MREMAP_FIXED, 0));
    printf("lengths %ld %ld %ld %ld\n", move(0, PAGE, 0, may, 0), move(0, 0, PAGE, may, 0), move(0, 0, PAGE, to, 64 * PAGE),
           move(1, PAGE, PAGE, may, 0));
    printf("holes %ld %ld %ld %ld %ld\n", move(6 * PAGE, PAGE, 2 * PAGE, may, 0), move(6 * PAGE, PAGE, PAGE, 0, 0),
           move(0, 7 * PAGE, 8 * PAGE, may, 0), move(0, 7 * PAGE, 6 * PAGE, 0, 0), move(6 * PAGE, PAGE, PAGE, to, 1));
    map(4 * PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE);
    printf("boundaries %ld %ld %ld\n", move(0, 5 * PAGE, 6 * PAGE, may, 0), move(3 * PAGE, 2 * PAGE, 4 * PAGE, 0, 0),
           move(0, 6 * PAGE, 6 * PAGE, to, 64 * PAGE));
    printf("targets %ld %ld %ld %ld %ld\n", move(0, PAGE, PAGE, to, 64 * PAGE + 1), move(0, PAGE, PAGE, to, 0),
           move(0, 4 * PAGE, PAGE, to, 3 * PAGE), move(PAGE, PAGE, 2 * PAGE, to, 0), move(0, PAGE, 1L << 48, to, 64 * PAGE));
    printf("room %ld %ld %ld\n", move(0, PAGE, 2 * PAGE, 0, 0), move(8 * PAGE, PAGE, 1L << 48, 0, 0),
           move(8 * PAGE, PAGE, 1L << 62, may, 0));
    // What crosses a boundary may be given up.
    printf("smaller %ld", move(0, 6 * PAGE, 4 * PAGE, to, 64 * PAGE));
    printf(": %d %d %d\n", look(0), look(4 * PAGE), look(67 * PAGE));
    clear();
}

int main(void) {
    struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    base = mmap(0, 256 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    clear();
    basics();
    fixed();
    dontUnmap();
    states();
    shared();
    inChild();
    errors();
    return 0;
}
