// What the property note of a program does: a program with each of many is written and run. Where its code is guarded, its
// branch ends it; where it is not, it exits with 1.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK 0xc0000000u, 4, 1, 0
#define GNU 0x554e47u
#define NOTE(size) 4, size, 5, GNU

static unsigned char file[0x3000];
static Elf64_Ehdr *header = (void *)file;
static Elf64_Phdr *segments = (void *)(file + sizeof(Elf64_Ehdr));

static const uint32_t code[] = {
    0x10000069,  // adr x9, the nop below
    0xd63f0120,  // blr x9
    0xd503201f,  // nop
    0xd2800020,  // mov x0, #1
    0xd2800ba8,  // mov x8, #93
    0xd4000001,  // svc #0
};

static void reset(void) {
    memset(file, 0, sizeof file);
    memcpy(header->e_ident, "\177ELF\2\1\1", 7);
    header->e_type = ET_EXEC;
    header->e_machine = EM_AARCH64;
    header->e_version = 1;
    header->e_entry = 0x401000;
    header->e_phoff = sizeof *header;
    header->e_ehsize = sizeof *header;
    header->e_phentsize = sizeof *segments;
    header->e_phnum = 2;
    segments[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0x1000, 0x401000, 0x401000, 0x1000, 0x1000, 0x1000};
    segments[1] = (Elf64_Phdr){PT_GNU_PROPERTY, PF_R, 0x2000, 0, 0, 0, 0, 8};
    memcpy(file + 0x1000, code, sizeof code);
}

static void run(const char *what, long size) {
    static int number;
    char path[40];
    sprintf(path, "/tmp/program-%d", number++);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    if (write(descriptor, file, size) != size) printf("write: %d\n", errno);
    close(descriptor);
    printf("%s: ", what);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execl(path, path, (char *)0);
        printf("errno %d\n", errno);
        fflush(stdout);
        _exit(100);
    }
    int status;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) printf("signal %d\n", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 100) printf("exit %d\n", WEXITSTATUS(status));
    unlink(path);
}

static void with(const char *what, int count, const uint32_t *words) {
    reset();
    memcpy(file + 0x2000, words, count * 4);
    segments[1].p_filesz = segments[1].p_memsz = count * 4;
    run(what, sizeof file);
}

#define WITH(what, ...) with(what, sizeof (uint32_t[]){__VA_ARGS__} / 4, (uint32_t[]){__VA_ARGS__})

int main(void) {
    mkdir("/tmp", 0777);
    reset();
    header->e_phnum = 1;
    run("none", sizeof file);
    WITH("marked", NOTE(16), MARK);
    WITH("marked for both", NOTE(16), 0xc0000000, 4, 3, 0);
    WITH("marked for the other", NOTE(16), 0xc0000000, 4, 2, 0);
    WITH("another property", NOTE(16), 0xc0000001, 4, 1, 0);
    WITH("no property", NOTE(0));
    WITH("behind others", NOTE(40), 1, 0, 5, 3, 7, 0, MARK);
    WITH("before another", NOTE(24), MARK, 0xc0000001, 0);
    WITH("behind the note", NOTE(0), MARK);
    WITH("another type", 4, 16, 4, GNU, MARK);
    WITH("another name", 4, 16, 5, GNU + 1, MARK);
    WITH("a longer name", 8, 16, 5, GNU, 0, 0, MARK);
    WITH("a shorter name", 3, 16, 5, GNU, MARK);
    WITH("a name without an end", 4, 16, 5, GNU | 1u << 24, MARK);
    WITH("a note larger than the segment", NOTE(17), MARK);
    WITH("a note much larger", NOTE(-1u), MARK);
    WITH("a property larger than the note", NOTE(16), 0xc0000000, 9, 1, 0);
    WITH("a property much larger", NOTE(16), 0xc0000000, -1u, 1, 0);
    WITH("its padding beyond the note", NOTE(12), 0xc0000000, 4, 1);
    WITH("half of one", NOTE(4), 0xc0000000);
    WITH("of eight bytes", NOTE(16), 0xc0000000, 8, 1, 0);
    WITH("of three bytes", NOTE(16), 0xc0000000, 3, 1, 0);
    WITH("of none", NOTE(8), 0xc0000000, 0);
    WITH("twice", NOTE(32), MARK, MARK);
    WITH("descending", NOTE(24), MARK, 1, 0);
    WITH("a rest", NOTE(20), MARK, 0);
    WITH("no whole note", 4, 16, 5);

    uint32_t large[257] = {NOTE(1008)};
    for (int index = 0; index < 126; index++) large[4 + 2 * index] = index;
    with("as large as can be", 256, large);
    with("too large", 257, large);

    // Where the segment is.
    static const uint64_t places[] = {0x2ff0, 0x2ff8, 0x3000, 0x10000, 1ull << 63, -1ull, -16ull, 0x2001};
    for (unsigned index = 0; index < sizeof places / sizeof *places; index++) {
        reset();
        segments[1].p_offset = places[index];
        segments[1].p_filesz = 32;
        static const uint32_t note[] = {NOTE(0)};
        if (places[index] < sizeof file - sizeof note) memcpy(file + places[index], note, sizeof note);
        if (places[index] == 0x2ff0) memcpy(file + 0x2ff0, note, sizeof note);
        printf("at %#lx, ", (unsigned long)places[index]);
        run("the segment", sizeof file);
    }
    static const uint32_t marked[] = {NOTE(16), MARK};
    for (int size = 0x2000; size <= 0x2020; size += 8) {
        reset();
        memcpy(file + 0x2000, marked, sizeof marked);
        segments[1].p_filesz = 64;
        printf("%d bytes of it, ", size - 0x2000);
        run("the file", size);
    }

    // Several segments: the last counts.
    for (int order = 0; order < 2; order++) {
        reset();
        header->e_phnum = 3;
        segments[2] = segments[1];
        segments[1 + order].p_filesz = 32;
        memcpy(file + 0x2000, marked, sizeof marked);
        segments[2 - order].p_offset = 0x2100;
        segments[2 - order].p_filesz = 16;
        memcpy(file + 0x2100, (uint32_t[]){NOTE(0)}, 16);
        run(order ? "marked last" : "marked first", sizeof file);
    }

    // Notes that are none of properties' segment; a segment that is not executable by itself; an independent program.
    reset();
    memcpy(file + 0x2000, marked, sizeof marked);
    segments[1].p_type = PT_NOTE;
    segments[1].p_filesz = 32;
    run("a note of another segment", sizeof file);
    reset();
    memcpy(file + 0x2000, marked, sizeof marked);
    segments[1].p_filesz = 32;
    segments[0].p_flags = PF_R | PF_W | PF_X;
    run("writable too", sizeof file);
    header->e_type = ET_DYN;
    header->e_entry = 0x1000;
    segments[0].p_vaddr = segments[0].p_paddr = 0x1000;
    run("anywhere", sizeof file);
    return 0;
}
