// A child that shares its parent's descriptors executes a program: what closes on exec stays open for the parent.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[65536] __attribute__((aligned(16)));
static char *words[] = {"again", "child", 0};

static int execute(void *path) {
    execv(path, words);
    _exit(127);
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
    return 0;
}
