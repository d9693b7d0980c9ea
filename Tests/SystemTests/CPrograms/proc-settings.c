// What files below /proc take, where their positions may be, and how they tell of some mappings.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void show(const char *path) {
    char text[64] = {0};
    int fd = open(path, O_RDONLY);
    if (read(fd, text, 63) < 0) puts("unreadable");
    close(fd);
    printf("  now %s", text);
}

static void set(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    long result = write(fd, text, strlen(text));
    printf("<%s>: %ld", text, result < 0 ? -errno : result);
    close(fd);
    show(path);
}

static void settings(void) {
    static const char *const modes[] = {"1", "0\n", " 1 ", "0 5", "0x1", "00", "01", "0x", "0X1", "08", "1x", "1\v", "-1",
        "-0", "-", "7\n", "x", "\n", "", "  ", "99999999999999999999", "000000000000000000001",
        "0000000000000000000001", "0,1", "1 x"};
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) set("/proc/sys/vm/overcommit_memory", modes[i]);
    set("/proc/sys/vm/overcommit_memory", "0");
    static const char *const ratios[] = {"-1", "300", "2147483647", "2147483648", "-2147483648", "-2147483649", "0x40",
        "99999999999", "50"};
    for (unsigned i = 0; i < sizeof ratios / sizeof *ratios; i++) set("/proc/sys/vm/overcommit_ratio", ratios[i]);
}

static void tell(const char *what, long result) {
    if (result < 0) printf("%s: error %d\n", what, errno);
    else printf("%s: %ld\n", what, result);
}

static void positions(void) {
    unsigned long words[4];
    int fd = open("/proc/self/pagemap", O_RDONLY);
    tell("pagemap far away", pread(fd, words, 8, 1ul << 60));
    tell("where a position ends", pread(fd, words, 16, 0x7ffffffffffffff8));
    tell("to its end", lseek(fd, 0, SEEK_END));
    tell("to 3", lseek(fd, 3, SEEK_SET));
    tell("read there", read(fd, words, 8));
    tell("to -1, which is told as it is", lseek(fd, -1, SEEK_SET));
    tell("read there", read(fd, words, 8));
    tell("9 further", lseek(fd, 9, SEEK_CUR));
    tell("read there", read(fd, words, 8));
    struct iovec halves[2] = {{words, 4}, {words, 4}};
    tell("in halves", preadv(fd, halves, 2, 0));
    close(fd);
    fd = open("/proc/self/maps", O_RDONLY);
    tell("maps to -1", lseek(fd, -1, SEEK_SET));
    close(fd);
    fd = open("/proc/self/comm", O_WRONLY);
    struct iovec names[2] = {{"first", 5}, {"second", 6}};
    tell("two names", writev(fd, names, 2));
    show("/proc/self/comm");
    close(fd);
}

static void mappings(void) {
    char *locked = mmap((void *)0x20000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    syscall(SYS_mlock2, locked, 4096, 1);
    mmap((void *)0x20010000, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    FILE *file = fopen("/proc/self/smaps", "r");
    char line[256];
    int isMeant = 0;
    while (fgets(line, sizeof line, file)) {
        unsigned long start, end;
        int isFirst = sscanf(line, "%lx-%lx ", &start, &end) == 2;
        if (isFirst) isMeant = start == 0x20000000 || start == 0x20010000;
        if (!isMeant) continue;
        // The inode's number is another each time.
        if (isFirst) printf("%.39s %s", line, strstr(line, "/dev/zero") ?: "\n");
        if (!strncmp(line, "VmFlags", 7)) fputs(line, stdout);
    }
    fclose(file);
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    settings();
    positions();
    mappings();
}
