// What a handler finds in its frame, and what becomes of a frame that can't be written or is damaged.
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096ul
#define PLACE 0x20000000ul

static sigjmp_buf back;
static volatile int number, code;
static volatile uint64_t address, told, syndrome, state, stack;
static volatile int has_syndrome;
static char alternate[1 << 16] __attribute__((aligned(16)));
// What the compiler must not look through: it would warn, rightly.
static volatile uint64_t low = 8;

// What the frame tells: of the records behind the registers, the one of a fault. Others depend on what the CPU has.
static void look(int signal, siginfo_t *information, void *pointer) {
    ucontext_t *context = pointer;
    number = signal;
    code = information->si_code;
    address = (uint64_t)information->si_addr;
    told = context->uc_mcontext.fault_address;
    state = context->uc_mcontext.pstate;
    stack = context->uc_mcontext.sp;
    has_syndrome = 0;
    char *record = (char *)context->uc_mcontext.__reserved;
    uint32_t head[2];
    for (memcpy(head, record, 8); head[0]; memcpy(head, record, 8)) {
        if (head[0] == 0x45535201 && head[1] == 16) {
            has_syndrome = 1;
            memcpy((void *)&syndrome, record + 8, 8);
        }
        record += head[1];
    }
    if (head[1]) has_syndrome = -1;
}

static void jump_back(int signal, siginfo_t *information, void *context) {
    look(signal, information, context);
    siglongjmp(back, 1);
}

static void stay(int signal, siginfo_t *information, void *context) { look(signal, information, context); }

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    sigaction(signal, &action, 0);
}

// The level of the table that a fault was found at depends on what else is mapped.
static uint64_t without_level(uint64_t syndrome) {
    return (syndrome & 0x3f) < 0x10 && (syndrome & 0x3c) != 0x0c ? syndrome & ~3ul : syndrome;
}

static void say(const char *what) {
    printf("%s: signal %d code %d address %lx told %lx", what, number, code, number == SIGUSR1 ? 0 : address, told);
    if (has_syndrome) printf(" syndrome %lx", without_level(syndrome));
    printf("\n");
    number = 0;
}

#define TRY(what, statement)                           \
    do {                                               \
        number = code = 0, address = told = 0;         \
        has_syndrome = 0;                              \
        if (!sigsetjmp(back, 1)) {                     \
            statement;                                 \
        }                                              \
        say(what);                                     \
    } while (0)

#define LOAD(place) (void)*(volatile char *)(place)
#define STORE(place) *(volatile char *)(place) = 1
#define CALL(place) ((void (*)(void))(place))()

static void faults(void) {
    kill(getpid(), SIGUSR1);
    say("sent before any fault");
    TRY("load", LOAD(low));
    TRY("store", STORE(low));
    TRY("call", CALL(low));
    kill(getpid(), SIGUSR1);
    say("sent after a fault");
    for (int i = 0; i < 2; i++) {
        volatile uint64_t upper = i ? 0xfffffffffffffff0 : 0xffff000000000000;
        TRY("load above", LOAD(upper));
        TRY("store above", STORE(upper));
        TRY("call above", CALL(upper));
        TRY("load pair above", __asm__ volatile("ldp x9, x10, [%0]" ::"r"(upper) : "x9", "x10"));
    }
    volatile uint64_t middle = 0x0010000000000000;
    TRY("load between", LOAD(middle));
    TRY("call between", CALL(middle));
    TRY("load with a tag", LOAD(0xab00000000000008));
    TRY("clean", __asm__ volatile("dc cvac, %0" ::"r"(PLACE)));
    TRY("zero", __asm__ volatile("dc zva, %0" ::"r"(PLACE)));
    TRY("load pair", __asm__ volatile("ldp x9, x10, [%0]" ::"r"(PLACE) : "x9", "x10"));

    char *page = mmap((void *)PLACE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    LOAD(page);
    TRY("store to what is read", STORE(page));
    TRY("call what is read", CALL(page));
    int file = memfd_create("short", 0);
    char *beyond = mmap((void *)(PLACE + 16 * PAGE), PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0);
    TRY("beyond an end", LOAD(beyond));
    page = mmap((void *)PLACE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    STORE(page);
    TRY("exclusive at an odd place", __asm__ volatile("ldxr x9, [%0]" ::"r"(page + 4) : "x9"));
    TRY("call an odd place", CALL((uint64_t)without_level + 2));
    TRY("call an odd place where nothing is", CALL(9ul));
    TRY("call an odd place above", CALL(0xffff000000000001));
    TRY("undefined", __asm__ volatile("udf #1"));
    TRY("load again", LOAD(low));
    TRY("breakpoint after a load", __asm__ volatile("brk #1"));
    TRY("undefined", __asm__ volatile("udf #1"));
    TRY("breakpoint after undefined", __asm__ volatile("brk #1"));
    TRY("load again", LOAD(low));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        kill(getpid(), SIGUSR1);
        say("sent to a child");
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, 0, 0);
}

// Each in a child: how it ends.
static void end(const char *what, void (*body)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        body();
        fflush(stdout);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    printf("%s: %x\n", what, status);
}

// kill(self, signal) with a stack pointer of one's own.
static void send_with_stack(uint64_t top, int signal) {
    pid_t self = getpid();
    register long x8 __asm__("x8") = SYS_kill;
    register long x0 __asm__("x0") = self;
    register long x1 __asm__("x1") = signal;
    __asm__ volatile("mov x9, sp\n\tmov sp, %3\n\tsvc #0\n\tmov sp, x9"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(top)
                     : "x9", "memory");
}

static void tell_and_leave(int signal, siginfo_t *information, void *context) {
    look(signal, information, context);
    printf("told of signal %d code %d address %lx, stack %lx, flags %lx, x0 %lx, a syndrome %d, blocks SIGUSR1 %d SIGUSR2 %d\n",
           number, code, address == stack ? 0xadd : address, stack < 0x10000 ? stack : 1, state & 0xf0000000,
           (uint64_t)((ucontext_t *)context)->uc_mcontext.regs[0], has_syndrome,
           sigismember(&((ucontext_t *)context)->uc_sigmask, SIGUSR1), sigismember(&((ucontext_t *)context)->uc_sigmask, SIGUSR2));
    fflush(stdout);
    _exit(42);
}

static void no_room(void) {
    handle(SIGSEGV, tell_and_leave, SA_ONSTACK);
    handle(SIGUSR2, stay, 0);
    send_with_stack(16, SIGUSR2);
}

static void no_room_reset(void) {
    handle(SIGUSR2, stay, SA_RESETHAND);
    handle(SIGSEGV, jump_back, SA_ONSTACK);
    if (!sigsetjmp(back, 1)) send_with_stack(16, SIGUSR2);
    struct sigaction action;
    sigaction(SIGUSR2, 0, &action);
    printf("reset all the same: %d, flags %x\n", action.sa_handler == SIG_DFL, action.sa_flags & ~0x04000000);
}

static void no_room_blocked(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigprocmask(SIG_BLOCK, &set, 0);
    no_room();
}

static void no_room_ignored(void) {
    handle(SIGUSR2, stay, 0);
    signal(SIGSEGV, SIG_IGN);
    send_with_stack(16, SIGUSR2);
}

static void no_room_for_fault(void) {
    handle(SIGSEGV, tell_and_leave, 0);
    send_with_stack(16, SIGSEGV);
}

static void no_room_for_either(void) {
    handle(SIGSEGV, tell_and_leave, 0);
    handle(SIGUSR2, stay, 0);
    send_with_stack(16, SIGUSR2);
}

static void return_from(uint64_t place) {
    __asm__ volatile("mov sp, %0\n\tmov x8, #139\n\tsvc #0" ::"r"(place) : "memory");
}

static void no_frame(void) {
    handle(SIGSEGV, tell_and_leave, SA_ONSTACK);
    return_from(0x1000);
}

static void odd_frame(void) {
    handle(SIGSEGV, tell_and_leave, SA_ONSTACK);
    return_from((uint64_t)alternate - 8);
}

static void high_frame(void) {
    handle(SIGSEGV, tell_and_leave, SA_ONSTACK);
    return_from(0xffff000000000000);
}

static void blocked_frame(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigprocmask(SIG_BLOCK, &set, 0);
    no_frame();
}

static volatile uint64_t added;

static void change_state(int signal, siginfo_t *information, void *pointer) {
    (void)signal, (void)information;
    ucontext_t *context = pointer;
    context->uc_mcontext.pstate |= added;
    context->uc_mcontext.regs[0] = 77;
    sigaddset(&context->uc_sigmask, SIGUSR2);
}

static void damage_record(int signal, siginfo_t *information, void *pointer) {
    (void)signal, (void)information;
    ucontext_t *context = pointer;
    context->uc_mcontext.__reserved[0] ^= 1;
}

static void with_state(void) {
    handle(SIGSEGV, tell_and_leave, SA_ONSTACK);
    handle(SIGUSR1, change_state, 0);
    kill(getpid(), SIGUSR1);
    printf("went on\n");
}

static void with_damaged_record(void) {
    handle(SIGSEGV, tell_and_leave, SA_ONSTACK);
    handle(SIGUSR1, damage_record, 0);
    kill(getpid(), SIGUSR1);
    printf("went on\n");
}

static void frames(void) {
    end("no room", no_room);
    end("no room, blocked", no_room_blocked);
    end("no room, ignored", no_room_ignored);
    end("no room, SIGSEGV itself", no_room_for_fault);
    end("no room for either", no_room_for_either);
    end("no room, reset", no_room_reset);
    end("no frame", no_frame);
    end("odd frame", odd_frame);
    end("frame above", high_frame);
    end("no frame, blocked", blocked_frame);
    for (int bit = 0; bit < 64; bit++) {
        // Single steps are a debugger's, and TCO is there or not.
        if (bit == 21 || bit == 25) continue;
        char what[32];
        snprintf(what, sizeof what, "state bit %d", bit);
        added = 1ul << bit;
        end(what, with_state);
    }
    end("damaged record", with_damaged_record);
}

static struct { uint64_t base; int flags; uint64_t size; } wanted;

static void change_stack(int signal, siginfo_t *information, void *pointer) {
    (void)signal, (void)information;
    ucontext_t *context = pointer;
    context->uc_stack.ss_sp = (void *)wanted.base;
    context->uc_stack.ss_flags = wanted.flags;
    context->uc_stack.ss_size = wanted.size;
}

// The alternate stack that a frame asks for is one that sigaltstack would take, or the old one stays.
static void stacks(void) {
    static const struct { const char *what; int flags; uint64_t size; } cases[] = {
        {"as it was", 0, 1 << 15}, {"SS_ONSTACK", SS_ONSTACK, 1 << 14}, {"unknown flags", 4, 1 << 15},
        {"both flags", 3, 1 << 15}, {"small", 0, 5119}, {"just enough", 0, 5120}, {"disabled", SS_DISABLE, 1 << 15},
    };
    handle(SIGUSR1, change_stack, 0);
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        stack_t first = {.ss_sp = alternate, .ss_size = 1 << 16}, now;
        sigaltstack(&first, 0);
        wanted.base = (uint64_t)alternate + 16;
        wanted.flags = cases[i].flags;
        wanted.size = cases[i].size;
        kill(getpid(), SIGUSR1);
        sigaltstack(0, &now);
        printf("stack %s: base +%ld, flags %d, size %ld\n", cases[i].what,
               now.ss_sp ? (long)((char *)now.ss_sp - alternate) : -1l, now.ss_flags, (long)now.ss_size);
    }
    // On the alternate stack itself none is taken.
    handle(SIGUSR1, change_stack, SA_ONSTACK);
    stack_t first = {.ss_sp = alternate, .ss_size = 1 << 16}, now;
    sigaltstack(&first, 0);
    wanted.flags = 0;
    wanted.size = 1 << 15;
    kill(getpid(), SIGUSR1);
    sigaltstack(0, &now);
    printf("stack changed from itself: base +%ld, size %ld\n", (long)((char *)now.ss_sp - alternate), (long)now.ss_size);
}

struct kernel_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    unsigned long mask;
};

static void flags(void) {
    for (int bit = 0; bit < 64; bit++) {
        struct kernel_action action = {SIG_IGN, 1ul << bit, 0, 0}, now;
        long result = syscall(SYS_rt_sigaction, SIGUSR2, &action, 0, 8);
        syscall(SYS_rt_sigaction, SIGUSR2, 0, &now, 8);
        if (result || now.flags) printf("flag %lx: %ld, kept %lx\n", action.flags, result, now.flags);
    }
}

static void waits(void) {
    printf("waiting\n");
    fflush(stdout);
    __asm__ volatile("wfi");
    __asm__ volatile("wfe\n\twfe");
    printf("went on behind it\n");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        for (;;) __asm__ volatile("wfi");
    kill(child, SIGTERM);
    int status;
    waitpid(child, &status, 0);
    printf("the waiting child: %x\n", status);
}

int main(void) {
    stack_t own = {.ss_sp = alternate, .ss_size = sizeof alternate};
    sigaltstack(&own, 0);
    for (int signal = SIGILL; signal <= SIGSEGV; signal++)
        if (signal != SIGABRT && signal != SIGKILL && signal != SIGUSR1) handle(signal, jump_back, SA_ONSTACK);
    handle(SIGUSR1, stay, 0);
    faults();
    frames();
    stacks();
    flags();
    waits();
    return 0;
}
