// fork: memory is copied when it is written, whoever writes it; what is mapped before and after stays one's own.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *volatile wild = (char *)8;
static int data = 7;

static int reap(pid_t child) {
    int status = -1;
    if (waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int main(void) {
    size_t size = 4 << 20;
    unsigned char *memory = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t index = 0; index < size; index += 4096) memory[index] = index >> 12;
    unsigned char *reserved = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("zero %d\n", reserved[5000]);
    fflush(stdout);

    int ends[2];
    if (pipe(ends)) return 1;
    pid_t child = fork();
    if (child == 0) {
        int sum = data;
        for (size_t index = 0; index < size; index += 4096) sum += memory[index] == (unsigned char)(index >> 12);
        data = 99;
        memset(memory, 1, size);
        reserved[0] = 3;
        munmap(reserved + 4096, 4096);
        mprotect(memory, 4096, PROT_READ);
        if (write(ends[1], &sum, sizeof sum) != sizeof sum) _exit(2);
        _exit(memory[size - 1] + reserved[0]);
    }
    int sum = 0;
    if (read(ends[0], &sum, sizeof sum) != sizeof sum) return 3;
    printf("child saw %d, ended %d, parent has %d %d %d %d\n", sum, reap(child), data, memory[4096], reserved[0], reserved[4096]);
    memory[0] = 5;

    for (int round = 0; round < 50; round++) {
        child = fork();
        if (child == 0) {
            memory[round * 4096]++;
            pid_t grandchild = fork();
            if (grandchild == 0) {
                memory[round * 4096]++;
                _exit(memory[round * 4096]);
            }
            int inner = reap(grandchild);
            _exit(inner - memory[round * 4096]);
        }
        memory[round * 4096 + 1] = round;
        if (reap(child) != 1) return 4;
    }
    int same = 1;
    for (int round = 1; round < 50; round++) same &= memory[round * 4096] == round && memory[round * 4096 + 1] == round;
    printf("rounds %d\n", same);

    fflush(stdout);
    child = fork();
    if (child == 0) {
        *wild = 1;
        _exit(0);
    }
    printf("crash %d\n", reap(child));
    fflush(stdout);
    child = fork();
    if (child == 0) for (;;) pause();
    kill(child, SIGTERM);
    printf("killed %d\n", reap(child));
    printf("none left %d", waitpid(-1, 0, 0));
    printf(" %d\n", errno);

    char *heap = malloc(300000);
    strcpy(heap, "before");
    fflush(stdout);
    child = fork();
    if (child == 0) {
        strcpy(heap, "child");
        char *more = malloc(300000);
        more[299999] = 1;
        free(heap);
        exit(more[299999] + 41);
    }
    int status = reap(child);
    printf("heap %d %s\n", status, heap);
    return 0;
}
