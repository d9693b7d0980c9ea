// What a program finds of its own image: lines of maps, bytes beside segments, pages shared with a child; and who may
// write a file that runs, or run a file that is written. Addresses are told from the image's start.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#ifdef __PIE__
#define ISPLACED 1
#else
#define ISPLACED 0
#endif
#define PAGED __attribute__((aligned(4096)))

static PAGED char data[3 * PAGE] = {1};
static PAGED const char constants[20 * PAGE] = {2};
static char zeroes[5 * PAGE + 123];
extern char edata;

static const char *result(long value) {
    static char number[20];
    if (value >= 0) return "ok";
    switch (errno) {
    case ETXTBSY: return "ETXTBSY";
    case EACCES: return "EACCES";
    case ENOENT: return "ENOENT";
    case ENOEXEC: return "ENOEXEC";
    case EINVAL: return "EINVAL";
    }
    snprintf(number, sizeof number, "error %d", errno);
    return number;
}

struct line {
    unsigned long start, end, offset;
    char rights[5], path[200];
};

// The lines of maps; returns how many.
static int readMaps(struct line *lines, int most) {
    FILE *file = fopen("/proc/self/maps", "r");
    char text[300];
    int count = 0;
    while (count < most && fgets(text, sizeof text, file)) {
        struct line *line = &lines[count++];
        line->path[0] = 0;
        sscanf(text, "%lx-%lx %4s %lx %*s %*s %199[^\n]", &line->start, &line->end, line->rights, &line->offset, line->path);
    }
    fclose(file);
    return count;
}

// A figure of smaps, in KiB, of the mapping that begins at an address.
static long figure(unsigned long start, const char *label) {
    FILE *file = fopen("/proc/self/smaps", "r");
    char text[300], head[40];
    snprintf(head, sizeof head, "%08lx-", start);
    int isThere = 0;
    long value = -1;
    while (fgets(text, sizeof text, file)) {
        if (strchr(text, '-') && strstr(text, head) == text) isThere = 1;
        else if (isThere && strstr(text, label) == text) { value = atol(text + strlen(label)); break; }
    }
    fclose(file);
    return value;
}

// Bits 61 (of a file) and 63 (present) of a page in pagemap.
static const char *pageIs(volatile char *page) {
    uint64_t word = 0;
    int file = open("/proc/self/pagemap", O_RDONLY);
    if (pread(file, &word, 8, (uintptr_t)page / PAGE * 8) != 8) return "?";
    close(file);
    return !(word >> 63) ? "absent" : word >> 61 & 1 ? "the file's" : "its own";
}

static struct line lines[64];
static char program[200];

static void image(void) {
    int count = readMaps(lines, 64);
    unsigned long base = 0, end = 0;
    for (int i = 0; i < count; i++) {
        struct line *line = &lines[i];
        int isImage = strcmp(line->path, program) == 0;
        if (isImage && !base) base = line->start;
        // Zeroes behind the image are anonymous memory that begins where it ends. They are told as the heap's where that
        // goes on from there, which is so for each kernel's own choice of a place.
        int isZeroes = end && line->start == end && line->offset == 0;
        if (isImage || isZeroes)
            printf(
                "%lx-%lx %s %lx %s\n", line->start - base, line->end - base, line->rights, line->offset,
                isZeroes && ISPLACED ? "zeroes" : line->path);
        end = isImage ? line->end : 0;
    }
}

static void contents(void) {
    int file = open(program, O_RDONLY);
    static char bytes[PAGE];
    int differing = 0, count = readMaps(lines, 64);
    for (int i = 0; i < count; i++) {
        if (strcmp(lines[i].path, program) || lines[i].rights[1] == 'w' || lines[i].rights[2] != 'x') continue;
        for (unsigned long at = lines[i].start; at < lines[i].end; at += PAGE) {
            memset(bytes, 0, PAGE);
            if (pread(file, bytes, PAGE, lines[i].offset + at - lines[i].start) < 0) differing++;
            if (memcmp(bytes, (void *)at, PAGE)) differing++;
        }
    }
    close(file);
    printf("pages of code that differ from the file: %d\n", differing);
    int nonZero = 0;
    for (size_t i = 0; i < sizeof zeroes; i++) nonZero += zeroes[i] != 0;
    printf("bytes of bss that are not zero: %d\n", nonZero);

    volatile char *page = data;
    (void)page[PAGE];
    printf("data: read page is %s", pageIs(page + PAGE));
    page[0] = 7;
    page[PAGE] = 8;
    printf(", written %s", pageIs(page + PAGE));
    madvise(data, 2 * PAGE, MADV_DONTNEED);
    printf(", discarded %s, and shows %d %d\n", pageIs(page + PAGE), page[0], page[PAGE]);
    (void)*(volatile char *)constants;
    printf("constants: %s\n", pageIs((char *)constants));
}

// Touches every page of the program's lines that it can't write.
static void touch(void) {
    int count = readMaps(lines, 64);
    for (int i = 0; i < count; i++)
        if (strcmp(lines[i].path, program) == 0 && lines[i].rights[1] != 'w')
            for (unsigned long at = lines[i].start; at < lines[i].end; at += PAGE) (void)*(volatile char *)at;
}

static void sharing(void) {
    int ready[2], done[2];
    char byte = 0;
    if (pipe(ready) || pipe(done)) return;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        touch();
        if (write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 1) _exit(1);
        _exit(0);
    }
    touch();
    if (read(ready[0], &byte, 1) != 1) return;
    int count = readMaps(lines, 64);
    for (int i = 0; i < count; i++) {
        if (strcmp(lines[i].path, program) || lines[i].rights[2] != 'x') continue;
        unsigned long start = lines[i].start;
        long size = figure(start, "Size:"), resident = figure(start, "Rss:");
        long shared = figure(start, "Shared_Clean:") + figure(start, "Shared_Dirty:");
        long own = figure(start, "Private_Clean:") + figure(start, "Private_Dirty:");
        printf(
            "code: resident %s, shared %s, private %ld, anonymous %ld, Pss %s\n", resident == size ? "all" : "part",
            shared == size ? "all" : "part", own, figure(start, "Anonymous:"),
            figure(start, "Pss:") * 2 == size ? "half" : "other");
    }
    if (write(done[1], &byte, 1) != 1) return;
    int status;
    waitpid(child, &status, 0);
    printf("child: %d\n", status);
    close(ready[0]), close(ready[1]), close(done[0]), close(done[1]);
}

static void copyTo(const char *path) {
    unlink(path);
    int from = open(program, O_RDONLY), to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0755);
    static char bytes[1 << 16];
    long count;
    while ((count = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, count) != count) printf("copy: %s\n", result(-1));
    close(from), close(to);
}

static int openAndClose(const char *path, int flags) {
    int file = open(path, flags);
    if (file >= 0) close(file);
    return file;
}

// Starts a program that only waits for its input to end; nothing else has the pipe's end that it returns.
static pid_t start(const char *path, char *argument, int *hold) {
    int ends[2], failed[2];
    if (pipe(ends) || pipe2(failed, O_CLOEXEC)) exit(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[0], 0);
        close(ends[1]);
        execv(path, (char *[]){"copy", argument, 0});
        int error = errno;
        if (write(failed[1], &error, sizeof error) < 0) _exit(1);
        _exit(100);
    }
    close(ends[0]), close(failed[1]);
    *hold = ends[1];
    int error = 0;
    if (read(failed[0], &error, sizeof error) > 0) {
        errno = error;
        close(ends[1]);
        waitpid(child, 0, 0);
        child = -1;
    }
    close(failed[0]);
    return child;
}

static void finish(pid_t child, int hold) {
    int status = 0;
    if (child < 0) return;
    close(hold);
    waitpid(child, &status, 0);
    printf("copy: status %d\n", status);
}

static void busy(void) {
    int hold = -1, error;
    const char *copy = "/tmp/copy";
    mkdir("/tmp", 0777);
    printf("running: open for writing %s", result(openAndClose(program, O_WRONLY)));
    printf(", both %s", result(openAndClose(program, O_RDWR)));
    printf(", reading %s", result(openAndClose(program, O_RDONLY)));
    printf(", O_TRUNC %s", result(openAndClose(program, O_RDONLY | O_TRUNC)));
    printf(", O_CREAT %s", result(openAndClose(program, O_WRONLY | O_CREAT)));
    printf(", truncate %s", result(truncate(program, 0)));
    printf(", access %s", result(access(program, W_OK)));
    printf(", chmod %s\n", result(chmod(program, 0755)));
    int file = open(program, O_RDONLY);
    void *shared = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    printf("running: shared mapping for writing %s", result(shared == MAP_FAILED ? -1 : 0));
    printf(", ftruncate %s\n", result(ftruncate(file, 0)));
    close(file);

    copyTo(copy);
    pid_t child = start(copy, "wait", &hold);
    printf("copy: started %s", result(child));
    printf(", open for writing %s", result(openAndClose(copy, O_WRONLY)));
    printf(", truncate %s\n", result(truncate(copy, 1)));
    finish(child, hold);
    printf("copy: ended, open for writing %s\n", result(openAndClose(copy, O_WRONLY)));

    child = start(copy, "deleted", &hold);
    error = rename(copy, "/tmp/other");
    printf("copy: renamed %s", result(error));
    error = unlink("/tmp/other");
    printf(", unlinked %s\n", result(error));
    fflush(stdout);
    finish(child, hold);

    copyTo(copy);
    file = open(copy, O_WRONLY);
    child = start(copy, "wait", &hold);
    printf("open for writing: execve %s\n", result(child));
    finish(child, hold);
    close(file);
    file = open(copy, O_RDWR);
    char *mapped = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    child = start(copy, "wait", &hold);
    printf("mapped for writing: execve %s\n", result(child));
    finish(child, hold);
    munmap(mapped, PAGE);
    child = start(copy, "wait", &hold);
    printf("unmapped: execve %s\n", result(child));
    finish(child, hold);

    chmod(copy, 0644);
    child = start(copy, "wait", &hold);
    printf("not executable: execve %s\n", result(child));
    file = open(copy, O_WRONLY);
    child = start(copy, "wait", &hold);
    printf("and open for writing: execve %s\n", result(child));
    if (write(file, "garbage", 7) != 7) return;
    close(file);
    chmod(copy, 0755);
    child = start(copy, "wait", &hold);
    printf("garbage: execve %s\n", result(child));
    child = start("/tmp/none", "wait", &hold);
    printf("none: execve %s\n", result(child));
}

int main(int count, char **arguments) {
    setvbuf(stdout, 0, _IOFBF, 1 << 16);
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0) return 1;
    program[length] = 0;
    if (count > 1) {
        char byte;
        while (read(0, &byte, 1) > 0) {}
        if (strcmp(arguments[1], "deleted") == 0) {
            // By now the file has no name any more. What of it was never touched is there all the same.
            readlink("/proc/self/exe", program, sizeof program - 1);
            printf("%s: ", program);
            long sum = 0;
            for (size_t i = 0; i < sizeof constants; i += PAGE) sum += ((volatile const char *)constants)[i];
            printf("constants %ld, data %d\n", sum, ((volatile char *)data)[0]);
            image();
        }
        return 0;
    }
    image();
    contents();
    sharing();
    busy();
    return 0;
}
