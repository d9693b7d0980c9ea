// Counts of faults, as getrusage, wait4, /proc/self/stat and /proc/vmstat tell them.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096l

static char *memory;

static long minor(int who) {
    struct rusage usage;
    getrusage(who, &usage);
    return usage.ru_minflt;
}

// minflt, cminflt, majflt, cmajflt.
static void fields(long counts[4]) {
    FILE *file = fopen("/proc/self/stat", "r");
    if (fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %ld %ld %ld %ld", counts, counts + 1, counts + 2, counts + 3) != 4)
        counts[0] = -1;
    fclose(file);
}

static long vmstat(const char *name) {
    FILE *file = fopen("/proc/vmstat", "r");
    char text[100];
    long count = -1;
    while (fgets(text, sizeof text, file))
        if (!strncmp(text, name, strlen(name)) && text[strlen(name)] == ' ') count = atol(text + strlen(name));
    fclose(file);
    return count;
}

// Every other page from the end: no two neighbours, and never the next one.
static void touch(long pages) {
    for (long page = 2 * pages; page > 0; page -= 2) memory[page * PAGE] = 1;
}

int main(void) {
    long before[4], after[4];
    struct rusage usage;
    memory = mmap(0, 1024 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    minor(RUSAGE_SELF);
    fields(before), fields(before);

    long count = minor(RUSAGE_SELF);
    touch(40);
    printf("40 pages touched: %ld\n", minor(RUSAGE_SELF) - count);
    count = minor(RUSAGE_SELF);
    touch(40);
    printf("and again: %ld\n", minor(RUSAGE_SELF) - count);
    fields(after), fields(after);
    count = minor(RUSAGE_SELF);
    printf("stat: %s, children's %ld\n", after[0] == count ? "the same" : "another", after[1] - before[1]);

    long all = vmstat("pgfault");
    touch(300);
    printf("vmstat: %s, major ones %s\n", vmstat("pgfault") - all >= 260 ? "more" : "too few", vmstat("pgmajfault") >= 0 ? "too" : "not");

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        touch(200);
        if (fork() == 0) {
            touch(100);
            _exit(0);
        }
        wait(0);
        _exit(0);
    }
    int status;
    printf("child's: %s", minor(RUSAGE_CHILDREN) == 0 ? "0" : "more");
    wait4(child, &status, 0, &usage);
    // The child's 200 copies and those of its own child, with some of stack and data.
    count = usage.ru_minflt;
    printf(", waited for: %s", count >= 300 && count < 400 ? "300 and some" : "other");
    printf(", getrusage %s", minor(RUSAGE_CHILDREN) == count ? "the same" : "another");
    fields(after);
    printf(", stat %s\n", after[1] == count ? "the same" : "another");

    child = fork();
    if (child == 0) _exit(3);
    long result = wait4(child, (int *)8, 0, 0);
    printf("status to nowhere: %ld %d", result, errno);
    result = wait4(child, &status, 0, 0);
    printf(", and then: %ld %d\n", result, errno);
    return 0;
}
