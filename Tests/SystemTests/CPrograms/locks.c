// mlock and its kin, madvise and mseal: what changes, and which error wins.
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

// musl's headers are older than these (include/uapi/asm-generic/mman-common.h).
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

#define PAGE 4096L
static char *base;
static sigjmp_buf escape;

static void onFault(int signal, siginfo_t *information, void *context) { siglongjmp(escape, signal * 100 + information->si_code); }

static int look(long offset) {
    int fault = sigsetjmp(escape, 1);
    if (fault) return -fault;
    return *(volatile unsigned char *)(base + offset);
}

static void map(long offset, long length, int protection, int flags) {
    if (mmap(base + offset, length, protection, MAP_FIXED | MAP_ANONYMOUS | flags, -1, 0) == MAP_FAILED) abort();
}

static void clear(void) { munmap(base, 4096 * PAGE); }
static int error(long result) { return result == -1 ? errno : 0; }
static int lock(long offset, size_t length) { return error(mlock(base + offset, length)); }
static int unlock(long offset, size_t length) { return error(munlock(base + offset, length)); }
static int advise(long offset, size_t length, int advice) { return error(madvise(base + offset, length, advice)); }

static int resident(long offset) {
    unsigned char byte = 0;
    return mincore(base + offset, PAGE, &byte) ? -errno : byte & 1;
}

static void locks(void) {
    map(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    map(4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE);
    map(5 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE);
    map(8 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    printf("mlock %d %d %d %d", lock(0, PAGE), lock(PAGE + 1, 1), lock(2 * PAGE + 5, PAGE), lock(4 * PAGE, PAGE));
    printf(": %d %d %d %d %d\n", resident(0), resident(PAGE), resident(2 * PAGE), resident(3 * PAGE), resident(4 * PAGE));
    printf("refused %d %d %d %d %d\n", lock(5 * PAGE, PAGE), lock(6 * PAGE, PAGE), lock(8 * PAGE, 2 * PAGE), lock(7 * PAGE, 2 * PAGE),
           lock(0, 0));
    printf("lengths %d %d %d\n", lock(0, -1), lock(0, -8192), unlock(0, -1));
    printf("locked %d %d %d\n", advise(8 * PAGE, PAGE, MADV_DONTNEED), advise(0, PAGE, MADV_FREE), advise(0, PAGE, MADV_COLD));
    printf("munlock %d %d %d\n", unlock(0, 6 * PAGE), unlock(0, 7 * PAGE), unlock(8 * PAGE, PAGE));
    printf("free again %d\n", advise(0, 5 * PAGE, MADV_DONTNEED));
    printf("mlock2 %d %d %d: %d", error(mlock2(base, PAGE, MLOCK_ONFAULT)), error(mlock2(base, PAGE, 2)),
           error(mlock2(base, PAGE, -1)), resident(0));
    look(0);
    printf(" %d, %d\n", resident(0), advise(0, PAGE, MADV_DONTNEED));
    printf("msync %d %d %d\n", error(msync(base, 2 * PAGE, MS_INVALIDATE)), error(msync(base + PAGE, PAGE, MS_INVALIDATE)),
           error(msync(base, PAGE, MS_ASYNC)));
    munlock(base, PAGE);
    map(16 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_LOCKED);
    printf("MAP_LOCKED %d %d %d\n", resident(16 * PAGE), resident(17 * PAGE), advise(16 * PAGE, PAGE, MADV_DONTNEED));
    map(16 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    fflush(stdout);
    map(32 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_LOCKED);
    if (fork() == 0) {
        printf("child's lock %d\n", advise(32 * PAGE, PAGE, MADV_DONTNEED));
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    clear();
    printf("mlockall %d %d %d %d\n", error(mlockall(0)), error(mlockall(MCL_ONFAULT)), error(mlockall(8)), error(mlockall(MCL_FUTURE)));
    map(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    map(2 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE);
    printf("future %d %d %d\n", resident(0), resident(PAGE), advise(0, PAGE, MADV_DONTNEED));
    printf("on fault %d", error(mlockall(MCL_FUTURE | MCL_ONFAULT)));
    map(4 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    printf(": %d %d\n", resident(4 * PAGE), advise(4 * PAGE, PAGE, MADV_DONTNEED));
    printf("munlockall %d", error(munlockall()));
    map(5 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    printf(": %d %d %d\n", advise(0, PAGE, MADV_DONTNEED), resident(5 * PAGE), advise(5 * PAGE, PAGE, MADV_DONTNEED));
    printf("current %d", error(mlockall(MCL_CURRENT)));
    map(6 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    printf(": %d %d\n", resident(0), resident(6 * PAGE));
    munlockall();
    clear();
}

static void advice(void) {
    map(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    map(8 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    map(16 * PAGE, PAGE, PROT_READ, MAP_PRIVATE);
    map(17 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE);
    map(18 * PAGE, PAGE, PROT_WRITE, MAP_PRIVATE);
    // Each of 6.1's advice on private, shared and partly unmapped memory. COLLAPSE wants huge pages, which differ.
    for (int number = 0; number <= 24; number++) {
        memset(base, 1, 4 * PAGE);
        memset(base + 8 * PAGE, 1, 4 * PAGE);
        printf("advice %d: %d %d %d %d %d %d\n", number, advise(0, PAGE, number), advise(8 * PAGE, PAGE, number),
               advise(3 * PAGE, 2 * PAGE, number), advise(6 * PAGE, PAGE, number), advise(1, PAGE, number), advise(0, -1, number));
        if (number == MADV_DONTFORK) advise(0, 12 * PAGE, MADV_DOFORK);
        if (number == MADV_WIPEONFORK) advise(0, 4 * PAGE, MADV_KEEPONFORK);
    }
    printf("unknown %d %d %d %d\n", advise(0, PAGE, 5), advise(0, PAGE, 26), advise(0, PAGE, -1), advise(6 * PAGE, 0, 26));
    map(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    printf("populate %d %d %d", advise(0, PAGE, MADV_POPULATE_READ), advise(PAGE, PAGE, MADV_POPULATE_WRITE), resident(0));
    printf(" %d\n", resident(PAGE));
    printf("populate refused %d %d %d %d %d\n", advise(16 * PAGE, PAGE, MADV_POPULATE_WRITE), advise(17 * PAGE, PAGE, MADV_POPULATE_READ),
           advise(18 * PAGE, PAGE, MADV_POPULATE_READ), advise(18 * PAGE, PAGE, MADV_POPULATE_WRITE), advise(3 * PAGE, 2 * PAGE, MADV_POPULATE_READ));
    // DONTNEED on shared memory keeps its content; REMOVE does not, for anybody.
    memset(base + 8 * PAGE, 3, 4 * PAGE);
    advise(8 * PAGE, 2 * PAGE, MADV_DONTNEED);
    printf("shared after DONTNEED %d", look(8 * PAGE));
    printf(", REMOVE %d: %d %d", advise(8 * PAGE, PAGE, MADV_REMOVE), look(8 * PAGE), look(9 * PAGE));
    mprotect(base + 8 * PAGE, 2 * PAGE, PROT_READ);
    printf(", read-only %d\n", advise(8 * PAGE, 2 * PAGE, MADV_REMOVE));
    // What a child gets.
    memset(base, 7, 4 * PAGE);
    printf("fork %d %d\n", advise(0, PAGE, MADV_WIPEONFORK), advise(PAGE, PAGE, MADV_DONTFORK));
    fflush(stdout);
    if (fork() == 0) {
        printf("child %d %d %d\n", look(0), look(PAGE), look(2 * PAGE));
        base[0] = 4;
        fflush(stdout);
        if (fork() == 0) {
            printf("grandchild %d %d\n", look(0), look(2 * PAGE));
            fflush(stdout);
            _exit(0);
        }
        wait(0);
        _exit(0);
    }
    wait(0);
    printf("parent %d %d\n", look(0), look(PAGE));
    // Refused where the first refusing mapping begins, done before it.
    map(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(base, 7, 4 * PAGE);
    mlock(base + 2 * PAGE, PAGE);
    printf("part %d: %d %d %d\n", advise(0, 4 * PAGE, MADV_DONTNEED), look(PAGE), look(2 * PAGE), look(3 * PAGE));
    printf("even locked %d: %d\n", advise(0, 4 * PAGE, MADV_DONTNEED_LOCKED), look(2 * PAGE));
    clear();
}

static long transfer(int number, pid_t pid, long local, size_t length, long remote, size_t remoteLength) {
    struct iovec here = {base + local, length}, there = {base + remote, remoteLength};
    long result = syscall(number, pid, &here, 1L, &there, 1L, 0L);
    return result == -1 ? -errno : result;
}

static void otherMemory(void) {
    int read = SYS_process_vm_readv, write = SYS_process_vm_writev;
    map(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    map(4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE);
    memset(base, 1, 4 * PAGE);
    int pipes[2], back[2];
    char byte;
    if (pipe(pipes) || pipe(back)) abort();
    pid_t child = fork();
    if (child == 0) {
        base[10] = 42;
        base[2 * PAGE] = 43;
        munmap(base + 3 * PAGE, PAGE);
        if (syscall(SYS_write, back[1], "x", 1) != 1 || syscall(SYS_read, pipes[0], &byte, 1) != 1) abort();
        printf("child sees %d %d\n", base[20], base[2 * PAGE - 1]);
        fflush(stdout);
        _exit(0);
    }
    if (syscall(SYS_read, back[0], &byte, 1) != 1) abort();
    printf("read %ld", transfer(read, child, PAGE, PAGE, 0, PAGE));
    printf(": %d %d\n", base[PAGE + 10], base[10]);
    printf("partly there %ld %ld %ld\n", transfer(read, child, PAGE, 3 * PAGE, 2 * PAGE, 3 * PAGE),
           transfer(read, child, PAGE, PAGE, 3 * PAGE, PAGE), transfer(read, child, PAGE, PAGE, 3 * PAGE - 100, 200));
    printf("partly here %ld %ld\n", transfer(read, child, 3 * PAGE, 3 * PAGE, 0, 3 * PAGE), transfer(read, child, 6 * PAGE, PAGE, 0, PAGE));
    printf("lengths %ld %ld %ld\n", transfer(read, child, 0, 100, 0, PAGE), transfer(read, child, 0, PAGE, 0, 10), transfer(read, child, 0, 0, 0, PAGE));
    base[0] = 77;
    printf("write %ld %ld %ld %ld\n", transfer(write, child, 0, 1, 20, 1), transfer(write, child, 0, 1, 2 * PAGE - 1, 1),
           transfer(write, child, 0, 1, 4 * PAGE, 1), transfer(write, child, 0, 2 * PAGE, 2 * PAGE, 2 * PAGE));
    struct iovec here = {base, 8}, there = {base, 8}, negative = {base, -1};
    printf("errors %d %d %d %d %d %d\n", error(syscall(read, child, &here, 1, &there, 1, 1)),
           error(syscall(read, 4000000, &here, 1, &there, 1, 0)), error(syscall(read, child, &here, 1025, &there, 1, 0)),
           error(syscall(read, child, &negative, 1, &there, 1, 0)), error(syscall(read, child, &here, 1, &negative, 1, 0)),
           error(syscall(read, child, 8, 1, &there, 1, 0)));
    printf("nothing %d %d %d\n", error(syscall(read, 4000000, &here, 0, &there, 1, 0)),
           error(syscall(read, 4000000, &here, 1, &there, 0, 0)), error(syscall(read, 4000000, &here, 1, 8, 1, 0)));
    printf("self %ld %d\n", transfer(read, getpid(), PAGE, 8, 0, 8), base[PAGE]);
    if (syscall(SYS_write, pipes[1], "x", 1) != 1) abort();
    wait(0);
    printf("mine %d %d\n", base[20], base[2 * PAGE - 1]);
    printf("gone %ld\n", transfer(read, child, 0, 8, 0, 8));
    clear();
}

// What a heap grows by is populated where all is locked, and what it had is not.
static void heap(void) {
    // By number: musl has no brk.
    char *start = (char *)syscall(SYS_brk, 0);
    start += -(unsigned long)start & (PAGE - 1);
    syscall(SYS_brk, start + 20 * PAGE);
    mlockall(MCL_FUTURE);
    syscall(SYS_brk, start + 24 * PAGE + 1);
    unsigned char resident[25];
    mincore(start, 25 * PAGE, resident);
    printf("heap ");
    for (int page = 0; page < 25; page++) printf("%d", resident[page] & 1);
    printf("\n");
    munlockall();
}

int main(void) {
    struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    base = mmap(0, 4096 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    clear();
    locks();
    advice();
    otherMemory();
    heap();
    return 0;
}
