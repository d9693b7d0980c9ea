// Memory that is shared on purpose, across fork: what one side writes the other one reads, touched before or not.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 80 };

static void show(const char *what, long value) { printf("%s: %ld\n", what, value); fflush(stdout); }

static void tell(const char *what, void *result) {
    printf("%s: %s\n", what, result == MAP_FAILED ? strerror(errno) : "mapped");
    fflush(stdout);
}

static int finish(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

int main(void) {
    long *shared = mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    long *own = mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int page = 0; page < PAGES / 2; page++) shared[page * 512] = own[page * 512] = page;
    pid_t child = fork();
    if (child == 0) {
        long sum = 0;
        for (int page = 0; page < PAGES; page++) sum += shared[page * 512];
        show("child reads", sum);
        for (int page = 0; page < PAGES; page++) shared[page * 512] = own[page * 512] = 2 * page;
        mprotect(shared, PAGE, PROT_READ);
        _exit(7);
    }
    show("status", finish(child));
    long sum = 0, ownSum = 0;
    for (int page = 0; page < PAGES; page++) { sum += shared[page * 512]; ownSum += own[page * 512]; }
    show("parent reads shared", sum);
    show("parent reads its own", ownSum);
    shared[0] = 5;
    show("parent may still write", shared[0]);

    // A child that unmaps takes nothing from its parent.
    child = fork();
    if (child == 0) { munmap(shared, PAGES * PAGE); _exit(0); }
    finish(child);
    show("after the child's munmap", shared[512]);
    madvise(shared, PAGES * PAGE, MADV_DONTNEED);
    show("shared memory outlives MADV_DONTNEED", shared[512]);

    tell("without a type", mmap(0, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    tell("validated anonymous", mmap(0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0));
    tell("no length", mmap(0, 0, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    tell("bad descriptor", mmap(0, PAGE, PROT_READ, MAP_SHARED, 99, 0));
    tell("bad offset", mmap(0, PAGE, PROT_READ, MAP_SHARED, 0, 123));
    tell("growing down", mmap(0, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0));
    show("unmapped", munmap(shared, PAGES * PAGE));
    return 0;
}
