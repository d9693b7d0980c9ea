// Files of huge pages, of which none are set aside.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HUGE 0x200000L
#define PAGE 4096L

static void tell(const char *what, long result) {
    if (result < 0) printf("%s: %s\n", what, strerror(errno));
    else printf("%s: %s\n", what, result > 4096 ? "address" : result ? "other than 0" : "0");
}

static int make(const char *what, unsigned flags) {
    int file = syscall(SYS_memfd_create, "huge", flags);
    if (file < 0) tell(what, file);
    else printf("%s: a file\n", what);
    return file;
}

static void tellSize(int file) {
    struct stat status;
    fstat(file, &status);
    printf("size %ld, blocks of %ld, %ld used, mode %o, links %ld\n", (long)status.st_size, (long)status.st_blksize,
           (long)status.st_blocks, status.st_mode, (long)status.st_nlink);
}

int main(void) {
    unsigned huge = 4;
    for (unsigned shift = 1; shift < 64; shift++) {
        char what[20];
        snprintf(what, sizeof what, "2^%u", shift);
        int file = make(what, huge | shift << 26);
        if (file >= 0) tellSize(file), close(file);
    }
    make("a size without huge pages", 21u << 26);
    make("another flag", huge | 0x100);
    char name[251];
    memset(name, 'n', 250);
    name[250] = 0;
    tell("a long name and no such size", syscall(SYS_memfd_create, name, huge | 13u << 26));

    int file = make("standard", huge | 2);
    printf("-- size\n");
    tell("a page", ftruncate(file, PAGE));
    tell("two huge pages", ftruncate(file, 2 * HUGE));
    tellSize(file);
    printf("-- reading and writing\n");
    char buffer[16] = "something";
    tell("write", pwrite(file, buffer, sizeof buffer, 0));
    tell("write of nothing", write(file, buffer, 0));
    tell("write from nowhere", write(file, (void *)8, 8));
    printf("read %ld", (long)pread(file, buffer, sizeof buffer, HUGE - 8));
    for (unsigned i = 0; i < sizeof buffer; i++) if (buffer[i]) printf(" not zero at %u", i);
    printf(", at the end %ld\n", (long)pread(file, buffer, sizeof buffer, 2 * HUGE));
    printf("-- setting aside\n");
    tell("fallocate", fallocate(file, 0, 0, HUGE));
    tell("fallocate beyond", fallocate(file, 0, 0, 4 * HUGE));
    tell("fallocate, keeping the size", fallocate(file, FALLOC_FL_KEEP_SIZE, 0, HUGE));
    tell("punch", fallocate(file, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, HUGE));
    tellSize(file);
    printf("-- mapping\n");
    struct { const char *what; void *address; long length; int protection, flags; long offset; } cases[] = {
        {"shared", 0, HUGE, 3, MAP_SHARED, 0},
        {"private", 0, HUGE, 3, MAP_PRIVATE, 0},
        {"private, to be read", 0, HUGE, 1, MAP_PRIVATE, 0},
        {"shared, with the flag", 0, HUGE, 3, MAP_SHARED | MAP_HUGETLB, 0},
        {"a page of it", 0, PAGE, 3, MAP_SHARED, 0},
        {"beyond its end", 0, HUGE, 3, MAP_SHARED, 8 * HUGE},
        {"at an offset beside a multiple", 0, HUGE, 3, MAP_SHARED, PAGE},
        {"fixed at a multiple", (void *)0x20000000, HUGE, 3, MAP_SHARED | MAP_FIXED, 0},
        {"fixed beside one", (void *)0x20001000, HUGE, 3, MAP_SHARED | MAP_FIXED, 0},
        {"of no length", 0, 0, 3, MAP_SHARED, 0},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        tell(cases[i].what, syscall(SYS_mmap, cases[i].address, cases[i].length, cases[i].protection, cases[i].flags, file,
                                    cases[i].offset));
    printf("-- seals\n");
    tell("grow", fcntl(file, F_ADD_SEALS, F_SEAL_GROW));
    tell("growing", ftruncate(file, 4 * HUGE));
    tell("growing by a page", ftruncate(file, 2 * HUGE + PAGE));
    tell("fallocate beyond", fallocate(file, 0, 0, 4 * HUGE));
    tell("shrink", fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK));
    tell("shrinking", ftruncate(file, HUGE));
    tell("future writes", fcntl(file, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    tell("shared and writable", syscall(SYS_mmap, 0, HUGE, 3, MAP_SHARED, file, 0));
    tell("shared", syscall(SYS_mmap, 0, HUGE, 1, MAP_SHARED, file, 0));
    tell("punch", fallocate(file, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, HUGE));
    tell("write", fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
    tell("all", fcntl(file, F_ADD_SEALS, F_SEAL_SEAL));
    tell("one more", fcntl(file, F_ADD_SEALS, F_SEAL_SEAL));
    printf("seals %#x\n", fcntl(file, F_GET_SEALS));
    return 0;
}
