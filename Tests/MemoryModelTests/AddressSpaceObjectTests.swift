import FakeMachine
import Testing

@testable import MemoryModel

/// Mappings of objects, by processes forked from one another on two CPUs.
@Suite struct AddressSpaceObjectTests {
    static let base: UInt64 = 0x1000_0000

    @Test func sharedPagesAreOneForAllWhoMapThem() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 8)
        try family.map(family.first, object, at: Self.base, pages: 8, shared: true)
        try family.map(family.first, object, at: Self.base + megabyte, pages: 4, from: 2, shared: true)
        try family.write(family.first, 42, at: Self.base + 2 * page)
        #expect(try family.read(family.first, Self.base + megabyte) == 42)
        try family.write(family.first, 43, at: Self.base + megabyte + 8)
        #expect(try family.read(family.first, Self.base + 2 * page + 8) == 43)
        let child = try family.fork(family.first)
        try family.write(child, 44, at: Self.base + 7 * page, cpu: 1)
        #expect(try family.read(family.first, Self.base + 7 * page) == 44)
        #expect(family.peek(object, 7) == 44)
        #expect(family.objects.mappedPages(of: object) == 24)
        family.release(object)
        try family.finish()
    }

    @Test func whatMayBeWrittenLaterIsNotReadOnlyInAnyTLBOnceAnotherCPUMadeItDirty() throws {
        let family = try Family(options: .init(setsAccessFlag: true, setsDirtyState: true))
        let object = try family.makeObject(pages: 1)
        let start = VirtualAddress(Self.base)
        family.machine.cpus[0].memory = .adversarial
        family.machine.cpus[1].memory = .fresh
        try family.map(family.first, object, at: Self.base, pages: 1, .read, shared: true)
        #expect(try family.read(family.first, Self.base) == 0)
        try family.first.space!.protect(start, length: .pages(1), .readWrite, frames: &family.frames)
        // The walker makes the entry writable, of which no software knows.
        family.run(family.first, on: 1)
        try family.machine.cpus[1].write(1, at: start)
        try family.write(family.first, 2, at: Self.base)
        #expect(try family.read(family.first, Self.base) == 2)
        family.release(object)
        try family.finish()
    }

    @Test func privatePagesShowTheObjectUntilTheyAreWritten() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 4)
        family.poke(7, object, 1)
        try family.map(family.first, object, at: Self.base, pages: 4, shared: false)
        #expect(try family.read(family.first, Self.base + page) == 7)
        family.poke(8, object, 1)
        #expect(try family.read(family.first, Self.base + page) == 8)
        try family.write(family.first, 9, at: Self.base + page)
        #expect(family.peek(object, 1) == 8)
        family.poke(10, object, 1)
        #expect(try family.read(family.first, Self.base + page) == 9)
        // What was written without being read first is a copy too.
        family.poke(11, object, 2)
        try family.write(family.first, 12, at: Self.base + 2 * page + 8)
        #expect(try family.read(family.first, Self.base + 2 * page) == 11)
        #expect(family.peek(object, 2, offset: 8) == 0)
        // A discarded copy shows the object again.
        try family.discard(family.first, Self.base, 4 * page)
        #expect(try family.read(family.first, Self.base + page) == 10)
        #expect(family.first.state(Self.base + 3 * page)?.isReservedFile == true)
        family.release(object)
        try family.finish()
    }

    @Test func theRestOfAPageIsZeroedInACopyThatStillBelongsToTheObject() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 2)
        family.poke(7, object, 0)
        family.machine.hardware.store(7, at: family.objects.page(PageIndex(0), of: object)!.address + ByteCount(16))
        try family.map(family.first, object, at: Self.base, pages: 2, shared: false)
        try family.first.space!.clearRestOfPage(from: VirtualAddress(Self.base + 16), frames: &family.frames)
        #expect(try family.read(family.first, Self.base) == 7)
        #expect(try family.read(family.first, Self.base + 16) == 0)
        #expect(try family.read(family.first, Self.base + page - 8) == 0)
        #expect(family.peek(object, 0, offset: 16) == 7)
        let run = family.first.space!.run(from: VirtualAddress(0))
        #expect(run?.object?.number == object && run?.pageCount == 2)
        family.release(object)
        try family.finish()
    }

    @Test func copiesAreSharedByForkAndSurviveWithTheirOrigin() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 64)
        try family.map(family.first, object, at: Self.base, pages: 64, shared: false)
        for index: UInt64 in 0..<64 { try family.write(family.first, index, at: Self.base + index * page) }
        let child = try family.fork(family.first)
        try family.write(child, 100, at: Self.base, cpu: 1)
        #expect(try family.read(family.first, Self.base) == 0)
        #expect(try family.read(child, Self.base + page, cpu: 1) == 1)
        try family.discard(child, Self.base + page, page)
        #expect(try family.read(child, Self.base + page, cpu: 1) == 0)
        #expect(try family.read(family.first, Self.base + page) == 1)
        #expect(family.objects.mappedPages(of: object) == 128)
        family.release(object)
        family.destroy(family.first)
        #expect(family.objects.mappedPages(of: object) == 64)
        try family.unmap(child, Self.base, 63 * page)
        #expect(family.objects.exists(object))
        try family.unmap(child, Self.base + 63 * page, page)
        #expect(!family.objects.exists(object))
        try family.finish()
    }

    @Test func blocksOfAnObjectSplitAndCount() throws {
        let family = try Family()
        let pages = 3 * gigabyte / page
        let object = try family.makeObject(pages: 1 << 30)
        let start: UInt64 = 0x80_0000_0000
        try family.map(family.first, object, at: start, pages: pages, from: 5, shared: true)
        #expect(family.objects.mappedPages(of: object) == pages)
        try family.write(family.first, 3, at: start + gigabyte + 2 * megabyte + 7 * page)
        #expect(family.peek(object, UInt32(5 + (gigabyte + 2 * megabyte) / page + 7)) == 3)
        let child = try family.fork(family.first)
        // The level-3 table is shared: its entries count once.
        #expect(family.objects.mappedPages(of: object) == 2 * pages - 512)
        try family.unmap(child, start + page, 2 * gigabyte)
        #expect(family.objects.mappedPages(of: object) == 2 * pages - 2 * gigabyte / page)
        #expect(try family.read(child, start + 2 * gigabyte + 2 * page, cpu: 1) == 0)
        for member in family.members { try member.validate() }
        try family.map(family.first, object, at: start, pages: pages, from: 0, shared: false)
        #expect(family.objects.mappedPages(of: object) == 2 * pages - 2 * gigabyte / page)
        family.release(object)
        try family.finish()
        #expect(!family.objects.exists(object))
    }

    @Test func beyondTheEndThereIsNothing() throws {
        let family = try Family()
        let object = try family.makeObject(bytes: 2 * page + 8)
        try family.map(family.first, object, at: Self.base, pages: 8, shared: true)
        try family.write(family.first, 1, at: Self.base + 2 * page)
        #expect(try family.read(family.first, Self.base + 2 * page + 8) == 0)
        expectFault(.beyondEnd) { () throws(FaultError) in try family.write(family.first, 1, at: Self.base + 3 * page) }
        expectFault(.beyondEnd) { () throws(FaultError) in _ = try family.read(family.first, Self.base + 7 * page) }
        family.objects.setSize(.pages(4), of: object)
        try family.write(family.first, 1, at: Self.base + 3 * page)
        family.release(object)
        try family.finish()
    }

    @Test(arguments: [true, false]) func truncationUnmapsForEveryoneCopiesToo(shared: Bool) throws {
        let family = try Family()
        let object = try family.makeObject(pages: 64)
        try family.map(family.first, object, at: Self.base, pages: 64, shared: shared)
        for index: UInt64 in 0..<64 { try family.write(family.first, index + 1, at: Self.base + index * page) }
        let child = try family.fork(family.first)
        #expect(try family.read(child, Self.base + 40 * page, cpu: 1) == 41)
        family.run(family.first, on: 0)
        #expect(try family.read(family.first, Self.base + 40 * page, cpu: 0) == 41)
        let free = family.freeFrames
        family.truncate(object, to: 10 * page + 16)
        // A level-3 table is shared still: its pages went once, for both.
        #expect(family.freeFrames >= free + 53)
        for member in family.members {
            try member.validate()
            expectFault(.beyondEnd) { () throws(FaultError) in _ = try family.read(member, Self.base + 40 * page) }
            expectFault(.beyondEnd) { () throws(FaultError) in try family.write(member, 1, at: Self.base + 11 * page) }
            #expect(try family.read(member, Self.base + 9 * page) == 10)
        }
        for member in family.members where member.context != .none {
            for index: UInt64 in 11..<64 {
                let left = family.machine.allPossibleTranslations(
                    VirtualAddress(Self.base + index * page), asid: member.asid)
                #expect(left.isEmpty, "a TLB reaches what was cut off")
            }
        }
        family.release(object)
        try family.finish()
    }

    @Test func aHoleLeavesPrivateCopies() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 4)
        family.poke(5, object, 0)
        try family.map(family.first, object, at: Self.base, pages: 4, shared: false)
        try family.map(family.first, object, at: Self.base + megabyte, pages: 4, shared: true)
        try family.write(family.first, 6, at: Self.base + page)
        #expect(try family.read(family.first, Self.base) == 5)
        #expect(try family.read(family.first, Self.base + megabyte) == 5)
        family.punch(object, 0..<2)
        #expect(try family.read(family.first, Self.base) == 0)
        #expect(try family.read(family.first, Self.base + megabyte) == 0)
        #expect(try family.read(family.first, Self.base + page) == 6)
        family.release(object)
        try family.finish()
    }

    @Test("what a program wrote to a shared page stays when it ends, whoever noticed the write", arguments: [false, true])
    func writtenBeforeTheEnd(byHardware: Bool) throws {
        let family = try Family(options: .init(setsAccessFlag: byHardware, setsDirtyState: byHardware))
        let object = try family.makeBackedObject(pages: 2)
        try family.map(family.first, object, at: Self.base, pages: 2, shared: true)
        // The read shows the page as a clean one, so that the hardware alone sees the write.
        _ = try family.read(family.first, Self.base)
        _ = try family.read(family.first, Self.base + page)
        try family.write(family.first, 7, at: Self.base)
        family.destroy(family.first)
        #expect(family.reclaim(100) == 1)
        #expect(family.peek(object, 0) == 7)
        family.release(object)
        try family.finish()
    }

    @Test(arguments: [false, true]) func aCleanPageBecomesDirtyWithItsFirstWrite(byHardware: Bool) throws {
        let family = try Family(options: .init(setsAccessFlag: byHardware, setsDirtyState: byHardware))
        let object = try family.makeBackedObject(pages: 4)
        try family.map(family.first, object, at: Self.base, pages: 4, shared: true)
        for index: UInt64 in 0..<4 { _ = try family.read(family.first, Self.base + index * page) }
        #expect(family.isDirty(object, 0) == false)
        try family.write(family.first, 77, at: Self.base)
        try family.write(family.first, 78, at: Self.base + page)
        try family.protect(family.first, Self.base + page, page, .read)
        try family.protect(family.first, Self.base + 2 * page, page, .readWrite)
        #expect(family.isDirty(object, 1) == true)
        try family.unmap(family.first, Self.base, 4 * page)
        #expect(family.isDirty(object, 0) == true)
        #expect(family.isDirty(object, 1) == true)
        #expect(family.isDirty(object, 2) == false)
        #expect(family.reclaim(100) == 2)
        #expect(family.peek(object, 0) == 77)
        #expect(family.peek(object, 1) == 78)
        family.release(object)
        try family.finish()
    }

    @Test func rightsBeyondTheFilesAreNeverGranted() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 4)
        try family.map(family.first, object, at: Self.base, pages: 4, .read, shared: true, grantable: .read)
        expectError(.accessDenied) { () throws(MapError) in
            try family.protect(family.first, Self.base, page, .readWrite)
        }
        #expect(!family.mapsWritably(family.first, object))
        try family.map(family.first, object, at: Self.base, pages: 1, .read, shared: true)
        #expect(family.mapsWritably(family.first, object))
        try family.protect(family.first, Self.base, page, .readWrite)
        try family.write(family.first, 1, at: Self.base)
        family.release(object)
        try family.finish()
    }

    @Test func indicesBeyond32BitsAreRefused() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 1 << 32)
        expectError(.overflow) { () throws(MapError) in
            try family.map(family.first, object, at: Self.base, pages: 2, from: .max, shared: true)
        }
        try family.map(family.first, object, at: Self.base, pages: 1, from: .max, shared: true)
        try family.write(family.first, 1, at: Self.base)
        #expect(family.peek(object, .max) == 1)
        family.release(object)
        try family.finish()
    }

    /// Every allocation of a touch, a fork and a remapping fails once; nothing is lost, and everything is as it was.
    @Test func everyAllocationMayFail() throws {
        var failures = 0
        for failing: UInt64 in 0..<24 {
            let family = try Family(frames: 512)
            let object = try family.makeObject(pages: 1 << 20)
            let other = try family.makeObject(pages: 1 << 20)
            let far: UInt64 = 0x80_0000_0000
            try family.map(family.first, object, at: Self.base, pages: 40, shared: false)
            for index: UInt64 in 0..<40 { try family.write(family.first, index, at: Self.base + index * page) }
            try family.map(family.first, object, at: far, pages: 1024, shared: true)
            let child = try family.fork(family.first)
            let withheld = family.frames.withhold(leaving: failing)
            for attempt in 0..<4 {
                do {
                    switch attempt {
                    case 0: try family.write(child, 1, at: Self.base + page, cpu: 1)
                    case 1: try family.write(family.first, 1, at: far + 1000 * page)
                    case 2: try family.map(family.first, other, at: far + page, pages: 600, shared: true)
                    default: family.destroy(try family.fork(family.first))
                    }
                } catch {
                    failures += 1
                }
                for member in family.members { try member.validate() }
                #expect(try family.read(family.first, Self.base + page) == 1)
            }
            family.frames.restore(withheld)
            try family.write(child, 2, at: Self.base + page, cpu: 1)
            #expect(try family.read(family.first, Self.base + page) == 1)
            family.release(object)
            family.release(other)
            try family.finish()
        }
        #expect(failures > 20)
    }

    private func expectFault(_ expected: FaultError, _ body: () throws(FaultError) -> Void) {
        do throws(FaultError) {
            try body()
            Issue.record("an access that must fault succeeded")
        } catch {
            #expect(error == expected)
        }
    }

    private func expectError(_ expected: MapError, _ body: () throws(MapError) -> Void) {
        do throws(MapError) {
            try body()
            Issue.record("a call that must fail succeeded")
        } catch {
            #expect(error == expected)
        }
    }
}

extension PageState {
    fileprivate var isReservedFile: Bool {
        if case .reservedFile = self { true } else { false }
    }
}

/// What the tests ask of objects.
extension Family {
    var objects: ObjectTable<FakeHardware> {
        ObjectTable(machine: machine.hardware, kernel: kernel, records: frames.table)
    }

    func makeObject(pages: UInt64) throws -> ObjectNumber { try makeObject(bytes: pages * page) }

    func makeObject(bytes: UInt64) throws -> ObjectNumber {
        try objects.create(.file, size: ByteCount(bytes), frames: &frames)
    }

    /// An object whose pages come from RAM that is nobody's: the table of frame records.
    func makeBackedObject(pages: UInt64) throws -> ObjectNumber {
        let backing = ObjectBacking(start: frames.table.records, size: .pages(pages))
        return try objects.create(.file, size: .pages(pages), backing: backing, frames: &frames)
    }

    func release(_ object: ObjectNumber) { objects.release(object, frames: &frames) }

    @discardableResult func map(
        _ member: Member, _ object: ObjectNumber, at start: UInt64, pages: UInt64, from first: UInt32 = 0,
        _ protection: Protection = .readWrite, shared: Bool, grantable: Protection = .all
    ) throws(MapError) -> UInt64 {
        var request = MapRequest(
            length: .pages(pages), protection: protection, placement: .fixed(VirtualAddress(start)),
            options: shared ? .shared : .none, object: MappedObject(object, firstPage: PageIndex(first)))
        request.grantable = grantable
        return try member.space!.map(request, frames: &frames).rawValue
    }

    func discard(_ member: Member, _ start: UInt64, _ length: UInt64) throws(MapError) {
        try member.space!.discard(VirtualAddress(start), length: ByteCount(length), frames: &frames)
    }

    func mapsWritably(_ member: Member, _ object: ObjectNumber) -> Bool { member.space!.mapsWritably(object) }

    /// What the kernel's `read` sees.
    func peek(_ object: ObjectNumber, _ index: UInt32, offset: UInt64 = 0) -> UInt64 {
        guard let frame = try? objects.makePage(PageIndex(index), of: object, frames: &frames) else { return .max }
        return machine.peek(frame.address + ByteCount(offset))
    }

    /// What the kernel's `write` does.
    func poke(_ value: UInt64, _ object: ObjectNumber, _ index: UInt32) {
        guard let frame = try? objects.makePage(PageIndex(index), of: object, frames: &frames) else { return }
        machine.hardware.store(value, at: frame.address)
        objects.markDirty(frame)
    }

    func isDirty(_ object: ObjectNumber, _ index: UInt32) -> Bool? {
        objects.page(PageIndex(index), of: object).map { frames.table.isDirty($0) }
    }

    func use(_ member: Member, at start: UInt64) -> PageUse {
        var use = PageUse()
        _ = member.space!.run(from: VirtualAddress(start), measuring: &use)
        return use
    }

    func truncate(_ object: ObjectNumber, to size: UInt64) {
        objects.setSize(ByteCount(size), of: object)
        let first = PageIndex(UInt32((size + page - 1) / page))
        for member in members {
            member.space!.forget(object, from: first, includingCopies: true, frames: &frames)
        }
        objects.dropPages(from: first, of: object, frames: &frames)
    }

    func punch(_ object: ObjectNumber, _ pages: Range<UInt32>) {
        let (first, end) = (PageIndex(pages.lowerBound), PageIndex(pages.upperBound))
        for member in members {
            member.space!.forget(object, from: first, to: end, includingCopies: false, frames: &frames)
        }
        objects.dropPages(from: first, to: end, of: object, frames: &frames)
    }

    func reclaim(_ wanted: UInt64) -> UInt64 { objects.reclaim(wanted, frames: &frames) }
}
