// Children as Linux knows them: signals before their first instruction, a waiting parent that is killed, what a parent is
// told of an end, and when there is nothing left to wait for.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __WCLONE
#define __WCLONE 0x80000000
#endif
#ifndef __WALL
#define __WALL 0x40000000
#endif

static volatile sig_atomic_t seen[65];
static volatile siginfo_t last;

static void note(int signal, siginfo_t *information, void *context) {
    (void)context;
    seen[signal]++;
    last = *information;
}

static void leave(int signal) { _exit(signal); }

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    sigaction(signal, &action, 0);
}

static void set(int signal, void (*handler)(int), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(signal, &action, 0);
}

// A child that never enters the kernel: its first instruction is the one that it spins at.
static pid_t spin(void) {
    register long x8 __asm__("x8") = SYS_clone;
    register long x0 __asm__("x0") = SIGCHLD;
    register long x1 __asm__("x1") = 0;
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    __asm__ volatile("svc #0\n\tcbnz x0, 2f\n1:\tb 1b\n2:"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
                     : "memory");
    return (pid_t)x0;
}

static pid_t clone_with(int signal) { return (pid_t)syscall(SYS_clone, signal, 0, 0, 0, 0); }

static void say_end(const char *what, pid_t child, int options) {
    int status = 0;
    pid_t ended;
    do ended = (pid_t)syscall(SYS_wait4, child, &status, options, 0);
    while (ended < 0 && errno == EINTR);
    if (ended < 0) printf("%s: error %d\n", what, errno);
    else printf("%s: %s %x\n", what, child == -1 || ended == child ? "ended" : "another", status);
    fflush(stdout);
}

static void await(int descriptor) {
    char byte;
    while (read(descriptor, &byte, 1) < 0 && errno == EINTR) {}
}

static void before_first_instruction(void) {
    pid_t child = spin();
    kill(child, SIGKILL);
    say_end("killed before it began", child, 0);
    set(SIGUSR1, leave, 0);
    child = spin();
    kill(child, SIGUSR1);
    say_end("handler before it began", child, 0);
    set(SIGUSR1, SIG_DFL, 0);
}

// The waiting parent's end comes at once; its child lives on, and ends when it is told to.
static void killed_while_waiting(const char *what, int signal) {
    int running[2], go[2];
    if (pipe(running) || pipe(go)) return;
    pid_t parent = fork();
    if (parent == 0) {
        set(SIGUSR1, SIG_IGN, 0);
        if (vfork() == 0) {
            if (write(running[1], "x", 1) != 1) _exit(1);
            await(go[0]);
            if (write(running[1], "y", 1) != 1) _exit(1);
            _exit(0);
        }
        _exit(9);
    }
    await(running[0]);
    kill(parent, SIGUSR1);
    kill(parent, signal);
    say_end(what, parent, 0);
    if (write(go[1], "x", 1) != 1) return;
    char byte = 0;
    close(running[1]);
    if (read(running[0], &byte, 1) != 1) byte = '-';
    printf("%s: its child then wrote %c", what, byte);
    printf(", and ended %ld\n", (long)read(running[0], &byte, 1));
    close(running[0]), close(go[0]), close(go[1]);
}

// A signal that has a handler waits for the child's end.
static void handled_while_waiting(void) {
    int running[2], go[2];
    if (pipe(running) || pipe(go)) return;
    fflush(stdout);
    pid_t parent = fork();
    if (parent == 0) {
        handle(SIGTERM, note, 0);
        pid_t child = vfork();
        if (child == 0) {
            if (write(running[1], "x", 1) != 1) _exit(1);
            await(go[0]);
            _exit(seen[SIGTERM]);
        }
        int status;
        while (waitpid(child, &status, 0) < 0) {}
        printf("handled while it waits: %d, and meanwhile %d\n", seen[SIGTERM], WEXITSTATUS(status));
        fflush(stdout);
        _exit(0);
    }
    await(running[0]);
    kill(parent, SIGTERM);
    if (write(go[1], "x", 1) != 1) return;
    say_end("its end", parent, 0);
    close(running[0]), close(running[1]), close(go[0]), close(go[1]);
}

static void exit_signals(char *self) {
    // An orphan's next parent is told by SIGCHLD, whatever its first one asked for.
    int ends[2];
    if (pipe(ends)) return;
    pid_t parent = fork();
    if (parent == 0) {
        pid_t first = getpid();
        if (clone_with(SIGKILL) == 0)
            while (getppid() == first) usleep(1000);
        _exit(0);
    }
    say_end("its parent", parent, 0);
    close(ends[1]);
    await(ends[0]);
    close(ends[0]);
    usleep(10000);
    printf("an orphan's signal is not its next parent's\n");

    // A program is told of by SIGCHLD.
    memset((void *)seen, 0, sizeof seen);
    handle(SIGUSR1, note, 0), handle(SIGCHLD, note, 0);
    fflush(stdout);
    pid_t child = clone_with(SIGUSR1);
    if (child == 0) execl("/proc/self/exe", self, "leave", (char *)0), _exit(1);
    say_end("after exec, no clone", child, __WCLONE | WNOHANG);
    say_end("after exec", child, __WALL);
    printf("after exec: SIGUSR1 %d, SIGCHLD %d\n", seen[SIGUSR1], seen[SIGCHLD]);

    memset((void *)seen, 0, sizeof seen);
    child = clone_with(SIGUSR1);
    if (child == 0) _exit(5);
    say_end("by another signal", child, __WCLONE);
    printf("by another signal: SIGUSR1 %d, SIGCHLD %d, code %d, status %d, child's %d\n", seen[SIGUSR1], seen[SIGCHLD],
           last.si_code, last.si_status, last.si_pid == child);

    // A parent that has become another program is told by SIGCHLD too.
    int go[2];
    if (pipe(go)) return;
    fflush(stdout);
    parent = fork();
    if (parent == 0) {
        set(SIGUSR1, SIG_IGN, 0);
        child = clone_with(SIGUSR2);
        if (child == 0) {
            await(go[0]);
            _exit(0);
        }
        char number[2][16];
        snprintf(number[0], 16, "%d", go[1]);
        snprintf(number[1], 16, "%d", child);
        execl("/proc/self/exe", self, number[0], number[1], (char *)0);
        _exit(1);
    }
    close(go[0]), close(go[1]);
    say_end("another program", parent, 0);
}

static int become_parent(int go, pid_t child) {
    handle(SIGUSR2, note, 0), handle(SIGCHLD, note, 0);
    if (write(go, "x", 1) != 1) return 1;
    say_end("not a child of fork", child, WNOHANG);
    say_end("a clone still", child, __WCLONE);
    printf("told by: SIGUSR2 %d, SIGCHLD %d\n", seen[SIGUSR2], seen[SIGCHLD]);
    return 0;
}

static void nothing_left(char *self) {
    // Orphans from before, where this is the first process.
    while (waitpid(-1, 0, WNOHANG) > 0) {}
    set(SIGCHLD, SIG_IGN, 0);
    int go[2];
    if (pipe(go)) return;
    pid_t child = fork();
    if (child == 0) _exit(3);
    say_end("ignored", child, 0);
    child = fork();
    if (child == 0) {
        await(go[0]);
        _exit(3);
    }
    pid_t second = fork();
    if (second == 0) _exit(4);
    say_end("two, the second", second, 0);
    printf("two, the first lives: %d\n", (int)waitpid(-1, 0, WNOHANG));
    if (write(go[1], "x", 1) != 1) return;
    say_end("two, any", -1, 0);
    printf("and is gone: %d %d\n", kill(child, 0), errno);
    fflush(stdout);
    if (vfork() == 0) _exit(0);
    say_end("ignored, by vfork", -1, 0);
    child = clone_with(SIGUSR1);
    if (child == 0) _exit(7);
    say_end("ignored, by another signal", child, __WCLONE);

    memset((void *)seen, 0, sizeof seen);
    handle(SIGCHLD, note, SA_NOCLDWAIT);
    child = fork();
    if (child == 0) _exit(3);
    say_end("told of, not kept", child, 0);
    printf("told of, not kept: %d, code %d, status %d\n", seen[SIGCHLD], last.si_code, last.si_status);
    set(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
    child = fork();
    if (child == 0) _exit(3);
    say_end("neither", child, 0);
    // What is ignored stays so in another program; flags do not.
    for (int ignored = 0; ignored < 2; ignored++) {
        fflush(stdout);
        set(SIGCHLD, SIG_DFL, 0);
        child = fork();
        if (child == 0) {
            set(SIGCHLD, ignored ? SIG_IGN : SIG_DFL, SA_NOCLDWAIT);
            execl("/proc/self/exe", self, "fork", (char *)0);
            _exit(1);
        }
        say_end(ignored ? "ignored, exec" : "flag, exec", child, 0);
    }
    close(go[0]), close(go[1]);
}

static void selected(void) {
    pid_t child = fork();
    if (child == 0) _exit(3);
    say_end("fork's by __WCLONE", -1, __WCLONE);
    say_end("fork's by __WALL", child, __WALL);
    child = clone_with(0);
    if (child == 0) _exit(3);
    say_end("clone's", -1, 0);
    say_end("clone's by number", child, 0);
    say_end("clone's by __WCLONE", child, __WCLONE);
    child = clone_with(0);
    if (child == 0) _exit(3);
    say_end("any by __WALL | __WCLONE", -1, __WALL | __WCLONE);
}

static void say_information(const char *what, pid_t child) {
    say_end(what, child, __WALL);
    printf("%s: signal %d, error %d, code %d, status %d, user %d, the child's %d\n", what, last.si_signo, last.si_errno,
           last.si_code, last.si_status, last.si_uid, last.si_pid == child);
}

static void information(void) {
    handle(SIGCHLD, note, 0);
    pid_t child = fork();
    if (child == 0) _exit(42);
    say_information("exit", child);
    child = fork();
    if (child == 0) kill(getpid(), SIGKILL);
    say_information("killed", child);
    child = fork();
    if (child == 0) abort();
    say_information("aborted", child);
    set(SIGCHLD, SIG_DFL, 0);
}

int main(int count, char **arguments) {
    if (count == 2 && !strcmp(arguments[1], "leave")) return 6;
    if (count == 2) {
        pid_t child = fork();
        if (child == 0) _exit(5);
        say_end("the other program's", child, 0);
        return 0;
    }
    if (count == 3) return become_parent(atoi(arguments[1]), atoi(arguments[2]));
    before_first_instruction();
    killed_while_waiting("killed while it waits", SIGKILL);
    killed_while_waiting("ended while it waits", SIGTERM);
    handled_while_waiting();
    exit_signals(arguments[0]);
    for (int signal = 65; signal < 256; signal += 190) {
        pid_t child = clone_with(signal);
        if (child == 0) _exit(3);
        say_end("by no signal", child, __WALL);
    }
    int contradictions[] = {0x800, 0x10000, 0x20200, 0x10000200, 0x101000, 0x401000};
    for (int i = 0; i < 6; i++) printf("%x: error %d\n", contradictions[i], clone_with(contradictions[i]) < 0 ? errno : 0);
    nothing_left(arguments[0]);
    selected();
    information();
    return 0;
}
