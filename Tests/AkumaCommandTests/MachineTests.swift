import Foundation
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("What a machine is told")
struct MachineTests {
    @Test("boot files are exact: argv and environment end each string with a zero")
    func bootFiles() throws {
        var configuration = MachineConfiguration()
        configuration.program = .init(path: "/bin/a", arguments: ["a", "", "ü b"])
        configuration.isDeterministic = true
        var ramdisk = Ramdisk()
        configuration.addBootFiles(to: &ramdisk, input: [0, 255])
        let archive = String(decoding: try ramdisk.archive(), as: UTF8.self)
        #expect(archive.contains(".akuma/argv\0"))
        #expect(archive.contains("a\0\0ü b\0"))
        #expect(archive.contains("PATH=/bin\0HOME=/\0"))
        #expect(archive.contains(".akuma/stdin\0"))
    }

    @Test("a deterministic machine's ramdisk is the same each time, another's seed is not")
    func seeds() throws {
        func archive(deterministic: Bool) throws -> [UInt8] {
            var configuration = MachineConfiguration()
            configuration.isDeterministic = deterministic
            var ramdisk = Ramdisk()
            configuration.addBootFiles(to: &ramdisk, input: nil)
            return try ramdisk.archive()
        }
        #expect(try archive(deterministic: true) == archive(deterministic: true))
        #expect(try archive(deterministic: false) != archive(deterministic: false))
    }

    @Test("the emulator counts instructions only when it should be deterministic")
    func emulator() {
        var configuration = MachineConfiguration()
        configuration.cpu = .cortexA72
        configuration.gicVersion = 2
        configuration.log = .memory
        configuration.hasDebuggingInterface = true
        var words = Emulator(configuration: configuration, kernelImage: "/image").arguments.joined(separator: " ")
        #expect(words.contains("-M virt,gic-version=2 -cpu cortex-a72 -smp 1 -m 262144K"))
        #expect(words.contains("-append log=memory debug=on"))
        #expect(!words.contains("icount"))
        configuration.isDeterministic = true
        words = Emulator(configuration: configuration, kernelImage: "/image").arguments.joined(separator: " ")
        #expect(words.contains("-icount shift=0,sleep=off"))
        #expect(words.contains("dtb-randomness=off"))
    }

    @Test("input goes to the guest in frames, and a frame of no bytes ends it")
    func frames() throws {
        var ends: [Int32] = [-1, -1]
        try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let guest = FileDescriptor(rawValue: ends[1])
        defer { try? guest.close() }
        var input = GuestInput(from: .bytes([7, 8, 9]), to: FileDescriptor(rawValue: ends[0]))
        while input.awaitedChannel != nil { input.send() }
        try FileDescriptor(rawValue: ends[0]).close()
        #expect(try guest.readToEnd() == [3, 0, 0, 0, 7, 8, 9, 0, 0, 0, 0])
    }

    @Test("a panic's report starts with the line that says so, wherever the log has it")
    func panic() {
        let log = "memory: 256 MiB\r\n\nakuma: kernel panic: a test\n  elr 0x40080000\n"
        #expect(KernelLog.panic(in: log)?.hasPrefix("akuma: kernel panic: a test\n  elr") == true)
        #expect(KernelLog.panic(in: "memory: 256 MiB\n") == nil)
    }
}
