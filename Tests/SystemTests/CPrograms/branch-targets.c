// PROT_BTI: where indirect branches may land, and what a program is told where they may not.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096UL
#define BTI 0x10
#define RX (PROT_READ | PROT_EXEC)
#define RWX (RX | PROT_WRITE)
#define RET 0xd65f03c0

static const uint32_t code[] = {
    0xd503245f, RET,              // 0: bti c
    0xd503249f, RET,              // 2: bti j
    0xd50324df, RET,              // 4: bti jc
    0xd503241f, RET,              // 6: bti
    0xd503201f, RET,              // 8: nop
    0xd503233f, 0xd50323bf, RET,  // 10: paciasp, autiasp
    0xd503245f, 0xd61f0120,       // 13: bti c, br x9
    0xd503245f, 0xd61f0200,       // 15: bti c, br x16
    0x00000000,                   // 17: udf
    0xd4200000, RET,              // 18: brk 0
};
static const int targets[] = {0, 2, 4, 6, 8, 10};

static char *page;
static volatile struct { int happened, signal, code; long address, pc, type, fault; } seen;

static void onSignal(int signal, siginfo_t *information, void *pointer) {
    ucontext_t *context = pointer;
    seen.happened = 1;
    seen.signal = signal;
    seen.code = information->si_code;
    seen.address = (char *)information->si_addr - page;
    seen.pc = context->uc_mcontext.pc - (unsigned long)page;
    seen.type = context->uc_mcontext.pstate >> 10 & 3;
    seen.fault = context->uc_mcontext.fault_address;
    context->uc_mcontext.pc = context->uc_mcontext.regs[30];
    context->uc_mcontext.pstate &= ~(3UL << 10);
}

static void told(void) {
    if (!seen.happened) { printf(" ok"); return; }
    printf(" [%d %d at %ld, pc %ld, type %ld, fault %ld]", seen.signal, seen.code, seen.address / 4, seen.pc / 4, seen.type, seen.fault);
    seen.happened = 0;
}

// Calls an instruction: directly with blr, or by one of the branches in the page.
static void enter(int target, int through) {
    register char *x9 __asm__("x9") = page + 4 * target;
    register char *x16 __asm__("x16") = page + 4 * target;
    register char *x10 __asm__("x10") = through ? page + 4 * through : page + 4 * target;
    __asm__ volatile("blr x10" : "+r"(x9), "+r"(x16), "+r"(x10) : : "x30", "memory", "cc");
    told();
}

static void enterAll(const char *what) {
    printf("%s\n", what);
    static const int ways[] = {0, 13, 15};
    for (int way = 0; way < 3; way++) {
        printf("  %s:", (const char *[]){"blr", "br x9", "br x16"}[way]);
        for (unsigned index = 0; index < sizeof targets / sizeof *targets; index++) enter(targets[index], ways[way]);
        printf("\n");
    }
}

// One call that is refused where the page is guarded.
static void probe(const char *what) {
    printf("%s:", what);
    enter(8, 0);
    printf("\n");
}

static long protect(char *start, unsigned long length, int protection) {
    return syscall(SYS_mprotect, start, length, protection) ? -errno : 0;
}

static char *load(int protection, int flags, int file) {
    char *memory = mmap(0, PAGE, protection, flags, file, 0);
    if (memory == MAP_FAILED) printf("mmap %d\n", errno);
    return memory;
}

static char *written(void) {
    char *memory = load(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    memcpy(memory, code, sizeof code);
    __builtin___clear_cache(memory, memory + sizeof code);
    return memory;
}

// QEMU keeps what it translated at an address, guarded or not, until it is written: so it is written each time.
static long rewrite(int protection) {
    protect(page, PAGE, PROT_READ | PROT_WRITE);
    memcpy(page, code, sizeof code);
    __builtin___clear_cache(page, page + sizeof code);
    long result = protect(page, PAGE, protection);
    // A CPU without BTI.
    if (result) protect(page, PAGE, protection & ~BTI);
    return result;
}

static void flagsOf(char *start) {
    char line[400];
    int inside = 0;
    FILE *maps = fopen("/proc/self/smaps", "r");
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            inside = (unsigned long)start >= from && (unsigned long)start < to;
            if (inside) printf("  %lu pages,", (to - from) / PAGE);
        } else if (inside && !strncmp(line, "VmFlags:", 8)) {
            printf("%s", line + 8);
        }
    }
    fclose(maps);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = onSignal, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, 0);
    sigaction(SIGTRAP, &action, 0);
    printf("told of: %lu\n", getauxval(AT_HWCAP2) >> 17 & 1);

    page = written();
    printf("mprotect %ld\n", protect(page, PAGE, RX));
    enterAll("not guarded");
    printf("mprotect %ld\n", rewrite(RX | BTI));
    enterAll("guarded");
    flagsOf(page);
    rewrite(RX | BTI);
    printf("mprotect %ld\n", protect(page, PAGE, RX));
    probe("no longer");
    flagsOf(page);
    printf("udf, brk:");
    enter(17, 0);
    enter(18, 0);
    printf("\n");

    // Which error wins, and what is no error.
    printf("mprotect %ld %ld %ld %ld\n", protect(page + 1, PAGE, RX | BTI), protect(page, 0, RX | BTI),
           protect(page, -1UL, RX | BTI), protect(page, PAGE, RX | BTI | 0x40));
    printf("nothing mapped %ld, none %ld, write %ld\n", protect((char *)(1UL << 40), PAGE, RX | BTI), protect(page, PAGE, BTI),
           protect(page, PAGE, PROT_WRITE | BTI));
    flagsOf(page);
    printf("again %ld\n", rewrite(RX | BTI));
    probe("again");

    // Fresh memory of all kinds: touched by a fetch, a load, a store.
    char *fresh = mmap(0, 32 * PAGE, RWX | BTI, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    flagsOf(fresh);
    char first = fresh[3 * PAGE];
    for (int index = 0; index < 32; index++) memcpy(fresh + index * PAGE + first, code, sizeof code);
    __builtin___clear_cache(fresh, fresh + 32 * PAGE);
    page = fresh + 3 * PAGE;
    probe("read, then written");
    page = fresh + 20 * PAGE;
    probe("written");
    protect(fresh + 8 * PAGE, 8 * PAGE, RX);
    flagsOf(fresh);
    flagsOf(fresh + 8 * PAGE);
    page = fresh + 8 * PAGE;
    probe("unguarded in the middle");
    page = fresh + 16 * PAGE;
    probe("behind it");
    printf("joined %ld\n", protect(fresh + 8 * PAGE, 8 * PAGE, RWX | BTI));
    flagsOf(fresh);

    // It moves, and is inherited.
    page = mremap(fresh + 20 * PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    probe("moved");
    memcpy(page + 3 * PAGE, code, sizeof code);
    __builtin___clear_cache(page + 3 * PAGE, page + 4 * PAGE);
    char *moved = page;
    page += 3 * PAGE;
    probe("grown");
    fflush(stdout);
    if (fork() == 0) {
        page = moved;
        probe("child");
        page[PAGE - 1] = 1;
        __builtin___clear_cache(page, page + PAGE);
        probe("child's copy");
        rewrite(RX);
        probe("child's own");
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    page = moved;
    probe("parent");
    page[PAGE - 1] = 1;
    __builtin___clear_cache(page, page + PAGE);
    probe("parent's copy");

    // Files.
    int file = memfd_create("code", 0);
    ftruncate(file, PAGE);
    write(file, code, sizeof code);
    page = load(RX | BTI, MAP_SHARED, file);
    probe("shared file");
    flagsOf(page);
    page = load(RX, MAP_SHARED, file);
    probe("the same, not guarded");
    page = load(RWX | BTI, MAP_PRIVATE, file);
    probe("private file");
    page[PAGE - 1] = 1;
    __builtin___clear_cache(page, page + PAGE);
    probe("its copy");
    madvise(page, PAGE, MADV_DONTNEED);
    probe("discarded");

    // A handler is entered as by a call.
    page = written();
    rewrite(RX | BTI);
    for (unsigned index = 0; index < sizeof targets / sizeof *targets; index++) {
        struct sigaction inPage = {.sa_handler = (void (*)(int))(page + 4 * targets[index])};
        sigaction(SIGUSR1, &inPage, 0);
        raise(SIGUSR1);
        printf("handler %d:", targets[index]);
        told();
        printf("\n");
    }
    return 0;
}
