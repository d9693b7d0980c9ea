// What limits on memory do, and who has them.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define M (1UL << 20)

// Of the program's own data, which a heap counts with.
static volatile char ballast[200000] = {1};

static void say(const char *what, long result) {
    if (result == -1) printf("%s: errno %d\n", what, errno);
    else printf("%s: done\n", what);
    fflush(stdout);
}

static int set(int resource, rlim_t soft, rlim_t hard) {
    struct rlimit limit = {soft, hard};
    return setrlimit(resource, &limit);
}

static void tell(const char *what, int resource) {
    struct rlimit limit;
    if (getrlimit(resource, &limit)) printf("%s: errno %d\n", what, errno);
    else printf("%s: %lld %lld\n", what, (long long)limit.rlim_cur, (long long)limit.rlim_max);
    fflush(stdout);
}

static char *map(unsigned long place, unsigned long size, int rights, int flags) {
    char *address = mmap((void *)place, size, rights, (flags & MAP_TYPE ? 0 : MAP_PRIVATE) | MAP_ANONYMOUS | flags, -1, 0);
    return address;
}

// Uses so much stack.
static __attribute__((noinline)) long descend(long bytes) {
    volatile char room[4096];
    room[0] = 1;
    return bytes > 0 ? descend(bytes - 4096) + room[0] : 0;
}

// Runs `body` in a child and says how that ended.
static void apart(const char *what, void (*body)(void)) {
    fflush(stdout);
    int child = fork(), status;
    if (child == 0) {
        body();
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, &status, 0);
    printf("%s: %s %d\n", what, WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    fflush(stdout);
}

static void errors(void) {
    struct rlimit limit;
    say("no such resource", getrlimit(16, &limit));
    say("no such resource, set", set(16, 0, 0));
    say("soft above hard", set(RLIMIT_DATA, 2, 1));
    say("soft above hard, no such resource", set(16, 2, 1));
    say("bad address", syscall(SYS_getrlimit, RLIMIT_DATA, 1));
    say("bad address, set", syscall(SYS_setrlimit, RLIMIT_DATA, 1));
    say("bad address, no such resource", syscall(SYS_setrlimit, 16, 1));
    say("no such process", syscall(SYS_prlimit64, 9999, RLIMIT_DATA, 0, &limit));
    say("no such process, bad address", syscall(SYS_prlimit64, 9999, RLIMIT_DATA, 1, 0));
    say("hard limit lowered", set(RLIMIT_RSS, 1 * M, 1 * M));
    say("hard limit raised by root", set(RLIMIT_RSS, 2 * M, RLIM_INFINITY));
    tell("resident set", RLIMIT_RSS);
    tell("stack", RLIMIT_STACK);
    tell("core", RLIMIT_CORE);
    tell("locked memory", RLIMIT_MEMLOCK);
}

static void addressSpace(void) {
    set(RLIMIT_AS, 64 * M, RLIM_INFINITY);
    char *first = map(0, 40 * M, PROT_NONE, MAP_NORESERVE);
    say("40 of 64 MiB", (long)first);
    say("40 more", (long)map(0, 40 * M, PROT_READ, 0));
    say("40 more, shared", (long)map(0, 40 * M, PROT_READ, MAP_SHARED));
    say("in the place of the first", (long)map((unsigned long)first, 40 * M, PROT_READ, MAP_FIXED));
    say("not in its place", (long)map((unsigned long)first, 40 * M, PROT_READ, MAP_FIXED_NOREPLACE));
    say("nowhere aligned", (long)map((unsigned long)first + 1, 40 * M, PROT_READ, MAP_FIXED));
    say("break", sbrk(40 * M) == (void *)-1 ? -1 : 0);
    munmap(first, 40 * M);
    say("40 after unmapping", (long)map(0, 40 * M, PROT_READ | PROT_WRITE, 0));
    set(RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY);
    say("40 without a limit", (long)map(0, 40 * M, PROT_READ | PROT_WRITE, 0));
}

static void data(void) {
    set(RLIMIT_DATA, 32 * M, 64 * M);
    say("private and writable", (long)map(0, 40 * M, PROT_READ | PROT_WRITE, 0));
    say("without reserve", (long)map(0, 40 * M, PROT_READ | PROT_WRITE, MAP_NORESERVE));
    char *readable = map(0, 40 * M, PROT_READ, 0);
    say("private and readable", (long)readable);
    say("made writable", mprotect(readable, 40 * M, PROT_READ | PROT_WRITE));
    say("a part made writable", mprotect(readable, 1 * M, PROT_READ | PROT_WRITE));
    say("shared and writable", (long)map(0, 40 * M, PROT_READ | PROT_WRITE, MAP_SHARED));
    say("growing down", (long)map(0, 40 * M, PROT_READ | PROT_WRITE, MAP_GROWSDOWN));
    say("break", sbrk(40 * M) == (void *)-1 ? -1 : 0);
    say("break by less", sbrk(1 * M) == (void *)-1 ? -1 : 0);
    say("break back", sbrk(-1 * M) == (void *)-1 ? -1 : 0);
    set(RLIMIT_DATA, 0, 64 * M);
    say("a soft limit of 0", (long)map(0, 8 * M, PROT_READ | PROT_WRITE, 0));
    say("and beyond the hard one", (long)map(0, 64 * M, PROT_READ | PROT_WRITE, 0));
    set(RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY);
    say("without a limit", (long)map(0, 40 * M, PROT_READ | PROT_WRITE, 0));
}

// mprotect goes as far as the mapping that is too much.
static void mappingByMapping(void) {
    set(RLIMIT_DATA, 32 * M, RLIM_INFINITY);
    struct { unsigned long size; int protection, flags; } parts[] = {
        {8 * M, PROT_READ, 0},  {8 * M, PROT_NONE, 0},  {1 * M, PROT_READ, MAP_SHARED},
        {20 * M, PROT_READ, 0}, {1 * M, PROT_NONE, 0},
    };
    char *place = (char *)0x9000000000;
    unsigned long size = 0;
    for (unsigned i = 0; i < 5; i++) {
        map((unsigned long)place + size, parts[i].size, parts[i].protection, parts[i].flags | MAP_FIXED);
        size += parts[i].size;
    }
    say("all made writable", mprotect(place, size, PROT_READ | PROT_WRITE));
    struct rlimit limit;
    for (unsigned long i = 0, start = 0; i < 5; start += parts[i++].size) {
        say("begins writable", syscall(SYS_getrlimit, RLIMIT_CORE, place + start));
        say("ends writable", syscall(SYS_getrlimit, RLIMIT_CORE, place + start + parts[i].size - sizeof limit));
    }
    munmap(place + 8 * M, 4096);
    mprotect(place, size, PROT_READ);
    mprotect(place, size, PROT_READ);
    say("with a hole", mprotect(place, size, PROT_READ | PROT_WRITE));
    for (unsigned long i = 0, start = 0; i < 5; start += parts[i++].size)
        say("begins writable", syscall(SYS_getrlimit, RLIMIT_CORE, place + start));
    set(RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY);
}

static void smallStack(void) { descend(512 << 10); set(RLIMIT_STACK, 1 * M, RLIM_INFINITY); descend(2 * M); }
static void largeStack(void) { set(RLIMIT_STACK, 16 * M, RLIM_INFINITY); descend(12 * M); }
static void standardStack(void) { descend(12 * M); }
static void crampedStack(void) {
    set(RLIMIT_AS, 64 * M, RLIM_INFINITY);
    for (unsigned long size = 1 * M; size >= 4096; size /= 2) while (map(0, size, PROT_READ, 0) != MAP_FAILED) {}
    descend(4 * M);
}
static char spare[65536] __attribute__((aligned(16)));
static int limitParent(void *_) {
    (void)_;
    struct rlimit limit = {64 * M, RLIM_INFINITY};
    _exit(prlimit(getppid(), RLIMIT_AS, &limit, 0) ? errno : 0);
}
static int limitItself(void *_) {
    (void)_;
    _exit(set(RLIMIT_AS, 1 * M, RLIM_INFINITY) ? errno : 0);
}
// What a child that runs on its parent's memory sets binds whose limit it is.
static void lent(void) {
    char *page = map(0, 4096, PROT_READ, 0);
    clone(limitItself, spare + sizeof spare, CLONE_VM | CLONE_VFORK | SIGCHLD, 0);
    wait(0);
    tell("after a child's own", RLIMIT_AS);
    page = mremap(page, 4096, 40 * M, MREMAP_MAYMOVE);
    say("grown to 40 MiB", (long)page);
    clone(limitParent, spare + sizeof spare, CLONE_VM | CLONE_VFORK | SIGCHLD, 0);
    wait(0);
    tell("after its parent's", RLIMIT_AS);
    say("grown to 80 MiB", (long)mremap(page, 40 * M, 80 * M, MREMAP_MAYMOVE));
}
static void inherited(void) { tell("child's address space", RLIMIT_AS); tell("child's data", RLIMIT_DATA); }

// Runs this program again: in a fresh machine it is below /bin, whatever it is called by.
static void again(const char *name) {
    const char *last = strrchr(name, '/');
    char path[256];
    snprintf(path, sizeof path, "/bin/%s", last ? last + 1 : name);
    execl(name, name, "again", (char *)0);
    execl(path, name, "again", (char *)0);
}

// A heap is limited with the program's own data, and does not shrink to what is still beyond a limit.
static void breaks(void) {
    unsigned long start = syscall(SYS_brk, 0);
    start += -start & 4095;
#define BREAK(place) printf("%s: %+ld\n", #place, (long)(syscall(SYS_brk, start + (place)) - start))
    BREAK(10 * 4096);
    set(RLIMIT_DATA, 0, RLIM_INFINITY);
    BREAK(10 * 4096 - 1);
    BREAK(9 * 4096);
    BREAK(0);
    BREAK(-4096);
    set(RLIMIT_DATA, sizeof ballast + 100000, RLIM_INFINITY);
    BREAK(5 * 4096);
    BREAK(30 * 4096);
    BREAK(-100 * 4096);
}

int main(int count, char **words) {
    if (count > 1) {
        tell("program's address space", RLIMIT_AS);
        tell("program's stack", RLIMIT_STACK);
        return 7;
    }
    apart("errors", errors);
    apart("address space", addressSpace);
    apart("data", data);
    apart("breaks", breaks);
    apart("small stack", smallStack);
    apart("large stack", largeStack);
    apart("standard stack", standardStack);
    apart("cramped stack", crampedStack);
    apart("mapping by mapping", mappingByMapping);
    apart("lent memory", lent);
    set(RLIMIT_AS, 100 * M, 200 * M);
    set(RLIMIT_DATA, 50 * M, RLIM_INFINITY);
    apart("inherited", inherited);
    fflush(stdout);
    int child = fork(), status;
    if (child == 0) {
        set(RLIMIT_STACK, 2 * M, 4 * M);
        again(words[0]);
        _exit(99);
    }
    waitpid(child, &status, 0);
    printf("program: status %d\n", WEXITSTATUS(status));
    return 0;
}
