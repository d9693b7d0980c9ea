// A child that shares its parent's descriptors executes a program: what closes on exec stays open for the parent.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[65536] __attribute__((aligned(16)));
static char *words[] = {"again", "child", 0};

static int execute(void *path) {
    execv(path, words);
    _exit(127);
}

static int sleeps(int process) {
    char path[40], text[200] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    int file = open(path, O_RDONLY);
    if (read(file, text, sizeof text - 1) < 0) _exit(9);
    close(file);
    char *end = strrchr(text, ')');
    return end && end[2] == 'S';
}

// A child that shares the descriptors waits for a pipe's reading end, which its parent closes meanwhile: the call goes on
// with the file that it began with, and new files come to be where the descriptor was.
static void closeUnderReader(void) {
    int ends[2], status = 0;
    if (pipe(ends)) return;
    int child = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        char text[6] = "";
        long count = read(ends[0], text, 5);
        int after = fcntl(ends[0], F_GETFD);
        _exit(count == 5 && text[0] == 'h' && after == -1 ? 3 : 4);
    }
    while (!sleeps(child)) sched_yield();
    close(ends[0]);
    int others[8][2];
    for (int index = 0; index < 8; index++)
        if (pipe(others[index])) return;
    for (int index = 0; index < 8; index++) close(others[index][0]), close(others[index][1]);
    long written = write(ends[1], "hello", 5);
    waitpid(child, &status, 0);
    printf("closed under its reader: written %ld, child %d %d\n", written, WIFSIGNALED(status), WEXITSTATUS(status));
}

// One that fails to execute a program still shares them.
static int executeNone(void *path) {
    execv(path, words);
    int error = errno;
    dup2(1, 77);
    _exit(error);
}

static void failingExecution(void) {
    int file = open("/none", O_CREAT | O_WRONLY, 0755), status = 0;
    if (write(file, "none", 4) != 4 || close(file)) return;
    clone(executeNone, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, "/none");
    wait(&status);
    printf("a failed execve: error %d, what the child opened %d\n", WEXITSTATUS(status), fcntl(77, F_GETFD));
    unlink("/none");
}

int main(int count, char **arguments) {
    (void)arguments;
    if (count > 1) return 7;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return 1;
    char *path = (char *)getauxval(AT_EXECFN);
    int child = clone(execute, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, path);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return 2;
    printf("child %d, parent's ends %d %d\n", WEXITSTATUS(status), fcntl(ends[0], F_GETFD), fcntl(ends[1], F_GETFD));
    closeUnderReader();
    failingExecution();
    return 0;
}
