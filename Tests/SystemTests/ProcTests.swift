import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("What is told below /proc")
struct ProcTests {
    @Test("a program that parses its own figures finds them true, on both kernels")
    func figures() async throws {
        try await withCProgram("proc", .glibc) { program in
            let akuma = try await Guest.run(program.string)
            #expect(akuma.text == "ok\n", "\(akuma.account)")
            let linux = try await Guest.runOnLinux(program.string)
            #expect(linux.text == "ok\n", "\(linux.account)")
        }
    }

    /// Not beside Debian's kernel, which is built without CONFIG_ANON_VMA_NAME.
    @Test("mappings that a program names are told by their names, as Linux documents it")
    func mappingNames() async throws {
        try await withCProgram("names", .glibc) { program in
            let result = try await Guest.run(program.string)
            #expect(result.text == "ok\n", "\(result.account)")
        }
    }

    /// One line's layout: what it is called, and where its figure ends if that is a column.
    private static func layout(of line: Substring) -> String {
        if line.contains("-"), line.first?.isHexDigit == true { return "a mapping" }
        guard let colon = line.firstIndex(of: ":") else { return "\(line.split(separator: " ").count) figures" }
        let label = line[...colon]
        // Linux's kernel has more addresses than eight digits of KiB can tell.
        guard line.hasSuffix(" kB"), label != "VmallocTotal:" else { return String(label) }
        return "\(label) \(line.count)"
    }

    /// The layouts of a text's lines, each where it comes first: mappings repeat theirs.
    private static func layouts(of text: String) -> [String] {
        var seen: Set<String> = []
        return text.split(separator: "\n").map(layout(of:)).filter { seen.insert($0).inserted }
    }

    @Test("lines have Linux's names, order and columns")
    func layouts() async throws {
        let files = [
            "/proc/self/status", "/proc/self/smaps", "/proc/self/smaps_rollup", "/proc/meminfo", "/proc/self/statm",
            "/proc/self/stat",
        ]
        let akuma = try await Guest.run(["busybox", "cat"] + files)
        let linux = try await Guest.runOnLinux(["busybox", "cat"] + files)
        #expect(!akuma.text.isEmpty && Self.layouts(of: akuma.text) == Self.layouts(of: linux.text), "\(akuma.account)")
    }

    @Test("the names of vmstat are Linux's, in its order")
    func names() async throws {
        func names(_ result: MachineResult) -> [Substring] {
            result.text.split(separator: "\n").map { $0.prefix { $0 != " " } }
        }
        let akuma = names(try await Guest.run("busybox", "cat", "/proc/vmstat"))
        let linux = names(try await Guest.runOnLinux("busybox", "cat", "/proc/vmstat"))
        #expect(!akuma.isEmpty && linux.filter(akuma.contains) == akuma)
    }

    @Test("busybox's free, ps and top read it")
    func readers() async throws {
        let free = try await Guest.run("busybox", "free")
        let memory = free.text.split(separator: "\n").first { $0.hasPrefix("Mem:") }?
            .split(separator: " ").dropFirst().compactMap { Int($0) }
        #expect(memory?.count == 6 && memory?[0] ?? 0 > 200_000, "\(free.account)")
        let processes = try await Guest.run("busybox", "ps")
        #expect(processes.text == "PID   USER     COMMAND\n    1 0        busybox ps\n", "\(processes.account)")
        let top = try await Guest.run("busybox", "top", "-b", "-n1")
        #expect(top.text.hasPrefix("Mem: ") && top.text.contains(" busybox top -b -n1\n"), "\(top.account)")
    }
}
