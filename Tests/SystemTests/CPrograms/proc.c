// Parses what /proc tells of its own memory as readers of Linux do, and holds the figures against what it did. Prints one
// line for each check that fails, and "ok" at the end where none did.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;
#define CHECK(condition) \
    do { if (!(condition)) { failures++; printf("line %d: %s\n", __LINE__, #condition); } } while (0)

static char text[1 << 20], first[1 << 20];

// All of a file, read in pieces of so many bytes.
static long slurp(const char *path, size_t piece) {
    int file = open(path, O_RDONLY);
    if (file < 0) return -1;
    long length = 0, count;
    while ((count = read(file, text + length, piece)) > 0) length += count;
    close(file);
    text[length] = 0;
    return count < 0 ? -1 : length;
}

// The figure of a line "label   123 kB".
static long figure(const char *path, const char *label) {
    if (slurp(path, 4096) < 0) return -1;
    char *line = strstr(text, label);
    return line ? atol(line + strlen(label)) : -1;
}

// A figure of smaps for the mapping that begins at an address; 0 is the first line, where its path is left in `line`.
static char line[5000];
static long mapping(void *start, const char *label) {
    slurp("/proc/self/smaps", 4096);
    char head[40];
    sprintf(head, "%08lx-", (unsigned long)start);
    char *found = strstr(text, head);
    if (!found) return -1;
    sscanf(found, "%4999[^\n]", line);
    char *figure = strstr(found, label);
    return figure ? atol(figure + strlen(label)) : -1;
}

static void sums(void) {
    long size = 0, rss = 0, lines = 0;
    CHECK(slurp("/proc/self/smaps", 4096) > 0);
    for (char *at = text; (at = strstr(at, "\nSize:")); at++) { size += atol(at + 6); lines++; }
    for (char *at = text; (at = strstr(at, "\nRss:")); at++) rss += atol(at + 5);
    long mapped = 0, maps = 0;
    unsigned long start, end;
    CHECK(slurp("/proc/self/maps", 4096) > 0);
    for (char *at = text; sscanf(at, "%lx-%lx", &start, &end) == 2; at = strchr(at, '\n') + 1) {
        mapped += (end - start) >> 10;
        maps++;
    }
    CHECK(lines == maps);
    CHECK(size == mapped);
    CHECK(figure("/proc/self/status", "VmSize:") == size);
    CHECK(figure("/proc/self/status", "VmPeak:") >= size);
    long pages;
    slurp("/proc/self/statm", 4096);
    sscanf(text, "%ld", &pages);
    CHECK(pages * 4 == size);
    CHECK(figure("/proc/self/smaps_rollup", "Rss:") >= rss);
}

static void growth(void) {
    char *memory = mmap(0, 64 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // A hole on either side keeps its line its own.
    munmap(memory, 1 << 12);
    memory += 1 << 12;
    munmap(memory + (62 << 12), 1 << 12);
    CHECK(mapping(memory, "Size:") == 62 * 4);
    CHECK(mapping(memory, "Rss:") == 0);
    for (int page = 0; page < 60; page += 3) memory[page << 12] = 1;
    unsigned char present[62];
    mincore(memory, 62 << 12, present);
    int count = 0;
    for (int page = 0; page < 62; page++) count += present[page] & 1;
    CHECK(mapping(memory, "Rss:") == count * 4);
    CHECK(mapping(memory, "Anonymous:") == count * 4);
    CHECK(mapping(memory, "Private_Dirty:") == count * 4);
    CHECK(strstr(strstr(text, line), "VmFlags: rd wr mr mw me ac"));
    int map = open("/proc/self/pagemap", O_RDONLY);
    uint64_t words[62];
    CHECK(pread(map, words, sizeof words, ((uintptr_t)memory >> 12) * 8) == sizeof words);
    for (int page = 0; page < 62; page++) {
        CHECK(!!(words[page] >> 63) == (present[page] & 1));
        CHECK(!!(words[page] >> 56 & 1) == (present[page] & 1));
        CHECK(!(words[page] >> 61 & 3));
    }
    CHECK(pread(map, words, 7, 0) == -1 && errno == EINVAL);
    CHECK(pread(map, words, 8, 4) == -1 && errno == EINVAL);
    CHECK(pread(map, words, 8, 1ul << 40) == 0);
    close(map);
    long alone = mapping(memory, "Pss:");
    int up[2], down[2];
    pipe(up);
    pipe(down);
    pid_t child = fork();
    if (child == 0) {
        read(down[0], line, 1);
        _exit(0);
    }
    CHECK(mapping(memory, "Pss:") == alone / 2);
    CHECK(mapping(memory, "Shared_Dirty:") == count * 4);
    char path[40];
    sprintf(path, "/proc/%d/status", child);
    CHECK(figure(path, "PPid:") == getpid());
    write(down[1], "x", 1);
    do { sched_yield(); CHECK(slurp(path, 4096) > 0); } while (!strstr(text, "State:\tZ (zombie)"));
    CHECK(!strstr(text, "VmSize"));
    int file = open(path, O_RDONLY);
    waitpid(child, 0, 0);
    CHECK(read(file, text, 10) == -1 && errno == ESRCH);
    CHECK(open(path, O_RDONLY) == -1 && errno == ENOENT);
    close(file);
    CHECK(mapping(memory, "Pss:") == alone);
    madvise(memory, 62 << 12, MADV_DONTNEED);
    CHECK(mapping(memory, "Rss:") == 0);
}

static void files(void) {
    int file = open("/tmp/a\nfile", O_RDWR | O_CREAT, 0600);
    ftruncate(file, 16 << 12);
    char *memory = mmap(0, 8 << 12, PROT_READ | PROT_WRITE, MAP_SHARED, file, 4 << 12);
    memory[0] = memory[1 << 12] = 1;
    CHECK(mapping(memory, "Rss:") == 8);
    CHECK(strstr(line, " rw-s 00004000 00:") && !strcmp(line + 73, "/tmp/a\\012file"));
    CHECK(strstr(strstr(text, line), "VmFlags: rd wr sh mr mw me ms"));
    unlink("/tmp/a\nfile");
    CHECK(mapping(memory, "Size:") == 32 && !strcmp(line + 73, "/tmp/a\\012file (deleted)"));
    // A private copy in the middle does not part the line.
    char *copy = mmap(0, 8 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 4 << 12);
    char byte = copy[2 << 12];
    copy[3 << 12] = byte;
    CHECK(mapping(copy, "Size:") == 32 && mapping(copy, "Anonymous:") == 4);
    int memfd = memfd_create("mine", 0);
    ftruncate(memfd, 4096);
    char *named = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
    CHECK(mapping(named, "Size:") == 4 && !strcmp(line + 73, "/memfd:mine (deleted)"));
    char *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(mapping(shared, "Size:") == 4 && !strcmp(line + 73, "/dev/zero (deleted)"));
}

static void pieces(void) {
    // Ten thousand lines: read by pages and by odd pieces, and the same but for where the pieces end.
    long size = 20000l << 12;
    char *memory = mmap(0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (long page = 0; page < 20000; page += 2) mprotect(memory + (page << 12), 4096, PROT_READ);
    long whole = slurp("/proc/self/maps", 4096);
    memcpy(first, text, whole + 1);
    CHECK(slurp("/proc/self/maps", 333) == whole && !memcmp(first, text, whole));
    // Each line whole, and in its place.
    char *at = first;
    unsigned long start = 0, end, expected = (unsigned long)memory;
    while (sscanf(at, "%lx-%lx", &start, &end) == 2 && start < expected) at = strchr(at, '\n') + 1;
    long length = strchr(at, '\n') - at, lines = 0;
    for (; sscanf(at, "%lx-%lx", &start, &end) == 2 && start < (unsigned long)memory + size; at += length + 1, lines++) {
        if (at[length] != '\n' || start != (unsigned long)memory + (lines << 12) || end != start + 4096) break;
    }
    CHECK(lines == 20000);
    // Anywhere, and again from the start.
    int file = open("/proc/self/maps", O_RDONLY);
    char piece[100];
    CHECK(pread(file, piece, 100, 100001) == 100 && !memcmp(piece, first + 100001, 100));
    CHECK(pread(file, piece, 100, 0) == 100 && !memcmp(piece, first, 100));
    CHECK(lseek(file, 0, SEEK_END) == -1 && errno == EINVAL);
    close(file);
    munmap(memory, size);
}

static void names(void) {
    CHECK(slurp("/proc/self/comm", 4096) > 0 && !strcmp(text, "proc\n"));
    char buffer[100];
    sprintf(buffer, "%d", getpid());
    CHECK(readlink("/proc/self", text, 100) == (long)strlen(buffer) && !memcmp(text, buffer, strlen(buffer)));
    CHECK(slurp("/proc/self/cmdline", 3) > 0 && strlen(text) > 3);
    CHECK(slurp("/proc/self/stat", 4096) > 0);
    int id, fields = 0;
    CHECK(sscanf(text, "%d (proc) R", &id) == 1 && id == getpid());
    for (char *at = text; *at; at++) fields += *at == ' ';
    CHECK(fields == 51);
    int exe = open("/proc/self/exe", O_RDONLY);
    CHECK(read(exe, buffer, 4) == 4 && !memcmp(buffer, "\177ELF", 4));
    void *heap = sbrk(8192);
    CHECK(slurp("/proc/self/maps", 4096) > 0 && strstr(text, "[heap]\n") && strstr(text, "[stack]\n"));
    (void)heap;
}

static void system_figures(void) {
    long total = figure("/proc/meminfo", "MemTotal:"), before = figure("/proc/meminfo", "MemFree:");
    long anonymous = figure("/proc/meminfo", "AnonPages:");
    CHECK(total > 0 && before > 0 && before < total);
    CHECK(figure("/proc/meminfo", "MemAvailable:") <= total);
    char *memory = mmap(0, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    // Linux counts some pages of these late.
    CHECK(before - figure("/proc/meminfo", "MemFree:") >= 7 << 10);
    CHECK(figure("/proc/meminfo", "AnonPages:") - anonymous >= 7 << 10);
    munmap(memory, 8 << 20);
    CHECK(figure("/proc/vmstat", "nr_free_pages ") > 0 && figure("/proc/vmstat", "oom_kill ") == 0);
    int file = open("/proc/sys/vm/overcommit_memory", O_RDWR);
    CHECK(write(file, "1\n", 2) == 2 && figure("/proc/sys/vm/overcommit_memory", "") == 1);
    CHECK(pwrite(file, "3\n", 2, 0) == -1 && errno == EINVAL);
    CHECK(pwrite(file, "0\n", 2, 0) == 2 && figure("/proc/sys/vm/overcommit_memory", "") == 0);
    CHECK(creat("/proc/new", 0600) == -1 && errno == ENOENT);
    CHECK(unlink("/proc/meminfo") == -1 && errno == EPERM);
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    sums();
    growth();
    files();
    pieces();
    names();
    system_figures();
    if (failures) printf("%d failed\n", failures); else puts("ok");
    return failures != 0;
}
