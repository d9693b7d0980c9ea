// Executes a program with long arguments while no two free frames lie side by side.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define STRINGS 15
#define LENGTH 120000

static unsigned long freePages(void) {
    struct sysinfo information;
    sysinfo(&information);
    return information.freeram * information.mem_unit / PAGE;
}

static char strings[STRINGS][LENGTH + 1];

int main(int count, char **arguments) {
    if (count > 2) {
        unsigned long wrong = 0;
        for (int i = 1; i < count; i++) {
            if (strlen(arguments[i]) != LENGTH) wrong++;
            for (char *c = arguments[i]; *c; c++) wrong += *c != 'a' + (i + (c - arguments[i]) / 1000) % 26;
        }
        printf("executed with %d strings, %lu wrong\n", count - 1, wrong);
        return 0;
    }
    char *vector[STRINGS + 2] = {arguments[0]};
    for (int i = 0; i < STRINGS; i++) {
        for (int place = 0; place < LENGTH; place++) strings[i][place] = 'a' + (i + 1 + place / 1000) % 26;
        vector[i + 1] = strings[i];
    }
    // All memory, but little; then every second page back.
    unsigned long size = (freePages() - 400) * PAGE;
    char *memory = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return 1;
    memset(memory, 1, size);
    for (unsigned long page = 0; page < size; page += 2 * PAGE) madvise(memory + page, PAGE, MADV_DONTNEED);
    printf("half is free: %s\n", freePages() > size / PAGE / 3 ? "yes" : "no");
    fflush(stdout);
    pid_t child = vfork();
    if (child == 0) {
        execve("/proc/self/exe", vector, 0);
        printf("execve: %s\n", strerror(errno));
        fflush(stdout);
        _exit(1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("status %d\n", status);
    return 0;
}
