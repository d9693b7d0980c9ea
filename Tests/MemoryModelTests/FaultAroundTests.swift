import FakeMachine
import Testing

@testable import MemoryModel

/// What a read of an object's page maps beside it.
@Suite struct FaultAroundTests {
    private static let base: UInt64 = 0x1000_0000

    /// The pages of `range` that have a frame, counted from ``base``.
    private func resident(_ family: Family, _ range: Range<UInt64>) -> [UInt64] {
        range.filter { family.first.frame(of: Self.base + $0 * page) != nil }
    }

    private func makeObject(_ family: Family, pages: UInt64, inMemory: Range<UInt32>) throws -> ObjectNumber {
        let object = try family.makeObject(pages: pages)
        for index in inMemory { family.poke(UInt64(index) + 100, object, index) }
        return object
    }

    @Test("a read maps what its object has in memory of the 64 KiB around it", arguments: [true, false])
    func window(isShared: Bool) throws {
        let family = try Family()
        let object = try makeObject(family, pages: 64, inMemory: 2..<40)
        try family.map(family.first, object, at: Self.base, pages: 64, shared: isShared)
        let free = family.freeFrames
        #expect(try family.read(family.first, Self.base + 5 * page) == 105)
        #expect(resident(family, 0..<64) == Array(2..<16))
        #expect(try family.read(family.first, Self.base + 39 * page) == 139)
        #expect(resident(family, 16..<64) == Array(32..<40))
        for index: UInt64 in Array(2..<16) + Array(32..<40) {
            #expect(try family.read(family.first, Self.base + index * page, cpu: 1) == index + 100)
        }
        #expect(family.freeFrames == free, "nothing is taken for a guess")
        #expect(family.objects.mappedPages(of: object) == 64)
        try family.unmap(family.first, Self.base, 64 * page)
        family.release(object)
        try family.finish()
    }

    @Test("a write maps its page alone")
    func write() throws {
        let family = try Family()
        let object = try makeObject(family, pages: 16, inMemory: 0..<16)
        try family.map(family.first, object, at: Self.base, pages: 16, shared: true)
        try family.map(family.first, object, at: Self.base + 16 * page, pages: 16, shared: false)
        try family.write(family.first, 1, at: Self.base + 3 * page)
        try family.write(family.first, 1, at: Self.base + 20 * page)
        #expect(resident(family, 0..<32) == [3, 20])
        family.release(object)
        try family.finish()
    }

    @Test("what is around ends with the mapping, with other attributes, and where another part of the object is shown")
    func borders() throws {
        let family = try Family()
        let object = try makeObject(family, pages: 64, inMemory: 0..<64)
        try family.map(family.first, object, at: Self.base, pages: 16, shared: true)
        try family.unmap(family.first, Self.base + 2 * page, page)
        try family.protect(family.first, Self.base + 9 * page, page, .read)
        _ = try family.read(family.first, Self.base + 5 * page)
        #expect(resident(family, 0..<16) == [3, 4, 5, 6, 7, 8])
        // Page 0 of the object behind its page 31: alike but for what is shown.
        try family.map(family.first, object, at: Self.base + 16 * page, pages: 8, from: 24, shared: true)
        try family.map(family.first, object, at: Self.base + 24 * page, pages: 8, from: 0, shared: true)
        #expect(try family.read(family.first, Self.base + 24 * page) == 100)
        #expect(resident(family, 16..<32) == Array(24..<32))
        #expect(try family.read(family.first, Self.base + 23 * page) == 131)
        #expect(resident(family, 16..<32) == Array(16..<32))
        // The first page of a table: what lies before it is another table's.
        let border: UInt64 = 512
        try family.map(family.first, object, at: Self.base + (border - 8) * page, pages: 16, shared: true)
        _ = try family.read(family.first, Self.base + border * page)
        #expect(resident(family, border - 8..<border + 8) == Array(border..<border + 8))
        family.release(object)
        try family.finish()
    }

    @Test("a page that is kept beyond the object's end is not shown")
    func beyondEnd() throws {
        let family = try Family()
        let object = try family.makeObject(bytes: 3 * page + 8)
        for index: UInt32 in 0..<8 {
            _ = try family.objects.makePageEvenBeyondEnd(PageIndex(index), of: object, frames: &family.frames)
        }
        try family.map(family.first, object, at: Self.base, pages: 8, shared: true)
        _ = try family.read(family.first, Self.base)
        #expect(resident(family, 0..<8) == [0, 1, 2, 3])
        family.release(object)
        try family.finish()
    }

    @Test("what was written stays as it is among what is mapped around it")
    func copies() throws {
        let family = try Family()
        let object = try makeObject(family, pages: 16, inMemory: 0..<16)
        try family.map(family.first, object, at: Self.base, pages: 16, shared: false)
        try family.write(family.first, 7, at: Self.base + 4 * page)
        _ = try family.read(family.first, Self.base + 8 * page)
        #expect(resident(family, 0..<16) == Array(0..<16))
        #expect(try family.read(family.first, Self.base + 4 * page) == 7)
        try family.write(family.first, 8, at: Self.base + 9 * page)
        #expect(family.peek(object, 9) == 109)
        for index: UInt64 in 0..<16 { family.expectPrivate(Self.base + index * page) }
        family.release(object)
        try family.finish()
    }

    @Test("a neighbour counts as used, and as written, when it is", arguments: [false, true])
    func flags(byHardware: Bool) throws {
        let family = try Family(options: .init(setsAccessFlag: byHardware, setsDirtyState: byHardware))
        let object = try family.makeBackedObject(pages: 4)
        for index: UInt32 in 0..<4 { _ = family.peek(object, index) }
        try family.map(family.first, object, at: Self.base, pages: 4, shared: true)
        _ = try family.read(family.first, Self.base)
        #expect(resident(family, 0..<4) == Array(0..<4))
        guard case .resident(_, _, _, let accessed)? = family.first.state(Self.base + page) else {
            Issue.record("a neighbour is mapped")
            return
        }
        #expect(accessed == !byHardware)
        try family.write(family.first, 77, at: Self.base + page)
        try family.unmap(family.first, Self.base, 4 * page)
        #expect(family.isDirty(object, 1) == true)
        #expect(family.isDirty(object, 2) == false)
        family.release(object)
        try family.finish()
    }

    @Test("code around what is executed is published to instruction fetch before it is shown")
    func code() throws {
        let family = try Family()
        let object = try makeObject(family, pages: 16, inMemory: 0..<16)
        try family.map(family.first, object, at: Self.base, pages: 16, .readExecute, shared: false)
        _ = try family.access(family.first, Self.base + 3 * page, .execute)
        #expect(resident(family, 0..<16) == Array(0..<16))
        // The fake machine refuses what was not published.
        for index: UInt64 in 0..<16 { _ = try family.access(family.first, Self.base + index * page, .execute) }
        family.release(object)
        try family.finish()
    }
}
