import FakeMachine
import MemoryModel
import Testing

private let base: UInt64 = 0x2000_0000

private func range(_ start: UInt64, _ length: UInt64) -> VirtualRange {
    VirtualRange(VirtualAddress(start), to: VirtualAddress(start + length))
}

@Suite(.leakLedger) struct AddressSpaceLimitTests {
    @Test("pages that are locked count once, untouched ones too, and no longer when they are unlocked or unmapped")
    func counts() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 8 * page)
        try test.space.apply(.lock, over: range(base, 3 * page), frames: &test.frames)
        try test.space.apply(.lockOnFault, over: range(base + 2 * page, 2 * page), frames: &test.frames)
        #expect(test.space.lockedPages == 4)
        test.space.lockLimit = 6
        let answers = (test.space.mayLock(.pages(2)), test.space.mayLock(.pages(3)), test.space.mayLock(ByteCount(.max)))
        #expect(answers == (true, false, false))
        // Of six pages four are locked already.
        let whole = (test.space.mayLock(all: range(base, 6 * page)), test.space.mayLock(all: range(base, 7 * page)))
        #expect(whole == (true, false))
        try test.space.apply(.unlock, over: range(base, page), frames: &test.frames)
        try test.unmap(base + page, page)
        #expect(test.space.lockedPages == 2)
        let after = (test.space.mayLock(.pages(4)), test.space.mayLock(.pages(5)))
        #expect(after == (true, false))
        try test.finish()
    }

    @Test("of a block that is locked as a whole only the pages that are asked about count")
    func partsOfBlocks() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 4 * megabyte)
        try test.space.apply(.lockOnFault, over: range(base, 2 * megabyte), frames: &test.frames)
        #expect(test.space.lockedPages == 512)
        test.space.lockLimit = 600
        let last = base + 2 * megabyte - page
        let answers = (
            test.space.mayLock(all: range(last, 89 * page)), test.space.mayLock(all: range(last, 90 * page))
        )
        #expect(answers == (true, false))
        try test.finish()
    }

    @Test("mremap adds no locked page beyond their limit, and none beyond that of all; what fails changes nothing")
    func moves() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 4 * page)
        try test.write(1, at: base)
        try test.space.apply(.lock, over: range(base, 4 * page), frames: &test.frames)
        test.space.lockLimit = 5
        #expect(throws: MapError.tryAgain) { try test.move(base, 4 * page, 6 * page, .mayMove) }
        #expect(try test.move(base, 4 * page, 5 * page) == base)
        test.space.lockLimit = .max
        test.space.pageLimit = test.space.statistics.mappedPages + 1
        #expect(throws: MapError.outOfMemory) { try test.move(base, 5 * page, 7 * page, .mayMove) }
        #expect(try test.move(base, 5 * page, 6 * page) == base)
        // What shrinks or only moves adds nothing.
        #expect(try test.move(base, 6 * page, page) == base)
        test.space.lockLimit = 0
        let target = base + 64 * page
        #expect(try test.move(base, page, page, .mayMove | .fixed, to: target) == target)
        #expect(try test.read(target) == 1)
        try test.finish()
    }

    @Test("a child is bound as its parent is, and has nothing locked")
    func children() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 4 * page)
        try test.space.apply(.lock, over: range(base, 4 * page), frames: &test.frames)
        (test.space.lockLimit, test.space.pageLimit) = (4, 1000)
        let child = try test.space.fork(frames: &test.frames)
        let (limits, locked) = ((child.lockLimit, child.pageLimit), child.lockedPages)
        #expect(limits == (4, 1000))
        #expect(locked == 0)
        child.destroy(frames: &test.frames)
        try test.finish()
    }
}
