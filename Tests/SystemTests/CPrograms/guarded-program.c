// A program that is marked for branch target identification: compiled with -mbranch-protection=bti, linked with
// -nostdlib -Wl,-z,force-bti, since Debian's C library for static programs is not marked.
#include <signal.h>

static long call(long number, long a, long b, long c, long d) {
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = d;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

static void print(const char *text) {
    long length = 0;
    while (text[length]) length++;
    call(64, 1, (long)text, length, 0);
}

__attribute__((noinline, noipa)) static void meant(void) { print("called\n"); }

static void onSignal(int signal, siginfo_t *information, void *context) {
    // Behind the function's first instruction, which is its branch target.
    int isThere = (char *)information->si_addr == (char *)meant + 4;
    print(signal == 4 && information->si_code == 1 && isThere ? "refused\n" : "a signal\n");
    call(94, 0, 0, 0, 0);
}

void begin(void) {
    struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } action = {onSignal, SA_SIGINFO, 0, 0};
    call(134, 4, (long)&action, 0, 8);
    void (*volatile target)(void) = meant;
    target();
    target = (void (*)(void))((char *)meant + 4);
    target();
    print("called where it is not meant\n");
    call(94, 1, 0, 0, 0);
}

__asm__(".globl _start\n_start: mov x29, #0\n b begin\n");
