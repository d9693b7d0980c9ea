import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("C programs say the same on Akuma as on Linux")
struct SideBySideTests {
    /// The programs in `CPrograms/`: each prints what it observed.
    enum Program: String, CaseIterable, Sendable {
        case signals, pipes, fork, advice
        case sharedMemory = "shared-memory"
    }

    @Test("output and status are equal, with either C library", arguments: Program.allCases, CLibrary.allCases)
    func sideBySide(program: Program, library: CLibrary) async throws {
        try await withCProgram(program.rawValue, library) { executable in
            let akuma = try await Command.akuma("run", executable.string)
            let linux = try await Command.run("qemu-aarch64", [executable.string])
            #expect(!akuma.text.isEmpty && akuma.text == linux.text, "\(akuma.account)")
            #expect(akuma.status == linux.status)
        }
    }

    /// Beside Debian's kernel in the same machine: qemu-aarch64 has a memory map of its own.
    @Test(
        "what calls on memory do, and which error wins, is equal",
        arguments: ["remap", "remap-file-pages", "locks", "process-memory", "precedence", "huge-files", "lock-limits"])
    func memoryCalls(program: String) async throws {
        try await withCProgram(program) { executable in
            let akuma = try await Command.akuma("run", executable.string)
            let linux = try await Command.akuma("run", "--linux", executable.string)
            #expect(!akuma.text.isEmpty && akuma.text == linux.text, "\(akuma.account)")
            #expect(akuma.status == linux.status)
        }
    }

    /// Beside Debian's kernel too, whose files below /proc these are about.
    @Test(
        "what reads, writes, seals and files below /proc do is equal",
        arguments: ["transfers", "seals", "proc-lifetimes", "proc-settings"])
    func fileCalls(program: String) async throws {
        try await withCProgram(program, .glibc) { executable in
            let akuma = try await Guest.run(executable.string)
            let linux = try await Guest.runOnLinux(executable.string)
            #expect(!akuma.text.isEmpty && akuma.text == linux.text, "\(akuma.account)\n--- Linux\n\(linux.text)")
            #expect(akuma.outcome == .exited(0) && linux.outcome == .exited(0))
        }
    }

    @Test(
        "indirect branches may land where both kernels let them",
        arguments: [MachineConfiguration.CPU.max, .cortexA72])
    func branchTargets(cpu: MachineConfiguration.CPU) async throws {
        try await withCProgram("branch-targets", .glibc) { executable in
            let akuma = try await Guest.run(executable.string) { $0.cpu = cpu }
            let linux = try await Guest.runOnLinux(executable.string) { $0.cpu = cpu }
            #expect(akuma.text.hasPrefix("told of: \(cpu == .max ? 1 : 0)\n"))
            #expect(akuma.text == linux.text, "\(akuma.account)\n--- Linux\n\(linux.text)")
        }
    }

    /// Lines of maps, who shares a page, who may write what runs: qemu-aarch64 has an image of its own in each of them.
    @Test("a program's image is what Linux makes of it", arguments: CLibrary.allCases, [false, true])
    func image(library: CLibrary, isPositionIndependent: Bool) async throws {
        try await withCProgram("image", library, isPositionIndependent: isPositionIndependent) { executable in
            let akuma = try await Guest.run(executable.string)
            let linux = try await Guest.runOnLinux(executable.string)
            #expect(akuma.text.contains("rw-p 0 ") && akuma.text.contains("none: execve ENOENT\n"), "\(akuma.account)")
            #expect(akuma.text == linux.text, "\(akuma.account)\n--- Linux\n\(linux.text)")
            #expect(akuma.outcome == .exited(0) && linux.outcome == .exited(0))
        }
    }

    @Test(
        "a program's property note guards its code, or is refused",
        arguments: [MachineConfiguration.CPU.max, .cortexA72])
    func properties(cpu: MachineConfiguration.CPU) async throws {
        try await withCProgram("properties", .glibc) { executable in
            let akuma = try await Guest.run(executable.string) { $0.cpu = cpu }
            let linux = try await Guest.runOnLinux(executable.string) { $0.cpu = cpu }
            #expect(akuma.text.contains("\nmarked: \(cpu == .max ? "signal 4" : "exit 1")\n"), "\(akuma.account)")
            #expect(akuma.text == linux.text, "\(akuma.account)\n--- Linux\n\(linux.text)")
        }
    }

    @Test("a program that a compiler marked may branch where it is meant to, and nowhere else")
    func guardedProgram() async throws {
        try await withTemporaryFolder { folder in
            let source = Guest.project.root.appending("Tests/SystemTests/CPrograms/guarded-program.c")
            let executable = folder.appending("guarded-program")
            let compiler = try await Command.run(
                "aarch64-linux-gnu-gcc",
                [
                    "-O2", "-ffreestanding", "-static", "-nostdlib", "-mbranch-protection=bti", "-Wl,-z,force-bti", "-o",
                    executable.string, source.string,
                ])
            #expect(compiler.status == 0, "\(compiler.account)")
            let akuma = try await Guest.run(executable.string)
            let linux = try await Guest.runOnLinux(executable.string)
            #expect(akuma.text == "called\nrefused\n" && linux.text == akuma.text, "\(akuma.account)")
        }
    }

    /// Not side by side: qemu-aarch64 refuses a child that shares descriptors.
    @Test("descriptors that a child shares: what closes on exec stays open, what a call uses stays there")
    func sharedFiles() async throws {
        try await withCProgram("shared-files") { executable in
            let result = try await Command.akuma("run", executable.string)
            #expect(
                result.text == """
                    child 7, parent's ends 1 1
                    closed under its reader: written 5, child 0 3
                    a failed execve: error 8, what the child opened 0

                    """,
                "\(result.account)")
        }
    }

    /// On one kernel: how long a sleep may take is counted in instructions.
    @Test("who sleeps is woken while another's call goes on")
    func sleepers() async throws {
        try await withCProgram("sleepers") { executable in
            let result = try await Guest.run(executable.string) { $0.isDeterministic = true }
            #expect(result.text == "longest sleep: 0\nmoved 1073741824, long 1\n", "\(result.account)")
        }
    }

    /// On the real kernel: qemu-aarch64 has limits and a personality of its own.
    @Test(
        "limits, promises, personality, counts of faults, children and signals' frames are what Linux 6.1's are",
        arguments: ["limits", "promises", "personality", "faults", "children", "signal-frames"])
    func besideLinux(name: String) async throws {
        try await withCProgram(name, .glibc) { executable in
            let akuma = try await Guest.run(executable.string)
            let linux = try await Guest.runOnLinux(executable.string)
            #expect(!akuma.text.isEmpty && akuma.text == linux.text, "\(akuma.account)\n--- Linux\n\(linux.text)")
        }
    }
}
