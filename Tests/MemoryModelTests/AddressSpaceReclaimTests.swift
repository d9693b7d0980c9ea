import FakeMachine
import Testing

@testable import MemoryModel

/// What a machine gets back that runs short of frames.
@Suite struct AddressSpaceReclaimTests {
    static let base: UInt64 = 0x1000_0000

    @Test func cleanMappedPagesAreGivenUpThoseInUseLast() throws {
        let family = try Family()
        let object = try family.makeBackedObject(pages: 64)
        try family.map(family.first, object, at: Self.base, pages: 64, .read, shared: false)
        for index: UInt64 in 0..<64 { _ = try family.read(family.first, Self.base + index * page) }
        #expect(family.reclaim(100) == 0)
        // All were used: the first round of the clock only forgets that.
        #expect(family.giveUpCleanPages(sparingUsed: true) == 0)
        // The other CPU's TLB knows nothing of the page: its walk finds the flag clear.
        _ = try family.read(family.first, Self.base + 9 * page, cpu: 1)
        #expect(family.giveUpCleanPages(sparingUsed: true) == 63)
        #expect(family.reclaim(100) == 63)
        // A page of a table that two share is given up once, for both.
        for index: UInt64 in 1..<64 where index != 9 { _ = try family.read(family.first, Self.base + index * page) }
        let child = try family.fork(family.first)
        _ = try family.read(child, Self.base + 9 * page, cpu: 1)
        #expect(family.giveUpCleanPages(sparingUsed: false) == 63)
        #expect(family.reclaim(100) == 63)
        _ = try family.read(child, Self.base + 9 * page, cpu: 1)
        #expect(family.giveUpCleanPages(sparingUsed: false) == 1)
        #expect(family.reclaim(100) == 1)
        for member in family.members { try member.validate() }
        let backing = family.frames.table.records
        for index: UInt64 in 0..<64 {
            let expected = family.machine.peek(backing + ByteCount.pages(index))
            #expect(try family.read(child, Self.base + index * page, cpu: 1) == expected)
        }
        family.release(object)
        try family.finish()
    }

    @Test func whatIsLockedIsNotGivenUp() throws {
        let family = try Family()
        let object = try family.makeBackedObject(pages: 4)
        try family.map(family.first, object, at: Self.base, pages: 4, .read, shared: true)
        for index: UInt64 in 0..<4 { _ = try family.read(family.first, Self.base + index * page) }
        let locked = VirtualRange(VirtualAddress(Self.base), to: VirtualAddress(Self.base + 3 * page))
        try family.first.space!.apply(.lock, over: locked, frames: &family.frames)
        #expect(family.giveUpCleanPages(sparingUsed: false) == 1)
        #expect(family.first.frame(of: Self.base + 2 * page) != nil)
        #expect(family.first.frame(of: Self.base + 3 * page) == nil)
        family.release(object)
        try family.finish()
    }

    @Test func dirtyPagesAndCopiesStay() throws {
        let family = try Family()
        let object = try family.makeBackedObject(pages: 4)
        try family.map(family.first, object, at: Self.base, pages: 4, shared: true)
        try family.map(family.first, object, at: Self.base + megabyte, pages: 4, shared: false)
        try family.write(family.first, 5, at: Self.base)
        try family.write(family.first, 6, at: Self.base + megabyte + page)
        _ = try family.read(family.first, Self.base + 2 * page)
        #expect(family.giveUpCleanPages(sparingUsed: false) == 2)
        // The page that was copied is clean too, and nobody maps it.
        #expect(family.reclaim(100) == 2)
        #expect(try family.read(family.first, Self.base) == 5)
        #expect(try family.read(family.first, Self.base + megabyte + page) == 6)
        family.release(object)
        try family.finish()
    }

    @Test func theReserveIsForTheKernel() throws {
        let family = try Family(frames: 256)
        family.frames.reserve = 10
        var taken: [FrameNumber] = []
        while let frame = family.frames.take(.anonymous) { taken.append(frame.relinquish()) }
        #expect(family.freeFrames == 10)
        for left in (0..<10).reversed() {
            guard let frame = family.frames.take(.kernel) else {
                Issue.record("the reserve is there")
                break
            }
            taken.append(frame.relinquish())
            #expect(family.freeFrames == UInt64(left))
            let none = family.frames.take(left % 2 == 0 ? .table : .cachedFilePage)?.relinquish()
            #expect(none == nil)
        }
        for frame in taken { family.frames.release(Frame(adopting: frame)) }
        family.frames.reserve = 0
        try family.finish()
    }

    @Test func everythingCanBeUnmappedAtOnce() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 64)
        try family.map(family.first, object, at: Self.base, pages: 64, shared: false)
        try family.map(family.first, fixed: 0x80_0000_0000, 3 * gigabyte)
        try family.write(family.first, 1, at: 0x80_0000_0000 + 5 * megabyte)
        for index: UInt64 in 0..<64 { try family.write(family.first, 1, at: Self.base + index * page) }
        let child = try family.fork(family.first)
        let free = family.freeFrames
        family.unmapAll(child)
        #expect(child.statistics.mappedPages == 0)
        #expect(try family.read(family.first, Self.base + page) == 1)
        family.unmapAll(family.first)
        #expect(family.freeFrames > free + 60)
        family.release(object)
        try family.finish()
    }

    @Test("everything can be unmapped without a frame, be it sealed or in tables that others share")
    func unmappedWithoutFrames() throws {
        let family = try Family()
        // In the first table of the program's region, and in the last one: both reach beyond it.
        let places: [UInt64] = [0x10_0000, 0x3FF0_0000, Self.base]
        for place in places {
            try family.map(family.first, fixed: place, 64 * page)
            for index: UInt64 in 0..<64 { try family.write(family.first, 1, at: place + index * page) }
        }
        try family.seal(family.first, Self.base, 64 * page)
        let child = try family.fork(family.first)
        #expect(child.sharedTables == 3)
        var taken = FrameList(family.frames.table)
        while let frame = family.frames.take(.kernel) { taken.push(frame) }
        family.unmapAll(child)
        #expect(child.statistics.mappedPages == 0 && child.sharedTables == 0)
        family.unmapAll(family.first)
        #expect(family.first.statistics.mappedPages == 0 && family.freeFrames >= 3 * 64)
        while let frame = taken.popFirst() { family.frames.release(frame) }
        try family.finish()
    }
}

extension Family {
    func giveUpCleanPages(sparingUsed: Bool) -> UInt64 {
        var count: UInt64 = 0
        for member in members { count += member.space!.giveUpCleanPages(sparingUsed: sparingUsed, frames: &frames) }
        return count
    }

    func unmapAll(_ member: Member) { member.space!.unmapAll(frames: &frames) }
}
