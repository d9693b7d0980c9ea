// Which error wins where several apply, what a call leaves behind that fails, and where an address may have a tag.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MFD_ALLOW_SEALING
#define MFD_ALLOW_SEALING 2
#endif
#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#endif
#define PAGE 4096L
#define BAD ((void *)8)

static void tell(const char *what, long result) {
    if (result == -1) printf("%s: %s\n", what, strerror(errno));
    else printf("%s: %ld\n", what, result);
}

static int memoryFile(void) { return syscall(SYS_memfd_create, "file", MFD_ALLOW_SEALING); }

static long sizeOf(int file) {
    struct stat status;
    fstat(file, &status);
    return status.st_size;
}

static void writes(const char *kind, int file) {
    printf("-- a failed write to %s\n", kind);
    if (ftruncate(file, PAGE)) abort();
    tell("pwrite from nowhere", pwrite(file, BAD, 100, 0x26ba));
    tell("leaves the size", sizeOf(file));
    struct iovec nowhere = {BAD, 10};
    tell("pwritev from nowhere", pwritev(file, &nowhere, 1, 0x10000));
    tell("leaves the size", sizeOf(file));
    char *edge = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(edge + PAGE, PAGE);
    tell("pwrite that ends in nowhere", pwrite(file, edge + PAGE - 100, 300, 2 * PAGE));
    tell("leaves the size", sizeOf(file));
    munmap(edge, PAGE);
}

static void seals(void) {
    printf("-- a write to what is sealed\n");
    int file = memoryFile();
    if (ftruncate(file, PAGE) || fcntl(file, F_ADD_SEALS, 4)) abort();
    tell("beyond the end, from nowhere", pwrite(file, BAD, 10, 2 * PAGE));
    tell("beyond the end", pwrite(file, "x", 1, 2 * PAGE));
    if (fcntl(file, F_ADD_SEALS, 8)) abort();
    tell("from nowhere", pwrite(file, BAD, 10, 0));
    tell("from somewhere", pwrite(file, "x", 1, 0));
    close(file);
}

static void tags(void) {
    printf("-- an address with a tag\n");
    char *page = mmap((void *)0x20000000, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    strcpy(page, "/tmp");
    char *tagged = (char *)((uintptr_t)page | 0xabUL << 56);
    int file = memoryFile();
    if (*(volatile char *)tagged != '/') abort();
    tell("write", write(file, tagged, 10));
    tell("read", read(file, tagged, 10));
    struct iovec vector = {tagged, 4};
    struct iovec plain = {page + 100, 4};
    tell("writev of it", writev(file, &vector, 1));
    struct iovec *array = (void *)page + 200;
    *array = plain;
    tell("writev by it", writev(file, (void *)((uintptr_t)array | 0x1UL << 56), 1));
    tell("fstat", fstat(file, (void *)tagged));
    tell("openat", open(tagged, O_RDONLY));
    tell("pipe2", syscall(SYS_pipe2, tagged, 0));
    tell("mincore", mincore(page, PAGE, (void *)tagged));
    tell("process_vm_readv to it", process_vm_readv(getpid(), &vector, 1, &plain, 1, 0));
    tell("munmap", munmap(tagged, PAGE));
    close(file);
}

// No heap comes to lie so high on Linux, wherever it is put at random; on Akuma it is RAM.
static void kernelsAddresses(void) {
    printf("-- what is the kernel's on Akuma\n");
    char *place = (char *)0x48000000;
    unsigned char residency = 7;
    tell("mincore", mincore(place, PAGE, &residency));
    printf("leaves %d\n", residency);
    tell("msync", msync(place, PAGE, MS_SYNC));
    tell("madvise", madvise(place, PAGE, MADV_WILLNEED));
    tell("populate", madvise(place, PAGE, 22));
    tell("mlock", mlock(place, PAGE));
    tell("munlock", munlock(place, PAGE));
    tell("mprotect", mprotect(place, PAGE, PROT_READ));
    tell("munmap", munmap(place, PAGE));
}

static void hugePages(void) {
    printf("-- huge pages that are not there\n");
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
    struct { const char *what; void *address; int flags; long offset; } cases[] = {
        {"anywhere", 0, 0, 0},
        {"fixed at a multiple", (void *)0x20000000, MAP_FIXED, 0},
        {"fixed beside one", (void *)0x20001000, MAP_FIXED, 0},
        {"with an offset", 0, 0, PAGE},
        {"with a multiple as offset", 0, 0, 0x200000},
        {"64 KiB, fixed at a multiple", (void *)0x20010000, MAP_FIXED | 16 << 26, 0},
        {"64 KiB, fixed beside one", (void *)0x20011000, MAP_FIXED | 16 << 26, 0},
        {"of no such size", (void *)0x20001000, MAP_FIXED | 13 << 26, 0},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        tell(cases[i].what, syscall(SYS_mmap, cases[i].address, PAGE, 3, flags | cases[i].flags, -1, cases[i].offset));
}

static void lengths(void) {
    printf("-- mremap to what is too long\n");
    for (int shared = 0; shared < 2; shared++) {
        char *page = mmap((void *)0x20000000, PAGE, 3, MAP_FIXED | MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);
        long sizes[] = {-PAGE, -PAGE - 5, -5 * PAGE, 1L << 62};
        for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            tell(shared ? "shared" : "private", syscall(SYS_mremap, page, PAGE, sizes[i], 0, 0));
            tell("may move", syscall(SYS_mremap, page, PAGE, sizes[i], MREMAP_MAYMOVE, 0));
        }
        munmap(page, PAGE);
    }
}

static void locks(void) {
    printf("-- mlock2 on fault of what may not be accessed\n");
    char *page = mmap((void *)0x20000000, 2 * PAGE, PROT_NONE, MAP_FIXED | MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    tell("mlock2 on fault", syscall(SYS_mlock2, page, 2 * PAGE, 1));
    tell("mlock2", syscall(SYS_mlock2, page, 2 * PAGE, 0));
    munmap(page, 2 * PAGE);
}

static void overlapping(void) {
    printf("-- process_vm_readv over the array that says where to\n");
    char *memory = mmap((void *)0x20000000, 16 * PAGE, 3, MAP_FIXED | MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1, 0);
    struct iovec *local = (void *)memory;
    local[0] = (struct iovec){local, 32};
    local[1] = (struct iovec){memory + PAGE, PAGE};
    struct iovec remote = {memory + 8 * PAGE, 4 * PAGE};
    long result = process_vm_readv(getpid(), local, 2, &remote, 1, 0);
    // Linux copies the array first; what becomes of one that is overwritten is no promise.
    printf("ends: %d\n", result >= 32 || (result == -1 && errno == EFAULT));
    munmap(memory, 16 * PAGE);
}

static void programs(char *self) {
    printf("-- execve\n");
    char *none[] = {0};
    char *wrong[] = {BAD, 0};
    static char large[50001];
    memset(large, 'x', 50000);
    char *much[] = {self, large, 0};
    tell("of no file, with arguments from nowhere", execve("/no/such/file", wrong, none));
    tell("of no file, with an array from nowhere", syscall(SYS_execve, "/no/such/file", BAD, none));
    tell("of no file", execve("/no/such/file", none, none));
    tell("of no name", execve("", wrong, none));
    tell("of a name from nowhere", syscall(SYS_execve, BAD, none, none));
    fflush(stdout);
    int limits[] = {RLIMIT_STACK, RLIMIT_AS};
    for (int i = 0; i < 2; i++) {
        pid_t child = fork();
        if (child == 0) {
            struct rlimit limit;
            getrlimit(limits[i], &limit);
            limit.rlim_cur = PAGE;
            setrlimit(limits[i], &limit);
            tell(i ? "with more than memory's limit" : "with more than the stack's limit", execve(self, much, none));
            fflush(stdout);
            _exit(0);
        }
        waitpid(child, 0, 0);
    }
}

// What of a limit on locks, of one on memory, and of too much to be promised is told.
static void limits(void) {
    printf("-- limits\n");
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        long large = 1L << 33;
        int own = MAP_PRIVATE | MAP_ANONYMOUS, both = PROT_READ | PROT_WRITE;
        tell("too much, locked", (long)mmap(0, large, both, own | MAP_LOCKED, -1, 0));
        tell("too much, shared and locked", (long)mmap(0, large, both, MAP_SHARED | MAP_ANONYMOUS | MAP_LOCKED, -1, 0));
        tell("too much, shared", (long)mmap(0, large, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
        char *locked = mmap(0, PAGE, both, own, -1, 0);
        mlock(locked, PAGE);
        tell("a locked one grows too much", (long)mremap(locked, PAGE, large, MREMAP_MAYMOVE));
        tell("too much where something is", (long)mmap(locked, large, both, own | MAP_FIXED_NOREPLACE, -1, 0));
        struct rlimit limit = {100L << 20, RLIM_INFINITY};
        setrlimit(RLIMIT_AS, &limit);
        tell("beyond the limit on all, locked", (long)mmap(0, 200L << 20, both, own | MAP_LOCKED, -1, 0));
        tell("beyond the limit on all", (long)mmap(0, 200L << 20, both, own, -1, 0));
        mlockall(MCL_FUTURE);
        tell("the same where all is locked", (long)mmap(0, 200L << 20, both, own, -1, 0));
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, 0, 0);
}

int main(int count, char **arguments) {
    if (count > 1) return 7;
    int file = memoryFile();
    writes("memory", file);
    close(file);
    mkdir("/tmp", 0777);
    file = open("/tmp/precedence", O_RDWR | O_CREAT | O_TRUNC, 0600);
    writes("a file", file);
    close(file);
    unlink("/tmp/precedence");
    seals();
    tags();
    kernelsAddresses();
    hugePages();
    lengths();
    locks();
    overlapping();
    limits();
    programs(arguments[0]);
    return 0;
}
