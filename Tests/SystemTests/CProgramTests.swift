import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("Static C programs, built with Debian's cross compiler")
struct CProgramTests {
    private static let source = """
        #include <errno.h>
        #include <math.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <unistd.h>

        static int words[100000];
        static const char *greeting = "from C";
        __thread int local = 7;

        static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

        int main(int argc, char **argv, char **envp) {
            for (int i = 0; i < 100000; i++) words[i] = (i * 7919) % 100003;
            qsort(words, 100000, sizeof *words, compare);
            for (int i = 1; i < 100000; i++) if (words[i - 1] > words[i]) return 1;
            char *big = malloc(3 << 20);
            memset(big, 'x', 3 << 20);
            unsigned char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (page == MAP_FAILED || page[0] != 0 || (unsigned long)page & 4095) return 2;
            page[0] = 42;
            if (munmap(page, 4096) != 0) return 3;
            if (mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED || errno != EINVAL) return 4;
            free(big);
            volatile double two = 2;
            printf("%s %d %s %.6f %d\\n", greeting, argc, argv[1], two * two / 3, local);
            fprintf(stderr, "%s\\n", getenv("A") ? getenv("A") : "no A");
            char line[100];
            while (fgets(line, sizeof line, stdin)) printf("read %s", line);
            return argc + 40;
        }
        """

    @Test(
        "start-up, heap, threads' data, numbers, streams and status work", arguments: CLibrary.allCases, [false, true])
    func program(library: CLibrary, isPositionIndependent: Bool) async throws {
        try await withTemporaryFolder { folder in
            let program = folder.appending("program")
            try await library.compile(Self.source, to: program, isPositionIndependent: isPositionIndependent)
            let result = try await Command.akuma(
                "run", "--env", "A=b", program.string, "one", input: Array("x\ny\n".utf8))
            #expect(result.status == 42, "\(result.account)")
            #expect(result.text == "from C 2 one 1.333333 7\nread x\nread y\n")
            #expect(result.errorText == "b\n")
            let linux = try await Command.run(
                "qemu-aarch64", ["-E", "A=b", program.string, "one"], input: Array("x\ny\n".utf8))
            #expect(linux.text == result.text, "Linux agrees")
        }
    }
}
