// What becomes of files below /proc whose process ends, and of one that two processes read at a time.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffer[4096];

static void tell(const char *what, long result) {
    if (result < 0) printf("%s: error %d\n", what, errno);
    else printf("%s: done\n", what);
}

static pid_t sleeper(void) {
    pid_t child = fork();
    if (!child) for (;;) pause();
    return child;
}

static void end(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, 0, 0);
}

static int below(pid_t process, const char *name, int flags) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", process, name);
    return open(path, flags);
}

static void links(void) {
    pid_t child = sleeper();
    int dead = below(child, "maps", O_PATH);
    int directory = below(child, "", O_PATH | O_DIRECTORY);
    int alive = open("/proc/self/maps", O_PATH);
    end(child);
    tell("link a dead process's file", linkat(dead, "", AT_FDCWD, "/linked", AT_EMPTY_PATH));
    tell("link its directory", linkat(directory, "", AT_FDCWD, "/linked", AT_EMPTY_PATH));
    tell("link a living one's", linkat(alive, "", AT_FDCWD, "/linked", AT_EMPTY_PATH));
    tell("link into /proc", link("/proc/self/maps", "/proc/linked"));
    tell("truncate a dead one's", ftruncate(dead, 0));
    tell("O_PATH: F_SETFL", fcntl(dead, F_SETFL, O_APPEND));
    tell("O_PATH: F_GETFL", fcntl(dead, F_GETFL));
    tell("O_PATH: F_GETPIPE_SZ", fcntl(dead, F_GETPIPE_SZ));
    tell("O_PATH: no command", fcntl(dead, 999));
    close(dead);
    close(directory);
    close(alive);
}

static void directories(void) {
    struct stat status;
    char path[64];
    pid_t child = sleeper();
    snprintf(path, sizeof path, "/proc/%d", child);
    tell("chdir", chdir(path));
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    end(child);
    tell("open in a dead process's directory", open("maps", O_RDONLY));
    tell("openat", openat(directory, "status", O_RDONLY));
    tell("make", open("new", O_CREAT | O_WRONLY, 0600));
    tell("stat .", stat(".", &status));
    tell("stat ..", stat("..", &status));
    tell("chdir ..", chdir(".."));
    tell("stat a name", stat("none", &status));
    tell("fstat", fstat(directory, &status));
    tell("chdir out", chdir("/"));
    close(directory);
    tell("stat", stat(path, &status));
    // What was filled too late would be found in the next directory that takes its place.
    mkdir("/late", 0700);
    int found = 0;
    for (int i = 0; i < 40; i++) {
        snprintf(path, sizeof path, "/late/%d", i);
        mkdir(path, 0700);
        strcat(path, "/maps");
        found += stat(path, &status) == 0;
    }
    printf("found %d\n", found);
}

static void zombies(void) {
    int ends[2];
    if (pipe(ends)) return;
    pid_t child = fork();
    if (!child) _exit(0);
    close(ends[1]);
    // It closes its end when it is as good as dead.
    if (read(ends[0], buffer, 1) != 0) puts("not ended");
    close(ends[0]);
    usleep(200000);
    int fd = below(child, "smaps_rollup", O_RDONLY);
    tell("a zombie's smaps_rollup", read(fd, buffer, sizeof buffer));
    close(fd);
    fd = below(child, "maps", O_RDONLY);
    printf("its maps: %ld\n", (long)read(fd, buffer, sizeof buffer));
    close(fd);
    waitpid(child, 0, 0);
}

// Each of the two processes goes to another place of a file that takes many turns to be told.
static void readers(void) {
    char *many = mmap(0, 20000 * 4096ul, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (int i = 0; i < 20000; i += 2) mprotect(many + i * 4096ul, 4096, PROT_NONE);
    int fd = open("/proc/self/maps", O_RDONLY);
    long size = 0, count;
    while ((count = read(fd, buffer, sizeof buffer)) > 0) size += count;
    pid_t child = fork();
    int none = 0;
    for (int i = 0; i < 30; i++) none += pread(fd, buffer, 100, child ? size - 200 - i : size / 2 + i * 777) <= 0;
    if (!child) _exit(none);
    int status;
    waitpid(child, &status, 0);
    printf("reads of nothing: %d and %d\n", none, status >> 8);
    // The child reads to the end what its parent has closed meanwhile.
    lseek(fd, 0, SEEK_SET);
    child = fork();
    if (!child) {
        long rest = 0;
        while ((count = read(fd, buffer, sizeof buffer)) > 0) rest += count;
        _exit(rest > size / 2);
    }
    close(fd);
    waitpid(child, &status, 0);
    printf("read to the end: %d\n", status >> 8);
    munmap(many, 20000 * 4096ul);
}

// Whether a line of maps ends so.
static int is_mapped(const char *path) {
    char line[256];
    FILE *maps = fopen("/proc/self/maps", "r");
    int found = 0;
    while (fgets(line, sizeof line, maps))
        if (strlen(line) > strlen(path) && !strcmp(line + strlen(line) - strlen(path), path)) found = 1;
    fclose(maps);
    return found;
}

// The name that a mapped file was opened by goes, and another one stays.
static void names(void) {
    int fd = open("/first", O_CREAT | O_RDWR, 0600);
    write(fd, "mapped", 6);
    link("/first", "/second");
    char *mapped = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    printf("mapped: %d\n", is_mapped(" /first\n"));
    unlink("/first");
    printf("deleted: %d\n", is_mapped(" /first (deleted)\n"));
    munmap(mapped, 4096);
    printf("unmapped: %d\n", is_mapped(" /first (deleted)\n"));
    unlink("/second");
}

// A process unmaps a file that is no more, and maps another one, while its mappings are told, which takes turns.
static void strangers(void) {
    size_t large = 40ul << 20;
    pid_t child = fork();
    if (!child) for (;;) {
        int file = open("/old", O_CREAT | O_RDWR, 0600);
        if (ftruncate(file, large)) _exit(1);
        char *place = mmap(0, large, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
        close(file);
        unlink("/old");
        sched_yield();
        munmap(place, large);
        file = open("/new", O_CREAT | O_RDWR, 0600);
        if (write(file, "new", 3) != 3) _exit(1);
        place = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        sched_yield();
        munmap(place, 4096);
        unlink("/new");
    }
    int wrong = 0, right = 0;
    for (int i = 0; i < 300; i++) {
        char line[256];
        unsigned long start, end;
        FILE *maps = fdopen(below(child, "smaps", O_RDONLY), "r");
        while (fgets(line, sizeof line, maps)) {
            if (sscanf(line, "%lx-%lx", &start, &end) < 2 || end - start < 2 * 4096) continue;
            wrong += strstr(line, "/new") != 0;
            right += strstr(line, "/old") != 0;
        }
        fclose(maps);
    }
    end(child);
    printf("another file's name: %d, its own: %d\n", wrong, right > 0);
}

// What tells of a program's memory tells of no other's, nor of whoever is no more.
static void programs(const char *self) {
    static const char *const names[] = {"maps", "smaps", "smaps_rollup", "pagemap", "statm", "status", "comm"};
    int files[7], begin[2], begun[2];
    char path[64];
    if (pipe(begin) || pipe(begun)) return;
    pid_t child = fork();
    if (!child) {
        char byte;
        read(begin[0], &byte, 1);
        dup2(begun[1], 1);
        execl("/proc/self/exe", self, "wait", (char *)0);
        _exit(1);
    }
    for (int i = 0; i < 7; i++) files[i] = below(child, names[i], O_RDONLY);
    write(begin[1], "x", 1);
    read(begun[0], path, 1);
    for (int i = 0; i < 7; i++) {
        errno = 0;
        // Both programs are at the same place.
        long count = pread(files[i], buffer, 64, i == 3 ? 0x400 * 8 : 0);
        printf("%s after execve: %d, error %d\n", names[i], count > 0, errno);
    }
    end(child);
    for (int i = 0; i < 7; i++) {
        errno = 0;
        long count = pread(files[i], buffer, 64, 0);
        printf("%s after the end: %ld, error %d\n", names[i], count, errno);
        close(files[i]);
    }
}

int main(int count, char **arguments) {
    if (count > 1) {
        write(1, "x", 1);
        for (;;) pause();
    }
    setvbuf(stdout, 0, _IONBF, 0);
    links();
    directories();
    zombies();
    readers();
    names();
    strangers();
    programs(arguments[0]);
}
