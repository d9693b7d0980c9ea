// What overcommit mode 2 refuses where nobody could ask first: pages of memory files, and stacks that grow.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1L << 20)

static char text[16384];
static sigjmp_buf before;

static long figure(const char *label) {
    int file = open("/proc/meminfo", O_RDONLY);
    long size = 0, count;
    while ((count = read(file, text + size, sizeof text - size - 1)) > 0) size += count;
    close(file);
    text[size] = 0;
    char *line = strstr(text, label);
    return line ? strtol(line + strlen(label), 0, 10) * 1024 : -1;
}

static void set_mode(const char *mode) {
    int file = open("/proc/sys/vm/overcommit_memory", O_WRONLY);
    if (write(file, mode, 1) != 1) puts("no mode");
    close(file);
}

static void *map(long size, int flags) {
    return mmap(0, size, PROT_READ | PROT_WRITE, flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void handler(int signal, siginfo_t *info, void *context) { siglongjmp(before, signal << 8 | info->si_code); }

static void touch(const char *what, char *place) {
    int signal = sigsetjmp(before, 1);
    if (!signal) *place = 1;
    if (signal) printf("%s: signal %d, code %d\n", what, signal >> 8, signal & 0xFF);
    else printf("%s: done\n", what);
}

// Has all promised that may be, and returns where.
static long fill(char **place) {
    long low = 0, high = figure("CommitLimit:") / 4096;
    while (low < high) {
        long middle = (low + high + 1) / 2;
        char *tried = map(middle * 4096, 0);
        if (tried == MAP_FAILED) high = middle - 1;
        else { munmap(tried, middle * 4096); low = middle; }
    }
    *place = map(low * 4096, 0);
    return low * 4096;
}

static void in_child(const char *what, void (*body)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) { printf("%s: fork: error %d\n", what, errno); return; }
    if (!child) { body(); fflush(stdout); _exit(0); }
    int status;
    waitpid(child, &status, 0);
}

static void written(void) {
    static char bytes[MIB];
    int file = memfd_create("written", 0);
    long size = 0, count;
    while ((count = write(file, bytes, sizeof bytes)) > 0 && size < 1024 * MIB) size += count;
    printf("written: error %d, within the limit %d\n", errno, figure("Committed_AS:") <= figure("CommitLimit:"));
    // What is cut off may be promised again.
    printf("cut off: %d\n", ftruncate(file, size - 8 * MIB));
    printf("written again: %d\n", pwrite(file, bytes, MIB, size - 8 * MIB) == MIB);
}

static void allocated(void) {
    int file = memfd_create("allocated", 0);
    long limit = figure("CommitLimit:");
    printf("allocated: %d", fallocate(file, 0, 0, limit));
    printf(", error %d\n", errno);
    printf("a little: %d\n", fallocate(file, 0, 0, MIB));
    printf("mapped as a whole: %d\n", mmap(0, limit, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED);
    printf("as a whole, private: %d\n", mmap(0, limit, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0) != MAP_FAILED);
}

static void touched(void) {
    int file = memfd_create("touched", 0);
    ftruncate(file, 16 * MIB);
    char *shared = mmap(0, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *stack = mmap((char *)0x9000000000, 8192, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    touch("a page while there is room", shared);
    touch("a stack while there is room", stack - 4096);
    char *rest;
    long size = fill(&rest);
    touch("a page", shared + 8 * MIB);
    touch("a stack", stack - 64 * 4096);
    touch("the page that is there", shared);
    munmap(rest, size);
    touch("a page, with room again", shared + 8 * MIB);
    touch("a stack, with room again", stack - 64 * 4096);
}

static void nothing(void) { puts("a child"); }

static void copied(void) {
    long size = figure("CommitLimit:") / 3 * 2 & -4096;
    char *large = map(size, 0);
    printf("two thirds: %d\n", large != MAP_FAILED);
    in_child("of all", nothing);
    madvise(large, size, MADV_DONTFORK);
    in_child("of what it gets", nothing);
}

// Long arguments need a stack that is promised, where nobody has counted since there was nothing left.
static void executed(void) {
    static char argument[4000];
    char *arguments[102] = {"/proc/self/exe"}, *none[] = {0};
    memset(argument, 'a', sizeof argument - 1);
    for (int i = 1; i < 101; i++) arguments[i] = argument;
    int file = memfd_create("executed", 0);
    ftruncate(file, MIB);
    char *rest, *shared = mmap(0, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    long size = fill(&rest);
    touch("before execve", shared);
    munmap(rest, size);
    fflush(stdout);
    execve("/proc/self/exe", arguments, none);
    printf("execve: error %d\n", errno);
}

int main(int count, char **arguments) {
    if (count > 1) {
        printf("executed with %d arguments, the last of %zu bytes\n", count, strlen(arguments[count - 1]));
        return 0;
    }

    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &action, 0);
    sigaction(SIGBUS, &action, 0);
    set_mode("2");
    in_child("written", written);
    in_child("allocated", allocated);
    in_child("touched", touched);
    in_child("copied", copied);
    in_child("executed", executed);
    set_mode("0");
    return 0;
}
