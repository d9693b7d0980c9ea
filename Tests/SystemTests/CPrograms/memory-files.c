// memfd_create, seals, and mappings of files beside read and write.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L
#define BOTH (PROT_READ | PROT_WRITE)

static void tell(const char *what, long result) {
    if (result < 0) printf("%s: error %d\n", what, errno);
    else printf("%s: %ld\n", what, result);
}

static void *map(const char *what, int fd, long size, int protection, int flags) {
    char *p = mmap(0, size, protection, flags, fd, 0);
    if (p == MAP_FAILED) printf("%s: error %d\n", what, errno);
    else printf("%s: mapped\n", what);
    return p == MAP_FAILED ? 0 : p;
}

static sigjmp_buf place;
static void caught(int signal) { siglongjmp(place, signal); }

static int touch(volatile char *p) {
    int signal = sigsetjmp(place, 1);
    if (signal) return -signal;
    return *p;
}

static void shared(void) {
    int fd = memfd_create("shared", 0);
    char buffer[16] = {0};
    tell("ftruncate", ftruncate(fd, 2 * PAGE));
    char *p = map("shared", fd, 3 * PAGE, BOTH, MAP_SHARED);
    strcpy(p, "by store");
    tell("pread", pread(fd, buffer, 8, 0));
    puts(buffer);
    tell("pwrite", pwrite(fd, "by write", 8, PAGE));
    printf("%.8s\n", p + PAGE);
    printf("beyond the end: %d\n", touch(p + 2 * PAGE));
    char *copy = map("private", fd, 2 * PAGE, BOTH, MAP_PRIVATE);
    printf("%.8s\n", copy);
    strcpy(copy + PAGE, "my own");
    printf("%.8s, %.6s\n", p + PAGE, copy + PAGE);
    strcpy(p, "later");
    printf("%.5s\n", copy);
    pid_t child = fork();
    if (child == 0) {
        strcpy(p + 100, "child");
        _exit(0);
    }
    waitpid(child, 0, 0);
    printf("%.5s\n", p + 100);
    tell("truncate", ftruncate(fd, 10));
    printf("cut off: %d %d %d\n", touch(p + 9), touch(p + 100), touch(p + PAGE));
    printf("the copy too: %d\n", touch(copy + PAGE));
    tell("grow again", ftruncate(fd, 2 * PAGE));
    printf("zeroes: %d %d\n", touch(p + 100), touch(p + PAGE));
    p[PAGE] = 'h';
    tell("punch", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
    printf("hole: %d\n", touch(p + PAGE));
    close(fd);
    strcpy(p, "closed");
    printf("%s\n", p);
    munmap(p, 3 * PAGE);
    munmap(copy, 2 * PAGE);
}

static void files(void) {
    int fd = open("mapped", O_CREAT | O_TRUNC | O_RDWR, 0644);
    tell("write", write(fd, "0123456789", 10));
    char *p = map("shared", fd, PAGE, BOTH, MAP_SHARED);
    unlink("mapped");
    close(fd);
    printf("%.10s\n", p);
    p[0] = 'x';
    printf("%.10s %d\n", p, p[10]);
    munmap(p, PAGE);
    fd = open("mapped", O_CREAT | O_TRUNC | O_RDWR, 0644);
    write(fd, "abc", 3);
    int reading = open("mapped", O_RDONLY), writing = open("mapped", O_WRONLY);
    map("shared, to write, of a file to read", reading, PAGE, BOTH, MAP_SHARED);
    p = map("private, to write, of a file to read", reading, PAGE, BOTH, MAP_PRIVATE);
    p[0] = 'z';
    map("of a file to write", writing, PAGE, PROT_READ, MAP_SHARED);
    p = map("shared, to read", reading, PAGE, PROT_READ, MAP_SHARED);
    tell("mprotect it", mprotect(p, PAGE, BOTH));
    write(fd, "def", 3);
    printf("%.6s\n", p);
    // A read into a mapping of what is read, and a write from one.
    char *q = map("again", fd, PAGE, BOTH, MAP_SHARED);
    tell("read into it", pread(fd, q + 100, 3, 0));
    tell("write from it", pwrite(fd, q, 3, 4));
    printf("%.8s %.3s\n", q, q + 100);
    map("a directory", open(".", O_RDONLY), PAGE, PROT_READ, MAP_PRIVATE);
    map("O_PATH", open("mapped", O_PATH), PAGE, PROT_READ, MAP_PRIVATE);
    unlink("mapped");
}

static void seals(void) {
    int fd = memfd_create("none", 0);
    tell("seals of one that allows none", fcntl(fd, F_GET_SEALS));
    tell("add", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    close(fd);
    fd = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    printf("close on exec %d, readable and writable %d\n", fcntl(fd, F_GETFD), fcntl(fd, F_GETFL) & O_ACCMODE);
    struct stat s;
    fstat(fd, &s);
    printf("mode %o links %lu\n", s.st_mode, (unsigned long)s.st_nlink);
    tell("get", fcntl(fd, F_GET_SEALS));
    tell("write", write(fd, "12345", 5));
    tell("seal growing", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    tell("grow by write", write(fd, "x", 1));
    tell("overwrite", pwrite(fd, "xyz", 3, 1));
    tell("over the end", pwrite(fd, "xyz", 3, 4));
    tell("grow", ftruncate(fd, 100));
    tell("fallocate", fallocate(fd, 0, 0, 100));
    tell("shrink", ftruncate(fd, 4));
    tell("seal shrinking", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    tell("shrink", ftruncate(fd, 3));
    char *p = map("shared", fd, PAGE, BOTH, MAP_SHARED);
    tell("seal writing while mapped", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    munmap(p, PAGE);
    char *q = map("private", fd, PAGE, BOTH, MAP_PRIVATE);
    tell("seal future writing", fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    tell("write", pwrite(fd, "q", 1, 0));
    map("shared, to write", fd, PAGE, BOTH, MAP_SHARED);
    p = map("shared, to read", fd, PAGE, PROT_READ, MAP_SHARED);
    if (p) tell("mprotect", mprotect(p, PAGE, BOTH));
    if (p) munmap(p, PAGE);
    tell("seal writing", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    tell("punch", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1));
    q[0] = 'p';
    printf("%.4s\n", q);
    tell("unknown seal", fcntl(fd, F_ADD_SEALS, 0x1000));
    tell("seal sealing", fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    tell("another", fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    tell("get", fcntl(fd, F_GET_SEALS));
    close(fd);
    int ends[2];
    if (pipe(ends)) return;
    tell("seals of a pipe", fcntl(ends[0], F_GET_SEALS));
    tell("unknown flags", memfd_create("x", 0x4000));
    char name[300];
    memset(name, 'n', sizeof name);
    name[250] = 0;
    tell("a name too long", memfd_create(name, 0));
    name[249] = 0;
    printf("the longest name %d\n", memfd_create(name, 0) >= 0);
    tell("an empty name", memfd_create("", 0) >= 0);
    tell("a bad name", memfd_create((char *)8, 0));
}

int main(int argc, char **argv) {
    signal(SIGBUS, caught);
    signal(SIGSEGV, caught);
    if (argc > 1 && (mkdir(argv[1], 0755), chdir(argv[1]))) return 1;
    shared();
    files();
    seals();
    return 0;
}
