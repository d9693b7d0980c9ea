// fallocate, where it fails, takes back what it set aside; not what somebody has written there meanwhile.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BOTH = PROT_READ | PROT_WRITE };

static unsigned long available(void) {
    struct sysinfo info;
    sysinfo(&info);
    return info.freeram * info.mem_unit / 4096;
}

int main(void) {
    unsigned long before = available();
    long pages = before * 6 / 10, lost = 0;
    int fd = memfd_create("file", 0), status;
    ftruncate(fd, pages * 4096);
    pid_t child = fork();
    if (!child) _exit(fallocate(fd, 0, 0, pages * 4096) ? errno : 0);
    while (available() > before - 300) sched_yield();
    char *p = mmap(0, 100 * 4096, BOTH, MAP_SHARED, fd, 0);
    for (long i = 0; i < 100; i++) p[i * 4096] = 'X';
    munmap(p, 100 * 4096);
    // What is left is not enough.
    size_t size = (available() - before / 12) * 4096;
    p = mmap(0, size, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    waitpid(child, &status, 0);
    printf("error %d\n", status >> 8);
    for (long i = 0; i < 100; i++) {
        char byte = 0;
        pread(fd, &byte, 1, i * 4096);
        if (byte != 'X') lost++;
    }
    struct stat file;
    fstat(fd, &file);
    printf("lost %ld, kept %ld\n", lost, (long)file.st_blocks / 8);
}
