// Three children, each taking memory until the machine has none; the parent sees who was killed, and goes on.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    // A small child that must survive, and one that takes all there is.
    int ready[2], end[2];
    pipe(ready); pipe(end);
    pid_t small = fork();
    if (small == 0) {
        char *own = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(own, 3, 1 << 20);
        write(ready[1], "r", 1);
        char byte;
        read(end[0], &byte, 1);
        long sum = 0;
        for (int i = 0; i < 1 << 20; i++) sum += own[i];
        _exit(sum == 3 << 20 ? 0 : 1);
    }
    char byte;
    read(ready[0], &byte, 1);
    for (int round = 0; round < 3; round++) {
        pid_t greedy = fork();
        if (greedy == 0) {
            for (;;) {
                char *more = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (more == MAP_FAILED) _exit(9);
                for (int page = 0; page < 256; page++) {
                    more[page << 12] = 1;
                    // Calls that borrow a frame from the kernel meanwhile must not wear out what it keeps.
                    if (round > 0) access("/there-is-none", F_OK);
                }
            }
        }
        int status;
        waitpid(greedy, &status, 0);
        printf("greedy: %s %d\n", WIFSIGNALED(status) ? "signal" : "exit",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        fflush(stdout);
    }
    write(end[1], "e", 1);
    int status;
    waitpid(small, &status, 0);
    printf("small: %d\n", status);
    return 0;
}
