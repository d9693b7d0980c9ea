// What a personality does, and who has it.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *what) {
    printf("%s: %x\n", what, (unsigned)personality(0xffffffff));
    fflush(stdout);
}

static void change(unsigned long to) { printf("to %lx from %x\n", to, (unsigned)personality(to)); }

static void release(void) {
    struct utsname name;
    uname(&name);
    printf("release 2.6: %d\n", strncmp(name.release, "2.6.", 4) == 0);
}

// Executes an instruction in a page that may be read, and says how that ended.
static void execute(const char *what, int later) {
    fflush(stdout);
    int child = fork(), status;
    if (child == 0) {
        unsigned *page = mmap(0, 4096, later ? PROT_NONE : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (later) mprotect(page, 4096, PROT_READ | PROT_WRITE);
        *page = 0xd65f03c0;  // ret
        __builtin___clear_cache((char *)page, (char *)page + 4);
        ((void (*)(void))page)();
        _exit(0);
    }
    waitpid(child, &status, 0);
    printf("%s: %d\n", what, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    fflush(stdout);
}

static void heap(const char *what) {
    fflush(stdout);
    int child = fork(), status;
    if (child == 0) {
        unsigned *place = (unsigned *)(((unsigned long)sbrk(65536) + 8191) & ~4095UL);
        *place = 0xd65f03c0;
        __builtin___clear_cache((char *)place, (char *)place + 4);
        ((void (*)(void))place)();
        _exit(0);
    }
    waitpid(child, &status, 0);
    printf("%s: %d\n", what, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    fflush(stdout);
}

static void hugePages(const char *what) {
    printf("%s: %d\n", what, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

// Runs this program again: in a fresh machine it is below /bin, whatever it is called by.
static void again(const char *name) {
    const char *last = strrchr(name, '/');
    char path[256];
    snprintf(path, sizeof path, "/bin/%s", last ? last + 1 : name);
    execl(name, name, "again", (char *)0);
    execl(path, name, "again", (char *)0);
}

int main(int count, char **words) {
    if (count > 1) {
        tell("program");
        hugePages("program without huge pages");
        return 0;
    }
    tell("first");
    release();
    execute("mapped to be read", 0);
    execute("protected to be read", 1);
    heap("heap");
    change(UNAME26);
    release();
    change(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO);
    release();
    execute("mapped to be read", 0);
    execute("protected to be read", 1);
    heap("heap");
    change(0x12340003);
    change(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE);
    hugePages("without huge pages");
    printf("set %d\n", prctl(PR_SET_THP_DISABLE, 5, 0, 0, 0));
    hugePages("without huge pages");
    printf("set wrongly %d %d\n", prctl(PR_SET_THP_DISABLE, 0, 1, 0, 0), errno);
    printf("got wrongly %d %d\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 1), errno);
    fflush(stdout);
    int child = fork(), status;
    if (child == 0) {
        tell("child");
        again(words[0]);
        _exit(99);
    }
    waitpid(child, &status, 0);
    printf("program: status %d\n", WEXITSTATUS(status));
    return 0;
}
