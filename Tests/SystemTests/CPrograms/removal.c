// MADV_REMOVE of a file that the machine began with: what goes is gone, and its first content does not come back.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void) {
    int file = open("/bin/hello", O_RDWR);
    unsigned char *text = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), byte;
    if (text == MAP_FAILED) return 1;
    printf("before %d%c%c%c\n", text[0], text[1], text[2], text[3]);
    printf("remove %d: %d", madvise(text, 4096, MADV_REMOVE), text[1]);
    pread(file, &byte, 1, 1);
    printf(" %d\n", byte);
    // Untouched until then.
    printf("remove %d: %d\n", madvise(text + 4096, 2 * 4096, MADV_REMOVE), text[4096] | text[3 * 4096 - 1]);
    // Of a file that only its mapping keeps.
    int nameless = memfd_create("nameless", 0);
    if (ftruncate(nameless, 2 * 4096)) return 2;
    text = mmap(0, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, nameless, 0);
    close(nameless);
    text[0] = text[4096] = 7;
    printf("remove %d", madvise(text, 4096, MADV_REMOVE));
    printf(" %d: %d %d\n", madvise(text, 4096, MADV_REMOVE), text[0], text[4096]);
    printf("unmap %d\n", munmap(text, 2 * 4096));
    return memfd_create("another", 0) < 0;
}
