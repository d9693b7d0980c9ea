// remap_file_pages: what it shows, what it changes, and which error wins.
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
static char *base;
static sigjmp_buf escape;

static void onFault(int signal, siginfo_t *information, void *context) { siglongjmp(escape, signal * 100 + information->si_code); }

static int look(long page) {
    int fault = sigsetjmp(escape, 1);
    if (fault) return -fault;
    return *(volatile unsigned char *)(base + page * PAGE);
}

static int poke(long page, int value) {
    int fault = sigsetjmp(escape, 1);
    if (fault) return -fault;
    *(volatile unsigned char *)(base + page * PAGE) = value;
    return 0;
}

static void look8(const char *what) {
    printf("%s:", what);
    for (int page = 0; page < 8; page++) printf(" %d", look(page));
    printf("\n");
}

static long change(unsigned long start, unsigned long size, unsigned long prot, unsigned long offset, unsigned long flags) {
    return syscall(SYS_remap_file_pages, start, size, prot, offset, flags) == 0 ? 0 : -errno;
}

static long at(long page, unsigned long pages, unsigned long offset) {
    return change((unsigned long)base + page * PAGE, pages * PAGE, 0, offset, 0);
}

static int file(int pages) {
    int descriptor = memfd_create("pages", MFD_ALLOW_SEALING);
    ftruncate(descriptor, pages * PAGE);
    for (int page = 0; page < pages; page++) pwrite(descriptor, (char[]){'a' + page}, 1, page * PAGE);
    return descriptor;
}

static void map(long page, unsigned long pages, int protection, int flags, int descriptor, long offset) {
    if (mmap(base + page * PAGE, pages * PAGE, protection, MAP_FIXED | flags, descriptor, offset * PAGE) == MAP_FAILED)
        printf("mmap: %d\n", errno);
}

static void anew(void) { munmap(base, 64 * PAGE); }

// What maps says of the window, and one figure of smaps.
static void tell(void) {
    char line[400];
    FILE *maps = fopen("/proc/self/smaps", "r");
    int inside = 0;
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end, offset;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s %lx", &start, &end, rights, &offset) == 4) {
            inside = start >= (unsigned long)base && start < (unsigned long)base + 64 * PAGE;
            if (inside) printf("  +%lu %lu %s %lu", (start - (unsigned long)base) / PAGE, (end - start) / PAGE, rights, offset / PAGE);
        } else if (inside && !strncmp(line, "VmFlags:", 8)) {
            printf("%s", line + 8);
        }
    }
    fclose(maps);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    sigaction(SIGBUS, &action, 0);
    base = mmap((void *)0x20000000, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    anew();

    int a = file(8), b = file(8);
    map(0, 8, PROT_READ | PROT_WRITE, MAP_SHARED, a, 0);
    look8("plain");
    printf("reverse");
    for (int page = 0; page < 8; page++) printf(" %ld", at(page, 1, 7 - page));
    look8("\nreversed");
    poke(0, 'z');
    char byte;
    pread(a, &byte, 1, 7 * PAGE);
    printf("the file has %c\n", byte);
    tell();
    printf("over several mappings %ld\n", at(0, 8, 0));
    look8("as it was");
    printf("beyond the end %ld\n", at(4, 4, 6));
    look8("beyond");
    printf("far %ld %ld\n", at(0, 1, 1UL << 31), at(1, 1, (1UL << 32) - 1));
    look8("far");
    printf("overflow %ld %ld %ld\n", at(0, 1, 1UL << 52), at(0, 1, -1UL), at(0, 2, -2UL));
    tell();

    // Which error wins.
    anew();
    map(0, 8, PROT_READ | PROT_WRITE, MAP_SHARED, a, 0);
    unsigned long start = (unsigned long)base;
    printf("prot %ld %ld\n", change(start, PAGE, PROT_READ, 0, 0), change(start, PAGE, 1UL << 40, 0, 0));
    printf("rounding %ld %ld %ld\n", change(start + 5, PAGE + 100, 0, 3, 0), change(start, 0, 0, 1, 0), change(start, 4095, 0, 1, 0));
    look8("rounded");
    printf("wraps %ld %ld\n", change(start, -PAGE, 0, 0, 0), change(start, -1UL, 0, 0, 0));
    printf("flags %ld %ld\n", change(start, PAGE, 0, 1, -1UL), change(start + PAGE, PAGE, 0, 2, MAP_NONBLOCK));
    look8("flags");
    printf("a tag %ld\n", change(start | 1UL << 56, PAGE, 0, 1, 0));
    printf("nothing there %ld %ld\n", at(20, 1, 0), at(7, 2, 0));
    map(8, 1, PROT_READ | PROT_WRITE, MAP_SHARED, b, 0);
    printf("another file %ld\n", at(7, 2, 0));
    map(8, 1, PROT_READ, MAP_SHARED, a, 0);
    printf("other rights %ld\n", at(7, 2, 0));
    map(8, 1, PROT_READ | PROT_WRITE, MAP_SHARED, a, 3);
    printf("the same file %ld\n", at(7, 2, 0));
    madvise(base + 8 * PAGE, PAGE, MADV_SEQUENTIAL);
    printf("other advice %ld\n", at(7, 2, 0));
    map(8, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, a, 0);
    printf("private %ld %ld\n", at(8, 1, 0), at(7, 2, 0));
    map(8, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("anonymous %ld\n", at(8, 1, 0));

    // A file that was not opened for writing is not shared in this sense.
    char path[100];
    sprintf(path, "/proc/self/fd/%d", a);
    int reader = open("/proc/self/exe", O_RDONLY);
    map(9, 1, PROT_READ, MAP_SHARED, reader, 0);
    printf("read only %ld\n", at(9, 1, 0));

    // Shared memory without a file.
    anew();
    map(0, 4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int page = 0; page < 4; page++) poke(page, '0' + page);
    printf("shared memory %ld %ld\n", at(0, 2, 2), at(3, 1, 0));
    look8("shared memory");
    // What nothing shows any more is still there.
    printf("again %ld\n", at(0, 4, 0));
    look8("again");

    // Rights stay, advice goes, a lock stays.
    anew();
    map(0, 4, PROT_READ, MAP_SHARED, a, 0);
    madvise(base, 4 * PAGE, MADV_DONTFORK);
    madvise(base, 4 * PAGE, MADV_RANDOM);
    mlock(base, 4 * PAGE);
    printf("rights %ld\n", at(1, 2, 5));
    tell();
    printf("write %d\n", poke(1, 1));
    printf("may write %d", mprotect(base, 4 * PAGE, PROT_READ | PROT_WRITE));
    printf(" %d\n", poke(1, 'x'));
    mprotect(base, 4 * PAGE, PROT_NONE);
    printf("none %ld\n", at(0, 1, 5));
    look8("none");
    mprotect(base, 4 * PAGE, PROT_READ);
    look8("read");

    // Closed and gone but for the mapping.
    anew();
    int gone = file(4);
    map(0, 2, PROT_READ | PROT_WRITE, MAP_SHARED, gone, 0);
    close(gone);
    printf("closed %ld\n", at(0, 2, 2));
    look8("closed");
    munmap(base + PAGE, PAGE);
    printf("the last page %ld\n", at(0, 1, 0));
    look8("the last page");

    // Seals.
    anew();
    int sealed = file(4);
    map(0, 2, PROT_READ | PROT_WRITE, MAP_SHARED, sealed, 0);
    map(4, 2, PROT_READ, MAP_SHARED, sealed, 0);
    printf("seal %d\n", fcntl(sealed, 1033, 16));
    printf("sealed %ld\n", at(4, 1, 2));
    printf("%d %d\n", look(4), mprotect(base + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE));
    printf("sealed, writable %ld\n", at(0, 1, 2));

    // A child has a mapping of its own of the same pages.
    anew();
    map(0, 8, PROT_READ | PROT_WRITE, MAP_SHARED, a, 0);
    fflush(stdout);
    if (fork() == 0) {
        printf("child %ld\n", at(0, 4, 4));
        poke(0, 'C');
        look8("child");
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    look8("parent");
    return 0;
}
