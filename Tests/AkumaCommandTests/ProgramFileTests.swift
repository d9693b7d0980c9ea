import Testing

@testable import AkumaCommand

@Suite("A program is checked before anything is booted")
struct ProgramFileTests {
    /// A static AArch64 ELF with one loadable segment of `size` bytes at the file's offset 0.
    private static func elf(machine: UInt8 = 183, kind: UInt8 = 1, size: Int = 120) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 120)
        bytes.replaceSubrange(0..<7, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
        bytes[16] = 2
        bytes[18] = machine
        bytes[20] = 1
        bytes[26] = 0x40  // entry 0x40_0000
        bytes[32] = 64
        bytes[52] = 64
        bytes[54] = 56
        bytes[56] = 1
        bytes[64] = kind
        bytes[68] = 5
        bytes[82] = 0x40
        bytes[90] = 0x40
        bytes[96] = UInt8(size & 255)
        bytes[97] = UInt8(size >> 8)
        bytes[104] = UInt8(size & 255)
        bytes[105] = UInt8(size >> 8)
        bytes[113] = 0x10  // alignment 0x1000
        return bytes
    }

    @Test("a static AArch64 ELF can run")
    func good() {
        #expect(ProgramFile.reasonNotToRun(Self.elf()) == nil)
    }

    @Test(
        "every other one says why not",
        arguments: [
            (elf(machine: 62), "x86-64"), (elf(kind: 3), "dynamic"), (elf(size: 4096), "truncated"),
            (Array(elf().prefix(40)), "truncated"), (Array(elf().prefix(100)), "truncated"),
            (Array("#!/bin/sh\n".utf8), "ELF"), ([], "ELF"),
        ])
    func bad(bytes: [UInt8], word: String) throws {
        let reason = try #require(ProgramFile.reasonNotToRun(bytes))
        #expect(reason.contains(word), "\(reason)")
        #expect(!reason.contains("\n"))
    }
}
