import MemoryModel
import Testing

@Suite("A program's properties")
struct ProgramPropertiesTests {
    private static let marked = words(0xc000_0000, 4, 3, 0)

    private static func isMarked(_ bytes: [UInt8]) throws -> Bool {
        try ELFBuilder.typical.adding(properties: bytes).plan().identifiesBranchTargets
    }

    @Test("mark code for branch target identification")
    func marking() throws {
        #expect(try Self.isMarked(properties(Self.marked)))
        #expect(try Self.isMarked(properties(words(0xc000_0000, 4, 1, 0))))
        #expect(try !Self.isMarked(properties(words(0xc000_0000, 4, 2, 0))))
        #expect(try !Self.isMarked(properties(words(0xc000_0001, 4, 1, 0))))
        #expect(try !Self.isMarked(properties([])))
        // Among others, which are passed over by their sizes.
        #expect(try Self.isMarked(properties(words(5, 9, 0, 0, 0, 0) + Self.marked + words(0xc000_0001, 0))))
        // Behind the note is nothing that is read.
        #expect(try Self.isMarked(properties(Self.marked) + words(1, 2, 3)))
    }

    @Test("are read from the segment of properties alone, of several the last")
    func segments() throws {
        let note = properties(Self.marked)
        #expect(try !ELFBuilder.typical.adding(note: note, alignment: 8).plan().identifiesBranchTargets)
        let none = ELFBuilder.Header(
            type: 0x6474_e553, flags: 4, offset: 0x6000 + UInt64(note.count), address: 0, fileSize: 16, memorySize: 16)
        var builder = ELFBuilder.typical.adding(properties: note + properties([]))
        builder.headers.append(none)
        #expect(try !builder.plan().identifiesBranchTargets)
        // The first is not even looked at.
        builder.headers[builder.headers.count - 2].fileSize = 2000
        #expect(try !builder.plan().identifiesBranchTargets)
    }

    @Test(
        "that are malformed are refused, as by Linux",
        arguments: [
            // Another type, another name, a name without its NUL, a size beyond the segment.
            note("GNU", type: 4, marked), note("GNV", type: 5, marked), words(3, 16, 5, 0x55_4e47) + marked,
            words(4, 17, 5, 0x55_4e47) + marked, words(4, .max, 5, 0x55_4e47) + marked,
            words(4, 16, 5, 0x2055_4e47) + marked,
            // Half a property; one larger than the note, with its padding or without; a size that is none.
            properties(words(0xc000_0000)), properties(words(0xc000_0000, 4)), properties(words(0xc000_0000, 4, 1)),
            properties(words(5, .max, 0, 0)), properties(words(5, .max - 6, 0, 0)), properties(words(5, 9, 0, 0)),
            properties(words(0xc000_0000, 8, 1, 0)), properties(words(0xc000_0000, 3, 1, 0)),
            properties(marked + words(0)),
            // Not ascending.
            properties(marked + marked), properties(marked + words(5, 0)),
            // Too large to be read.
            properties([UInt8](repeating: 0, count: 1009)),
        ])
    func malformed(bytes: [UInt8]) {
        #expect(ELFBuilder.typical.adding(properties: bytes).error == .malformedProperties)
    }

    @Test("that are not in the file can't be read, and are what is there where some are")
    func truncated() throws {
        for size in [0, 1, 15] {
            let bytes = Array(properties(Self.marked)[..<size])
            #expect(ELFBuilder.typical.adding(properties: bytes).error == .unreadableProperties)
        }
        var builder = ELFBuilder.typical.adding(properties: properties(Self.marked))
        let last = builder.headers.count - 1
        for offset in [UInt64.max, UInt64.max - 15, UInt64(1) << 63, 0x10_0000] as [UInt64] {
            builder.headers[last].offset = offset
            #expect(builder.error == .unreadableProperties)
        }
        builder.headers[last].offset = 0x6000
        builder.headers[last].fileSize = 1024
        builder.size = 0x6020
        #expect(try builder.plan().identifiesBranchTargets)
        builder.headers[last].fileSize = 1025
        #expect(builder.error == .malformedProperties)
    }

    @Test("of random content are read or refused, a hundred thousand times, never a crash")
    func random() {
        var random = ProgramMutations(seed: 0xB71)
        var outcomes = [0, 0, 0, 0]
        let values: [UInt32] = [0, 1, 3, 4, 5, 7, 8, 9, 16, 24, 0xc000_0000, 0xc000_0001, .max, .max - 7, 1 << 31]
        var bytes = ELFBuilder.typical.adding(properties: properties(Self.marked + words(0xc000_0001, 4, 1, 0))).bytes
        let header = 64 + 56 * 2
        let original = bytes
        for _ in 0..<100_000 {
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let place = Int.random(in: 0..<12, using: &random) * 4
                let word = values[Int.random(in: 0..<values.count, using: &random)]
                for byte in 0..<4 { bytes[0x6000 + place + byte] = UInt8(truncatingIfNeeded: word >> (byte * 8)) }
            }
            if UInt8.random(in: 0..<4, using: &random) == 0 {
                bytes[header + 32] = UInt8.random(in: 0...64, using: &random)
            }
            let isCut = UInt8.random(in: 0..<8, using: &random) == 0
            let end = isCut ? Int.random(in: 0x6000...0x6030, using: &random) : bytes.count
            do throws(ProgramError) {
                outcomes[try LoadPlan(bytes.span.extracting(0..<end)).identifiesBranchTargets ? 0 : 1] += 1
            } catch {
                outcomes[error == .malformedProperties ? 2 : 3] += 1
                if error != .malformedProperties && error != .unreadableProperties { Issue.record("\(error)") }
            }
            for place in 0x6000..<bytes.count { bytes[place] = original[place] }
            bytes[header + 32] = original[header + 32]
        }
        #expect(outcomes.allSatisfy { $0 > 1000 }, "\(outcomes)")
    }
}
