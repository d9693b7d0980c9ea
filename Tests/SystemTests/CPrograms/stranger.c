// A process is killed for want of memory while it takes pages out of a file that only its mapping keeps. Another one makes
// a file at once, which may get what the kernel knew the first one by: nothing goes out of that.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BOTH = PROT_READ | PROT_WRITE, PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS };

static char data[300 * 4096], back[300 * 4096];

static unsigned long available(void) {
    struct sysinfo info;
    sysinfo(&info);
    return info.freeram * info.mem_unit / 4096;
}

// Has the file at `path` to itself, and most memory of all.
static void remove_forever(const char *path, int ready) {
    int fd = open(path, O_RDWR);
    size_t size = lseek(fd, 0, SEEK_END) & ~4095ul;
    char *file = mmap(0, size, BOTH, MAP_SHARED, fd, 0);
    unlink(path);
    close(fd);
    size_t most = available() * 4096 * 55 / 100;
    if (file == MAP_FAILED || mmap(0, most, BOTH, PRIVATE | MAP_POPULATE, -1, 0) == MAP_FAILED) _exit(1);
    write(ready, "r", 1);
    for (;;) madvise(file, size, MADV_REMOVE);
}

// Takes memory until the other one was killed, and makes a file then.
static void eat(void) {
    size_t size = 400 << 20;
    char *own = mmap(0, size, BOTH, PRIVATE | MAP_NORESERVE, -1, 0);
    memset(data, 'X', sizeof data);
    memset(back, 1, sizeof back);
    unsigned long last = available();
    for (size_t k = 0; k < size; k += 4096) {
        own[k] = 1;
        unsigned long now = available();
        if (now > last + 5000) break;
        last = now;
    }
    int fd = memfd_create("mine", 0);
    off_t at = (8192l - 300) * 4096;
    ftruncate(fd, 8192l * 4096);
    printf("written %d, ", pwrite(fd, data, sizeof data, at) == sizeof data);
    for (int i = 0; i < 5; i++) sched_yield();
    printf("read %d, ", pread(fd, back, sizeof back, at) == sizeof back);
    printf("the same %d\n", !memcmp(data, back, sizeof data));
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv) {
    int ready[2], status;
    pipe(ready);
    pid_t victim = fork();
    if (!victim) remove_forever(argv[1], ready[1]);
    close(ready[1]);
    char byte;
    if (read(ready[0], &byte, 1) != 1) return 1;
    pid_t eater = fork();
    if (!eater) eat();
    waitpid(eater, &status, 0);
    printf("the one ended with %d\n", status);
    waitpid(victim, &status, 0);
    printf("the other with %d\n", status);
}
