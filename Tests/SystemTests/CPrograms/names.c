// Names of mappings, as prctl(2) and Documentation/filesystems/proc.rst tell: Debian's kernel is built without them.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L
#define SET_VMA 0x53564d41
static char *base;
static int failures;

static long name(char *start, unsigned long length, const char *text) {
    return syscall(SYS_prctl, SET_VMA, 0, start, length, text) == 0 ? 0 : -errno;
}

static void expect(const char *what, long found, long wanted) {
    if (found == wanted) return;
    failures++;
    printf("%s: %ld, not %ld\n", what, found, wanted);
}

// The window's mappings, each by its pages and what is written behind its inode.
static void tell(const char *file, const char *wanted) {
    char found[2000] = "", line[400];
    FILE *maps = fopen(file, "r");
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) != 2 || !strchr(line, ':') || start < (unsigned long)base ||
            end > (unsigned long)base + 64 * PAGE)
            continue;
        line[strcspn(line, "\n")] = 0;
        sprintf(found + strlen(found), "%lu%s;", (end - start) / PAGE, strlen(line) > 72 ? line + 72 : "");
    }
    fclose(maps);
    if (strcmp(found, wanted)) failures++, printf("%s: %s, not %s\n", file, found, wanted);
}

int main(void) {
    char text[200];
    base = mmap((void *)0x20000000, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(base, 64 * PAGE);
    mmap(base, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    expect("named", name(base + PAGE, 2 * PAGE, "a heap"), 0);
    tell("/proc/self/maps", "1;2 [anon:a heap];5;");
    tell("/proc/self/smaps", "1;2 [anon:a heap];5;");
    expect("joined", name(base + 3 * PAGE, 5 * PAGE, "a heap"), 0);
    tell("/proc/self/maps", "1;7 [anon:a heap];");
    expect("empty", name(base, PAGE, ""), 0);
    tell("/proc/self/maps", "1 [anon:];7 [anon:a heap];");

    // Length and characters.
    memset(text, 'n', sizeof text);
    expect("80 without an end", name(base, PAGE, text), -EINVAL);
    text[79] = 0;
    expect("79 and its end", name(base, PAGE, text), 0);
    for (int byte = 1; byte < 256; byte++) {
        char one[] = {'x', byte, 0};
        int bad = byte < 0x20 || byte > 0x7e || strchr("\\`$[]", byte);
        expect("a character", name(base, PAGE, one), bad ? -EINVAL : 0);
    }
    expect("removed", name(base, 8 * PAGE, 0), 0);
    tell("/proc/self/maps", "8;");

    // Which error wins.
    expect("no attribute", syscall(SYS_prctl, SET_VMA, 1, base, PAGE, "n") ? -errno : 0, -EINVAL);
    expect("no string", name(base, PAGE, (char *)8), -EFAULT);
    expect("no string, no page", name(base + 1, PAGE, (char *)8), -EFAULT);
    char *edge = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(edge + PAGE, PAGE);
    memset(edge, 'e', PAGE);
    expect("no end that can be read", name(base, PAGE, edge + PAGE - 79), -EFAULT);
    edge[PAGE - 79] = '$';
    expect("nor a character that may be", name(base, PAGE, edge + PAGE - 79), -EFAULT);
    expect("80 that can be read", name(base, PAGE, edge + PAGE - 80), -EINVAL);
    expect("unaligned", name(base + 1, PAGE, "n"), -EINVAL);
    expect("unaligned, without a name", name(base + 1, PAGE, 0), -EINVAL);
    expect("a length that rounds up to nothing", name(base, -1, "n"), -EINVAL);
    expect("wraps", name(base, -PAGE, "n"), -EINVAL);
    expect("nothing", name(base, 0, "n"), 0);
    expect("nothing there", name(base + 20 * PAGE, PAGE, "n"), -ENOMEM);
    expect("a tag", name((char *)((unsigned long)base | 1UL << 56), PAGE, "n"), -ENOMEM);
    munmap(base + 2 * PAGE, PAGE);
    expect("a hole", name(base, 8 * PAGE, "n"), -ENOMEM);
    tell("/proc/self/maps", "2 [anon:n];5 [anon:n];");
    mmap(base + 2 * PAGE, PAGE, PROT_READ, MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    expect("shared", name(base, 8 * PAGE, "o"), -EBADF);
    tell("/proc/self/maps", "2 [anon:o];1 /dev/zero (deleted);5 [anon:n];");
    int file = open("/proc/self/exe", O_RDONLY);
    mmap(base + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE, file, 0);
    base[2 * PAGE] = 1;
    expect("a file's, copied", name(base + 2 * PAGE, PAGE, "o"), -EBADF);
    munmap(base + 2 * PAGE, PAGE);

    // What else happens to it.
    mprotect(base, PAGE, PROT_READ);
    tell("/proc/self/maps", "1 [anon:o];1 [anon:o];5 [anon:n];");
    mremap(base + 3 * PAGE, 5 * PAGE, 7 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, base + 20 * PAGE);
    tell("/proc/self/maps", "1 [anon:o];1 [anon:o];7 [anon:n];");
    expect("two mappings are not one", (long)mremap(base, 2 * PAGE, 4 * PAGE, 0), -1);
    fflush(stdout);
    if (fork() == 0) {
        tell("/proc/self/maps", "1 [anon:o];1 [anon:o];7 [anon:n];");
        expect("the child's", name(base, PAGE, "child"), 0);
        tell("/proc/self/maps", "1 [anon:child];1 [anon:o];7 [anon:n];");
        fflush(stdout);
        _exit(failures);
    }
    int status;
    wait(&status);
    expect("the child", status, 0);
    tell("/proc/self/maps", "1 [anon:o];1 [anon:o];7 [anon:n];");

    // The heap is called heap all the same.
    char *heap = sbrk(2 * PAGE);
    expect("the heap", name((char *)((unsigned long)heap & -PAGE), PAGE, "n"), 0);

    // Room ends, and comes back.
    char *many = mmap(0, 300 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int round = 0; round < 20; round++) {
        int given = 0;
        long error = 0;
        while (given < 300) {
            sprintf(text, "%d of %d and some more text to fill the room for names", given, round);
            if ((error = name(many + given * PAGE, PAGE, text)) != 0) break;
            given++;
        }
        expect("full", error, -ENOMEM);
        if (given < 20) expect("given", given, 20);
        expect("taken away", name(many, 300 * PAGE, 0), 0);
    }
    printf(failures ? "%d wrong\n" : "ok\n", failures);
    return failures != 0;
}
