// Reads and writes of several ranges, and what registers and descriptors may hold.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGH 0x100000000ul

static char bytes[8192];
static volatile int signals;

static void count(int signal) { (void)signal; signals++; }

static void tell(const char *what, long result) {
    if (result < 0) printf("%s: error %d\n", what, errno);
    else printf("%s: %ld\n", what, result);
}

static int make(const char *path, long size) {
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644);
    if (ftruncate(fd, size)) puts("no size");
    return fd;
}

static void pipes(void) {
    int ends[2];
    char first[4], second[4] = "----";
    struct iovec ranges[2] = {{first, 4}, {second, 4}};
    if (pipe(ends)) return;
    tell("fill the first range", write(ends[1], "abcd", 4));
    signal(SIGALRM, count);
    alarm(2);
    tell("readv does not wait for the second", readv(ends[0], ranges, 2));
    alarm(0);
    printf("signals %d, second %.4s\n", signals, second);
    close(ends[0]);
    close(ends[1]);

    // As one write of up to PIPE_BUF bytes: all of it or none.
    if (pipe2(ends, O_NONBLOCK)) return;
    for (int i = 0; i < 15; i++) if (write(ends[1], bytes, 4096) != 4096) puts("short");
    tell("part of the last page", write(ends[1], bytes, 100));
    struct iovec halves[2] = {{bytes, 2000}, {bytes, 2000}};
    tell("writev of more than there is room for", writev(ends[1], halves, 2));
    halves[1].iov_len = 1000;
    tell("writev of what fits", writev(ends[1], halves, 2));
    long total = 0, got;
    while ((got = read(ends[0], bytes, sizeof bytes)) > 0) total += got;
    printf("in the pipe %ld\n", total);
    close(ends[0]);
    close(ends[1]);
}

static void ranges(void) {
    int fd = make("/transfers", 64);
    char buffer[32];
    memset(buffer, 7, 32);
    struct iovec own[2];
    own[0] = (struct iovec){own, 32};
    own[1] = (struct iovec){buffer, 32};
    tell("readv over its own array", readv(fd, own, 2));
    printf("last byte %d\n", buffer[31]);

    static struct iovec many[1025];
    for (int i = 0; i < 1025; i++) many[i] = (struct iovec){bytes + i, i % 3};
    for (int i = 0; i < 2048; i++) bytes[i] = i * 7;
    tell("pwritev of 1,024 ranges", pwritev(fd, many, 1024, 0));
    tell("of 1,025", pwritev(fd, many, 1025, 0));
    for (int i = 0; i < 1025; i++) many[i] = (struct iovec){bytes + 4096 + i * 2, i % 3};
    memset(bytes + 4096, 0, 4096);
    tell("preadv", preadv(fd, many, 1024, 0));
    unsigned long sum = 0;
    for (int i = 4096; i < 8192; i++) sum = sum * 31 + (unsigned char)bytes[i];
    printf("sum %lx\n", sum);

    void *none = mmap(0, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    many[0] = (struct iovec){bytes, 10};
    many[1] = (struct iovec){0, 0};
    many[2] = (struct iovec){none, 10};
    tell("second range can't be written", preadv(fd, many, 3, 0));
    tell("nor read", pwritev(fd, many, 3, 0));
    tell("none can", preadv(fd, many + 2, 1, 0));
    many[2].iov_len = -1;
    tell("a negative length", preadv(fd, many, 3, 0));
    many[2] = (struct iovec){(void *)(1ul << 55), 10};
    tell("an address that is none", preadv(fd, many, 3, 0));
    many[3] = (struct iovec){bytes, -1};
    tell("before a negative length", preadv(fd, many, 4, 0));
    tell("an array that is none", preadv(fd, none, 2, 0));
    tell("no ranges", readv(fd, many, 0));
    int only = open("/transfers", O_RDONLY);
    tell("no ranges to a file that can't be written", writev(only, many, 0));
    tell("a range of nothing", writev(only, many + 1, 1));
    close(only);
    tell("beyond a position", pread(fd, bytes, 16, 0x7ffffffffffffff8));
    tell("beyond it, to be written", pwrite(fd, bytes, 16, 0x7ffffffffffffff8));
    close(fd);
    unlink("/transfers");
}

// The upper half of a register that holds 32 bits is nobody's.
static void registers(void) {
    int fd = make("/transfers", 64);
    struct iovec range = {bytes, 8};
    struct pollfd polled = {fd, POLLIN, 0};
    struct timespec soon = {0, 0};
    tell("getrandom", syscall(SYS_getrandom, bytes, 8, HIGH));
    tell("preadv2", syscall(SYS_preadv2, fd, &range, 1, 0ul, 0ul, HIGH));
    tell("pwritev2", syscall(SYS_pwritev2, fd, &range, 1, 0ul, 0ul, HIGH | 4));
    tell("preadv2 with a flag that is none", syscall(SYS_preadv2, fd, &range, 1, 0ul, 0ul, 0x80ul));
    tell("ppoll", syscall(SYS_ppoll, &polled, HIGH | 1, &soon, 0, 8));
    int path = open("/transfers", O_PATH);
    tell("ioctl of O_PATH", ioctl(path, FIONREAD, bytes));
    tell("ioctl of nothing", ioctl(99, FIONREAD, bytes));
    close(path);
    close(fd);
}

static void slashes(void) {
    struct stat status;
    tell("stat exe", stat("/proc/self/exe", &status));
    tell("stat exe/", stat("/proc/self/exe/", &status));
    tell("stat exe//", stat("/proc/self/exe//", &status));
    tell("stat exe/x", stat("/proc/self/exe/x", &status));
    tell("stat exe/.", stat("/proc/self/exe/.", &status));
    tell("open exe/", open("/proc/self/exe/", O_RDONLY));
    tell("make exe/", open("/proc/self/exe/", O_RDONLY | O_CREAT, 0600));
    tell("stat cwd/", stat("/proc/self/cwd/", &status));
    tell("stat root//", stat("/proc/self/root//", &status));
    tell("stat /", stat("/", &status));
    tell("stat ///", stat("///", &status));
}

static long blocks(int fd) {
    struct stat status;
    fstat(fd, &status);
    return status.st_blocks;
}

// On a file system of tmpfs's kind on both sides.
static void room(void) {
    int fd = memfd_create("room", 0);
    tell("set aside", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1 << 20));
    printf("blocks %ld\n", blocks(fd));
    tell("punch a part", fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 4096 + 10, 8192));
    printf("blocks %ld\n", blocks(fd));
    tell("punch the rest", fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 1 << 20));
    printf("blocks %ld\n", blocks(fd));
    for (int i = 0; i < 10000; i++) bytes[i % 8192] = 'x';
    tell("write", pwrite(fd, bytes, 6000, 0));
    tell("punch to the end", fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 5000, 1000));
    printf("blocks %ld\n", blocks(fd));
    tell("punch beyond the end", fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 5000, 1 << 20));
    printf("blocks %ld\n", blocks(fd));
    tell("read", pread(fd, bytes, 6000, 0));
    printf("%d %d %d\n", bytes[4999], bytes[5000], bytes[5999]);
    close(fd);
}

// The second half of what is written comes into the file by the first half.
static void ownPage(void) {
    int fd = memfd_create("own", 0);
    char *memory = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tell("size", ftruncate(fd, 4096));
    memset(memory, 'a', 4096);
    mmap(memory + 4096, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 4096);
    tell("write from a page that the write makes", pwrite(fd, memory + 3996, 300, 4096));
    tell("size again", ftruncate(fd, 4096));
    struct iovec halves[2] = {{memory + 3996, 100}, {memory + 4096, 200}};
    tell("pwritev from it", pwritev(fd, halves, 2, 4096));
    tell("end", lseek(fd, 0, SEEK_END));
    close(fd);
}

// Pages that are set aside beyond the end.
static void beyond(void) {
    int fd = memfd_create("beyond", 0);
    tell("keep size", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8 * 4096));
    printf("blocks %ld\n", blocks(fd));
    tell("grow", ftruncate(fd, 2 * 4096));
    printf("blocks %ld\n", blocks(fd));
    tell("the same size", ftruncate(fd, 2 * 4096));
    printf("blocks %ld\n", blocks(fd));
    tell("keep size", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8 * 4096));
    tell("grow", ftruncate(fd, 5000));
    tell("grow", ftruncate(fd, 3 * 4096 + 1));
    printf("blocks %ld\n", blocks(fd));
    char *memory = mmap(0, 8 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    memset(memory, 'x', 4 * 4096);
    tell("keep size", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8 * 4096));
    tell("grow", ftruncate(fd, 5 * 4096));
    printf("%d %d %d %d\n", memory[3 * 4096], memory[3 * 4096 + 1], memory[4 * 4096 - 1], memory[4 * 4096]);
    printf("blocks %ld\n", blocks(fd));
    tell("shrink", ftruncate(fd, 4096));
    printf("blocks %ld\n", blocks(fd));
    munmap(memory, 8 * 4096);
    close(fd);
}

static void opening(const char *what, const char *path, int flags) {
    int fd = open(path, flags, 0644);
    if (fd < 0) printf("%s: error %d\n", what, errno);
    else printf("%s: %#x\n", what, fcntl(fd, F_GETFL));
    close(fd);
}

static void flags(void) {
    opening("create", "/flags", O_CREAT | O_RDWR);
    tell("size", truncate("/flags", 3));
    opening("direct", "/flags", O_RDWR | O_DIRECT);
    opening("direct, empty", "/flags", O_RDWR | O_DIRECT | O_TRUNC);
    struct stat status;
    stat("/flags", &status);
    printf("size %ld\n", (long)status.st_size);
    opening("direct, new", "/other", O_CREAT | O_RDWR | O_DIRECT);
    printf("made: %d\n", access("/other", F_OK));
    opening("direct, only if new", "/other", O_CREAT | O_EXCL | O_RDWR | O_DIRECT);
    opening("directory, direct", "/", O_RDONLY | O_DIRECT);
    opening("directory", "/", O_RDONLY | O_DIRECTORY);
    opening("directory, to write", "/", O_RDWR | O_DIRECT);
    opening("path", "/flags", O_PATH | O_DIRECT);
    opening("without a name, direct", "/", O_TMPFILE | O_RDWR | O_DIRECT);
    opening("without a name", "/", O_TMPFILE | O_RDWR);
    opening("of /proc, direct", "/proc/self/maps", O_RDONLY | O_DIRECT);
    opening("of /proc", "/proc/self/maps", O_RDONLY);
    opening("a link", "/proc/self/exe", O_RDONLY | O_NOFOLLOW | O_DIRECT);
    opening("many", "/flags", O_APPEND | O_WRONLY | O_SYNC | O_NOFOLLOW | O_NONBLOCK | O_ASYNC | O_NOATIME);
    opening("neither", "/flags", 3);
    int fd = memfd_create("flags", 0);
    printf("memfd %#x\n", fcntl(fd, F_GETFL));
    tell("set", fcntl(fd, F_SETFL, O_APPEND));
    printf("memfd %#x\n", fcntl(fd, F_GETFL));
    close(fd);
}

static void group(const char *path) {
    struct stat status;
    if (lstat(path, &status)) printf("%s: error %d\n", path, errno);
    else printf("%s: %o, group %d\n", path, status.st_mode, (int)status.st_gid);
}

static void inherits(void) {
    mkdir("/inherits", 0755);
    tell("chown", chown("/inherits", 0, 1));
    tell("chmod", chmod("/inherits", 02755));
    tell("mkdir", mkdir("/inherits/d", 0755));
    close(open("/inherits/f", O_CREAT | O_RDWR, 02755));
    tell("symlink", symlink("x", "/inherits/l"));
    int fd = open("/inherits", O_TMPFILE | O_RDWR, 0644);
    tell("linkat", linkat(fd, "", AT_FDCWD, "/inherits/t", AT_EMPTY_PATH));
    close(fd);
    group("/inherits/d");
    group("/inherits/f");
    group("/inherits/l");
    group("/inherits/t");
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    pipes();
    ranges();
    registers();
    slashes();
    room();
    ownPage();
    beyond();
    flags();
    inherits();
}
