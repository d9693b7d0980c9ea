// What a limit on locked memory that is exceeded already lets a program do, and which error wins over that limit's.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096L
#define SIZE (4 * PAGE)
#define FIXED ((char *)0x9000000000)

static void tell(const char *what, void *result, long length) {
    printf("%s: %s\n", what, result == MAP_FAILED ? strerror(errno) : "mapped");
    if (result != MAP_FAILED) munmap(result, length);
}

static void *map(void *address, long length, int protection, int flags, int file, long offset) {
    return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

static void setLimit(int resource, unsigned long value) {
    struct rlimit limit;
    getrlimit(resource, &limit);
    limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
    printf("limit %d: %d\n", resource, setrlimit(resource, &limit));
}

static void mappings(const char *name, int extra) {
    printf("-- %s\n", name);
    int both = open("/tmp/locked", O_RDWR | O_CREAT, 0600);
    int read = open("/tmp/locked", O_RDONLY), write = open("/tmp/locked", O_WRONLY), folder = open("/tmp", O_RDONLY);
    int ends[2];
    if (ftruncate(both, SIZE) || pipe(ends)) return;
    const int memory = MAP_PRIVATE | MAP_ANONYMOUS;
    struct { const char *what; void *address; long length; int protection, flags, file; long offset; } cases[] = {
        {"memory", 0, SIZE, 3, memory, -1, 0},
        {"memory of type 0", 0, SIZE, 3, MAP_ANONYMOUS, -1, 0},
        {"memory of type 12", 0, SIZE, 3, MAP_ANONYMOUS | 12, -1, 0},
        {"memory of a file's type", 0, SIZE, 3, MAP_ANONYMOUS | 3, -1, 0},
        {"a file of type 0", 0, SIZE, 3, 0, both, 0},
        {"shared and growing", 0, SIZE, 3, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0},
        {"a file to write that may be read", 0, SIZE, 3, MAP_SHARED, read, 0},
        {"a file that may be written", 0, SIZE, 1, MAP_PRIVATE, write, 0},
        {"growing, a file that may be read", 0, SIZE, 3, 3 | MAP_GROWSDOWN, read, 0},
        {"growing, a file that may be written", 0, SIZE, 1, 3 | MAP_GROWSDOWN, write, 0},
        {"growing, a file", 0, SIZE, 1, 3 | MAP_GROWSDOWN, both, 0},
        {"a directory", 0, SIZE, 1, MAP_PRIVATE, folder, 0},
        {"a pipe", 0, SIZE, 1, MAP_PRIVATE, ends[0], 0},
        {"an unknown flag", 0, SIZE, 1, 3 | 0x200, both, 0},
        {"no page's address", FIXED + 1, SIZE, 1, memory | MAP_FIXED, -1, 0},
        {"beyond all offsets", 0, SIZE, 1, MAP_PRIVATE, both, -2 * PAGE},
        {"too long", 0, 1L << 50, 1, memory, -1, 0},
        {"no file", 0, SIZE, 1, MAP_PRIVATE, 99, 0},
        {"over the program", (void *)0x400000, SIZE, 1, memory | MAP_FIXED_NOREPLACE, -1, 0},
        {"huge pages", 0, 0x200000, 3, memory | MAP_HUGETLB, -1, 0},
        {"huge pages beside a multiple", FIXED + PAGE, 0x200000, 3, memory | MAP_HUGETLB | MAP_FIXED, -1, 0},
        {"huge pages of no such size", 0, 0x200000, 3, memory | MAP_HUGETLB | 13 << 26, -1, 0},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        tell(cases[i].what,
             map(cases[i].address, cases[i].length, cases[i].protection, cases[i].flags | extra, cases[i].file,
                 cases[i].offset),
             cases[i].length);
    close(both), close(read), close(write), close(folder), close(ends[0]), close(ends[1]);
}

static char *breakEnd;

static void moveBreak(const char *what, long distance) {
    printf("%s: %ld\n", what, (long)((char *)syscall(SYS_brk, breakEnd + distance) - breakEnd));
}

// The break within the heap's last page, where more is mapped or locked than may be.
static void heap(void) {
    printf("-- the heap\n");
    breakEnd = (char *)(((long)syscall(SYS_brk, 0) + PAGE - 1) & -PAGE);
    moveBreak("begin", -100);
    char *memory = mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("lock %d, all later %d\n", mlock(memory, SIZE), mlockall(MCL_FUTURE));
    setLimit(RLIMIT_MEMLOCK, PAGE);
    moveBreak("within the page", -50);
    moveBreak("to its end", 0);
    moveBreak("back", -60);
    moveBreak("a page more", PAGE);
    munlockall();
    setLimit(RLIMIT_MEMLOCK, -1UL);
    moveBreak("begin", -100);
    setLimit(RLIMIT_DATA, PAGE);
    moveBreak("within the page", -50);
    moveBreak("back", -150);
    moveBreak("a page less", -PAGE - 10);
    setLimit(RLIMIT_DATA, -1UL);
    moveBreak("begin", -100);
    setLimit(RLIMIT_AS, PAGE);
    moveBreak("within the page", -50);
    moveBreak("a page more", PAGE);
    setLimit(RLIMIT_AS, -1UL);
}

static void residency(void) {
    printf("-- mincore of nothing\n");
    unsigned long places[] = {-1UL, 0xffff000000000000, 1UL << 48, (1UL << 48) - 1, 8, 0};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++)
        printf("to %#lx: %d\n", places[i], syscall(SYS_mincore, FIXED, 0L, places[i]) ? errno : 0);
    printf("of what is not mapped, to %#lx: %d\n", places[0], syscall(SYS_mincore, FIXED, PAGE, places[0]) ? errno : 0);
    printf("of what is not mapped, to 8: %d\n", syscall(SYS_mincore, FIXED, PAGE, 8L) ? errno : 0);
}

int main(void) {
    mkdir("/tmp", 0777);
    heap();
    residency();
    setLimit(RLIMIT_MEMLOCK, 0x200000);
    const int huge = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_LOCKED;
    tell("a huge page that may be locked", map(0, 0x200000, 3, huge, -1, 0), 0x200000);
    tell("a part of one", map(0, PAGE, 3, huge, -1, 0), PAGE);
    tell("one more than may be", map(0, 0x200001, 3, huge, -1, 0), 0x200001);
    setLimit(RLIMIT_MEMLOCK, PAGE);
    mappings("MAP_LOCKED", MAP_LOCKED);
    mlockall(MCL_FUTURE);
    mappings("MCL_FUTURE", 0);
    munlockall();
    setLimit(RLIMIT_MEMLOCK, 0);
    mappings("MAP_LOCKED where nothing may be locked", MAP_LOCKED);
    mappings("not locked", 0);
    return 0;
}
