import FakeMachine
import Testing

@testable import MemoryModel

private let base: UInt64 = 0x1000_0000

/// The short ways are taken for what is ordinary, and closed by everything else.
@Suite(.leakLedger) struct PlainRunTests {
    @Test("an attribute that is not listed as ordinary closes every short way")
    func ordinary() throws {
        let ordinary: AttributeSet = .read | .write | .mayEverything | .accounted | .heap
        #expect(ordinary.isOrdinary && ordinary.isOrdinary(for: .write) && ordinary.isOrdinary(for: .read))
        #expect(!ordinary.isOrdinary(for: .execute))
        #expect(!AttributeSet.read.isOrdinary(for: .write))
        let special: [AttributeSet] = [
            .execute, .shared, .growsDown, .guardPage, .locked, .lockedOnFault, .dontFork, .wipeOnFork, .sealed,
        ]
        for attribute in special {
            let set = ordinary | attribute
            #expect(!set.isOrdinary && !set.isOrdinary(for: .read) && !set.isOrdinary(for: .write))
        }
        // Whatever comes to be said of a page is special until it is listed.
        for bit in 23..<32 as Range<UInt64> { #expect(!AttributeSet(rawValue: 1 << bit).isOrdinary) }
        for bit in 41..<64 as Range<UInt64> { #expect(!AttributeSet(rawValue: 1 << bit).isOrdinary) }
    }

    @Test("pages are a plain run where all are mapped, alike, ordinary, and in one table of their own")
    func plain() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 16 * page)
        test.expectPlain(base, 16, true)
        test.expectPlain(base, 17, false)
        test.expectPlain(base - page, 1, false)
        try test.write(1, at: base + 3 * page)
        test.expectPlain(base, 3, true)
        test.expectPlain(base + 3 * page, 1, true)
        test.expectPlain(base, 4, false)
        try test.protect(base + 5 * page, page, .read)
        test.expectPlain(base + 5 * page, 1, true)
        test.expectPlain(base + 4 * page, 2, false)
        try test.change(.lock, base + 6 * page, page)
        test.expectPlain(base + 6 * page, 1, false)
        // Across tables, and beyond what a program may map.
        try test.map(fixed: base + 2 * megabyte - page, 2 * page)
        test.expectPlain(base + 2 * megabyte - page, 2, false)
        test.expectPlain(base + 2 * megabyte - page, 1, true)
        test.expectPlain(0x3FFF_F000, 1, false)
        try test.finish()
    }

    @Test("a table that is shared since a fork has no plain run, nor a page that is not there")
    func sharedTable() throws {
        let family = try Family()
        try family.map(family.first, fixed: base, 64 * page)
        for index in 0..<64 as Range<UInt64> { try family.write(family.first, index, at: base + index * page) }
        let range = VirtualRange(VirtualAddress(base), to: VirtualAddress(base + page))
        #expect(family.first.hasPlainRun(range))
        let child = try family.fork(family.first)
        #expect(!family.first.hasPlainRun(range) && !child.hasPlainRun(range))
        // The parent's page is the child's too, and is not given back with the parent's table of its own.
        try family.write(family.first, 9, at: base + page)
        #expect(family.first.hasPlainRun(range))
        try family.unmap(family.first, base, page)
        #expect(try family.read(child, base, cpu: 1) == 0)
        #expect(try family.read(child, base + page, cpu: 1) == 1)
        try family.finish()
    }

    @Test("one page comes and goes without another frame, and with one invalidation of that page")
    func unmapsOne() throws {
        var test = try TestSpace()
        let first = try test.map(page)
        try test.write(1, at: first)
        let free = test.frames.freeFrames
        let before = test.machine.maintenance
        try test.unmap(first, page)
        let after = test.machine.maintenance
        #expect(after.pageInvalidations == before.pageInvalidations + 1)
        #expect(after.invalidations == before.invalidations + 1)
        let left = test.frames.freeFrames
        #expect(left == free + 1)
        let again = try test.map(page)
        let value = try test.read(first)
        #expect(again == first && value == 0)
        try test.finish()
    }

    @Test("a page of zeroes, an object's page and a copy go the general way, and nothing is lost")
    func others() throws {
        let family = try Family()
        let first = family.first
        let object = try family.makeObject(pages: 4)
        try family.map(first, object, at: base + 8 * page, pages: 4, shared: true)
        try family.write(first, 7, at: base + 9 * page)
        try family.map(first, object, at: base, pages: 4, shared: false)
        _ = try family.read(first, base + page)
        try family.write(first, 8, at: base + 2 * page)
        try family.map(first, fixed: base + 4 * page, page)
        _ = try family.read(first, base + 4 * page)
        try family.discard(first, base, 5 * page)
        #expect(try family.read(first, base + page) == 7)
        #expect(try family.read(first, base + 4 * page) == 0)
        for index in 0..<5 as Range<UInt64> { try family.discard(first, base + index * page, page) }
        #expect(family.objects.mappedPages(of: object) == 8)
        for index in 0..<5 as Range<UInt64> { try family.unmap(first, base + index * page, page) }
        #expect(family.objects.mappedPages(of: object) == 4)
        family.release(object)
        try family.finish()
    }

    @Test("an advice that needs anonymous memory refuses an object's page, resident too")
    func refusesObjects() throws {
        let family = try Family()
        let first = family.first
        let object = try family.makeObject(pages: 1)
        try family.map(first, object, at: base, pages: 1, shared: false)
        _ = try family.read(first, base)
        let range = VirtualRange(VirtualAddress(base), to: VirtualAddress(base + page))
        for change in [RangeChange.free, .removeGuards, .wipeOnFork] {
            #expect(throws: MapError.invalidArgument) {
                try first.space!.apply(change, over: range, frames: &family.frames)
            }
        }
        family.release(object)
        try family.finish()
    }

    @Test("the table of the last page is given back, but for the one that the next mapping goes to")
    func emptyTables() throws {
        var test = try TestSpace()
        let tables = test.space.statistics.tables
        try test.map(fixed: base + 64 * megabyte, page)
        try test.write(1, at: base + 64 * megabyte)
        try test.unmap(base + 64 * megabyte, page)
        let left = test.space.statistics.tables
        let first = try test.map(page)
        let warm = test.space.statistics.tables
        try test.unmap(first, page)
        let kept = test.space.statistics.tables
        #expect(left == tables && kept == warm)
        try test.finish()
    }

    @Test("a table that became empty names no object any more")
    func namesNothing() throws {
        let family = try Family()
        let first = family.first
        let object = try family.makeObject(pages: 1)
        let kept = try family.map(first, page)
        try family.map(first, object, at: kept + page, pages: 1, shared: true)
        let table = try #require(first.table(of: kept))
        let named = family.frames.table.tableRecord(of: table).namesObjects
        try family.unmap(first, kept + page, page)
        let stillNamed = family.frames.table.tableRecord(of: table).namesObjects
        try family.unmap(first, kept, page)
        let record = family.frames.table.tableRecord(of: table)
        #expect(named && stillNamed && record.entriesInUse == 0 && !record.namesObjects)
        family.release(object)
        try family.finish()
    }
}

extension TestSpace {
    fileprivate func expectPlain(
        _ start: UInt64, _ pages: UInt64, _ expected: Bool, _ location: SourceLocation = #_sourceLocation
    ) {
        let range = VirtualRange(VirtualAddress(start), to: VirtualAddress(start + pages * page))
        let isPlain = space.plainRun(of: range) != nil
        #expect(isPlain == expected, sourceLocation: location)
    }
}

extension Family.Member {
    fileprivate func hasPlainRun(_ range: VirtualRange) -> Bool { space!.plainRun(of: range) != nil }
}
