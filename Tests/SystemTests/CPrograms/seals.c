// Seals that are added while another's call on the file goes on: what is sealed stays as it was when the seal was added.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int file(void) { return memfd_create("sealed", MFD_ALLOW_SEALING); }

static struct stat status(int fd) {
    struct stat status;
    fstat(fd, &status);
    return status;
}

// While a mapping that can write is populated.
static void mapping(void) {
    int fd = file();
    size_t size = 64 << 20;
    ftruncate(fd, size);
    pid_t child = fork();
    if (!child) {
        while (!status(fd).st_blocks) sched_yield();
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
        _exit(0);
    }
    char *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    waitpid(child, 0, 0);
    printf("mapped %d, sealed %d\n", p != MAP_FAILED, fcntl(fd, F_GET_SEALS));
    munmap(p, size);
    printf("seal then: %d\n", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    close(fd);
}

// While room is set aside, which makes the file longer at the end.
static void growing(void) {
    int fd = file();
    pid_t child = fork();
    if (!child) _exit(fallocate(fd, 0, 0, 40 << 20) ? errno : 0);
    while (!status(fd).st_blocks) sched_yield();
    int result = fcntl(fd, F_ADD_SEALS, F_SEAL_GROW);
    long size = status(fd).st_size;
    int end;
    waitpid(child, &end, 0);
    printf("seal growing: %d, fallocate %d, grown since %ld\n", result, end, (long)status(fd).st_size - size);
    close(fd);
}

// While much is written.
static void writing(void) {
    static char bytes[24 << 20];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = 1;
    int fd = file();
    pid_t child = fork();
    if (!child) _exit(write(fd, bytes, sizeof bytes) != sizeof bytes);
    while (!status(fd).st_blocks) sched_yield();
    int result = fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    int end;
    waitpid(child, &end, 0);
    printf("seal writing: %d, written in part %d\n", result, end);
    close(fd);
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    mapping();
    growing();
    writing();
}
