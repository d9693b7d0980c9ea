// What happens to memory: many files made and removed, memory used up by writing. Only Akuma can tell of frames.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned long freeFrames(void) {
    unsigned long counts[2] = {0};
    if (syscall(0x414B0004, counts, sizeof counts) < 0) exit(9);
    return counts[0];
}

static char bytes[10000];

static void make(const char *path, const char *bytes, long count) {
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    if (fd < 0 || write(fd, bytes, count) != count) printf("make %s: error %d\n", path, errno);
    close(fd);
}

static void manyFiles(void) {
    char name[300];
    mkdir("many", 0755);
    for (int i = 0; i < 5000; i++) {
        sprintf(name, "many/%d-%0*d", i, i % 230 + 1, 0);
        make(name, bytes, i % 3 ? 10 : 5000);
    }
    // Half of them by readdir, the others by name.
    DIR *dir = opendir("many");
    struct dirent *entry;
    int seen = 0, removed = 0;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.') continue;
        if (seen++ % 2 == 0 && unlinkat(dirfd(dir), entry->d_name, 0) == 0) removed++;
    }
    rewinddir(dir);
    int left = 0;
    while ((entry = readdir(dir))) if (entry->d_name[0] != '.') { left++; removed += unlinkat(dirfd(dir), entry->d_name, 0) == 0; }
    closedir(dir);
    printf("seen %d, left %d, removed %d, rmdir %d\n", seen, left, removed, rmdir("many"));
}

static void deepDirectories(void) {
    // Each is removed while the next one is the working directory: a chain of deleted names.
    mkdir("deep", 0755);
    chdir("deep");
    int depth = 0;
    for (; depth < 3000; depth++) if (mkdir("d", 0755) || chdir("d")) break;
    printf("depth %d\n", depth);
    char cwd[4096];
    printf("getcwd %d\n", (int)syscall(SYS_getcwd, cwd, sizeof cwd) < 0 ? errno : 0);
    int failed = 0;
    for (int i = 0; i < depth; i++) {
        if (chdir("..")) failed++;
        if (rmdir("d")) failed++;
    }
    chdir("..");
    printf("failed %d, rmdir %d\n", failed, rmdir("deep"));
    mkdir("a", 0755);
    mkdir("a/b", 0755);
    mkdir("a/b/c", 0755);
    chdir("a/b/c");
    rmdir("/t/a/b/c");
    rmdir("/t/a/b");
    rmdir("/t/a");
    printf("out of a deleted directory %d\n", chdir("/t"));
}

static void unlinkedAndOpen(void) {
    int fds[50];
    for (int i = 0; i < 50; i++) {
        fds[i] = open("x", O_CREAT | O_RDWR, 0644);
        write(fds[i], bytes, sizeof bytes);
        unlink("x");
    }
    int bad = 0;
    char byte;
    for (int i = 0; i < 50; i++) bad += pread(fds[i], &byte, 1, 9999) != 1;
    for (int i = 0; i < 50; i++) close(fds[i]);
    printf("bad %d\n", bad);
    for (int i = 0; i < 100; i++) close(open(".", O_TMPFILE | O_RDWR, 0600));
    for (int i = 0; i < 100; i++) {
        int fd = syscall(SYS_memfd_create, "name", 0);
        write(fd, bytes, 5000);
        close(fd);
    }
    for (int i = 0; i < 100; i++) {
        make("h1", bytes, 10);
        link("h1", "h2");
        unlink("h1");
        rename("h2", "h3");
        symlink("a target that is somewhat longer than thirty-two bytes", "s");
        unlink("s");
        unlink("h3");
    }
}

static void fill(void) {
    int fd = open("big", O_CREAT | O_RDWR, 0644);
    long total = 0, count;
    while ((count = write(fd, bytes, sizeof bytes)) == (long)sizeof bytes) total += count;
    int error = count < 0 ? errno : 0;
    if (count > 0) {
        total += count;
        count = write(fd, bytes, sizeof bytes);
        error = count < 0 ? errno : 0;
    }
    struct stat s;
    fstat(fd, &s);
    printf("error %d, all of it there %d, more than 4 MiB %d\n", error, s.st_size == total, total > 4 << 20);
    // What was there before can still be written, and memory be used.
    printf("overwrite %ld\n", (long)pwrite(fd, bytes, 100, 50));
    printf("make %d\n", mkdir("still", 0755));
    char *block = malloc(100000);
    memset(block, 1, 100000);
    free(block);
    printf("fallocate %d\n", fallocate(fd, 0, 0, 1L << 40));
    fstat(fd, &s);
    printf("unchanged %d\n", s.st_size == total);
    ftruncate(fd, 4096);
    printf("write again %ld\n", (long)pwrite(fd, bytes, sizeof bytes, 8192));
    close(fd);
    unlink("big");
    rmdir("still");
    printf("beyond 16 TiB %ld %d\n", (long)pwrite(open("sparse", O_CREAT | O_RDWR, 0644), "x", 1, 1L << 44), errno);
    unlink("sparse");
}

static void check(const char *what, void (*body)(void)) {
    // What the C library keeps it has after two turns.
    body();
    body();
    unsigned long before = freeFrames();
    body();
    body();
    long lost = before - freeFrames();
    printf("%s: frames lost %ld\n", what, lost);
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 4096);
    mkdir("/t", 0755);
    chdir("/t");
    check("many files", manyFiles);
    check("deep directories", deepDirectories);
    check("unlinked", unlinkedAndOpen);
    check("fill", fill);
    return 0;
}
