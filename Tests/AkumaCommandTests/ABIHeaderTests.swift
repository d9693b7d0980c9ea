import Foundation
import Testing

@testable import AkumaCommand

@Suite("The table's names and numbers are those of Linux 6.1's headers")
struct ABIHeaderTests {
    private static let headers = """
        #include <linux/mman.h>
        #include <asm/unistd.h>
        #include <linux/memfd.h>
        #include <linux/fcntl.h>
        #include <linux/personality.h>
        #include <linux/prctl.h>
        #include <linux/sched.h>
        #include <asm/resource.h>

        """

    /// What the headers of 6.1 lack, with its number in those of the release that brought it.
    private static let newer: [String: UInt64] = [
        "MAP_DROPPABLE": 0x8, "MADV_GUARD_INSTALL": 102, "MADV_GUARD_REMOVE": 103, "MFD_NOEXEC_SEAL": 0x8,
        "MFD_EXEC": 0x10, "F_SEAL_EXEC": 0x20, "PR_SET_MDWE": 65, "PR_GET_MDWE": 66, "mseal": 462,
    ]

    /// What the headers name, and no argument of a section of the table is.
    private static let others: Set<String> = [
        "MAP_TYPE", "MAP_HUGE_SHIFT", "MAP_HUGE_MASK", "MFD_HUGE_SHIFT", "MFD_HUGE_MASK", "PROT_NONE",
        // Of clone3 and unshare alone.
        "CLONE_NEWTIME", "CLONE_CLEAR_SIGHAND", "CLONE_INTO_CGROUP",
        // Where architectures of their own begin, and how many calls there are.
        "__NR_arch_specific_syscall", "__NR_syscalls",
    ]

    /// Runs the compiler's first stages on the headers and `source`.
    private static func compile(_ arguments: [String], _ source: String) throws -> (status: Int32, text: String) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("abi-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("headers.c")
        try Data((headers + source).utf8).write(to: file)
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["aarch64-linux-gnu-gcc"] + arguments + [file.path]
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// The rows with the expression that each one's value is in C.
    private static var constants: [(name: String, expression: String, value: UInt64)] {
        ABITable().sections.flatMap { section in
            section.rows.compactMap { row in
                guard let name = row.name, let value = row.value else { return nil }
                if section.argument == nil { return name.hasPrefix("akuma_") ? nil : (name, "__NR_\(name)", value) }
                if name.hasPrefix("MAP_HUGE_") { return (name, "(\(name) >> MAP_HUGE_SHIFT)", value) }
                return name.contains(" ") ? nil : (name, name, value)
            }
        }
    }

    @Test("each row's number is the header's")
    func numbersAgree() throws {
        let constants = Self.constants
        #expect(constants.count > 400)
        let assertions = constants.map { constant in
            let expected = Self.newer[constant.name]
            // A name that is newer must not be in the headers, or its number here would go unchecked.
            if let expected { return "_Static_assert(\(expected) == \(constant.value), \"\(constant.name)\");\n" }
            return
                "_Static_assert((unsigned long)\(constant.expression) == \(constant.value)UL, \"\(constant.name)\");\n"
        }
        let result = try Self.compile(["-fsyntax-only"], assertions.joined())
        let failures = result.text.split(separator: "\n").filter { $0.contains("error:") }
        #expect(result.status == 0, "\(failures.prefix(10).joined(separator: "\n"))")
    }

    @Test("each name of the headers has a row")
    func namesAreComplete() throws {
        let result = try Self.compile(["-E", "-dM"], "")
        #expect(result.status == 0)
        let named = Set(Self.constants.map { $0.expression.hasPrefix("__NR_") ? $0.expression : $0.name })
        let prefixes = [
            "MAP_", "PROT_", "MADV_", "MREMAP_", "MS_", "MCL_", "MLOCK_", "F_SEAL_", "CLONE_", "RLIMIT_", "__NR_",
        ]
        // Names of `prctl`'s options and of memory files share prefixes with those of their arguments.
        let exact = ["MFD_CLOEXEC", "MFD_ALLOW_SEALING", "MFD_HUGETLB", "PR_SET_VMA", "PR_SET_THP_DISABLE"]
        let missing = result.text.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "#define" else { return nil }
            let name = String(words[1])
            guard prefixes.contains(where: name.hasPrefix) || exact.contains(name) else { return nil }
            return named.contains(name) || Self.others.contains(name) || name.hasPrefix("CLONE_ARGS_SIZE") ? nil : name
        }
        #expect(missing == [])
    }

    @Test("what is newer than the headers is not in them")
    func newerNamesAreAbsent() throws {
        let result = try Self.compile(["-E", "-dM"], "")
        for name in Self.newer.keys {
            let isDefined = result.text.contains("#define \(name) ") || result.text.contains("#define __NR_\(name) ")
            #expect(!isDefined, "\(name)")
        }
    }
}
