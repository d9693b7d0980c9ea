// pidfd_open, process_madvise and PROT_GROWSDOWN.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

#define PAGE 4096L
static int error(long result) { return result == -1 ? errno : 0; }
static int openProcess(long pid, unsigned flags) { return syscall(SYS_pidfd_open, pid, flags); }

static long advise(int descriptor, void *base, size_t length, int advice, unsigned flags) {
    struct iovec piece = {base, length};
    long result = syscall(SYS_process_madvise, descriptor, &piece, 1L, advice, flags);
    return result == -1 ? -errno : result;
}

// What is copied may be the arrays that say where to.
static void arrays(void) {
    static char source[64], target[64];
    for (int i = 0; i < 64; i++) source[i] = i + 1;
    struct iovec local[2], remote[2] = {{source, 32}, {source + 32, 32}};
    local[0] = (struct iovec){local, 32};
    local[1] = (struct iovec){target, 32};
    printf("over the local array %ld, %d %d\n", (long)syscall(SYS_process_vm_readv, getpid(), local, 2L, remote, 2L, 0L),
           target[0], target[31]);
    local[0] = (struct iovec){remote, 32};
    local[1] = (struct iovec){target, 32};
    source[32] = 77;
    printf("over the remote array %ld, %d %d\n", (long)syscall(SYS_process_vm_readv, getpid(), local, 2L, remote, 2L, 0L),
           target[0], target[31]);
    local[0] = (struct iovec){(void *)(1ul << 55), 1};
    local[1] = (struct iovec){target, -1};
    remote[0] = (struct iovec){source, 1};
    printf("which error %d", error(syscall(SYS_process_vm_readv, getpid(), local, 2L, remote, 1L, 0L)));
    printf(" %d\n", error(syscall(SYS_process_vm_readv, getpid(), local, 1L, remote, -1L, 0L)));
    local[0] = (struct iovec){target, 1};
    remote[0] = (struct iovec){(void *)(1ul << 55), 1};
    remote[1] = (struct iovec){source, -1};
    printf("of the remote ones %d", error(syscall(SYS_process_vm_readv, getpid(), local, 1L, remote, 2L, 0L)));
    printf(" %d\n", error(syscall(SYS_process_vm_readv, 4000000L, local, 1L, remote, 1L, 0L)));
}

// Pieces of nothing: the first one alone is looked at, and only where there are others.
static void pieces(int self, char *base) {
    struct iovec pieces[3] = {{base, PAGE}, {base + 1, 0}, {base + PAGE, PAGE}};
    printf("an empty piece between %ld", (long)syscall(SYS_process_madvise, self, pieces, 3L, MADV_COLD, 0));
    printf(", first %d", error(syscall(SYS_process_madvise, self, pieces + 1, 2L, MADV_COLD, 0)));
    printf(", alone %ld\n", (long)syscall(SYS_process_madvise, self, pieces + 1, 1L, MADV_COLD, 0));
}

// Nothing grows for who looks from outside.
static void growth(void) {
    char *stack = mmap((char *)0x9000000000, 2 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    char bytes[16] = {1};
    struct iovec here = {bytes, 16}, there = {stack - 6 * PAGE, 16};
    int own = error(syscall(SYS_process_vm_writev, getpid(), &here, 1L, &there, 1L, 0L));
    int ownRead = error(syscall(SYS_process_vm_readv, getpid(), &here, 1L, &there, 1L, 0L));
    fflush(stdout);
    pid_t child = fork();
    if (!child) for (;;) pause();
    int other = error(syscall(SYS_process_vm_writev, child, &here, 1L, &there, 1L, 0L));
    kill(child, 9);
    waitpid(child, 0, 0);
    printf("growth %d %d %d\n", own, ownRead, other);
    stack[-6 * PAGE] = 2;
    printf("grown %d\n", error(syscall(SYS_process_vm_readv, getpid(), &here, 1L, &there, 1L, 0L)));
}

// process_mrelease is for whoever was killed.
static void releases(void) {
    pid_t child = fork();
    if (!child) for (;;) pause();
    int descriptor = openProcess(child, 0), self = openProcess(getpid(), 0);
    int refused[] = {error(syscall(448, descriptor, 0)), error(syscall(448, descriptor, 1)), error(syscall(448, self, 0)),
                     error(syscall(448, 99, 0)), error(syscall(448, 0, 0))};
    printf("release refused %d %d %d %d %d\n", refused[0], refused[1], refused[2], refused[3], refused[4]);
    kill(child, SIGKILL);
    // It may have ended before.
    int released = error(syscall(448, descriptor, 0));
    int status;
    waitpid(child, &status, 0);
    printf("released %d, signal %d, gone %d\n", released == 0 || released == ESRCH, WTERMSIG(status), error(syscall(448, descriptor, 0)));
}

int main(void) {
    int pipes[2];
    char byte;
    if (pipe(pipes)) abort();
    pid_t child = fork();
    if (child == 0) {
        if (read(pipes[0], &byte, 1) != 1) abort();
        _exit(7);
    }
    int descriptor = openProcess(child, 0);
    struct stat status;
    printf("opened %d, closes on exec %d, stat %d\n", descriptor > 2, fcntl(descriptor, F_GETFD), fstat(descriptor, &status));
    printf("refused %d %d %d %d\n", error(openProcess(child, 1)), error(openProcess(0, 0)), error(openProcess(-1, 0)),
           error(openProcess(4000000, 0)));
    printf("file %d %d %d\n", error(read(descriptor, &byte, 1)), error(write(descriptor, &byte, 1)),
           error(lseek(descriptor, 0, SEEK_SET)));

    char *base = mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    base[0] = 1;
    int self = openProcess(getpid(), 0);
    printf("advise %ld %ld %ld\n", advise(self, base, 2 * PAGE, MADV_COLD, 0), advise(self, base, PAGE, MADV_PAGEOUT, 0),
           advise(self, base, PAGE + 1, MADV_WILLNEED, 0));
    printf("errors %ld %ld %ld %ld %ld %ld\n", advise(self, base, PAGE, MADV_DONTNEED, 0), advise(self, base, PAGE, MADV_COLD, 1),
           advise(99, base, PAGE, MADV_COLD, 0), advise(1, base, PAGE, MADV_COLD, 0), advise(self, base + 1, PAGE, MADV_COLD, 0),
           advise(self, base, -1, MADV_COLD, 0));
    arrays();
    pieces(self, base);
    munmap(base + 4 * PAGE, PAGE);
    struct iovec parts[2] = {{base, 2 * PAGE}, {base + 4 * PAGE, PAGE}};
    printf("partly %ld, holes %ld, kept %d\n", syscall(SYS_process_madvise, self, parts, 2L, MADV_COLD, 0),
           advise(self, base + 4 * PAGE, PAGE, MADV_COLD, 0), base[0]);

    struct pollfd polled = {.fd = descriptor, .events = POLLIN};
    printf("alive %d", poll(&polled, 1, 0));
    if (write(pipes[1], "x", 1) != 1) abort();
    int ready = poll(&polled, 1, 10000);
    printf(", ended %d %d\n", ready, polled.revents);
    int reaped;
    waitpid(child, &reaped, 0);
    printf("status %d, advise %ld, poll %d\n", WEXITSTATUS(reaped), advise(descriptor, base, PAGE, MADV_COLD, 0), poll(&polled, 1, 0));

    // mprotect's own flags.
    char *window = mmap(0, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(window, 64 * PAGE);
    char *stack = mmap(window + 32 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    char *plain = mmap(window + 40 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    int down = PROT_GROWSDOWN, up = PROT_GROWSUP;
    printf("growsdown %d %d %d %d\n", error(mprotect(plain + PAGE, PAGE, PROT_READ | down)), error(mprotect(stack + 4 * PAGE, PAGE, PROT_READ | down)),
           error(mprotect(stack + 3 * PAGE, PAGE, PROT_READ | down | up)), error(mprotect(stack + 3 * PAGE, PAGE, PROT_READ | down)));
    struct iovec here = {&byte, 1}, there = {stack, 1};
    long written = syscall(SYS_process_vm_writev, getpid(), &here, 1L, &there, 1L, 0L);
    printf("first page %ld %d\n", written, error(written));
    printf("growsup %d %d\n", error(mprotect(plain, PAGE, PROT_READ | up)), error(mprotect(plain + 4 * PAGE, PAGE, PROT_READ | up)));
    printf("mprotect %d %d %d %d\n", error(mprotect(plain, 0, 1 << 20)), error(mprotect(plain, PAGE, 1 << 20)),
           error(mprotect(plain + 1, 0, PROT_READ)), error(mprotect(plain, -1, 1 << 20)));
    growth();
    releases();
    return 0;
}
