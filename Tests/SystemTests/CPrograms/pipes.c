// A pipe within one process: what fits, what is refused, what poll says, what a lost end does.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char bytes[70000];
// What the compiler must not look through: it would warn, rightly.
static char *volatile wild = (char *)8;

static volatile int seen;

static void note(int signal) {
    (void)signal;
    seen++;
}

int main(void) {
    int ends[2];
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, 0);
    printf("pipe2: %d, with wrong flags %d", pipe2(ends, O_CLOEXEC), pipe2(ends, 1));
    printf(", errno %d\n", errno);
    printf("size %d\n", fcntl(ends[0], F_GETPIPE_SZ));

    struct pollfd polled[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
    int ready = poll(polled, 2, 0);
    printf("empty: ready %d, events %x %x\n", ready, polled[0].revents, polled[1].revents);
    printf("write %zd", write(ends[1], "hello", 5));
    ready = poll(polled, 2, 0);
    printf(", ready %d, events %x %x", ready, polled[0].revents, polled[1].revents);
    printf(", read %zd %.5s\n", read(ends[0], bytes, 100), bytes);

    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    memset(bytes, 7, sizeof bytes);
    printf("full at %zd", write(ends[1], bytes, sizeof bytes));
    printf(", then %zd, errno %d\n", write(ends[1], bytes, 1), errno);
    size_t total = 0;
    ssize_t count;
    while ((count = read(ends[0], bytes, 5000)) > 0) {
        for (ssize_t index = 0; index < count; index++) if (bytes[index] != 7) return 2;
        total += count;
    }
    printf("read back %zu, then errno %d, poll %d\n", total, errno, poll(polled, 1, 20));
    printf("wild: write %zd", write(ends[1], wild, 10));
    printf(" errno %d\n", errno);

    close(ends[0]);
    printf("no reader: write %zd", write(ends[1], bytes, 3));
    ready = poll(polled + 1, 1, 0);
    printf(" errno %d, events %x\n", errno, polled[1].revents);

    // A reader that goes while more is written than fits.
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = note}, 0);
    if (pipe(ends)) return 3;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        _exit(read(ends[0], bytes, 1) == 1 ? 0 : 4);
    }
    close(ends[0]);
    count = write(ends[1], bytes, sizeof bytes);
    int status;
    waitpid(child, &status, 0);
    printf("cut short: %d, told of it %d, status %x\n", count > 0 && count < (ssize_t)sizeof bytes, seen, status);
    return 0;
}
