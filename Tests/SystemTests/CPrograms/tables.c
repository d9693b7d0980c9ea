// One program's translation tables, without end, leave the kernel its reserve, and others what they need to go on.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L

static long freePages(void) {
    struct sysinfo information;
    sysinfo(&information);
    return (long)information.freeram * information.mem_unit / PAGE;
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    int ready[2], others[2];
    if (pipe(ready) || pipe(others)) return 1;
    mlockall(MCL_CURRENT);
    long before = freePages();
    pid_t hog = fork();
    if (hog == 0) {
        // An untouched page in each GiB: two tables, and no frame.
        for (long i = 0; i < 100000; i++) {
            char *place = (char *)0x8000000000 + (i << 30);
            int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
            if (mmap(place, PAGE, PROT_NONE, flags, -1, 0) == MAP_FAILED) break;
        }
        int error = errno;
        if (write(ready[1], &error, sizeof error) < 0) _exit(1);
        for (;;) pause();
    }
    // Where the hog could not even say that it is done, reading ends.
    close(ready[1]);
    int error = 0;
    if (read(ready[0], &error, sizeof error) < 0) return 1;
    long left = freePages();
    printf("the hog ends with error %d, at least 140 frames are left: %s\n", error, left >= 140 ? "yes" : "no");
    char byte;
    printf("a pipe takes %d byte, and gives %d\n", (int)write(others[1], "x", 1), (int)read(others[0], &byte, 1));
    kill(hog, SIGKILL);
    waitpid(hog, 0, 0);
    printf("all comes back: %s\n", freePages() >= before - 8 ? "yes" : "no");
    return 0;
}
