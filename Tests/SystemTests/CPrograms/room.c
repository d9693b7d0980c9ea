// What fallocate leaves where there is not room enough.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static long available(void) {
    struct statvfs status;
    statvfs("/", &status);
    return status.f_bavail;
}

static void allocate(int fd, long first, long pages) {
    int result = fallocate(fd, FALLOC_FL_KEEP_SIZE, first * 4096, pages * 4096);
    int error = result ? errno : 0;
    struct stat status;
    fstat(fd, &status);
    printf("error %d, blocks %ld\n", error, (long)status.st_blocks);
}

int main(void) {
    int fd = open("/room", O_CREAT | O_RDWR, 0600);
    pwrite(fd, "x", 1, 4096 * 3);
    long before = available();
    // Each page has room, but not the tables that lead to them.
    allocate(fd, 1, before - 1);
    printf("given back %d\n", available() > before - 64);
    // What lies elsewhere in the file is no room for this.
    int other = open("/other", O_CREAT | O_RDWR, 0600);
    long half = before * 6 / 10;
    printf("half: %d\n", fallocate(other, FALLOC_FL_KEEP_SIZE, 0, half * 4096));
    before = available();
    struct stat status, after;
    fstat(other, &status);
    int result = fallocate(other, FALLOC_FL_KEEP_SIZE, half * 4096, half * 4096);
    fstat(other, &after);
    printf("again: %d, %d\n", result, status.st_blocks == after.st_blocks);
    printf("given back %d\n", available() > before - 64);
    // What is there already needs none.
    printf("the same: %d\n", fallocate(other, FALLOC_FL_KEEP_SIZE, 0, half * 4096));
}
