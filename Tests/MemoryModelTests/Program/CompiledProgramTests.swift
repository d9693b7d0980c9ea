import Foundation
import MemoryModel
import Testing

@Suite("A program from a compiler")
struct CompiledProgramTests {
    struct Failed: Error, CustomStringConvertible { let description: String }

    /// Compiles a C program with Debian's cross-compiler, which ./akuma test installs.
    static func compile(_ options: [String]) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("akuma-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = """
            #include <stdio.h>
            int data[3000] = {1}; int zero[5000]; __thread int local = 7; const char text[] = "read only";
            int main(int argc, char **argv) { printf("%d %s %d", data[argc], text, local + zero[argc]); return 0; }
            """
        let sourceFile = folder.appendingPathComponent("a.c")
        let result = folder.appendingPathComponent("a")
        try Data(source.utf8).write(to: sourceFile)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["aarch64-linux-gnu-gcc"] + options + ["-o", result.path, sourceFile.path]
        process.standardInput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let data = FileManager.default.contents(atPath: result.path) else {
            throw Failed(description: "aarch64-linux-gnu-gcc made no program: \(text)")
        }
        return [UInt8](data)
    }

    @Test(
        "is planned, static at its own place or position-independent at 0x400000",
        arguments: [
            ["-static"], ["-static-pie"], ["-static", "-Wl,-z,max-page-size=4096"],
            ["-static-pie", "-Wl,-z,separate-code"],
            ["-static", "-z", "noexecstack", "-O2", "-mbranch-protection=standard"],
        ])
    func compiled(options: [String]) throws {
        let file = try Self.compile(options)
        let plan = try LoadPlan(file.span)
        #expect(plan.isPositionIndependent == options.contains("-static-pie"))
        #expect(plan.segments[0].pages.start == VirtualAddress(0x40_0000))
        #expect(plan.segments.indices.contains { plan.segments[$0].filePages.contains(plan.entry) })
        #expect(plan.programHeaders == VirtualAddress(0x40_0040))
        #expect(plan.threadLocal?.memorySize.rawValue ?? 0 >= 4)
        #expect(!plan.hasExecutableStack)
        #expect(plan.breakStart.rawValue > 0x40_0000 + 32_000)
        for index in plan.segments.indices { #expect(!plan.segments[index].rights.isWritableAndExecutable) }
    }

    @Test("that wants a dynamic loader is refused with the loader's name", arguments: [["-no-pie"], ["-pie"]])
    func dynamic(options: [String]) throws {
        let file = try Self.compile(options)
        do throws(ProgramError) {
            _ = try LoadPlan(file.span)
            Issue.record("a dynamic program was accepted")
        } catch {
            #expect(error.description(for: file.span).contains("/lib/ld-linux-aarch64.so.1"))
        }
    }

    @Test("for this machine's own processor is refused by name; an object file too")
    func others() throws {
        let object = try Self.compile(["-c"])
        #expect(throws: ProgramError.notExecutable(type: 1)) { try LoadPlan(object.span) }
        let executable = try #require(FileManager.default.contents(atPath: "/proc/self/exe"))
        let file = [UInt8](executable)
        #if arch(x86_64)
            #expect(throws: ProgramError.wrongMachine(62)) { try LoadPlan(file.span) }
        #else
            #expect(throws: ProgramError.self) { try LoadPlan(file.span) }
        #endif
    }

    @Test("cut anywhere is refused or still whole for its segments")
    func truncated() throws {
        let file = try Self.compile(["-static"])
        var length = file.count
        while length > 0 {
            length -= max(1, length / 37)
            if let plan = try? LoadPlan(file.span.extracting(0..<length)) {
                for index in plan.segments.indices { #expect(plan.segments[index].file.end <= UInt64(length)) }
            }
        }
        #expect(throws: ProgramError.self) { try LoadPlan(file.span.extracting(0..<file.count / 2)) }
    }
}
