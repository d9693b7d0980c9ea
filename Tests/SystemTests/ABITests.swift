import LinuxABI
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("The kernel and Linux treat each call, flag and advice as the table says")
struct ABITests {
    /// What the program `treatments.c` calls a section of the table, and the call that takes the values.
    private static let sections: [(name: String, call: SystemCallNumber, section: ABISection)] = [
        ("mmap.prot", .mmap, ABISection("", "", MapProtection.self, "")),
        ("mmap.flags", .mmap, ABISection("", "", MapFlags.self, "")),
        ("mmap.type", .mmap, ABISection("", "", MapSharing.self, "")),
        ("mmap.huge", .mmap, ABISection("", "", HugePageSize.self, "")),
        ("mprotect.prot", .mprotect, ABISection("", "", LinuxABI.Protection.self, "")),
        ("mremap.flags", .mremap, ABISection("", "", RemapFlags.self, "")),
        ("madvise.advice", .madvise, ABISection("", "", MemoryAdvice.self, "")),
        ("msync.flags", .msync, ABISection("", "", SynchronizeFlags.self, "")),
        ("mlock2.flags", .mlock2, ABISection("", "", LockFlags.self, "")),
        ("mlockall.flags", .mlockall, ABISection("", "", LockAllFlags.self, "")),
        ("memfd_create.flags", .memfdCreate, ABISection("", "", MemoryFileFlags.self, "")),
        ("fcntl.seals", .memfdCreate, ABISection("", "", FileSeals.self, "")),
        ("process_madvise.flags", .processMadvise, ABISection("", "", ReservedFlags.self, "")),
        ("process_vm_readv.flags", .processVmReadv, ABISection("", "", ReservedFlags.self, "")),
        ("prctl.option", .prctl, ABISection("", "", ProcessControl.self, "")),
    ]

    /// One line of the program's output.
    private struct Observation {
        let section: String
        let value: UInt64
        /// 0 where the call succeeded.
        let error: Int32
    }

    private static func observations(in output: String) throws -> [Observation] {
        try output.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            guard words.count == 3, let value = UInt64(words[1]), let error = Int32(words[2]) else {
                throw Failure("no observation: \(line)")
            }
            return Observation(section: String(words[0]), value: value, error: error)
        }
    }

    /// Compiles the program and shows it to `body`.
    private static func withProgram(_ body: (String) async throws -> Void) async throws {
        try await withCProgram("treatments", .glibc) { try await body($0.string) }
    }

    /// The rows that an observation contradicts.
    private static func contradictions(
        in output: String, of sections: [(name: String, call: SystemCallNumber, section: ABISection)],
        onLinux: Bool
    ) throws -> [String] {
        let observations = try observations(in: output)
        var contradictions: [String] = []
        for (name, call, section) in sections {
            let mine = observations.filter { $0.section == name }
            // Seals need a memory file.
            if mine.isEmpty, name != "fcntl.seals" { contradictions.append("\(name) was not observed") }
            for observation in mine {
                let row = section.rows.first { $0.value == observation.value } ?? section.others
                let observed = observation.error == 0 ? nil : "\(LinuxABI.Errno(rawValue: observation.error).name)"
                let isAgreed: Bool
                if !onLinux, let error = call.treatment.error {
                    isAgreed = observation.error == error.rawValue
                } else {
                    switch row.treatment {
                    // What it does depends on more than the one bit or number.
                    case .honoured: isAgreed = observed != "ENOSYS"
                    case .refused: isAgreed = observed == row.error || onLinux && row.dependsOnProcessor
                    case .withoutEffect: isAgreed = observed == nil || onLinux && row.dependsOnProcessor
                    case .notBuilt: isAgreed = onLinux || observed == row.error
                    }
                }
                if !isAgreed {
                    contradictions.append(
                        "\(name) \(row.name ?? "other") \(observation.value): \(row.outcome), observed \(observed ?? "success")"
                    )
                }
            }
        }
        return contradictions
    }

    @Test("Akuma treats each flag, advice and option as its table says")
    func flagsOnAkuma() async throws {
        try await Self.withProgram { program in
            let result = try await Guest.run(program)
            let contradictions = try Self.contradictions(in: result.text, of: Self.sections, onLinux: false)
            #expect(contradictions == [], "\(result.account.suffix(500))")
        }
    }

    @Test("Linux 6.1 refuses and ignores what the table says it does")
    func flagsOnLinux() async throws {
        try await Self.withProgram { program in
            let result = try await Guest.runOnLinux(program)
            let contradictions = try Self.contradictions(in: result.text, of: Self.sections, onLinux: true)
            #expect(contradictions == [], "\(result.account.suffix(500))")
        }
    }

    @Test("Akuma makes the calls that its table honours, and no other")
    func callsOnAkuma() async throws {
        // These do not return.
        let last: [SystemCallNumber] = [.exit, .exitGroup, .rtSigreturn]
        let numbers = (0..<480).filter { number in !last.contains { $0.rawValue == number } } + [0x414B_00FF]
        try await Self.withProgram { program in
            let result = try await Guest.run([program] + numbers.map { "\($0)" })
            let observations = try Self.observations(in: result.text)
            #expect(observations.count == numbers.count, "\(result.account)")
            for observation in observations {
                let treatment =
                    SystemCallNumber(rawValue: observation.value)?.treatment ?? SystemCallNumber.unknownValue
                let isMissing = observation.error == LinuxABI.Errno.noFunction.rawValue
                #expect(isMissing == !treatment.isHonoured, "call \(observation.value)")
            }
        }
    }

    @Test("Linux 6.1 refuses the calls that the table says it refuses")
    func callsOnLinux() async throws {
        let refused = SystemCallNumber.allCases.filter {
            if case .refused = $0.treatment { return true }
            return false
        }
        try await Self.withProgram { program in
            let words = [program] + refused.map { "\($0.rawValue)" } + ["244", "463"]
            let result = try await Guest.runOnLinux(words)
            let observations = try Self.observations(in: result.text)
            #expect(observations.count == refused.count + 2, "\(result.account)")
            for observation in observations {
                #expect(observation.error == LinuxABI.Errno.noFunction.rawValue, "call \(observation.value)")
            }
        }
    }
}

extension ABIRow {
    /// Linux would honour it on the emulator's CPU, whose features Akuma does not announce.
    fileprivate var dependsOnProcessor: Bool { source?.contains("the CPU has no") == true }
}
