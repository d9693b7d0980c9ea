// Signals as Linux delivers them: faults, blocked and ignored signals, a pager in a handler, an alternate stack.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int seen;
static volatile siginfo_t last;
static char *page;
// What the compiler must not look through: it would warn, rightly.
static char *volatile wild = (char *)8;
static volatile int endless = 1;

static void jump_back(int signal, siginfo_t *information, void *context) {
    (void)context;
    last = *information;
    seen++;
    siglongjmp(back, signal);
}

static void note(int signal, siginfo_t *information, void *context) {
    (void)signal, (void)context;
    last = *information;
    seen++;
    // Spoils vector registers, which the interrupted code must not notice.
    volatile double number = 3.5 * seen;
    (void)number;
}

static void allow(int signal, siginfo_t *information, void *context) {
    (void)signal, (void)information, (void)context;
    seen++;
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    sigaction(signal, &action, 0);
}

// Uses the whole stack.
static int sink(volatile char *previous) {
    volatile char frame[4096];
    frame[0] = *previous;
    return endless ? sink(frame) + frame[0] : 0;
}

int main(void) {
    handle(SIGSEGV, jump_back, 0);
    int signal = sigsetjmp(back, 1);
    if (!signal) *wild = 1;
    printf("null: signal %d, code %d, address %p\n", signal, last.si_code, last.si_addr);

    char *constant = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    signal = sigsetjmp(back, 1);
    if (!signal) constant[5] = 1;
    printf("read-only: signal %d, code %d, offset %ld\n", signal, last.si_code, (long)((char *)last.si_addr - constant));

    handle(SIGUSR1, note, 0);
    seen = 0;
    double number = 1.25;
    raise(SIGUSR1);
    int code = last.si_code;
    kill(getpid(), SIGUSR1);
    printf("sent: %d, codes %d %d, by me %d, number %g\n", seen, code, last.si_code, last.si_pid == getpid(), number * 2);

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    raise(SIGUSR1);
    printf("blocked: %d\n", seen);
    sigprocmask(SIG_UNBLOCK, &set, 0);
    printf("unblocked: %d\n", seen);

    page = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    handle(SIGSEGV, allow, 0);
    seen = 0;
    page[7] = 42;
    printf("pager: %d call, value %d\n", seen, page[7]);

    stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
    sigaltstack(&stack, 0);
    handle(SIGSEGV, jump_back, SA_ONSTACK);
    signal = sigsetjmp(back, 1);
    volatile char start = 0;
    if (!signal) return sink(&start);
    printf("stack overflow: signal %d\n", signal);

    handle(SIGUSR2, note, SA_RESETHAND);
    raise(SIGUSR2);
    struct sigaction action;
    sigaction(SIGUSR2, 0, &action);
    printf("reset: %d\n", action.sa_handler == SIG_DFL);

    signal = 0;
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = SIG_IGN}, 0);
    raise(SIGTERM);
    printf("ignored\n");
    fflush(stdout);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = SIG_DFL}, 0);
    raise(SIGTERM);
    return 1;
}
