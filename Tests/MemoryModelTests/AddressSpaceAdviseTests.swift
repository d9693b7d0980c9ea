import FakeMachine
import MemoryModel
import Testing

@Suite(.leakLedger) struct AddressSpaceAdviseTests {
    @Test("DONTNEED gives frames back, and the pages read as zeroes on every CPU")
    func discard() throws {
        var test = try TestSpace()
        let start = try test.map(8 * page)
        for index in 0..<8 as Range<UInt64> { try test.write(index + 1, at: start + index * page, cpu: Int(index & 1)) }
        let free = test.frames.freeFrames
        try test.discard(start + 2 * page, 3 * page)
        let freed = test.frames.freeFrames - free
        #expect(freed == 3)
        for index in 0..<8 as Range<UInt64> {
            let expected = (2..<5).contains(index) ? 0 : index + 1
            #expect(try test.read(start + index * page, cpu: Int(index & 1)) == expected)
        }
        try test.write(9, at: start + 3 * page)
        #expect(try test.read(start + 3 * page, cpu: 1) == 9)
        try test.finish()
    }

    @Test("DONTNEED tells of holes after it has passed over them, and refuses what is no range")
    func errors() throws {
        var test = try TestSpace()
        try test.map(fixed: 0x2000_0000, 2 * page)
        try test.map(fixed: 0x2000_3000, page)
        try test.write(1, at: 0x2000_0000)
        try test.write(2, at: 0x2000_3000)
        #expect(throws: MapError.outOfMemory) { try test.discard(0x2000_0000, 4 * page) }
        #expect(try test.read(0x2000_0000) == 0 && test.read(0x2000_3000) == 0)
        #expect(throws: MapError.invalidArgument) { try test.discard(0x2000_0001, page) }
        #expect(throws: MapError.invalidArgument) { try test.discard(0x2000_0000, .max) }
        #expect(throws: MapError.outOfMemory) { try test.discard(0x4000_0000, page) }
        try test.discard(0x2000_0000, 0)
        try test.finish()
    }

    @Test("DONTNEED on pages that a child shares leaves the child's as they are (LESSONS 18)")
    func afterFork() throws {
        var test = try TestSpace()
        let start = try test.map(64 * page)
        for index in 0..<64 as Range<UInt64> { try test.write(index + 1, at: start + index * page) }
        var child = try test.space.fork(frames: &test.frames)
        try test.discard(start, 64 * page)
        #expect(try test.read(start + page) == 0)
        let frame = try child.writableFrame(for: VirtualAddress(start + page), frames: &test.frames)
        #expect(test.machine.peek(frame.address) == 2)
        try child.validate()
        child.destroy(frames: &test.frames)
        try test.finish()
    }

    @Test("a range is mapped where each of its pages is, touched or not")
    func isMapped() throws {
        var test = try TestSpace()
        try test.map(fixed: 0x2000_0000, 4 * page)
        try test.unmap(0x2000_2000, page)
        let whole = test.isMapped(from: 0x2000_0000, to: 0x2000_2000)
        let torn = test.isMapped(from: 0x2000_0000, to: 0x2000_4000)
        #expect(whole && !torn)
        let kernel = test.isMapped(from: 0x4000_0000, to: 0x4000_1000)
        let nothing = test.isMapped(from: 0x1000, to: 0x1000)
        #expect(!kernel && nothing)
        try test.finish()
    }
}

extension TestSpace {
    fileprivate mutating func discard(_ start: UInt64, _ length: UInt64) throws(MapError) {
        try space.discard(VirtualAddress(start), length: ByteCount(length), frames: &frames)
    }

    fileprivate func isMapped(from start: UInt64, to end: UInt64) -> Bool {
        space.isMapped(VirtualRange(VirtualAddress(start), to: VirtualAddress(end)))
    }
}
