// Long appends by two processes at a time: each is one piece, and none is lost.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT (6L << 20)
static char bytes[COUNT];

int main(void) {
    char name[] = "/append";
    int fd = open(name, O_CREAT | O_TRUNC | O_RDWR | O_APPEND, 0600);
    for (int i = 0; i < 4; i++) {
        if (fork()) continue;
        memset(bytes, 'a' + i, COUNT);
        for (int turn = 0; turn < 3; turn++) if (write(fd, bytes, COUNT) != COUNT) _exit(1);
        _exit(0);
    }
    int failed = 0, status;
    while (wait(&status) > 0) failed += status != 0;
    long pieces = 0, odd = 0;
    for (long at = 0; pread(fd, bytes, COUNT, at) == COUNT; at += COUNT) {
        pieces++;
        for (long i = 1; i < COUNT; i += 4095) if (bytes[i] != bytes[0]) { odd++; break; }
    }
    printf("failed %d, pieces %ld, mixed %ld\n", failed, pieces, odd);
    return unlink(name);
}
