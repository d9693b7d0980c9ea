// What a file system does, told by what the calls return. Runs in a directory of its own.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void tell(const char *what, long result) {
    if (result < 0) printf("%s: error %d\n", what, errno);
    else printf("%s: %ld\n", what, result);
}

static int make(const char *path, const char *text) {
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644);
    if (fd >= 0 && text[0] && write(fd, text, strlen(text)) != (long)strlen(text)) printf("short write to %s\n", path);
    return fd;
}

static void show(const char *path) {
    char buffer[64] = {0};
    int fd = open(path, O_RDONLY);
    long count = read(fd, buffer, sizeof buffer - 1);
    if (count < 0) printf("%s: error %d\n", path, errno);
    else printf("%s: %ld bytes <%s>\n", path, count, buffer);
    if (fd >= 0) close(fd);
}

static void status(const char *path) {
    struct stat s;
    if (lstat(path, &s)) { printf("%s: error %d\n", path, errno); return; }
    printf("%s: mode %o links %lu size %ld\n", path, s.st_mode, (unsigned long)s.st_nlink, S_ISDIR(s.st_mode) ? -1L : (long)s.st_size);
}

static void basics(void) {
    int fd = make("a", "hello");
    tell("lseek", lseek(fd, 1, SEEK_SET));
    char buffer[8] = {0};
    tell("read", read(fd, buffer, 3));
    puts(buffer);
    tell("pwrite", pwrite(fd, "XY", 2, 8));
    tell("size", lseek(fd, 0, SEEK_END));
    tell("pread at a hole", pread(fd, buffer, 3, 5));
    printf("%d %d %d\n", buffer[0], buffer[1], buffer[2]);
    tell("read beyond the end", pread(fd, buffer, 3, 100));
    struct iovec pieces[2] = {{"one", 3}, {"two", 3}};
    tell("pwritev", pwritev(fd, pieces, 2, 0));
    close(fd);
    show("a");
    fd = open("a", O_WRONLY | O_APPEND);
    tell("append", write(fd, "end", 3));
    tell("pwrite appends", pwrite(fd, "!", 1, 0));
    tell("read a write-only file", read(fd, buffer, 1));
    close(fd);
    show("a");
    fd = open("a", O_RDONLY);
    tell("write a read-only file", write(fd, "x", 1));
    tell("ftruncate a read-only file", ftruncate(fd, 0));
    close(fd);
    tell("truncate", truncate("a", 3));
    show("a");
    tell("truncate longer", truncate("a", 6));
    fd = open("a", O_RDONLY);
    memset(buffer, 'z', 8);
    tell("read", read(fd, buffer, 8));
    printf("%c%c%c%d%d%d\n", buffer[0], buffer[1], buffer[2], buffer[3], buffer[4], buffer[5]);
    close(fd);
    tell("truncate to less than nothing", truncate("a", -1));
    tell("O_EXCL", open("a", O_CREAT | O_EXCL | O_WRONLY, 0644));
    tell("O_DIRECTORY", open("a", O_DIRECTORY));
    tell("a slash behind a file", open("a/", O_RDONLY));
    tell("below a file", open("a/b", O_RDONLY));
    tell("nothing there", open("none", O_RDONLY));
    tell("make below nothing", open("none/b", O_CREAT | O_WRONLY, 0644));
    tell("make with a slash", open("none/", O_CREAT | O_WRONLY, 0644));
    tell("write a directory", open(".", O_WRONLY));
    tell("make a directory's name", open(".", O_CREAT | O_RDONLY, 0644));
    char name[300];
    memset(name, 'n', sizeof name);
    name[256] = 0;
    tell("a name of 256", open(name, O_CREAT | O_WRONLY, 0644));
    name[255] = 0;
    fd = open(name, O_CREAT | O_WRONLY, 0644);
    printf("a name of 255: %d\n", fd >= 0);
    close(fd);
    tell("unlink it", unlink(name));
}

static void links(void) {
    close(make("l1", "linked"));
    tell("link", link("l1", "l2"));
    status("l1");
    tell("link to what is there", link("l1", "a"));
    tell("link a directory", link(".", "ldir"));
    tell("link nothing", link("none", "l3"));
    tell("unlink", unlink("l1"));
    status("l2");
    show("l2");
    tell("symlink", symlink("l2", "s"));
    show("s");
    status("s");
    char buffer[64] = {0};
    tell("readlink", readlink("s", buffer, 63));
    puts(buffer);
    tell("readlink cut", readlink("s", buffer, 1));
    tell("readlink of a file", readlink("l2", buffer, 63));
    tell("O_NOFOLLOW", open("s", O_RDONLY | O_NOFOLLOW));
    tell("symlink to itself", symlink("loop", "loop"));
    tell("open a loop", open("loop", O_RDONLY));
    tell("symlink to nothing", symlink("made", "dangling"));
    tell("open it", open("dangling", O_RDONLY));
    tell("O_EXCL on it", open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0644));
    int fd = open("dangling", O_CREAT | O_WRONLY, 0644);
    printf("made through it: %d\n", fd >= 0);
    close(fd);
    status("made");
    tell("empty target", symlink("", "e"));
    tell("link follows", linkat(AT_FDCWD, "s", AT_FDCWD, "l4", AT_SYMLINK_FOLLOW));
    status("l4");
    tell("link does not", link("s", "s2"));
    status("s2");
    tell("unlink a link", unlink("s"));
    status("l2");
}

static void directories(void) {
    tell("mkdir", mkdir("d", 0755));
    tell("again", mkdir("d", 0755));
    tell("with a slash", mkdir("d/e/", 0700));
    status("d");
    status("d/e");
    tell("below nothing", mkdir("none/x", 0755));
    tell("dot", mkdir(".", 0755));
    tell("unlink a directory", unlink("d"));
    tell("rmdir with something in it", rmdir("d"));
    tell("rmdir a file", rmdir("a"));
    tell("rmdir dot", rmdir("d/."));
    tell("rmdir dot dot", rmdir("d/e/.."));
    tell("rmdir root", rmdir("/"));
    tell("chdir", chdir("d/e"));
    int fd = open("../in-d", O_CREAT | O_WRONLY, 0600);
    close(fd);
    char cwd[4096];
    printf("%s\n", getcwd(cwd, sizeof cwd) + strlen(cwd) - 4);
    tell("rmdir where we are", rmdir("../e"));
    tell("getcwd", getcwd(cwd, sizeof cwd) ? 0 : -1);
    tell("make here", open("x", O_CREAT | O_WRONLY, 0644));
    tell("mkdir here", mkdir("x", 0755));
    tell("back", chdir(".."));
    status("in-d");
    tell("back", chdir(".."));
    status("d");
    mkdir("many", 0755);
    for (int i = 0; i < 500; i++) {
        char name[32];
        sprintf(name, "many/file-%d", i);
        close(open(name, O_CREAT | O_WRONLY, 0644));
    }
    // Removing while reading: each entry is met once.
    DIR *dir = opendir("many");
    int seen = 0;
    long sum = 0;
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.') continue;
        seen++;
        sum += atoi(entry->d_name + 5);
        if (unlinkat(dirfd(dir), entry->d_name, 0)) printf("unlinkat: error %d\n", errno);
    }
    closedir(dir);
    printf("seen %d, sum %ld\n", seen, sum);
    tell("rmdir", rmdir("many"));
    tell("unlinkat AT_REMOVEDIR of a file", unlinkat(AT_FDCWD, "a", AT_REMOVEDIR));
    tell("unlinkat with unknown flags", unlinkat(AT_FDCWD, "a", 1));
}

static void renames(void) {
    mkdir("r", 0755);
    mkdir("r/d1", 0755);
    mkdir("r/d1/d2", 0755);
    mkdir("r/full", 0755);
    close(make("r/full/x", "x"));
    close(make("r/f1", "one"));
    close(make("r/f2", "two"));
    tell("into itself", rename("r/d1", "r/d1/d2/x"));
    tell("onto itself below", rename("r/d1", "r/d1/d2"));
    tell("onto its parent", rename("r/d1/d2", "r/d1"));
    tell("onto a full one", rename("r/d1", "r/full"));
    tell("directory onto file", rename("r/d1", "r/f1"));
    tell("file onto directory", rename("r/f1", "r/d1"));
    tell("file onto file", rename("r/f1", "r/f2"));
    show("r/f2");
    status("r/f1");
    tell("dot", rename("r/.", "r/y"));
    tell("to dot dot", rename("r/f2", "r/.."));
    tell("nothing", rename("r/none", "r/y"));
    tell("file with a slash", rename("r/f2", "r/y/"));
    tell("directory with a slash", rename("r/d1/", "r/moved/"));
    status("r/moved/d2");
    status("r/moved");
    close(make("r/f3", "three"));
    tell("no replace", syscall(SYS_renameat2, AT_FDCWD, "r/f2", AT_FDCWD, "r/f3", 1));
    tell("exchange", syscall(SYS_renameat2, AT_FDCWD, "r/f2", AT_FDCWD, "r/f3", 2));
    show("r/f2");
    show("r/f3");
    tell("exchange file and directory", syscall(SYS_renameat2, AT_FDCWD, "r/f2", AT_FDCWD, "r/moved/d2", 2));
    status("r/f2");
    show("r/moved/d2");
    status("r");
    status("r/moved");
    tell("exchange with nothing", syscall(SYS_renameat2, AT_FDCWD, "r/f2", AT_FDCWD, "r/none", 2));
    tell("both flags", syscall(SYS_renameat2, AT_FDCWD, "r/f2", AT_FDCWD, "r/f3", 3));
    link("r/f3", "r/f4");
    tell("two names of one file", rename("r/f3", "r/f4"));
    status("r/f3");
    tell("empty directory onto empty", (mkdir("r/e1", 0755), mkdir("r/e2", 0755), rename("r/e1", "r/e2")));
    status("r");
}

static void unlinked(void) {
    int fd = make("gone", "still here");
    tell("unlink", unlink("gone"));
    struct stat s;
    fstat(fd, &s);
    printf("links %lu size %ld\n", (unsigned long)s.st_nlink, (long)s.st_size);
    char buffer[16] = {0};
    tell("pread", pread(fd, buffer, 15, 0));
    puts(buffer);
    tell("write", pwrite(fd, "more", 4, 10));
    close(fd);
    status("gone");
    fd = open(".", O_TMPFILE | O_RDWR, 0600);
    tell("write to a file without a name", write(fd, "tmp", 3));
    tell("link it", linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
    close(fd);
    show("named");
    tell("O_TMPFILE to read", open(".", O_TMPFILE | O_RDONLY, 0600));
}

static void sparse(void) {
    int fd = open("sparse", O_CREAT | O_RDWR, 0644);
    tell("ftruncate to 1 GiB", ftruncate(fd, 1 << 30));
    tell("write far out", pwrite(fd, "x", 1, 500 << 20));
    struct stat s;
    fstat(fd, &s);
    printf("size %ld blocks %ld\n", (long)s.st_size, (long)s.st_blocks);
    tell("SEEK_DATA", lseek(fd, 0, SEEK_DATA));
    tell("SEEK_HOLE", lseek(fd, 500 << 20, SEEK_HOLE));
    tell("SEEK_DATA behind", lseek(fd, 501 << 20, SEEK_DATA));
    tell("SEEK_HOLE at the end", lseek(fd, 1 << 30, SEEK_HOLE));
    tell("SEEK_HOLE at the start", lseek(fd, 5, SEEK_HOLE));
    tell("SEEK_SET less than nothing", lseek(fd, -1, SEEK_SET));
    tell("fallocate", fallocate(fd, 0, 0, 8192));
    fstat(fd, &s);
    printf("blocks %ld\n", (long)s.st_blocks);
    tell("punch a hole", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1L << 30));
    fstat(fd, &s);
    printf("size %ld blocks %ld\n", (long)s.st_size, (long)s.st_blocks);
    tell("keep size", fallocate(fd, FALLOC_FL_KEEP_SIZE, 1L << 30, 4096));
    fstat(fd, &s);
    printf("size %ld blocks %ld\n", (long)s.st_size, (long)s.st_blocks);
    tell("grow", fallocate(fd, 0, 1L << 30, 10));
    fstat(fd, &s);
    printf("size %ld\n", (long)s.st_size);
    tell("punch without keeping the size", fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1));
    tell("of nothing", fallocate(fd, 0, 0, 0));
    tell("ftruncate to nothing", ftruncate(fd, 0));
    fstat(fd, &s);
    printf("size %ld blocks %ld\n", (long)s.st_size, (long)s.st_blocks);
    char page[5000];
    memset(page, 'p', sizeof page);
    tell("write two pages", write(fd, page, sizeof page));
    tell("punch the middle", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10, 20));
    pread(fd, page, 40, 0);
    for (int i = 0; i < 40; i++) putchar(page[i] ? page[i] : '.');
    puts("");
    close(fd);
}

static void attributes(void) {
    close(make("attr", "x"));
    tell("chmod", chmod("attr", 04755));
    status("attr");
    tell("chown", chown("attr", 0, 0));
    struct timespec times[2] = {{1000, 5}, {2000, 999999999}};
    tell("utimensat", utimensat(AT_FDCWD, "attr", times, 0));
    struct stat s;
    stat("attr", &s);
    printf("%ld.%09ld %ld.%09ld\n", s.st_atim.tv_sec, s.st_atim.tv_nsec, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = -5;
    times[1].tv_nsec = 1;
    tell("before 1970", utimensat(AT_FDCWD, "attr", times, 0));
    stat("attr", &s);
    printf("%ld.%09ld %ld.%09ld\n", s.st_atim.tv_sec, s.st_atim.tv_nsec, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
    times[1].tv_nsec = 1000000000;
    tell("no time", utimensat(AT_FDCWD, "attr", times, 0));
    tell("access", access("attr", R_OK | W_OK | X_OK));
    chmod("attr", 0644);
    tell("access", access("attr", X_OK));
    tell("access a directory", access("d", X_OK));
    umask(077);
    close(open("masked", O_CREAT | O_WRONLY, 0666));
    status("masked");
    umask(022);
    // struct statx: links at byte 16, mode at 28, size at 40.
    unsigned char x[256];
    unsigned int links;
    unsigned short mode;
    unsigned long size;
    tell("statx", syscall(SYS_statx, AT_FDCWD, "attr", 0, 0x7ff, x));
    memcpy(&links, x + 16, 4);
    memcpy(&mode, x + 28, 2);
    memcpy(&size, x + 40, 8);
    printf("%o %u %lu\n", mode, links, size);
    int fd = open("attr", O_PATH);
    char byte;
    tell("read an O_PATH file", read(fd, &byte, 1));
    // musl's fchmod goes on by way of /proc/self/fd, which Akuma does not have (CAVEATS.md).
    tell("fchmod it", syscall(SYS_fchmod, fd, 0600));
    tell("fstat it", fstat(fd, &s));
    close(fd);
    tell("fsync", fsync(open("attr", O_RDONLY)));
}

int main(int argc, char **argv) {
    char *base = argc > 1 ? argv[1] : "/tmp-files";
    mkdir(base, 0755);
    if (chdir(base)) return 1;
    basics();
    links();
    directories();
    renames();
    unlinked();
    sparse();
    attributes();
    return 0;
}
