// What a program can make as much of as it likes, until the kernel has no room for it: others go on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BOTH = PROT_READ | PROT_WRITE };

static char text[65536], target[4096], name[400];

// The parent, and new programs, have memory still.
static int lives(void) {
    char *p = mmap(0, 64 << 12, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return 0;
    memset(p, 1, 64 << 12);
    munmap(p, 64 << 12);
    int status = 1;
    pid_t child = fork();
    if (!child) _exit(0);
    waitpid(child, &status, 0);
    return child > 0 && status == 0;
}

static int symbolic_link(void) { return symlink(target, name); }
static int file(void) { return mknod(name, 0600, 0); }
static int hard_link(void) { return link("/names/one", name); }

static int sparse_file(void) {
    int fd = open(name, O_CREAT | O_RDWR, 0600);
    if (fd < 0) return fd;
    int result = pwrite(fd, "x", 1, 1l << 40) == 1 ? 0 : -1;
    close(fd);
    return result;
}

static void names(const char *what, int (*make)(void), int length) {
    mkdir("/names", 0700);
    close(open("/names/one", O_CREAT | O_RDWR, 0600));
    int status;
    pid_t child = fork();
    if (!child) {
        for (long i = 0;; i++) {
            snprintf(name, sizeof name, "/names/%ld%.*s", i, length, target);
            if (make()) _exit(errno);
        }
    }
    waitpid(child, &status, 0);
    printf("%s: error %d, signal %d, others live %d\n", what, status >> 8, status & 127, lives());
    for (long i = 0;; i++) {
        snprintf(name, sizeof name, "/names/%ld%.*s", i, length, target);
        if (unlink(name)) break;
    }
    unlink("/names/one");
    printf("removed: %d\n", rmdir("/names"));
}

static void pipes(void) {
    pid_t children[32];
    int made = 0, failed = 0;
    for (; made < 32 && !failed; made++) {
        int ends[2], status;
        pipe(ends);
        if ((children[made] = fork()) == 0) {
            int own[2], error = EAGAIN;
            for (int i = 0; i < 100 && error == EAGAIN; i++) {
                if (pipe2(own, O_NONBLOCK)) break;
                while (write(own[1], text, sizeof text) > 0);
                error = errno;
            }
            write(ends[1], &error, sizeof error);
            for (;;) pause();
        }
        if (children[made] < 0) {
            printf("fork: error %d\n", errno);
            break;
        }
        close(ends[1]);
        if (read(ends[0], &status, sizeof status) != sizeof status) printf("pipes: a child was killed\n");
        else if (status != EAGAIN) failed = status;
        close(ends[0]);
    }
    printf("pipes: error %d, others live %d\n", failed, lives());
    for (int i = 0; i < made; i++) {
        int status;
        kill(children[i], SIGKILL);
        waitpid(children[i], &status, 0);
    }
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    memset(target, 't', 4000);
    names("symbolic links", symbolic_link, 0);
    names("files", file, 200);
    names("hard links", hard_link, 200);
    names("sparse files", sparse_file, 0);
    pipes();
}
