import FakeMachine
import Testing

@testable import MemoryModel

private let base: UInt64 = 0x2000_0000

/// Locks, advice and guards.
@Suite(.leakLedger) struct AddressSpaceChangeTests {
    // MARK: Locks

    @Test("a lock reaches up to the first hole, which is then told of")
    func lockStopsAtHole() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 4 * page)
        try test.map(fixed: base + 5 * page, page)
        #expect(throws: MapError.outOfMemory) { try test.change(.lock, base + page, 5 * page) }
        #expect(test.space.lockedPages == 3)
        #expect(throws: MapError.outOfMemory) { try test.change(.lock, base - page, 2 * page) }
        #expect(throws: MapError.outOfMemory) { try test.change(.lock, 0x3FFF_F000, 2 * page) }
        #expect(test.space.lockedPages == 3)
        try test.change(.lockOnFault, base + 5 * page, page)
        #expect(test.space.lockedPages == 4)
        try test.change(.unlock, base + 2 * page, page)
        #expect(test.space.lockedPages == 3)
        let (locked, unlocked) = (test.contains(.locked, base, 2 * page), test.contains(.locked, base, page))
        #expect(locked && !unlocked)
        try test.space.lockEverything(.lock, frames: &test.frames)
        #expect(test.space.lockedPages == 5)
        try test.space.lockEverything(.unlock, frames: &test.frames)
        #expect(test.space.lockedPages == 0)
        try test.finish()
    }

    @Test("locks are for what is mapped later too, where asked for, and a child has none")
    func futureLock() throws {
        let family = try Family()
        let first = family.first
        first.space!.setHeapStart(VirtualAddress(0x50_0000))
        first.space!.setFutureLock(.lock)
        let populates = first.populatesMappings()
        try family.map(first, fixed: base, 64 * page)
        try first.space!.setBreak(to: VirtualAddress(0x50_2000), frames: &family.frames)
        #expect(populates && first.lockedPages() == 66)
        for index in 0..<64 as Range<UInt64> { try family.write(first, index, at: base + index * page) }
        let child = try family.fork(first)
        try family.map(child, fixed: base + megabyte, page)
        #expect(child.lockedPages() == 0 && first.lockedPages() == 66)
        #expect(child.table(of: base) != first.table(of: base))
        #expect(try family.read(child, base + page) == 1)
        first.space!.setFutureLock(.lockOnFault)
        #expect(!first.populatesMappings())
        first.space!.setFutureLock(.unlock)
        try family.map(first, fixed: base + megabyte, page)
        #expect(first.lockedPages() == 66)
        // The lock moves with its pages, and what grows is locked.
        _ = try family.move(first, base, 64 * page, 70 * page, .mayMove | .fixed, to: base + 4 * megabyte)
        #expect(first.lockedPages() == 72)
        let result = try first.space!.move(
            MoveRequest(
                VirtualAddress(base + 4 * megabyte), oldLength: ByteCount(70 * page), newLength: ByteCount(71 * page)),
            frames: &family.frames)
        #expect(result.lockedGrowth?.pageCount == 1)
        _ = try family.move(first, base + 4 * megabyte, 71 * page, 71 * page, .mayMove | .dontUnmap)
        #expect(first.lockedPages() == 73)
        try family.unmap(first, base, 16 * megabyte)
        try family.finish()
    }

    @Test("a page's content, frame and rights outlive a lock and its end")
    func lockKeepsPages() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 3 * page)
        try test.write(1, at: base)
        _ = try test.read(base + page)
        let frame = test.frame(of: base)
        let invalidations = test.machine.maintenance.invalidations
        try test.change(.lock, base, 3 * page)
        try test.change(.unlock, base, 3 * page)
        #expect(test.machine.maintenance.invalidations == invalidations)
        #expect(test.frame(of: base) == frame)
        try test.write(2, at: base, cpu: 1)
        try test.write(3, at: base + page, cpu: 1)
        #expect(try test.read(base) == 2 && test.read(base + page) == 3)
        try test.finish()
    }

    // MARK: Populating

    @Test("pages are populated for what they are for, in pieces, and the first that can't be is told of")
    func populating() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 4 * page)
        try test.map(fixed: base + 4 * page, 2 * page, .read)
        try test.map(fixed: base + 6 * page, 2 * page, .none)
        try test.map(fixed: base + 10 * page, page)
        #expect(try test.populate(.mapping, base, 6 * page, limit: 3) == base + 3 * page)
        #expect(try test.populate(.mapping, base + 3 * page, 3 * page) == base + 6 * page)
        let zero = test.kernel.zeroFrame
        let frames = (0..<6 as Range<UInt64>).map { test.frame(of: base + $0 * page) }
        #expect(!frames.contains(nil) && frames[3] != zero && frames[4] == zero && frames[5] == zero)
        #expect(throws: FaultError.accessDenied) { try test.populate(.mapping, base, 8 * page) }
        #expect(throws: FaultError.accessDenied) { try test.populate(.writing, base, 5 * page) }
        #expect(throws: FaultError.accessDenied) { try test.populate(.reading, base + 6 * page, page) }
        #expect(throws: FaultError.notMapped) { try test.populate(.reading, base + 8 * page, page) }
        #expect(throws: FaultError.notMapped) { try test.populate(.reading, 0x4000_0000, page) }
        #expect(try test.populate(.mapping, base, 11 * page, passing: true) == base + 11 * page)
        #expect(test.frame(of: base + 10 * page) != nil)
        try test.map(fixed: base, page, .write)
        #expect(throws: FaultError.accessDenied) { try test.populate(.reading, base, page) }
        _ = try test.populate(.writing, base, page)
        #expect(test.frame(of: base) != nil)
        try test.map(fixed: base, page)
        try test.change(.lockOnFault, base, page)
        _ = try test.populate(.mapping, base, page)
        #expect(test.frame(of: base) == nil)
        let withheld = test.frames.withhold(leaving: 0)
        #expect(throws: FaultError.outOfMemory) { try test.populate(.writing, base, page) }
        test.frames.restore(withheld)
        try test.finish()
    }

    // MARK: Advice

    @Test("advice is followed up to the first page that refuses it, holes are passed over")
    func refusals() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 4 * page)
        try test.map(fixed: base + 6 * page, 4 * page)
        for index in [0, 1, 2, 3, 6, 7, 8, 9] as [UInt64] { try test.write(index + 1, at: base + index * page) }
        try test.change(.lock, base + 7 * page, page)
        #expect(throws: MapError.invalidArgument) { try test.change(.discard, base, 10 * page) }
        #expect(try test.read(base + 3 * page) == 0 && test.read(base + 6 * page) == 0)
        #expect(try test.read(base + 7 * page) == 8 && test.read(base + 8 * page) == 9)
        #expect(throws: MapError.invalidArgument) { try test.change(.free, base + 7 * page, page) }
        #expect(throws: MapError.invalidArgument) { try test.change(.reclaim, base + 7 * page, page) }
        #expect(throws: MapError.invalidArgument) { try test.change(.installGuards, base + 7 * page, page) }
        #expect(throws: MapError.outOfMemory) { try test.change(.discardLocked, base, 10 * page) }
        #expect(try test.read(base + 7 * page) == 0)
        #expect(test.space.lockedPages == 1)
        try test.change(.unlock, base + 7 * page, page)
        try test.write(5, at: base + 8 * page)
        #expect(throws: MapError.outOfMemory) { try test.change(.reclaim, base, 10 * page) }
        #expect(throws: MapError.outOfMemory) { try test.change(.doFork, 0x3FFF_0000, 1 << 40) }
        #expect(try test.read(base + 8 * page) == 5)
        try test.change(.free, base + 6 * page, 4 * page)
        #expect(try test.read(base + 8 * page) == 0)
        try test.finish()
    }

    @Test("what an object shows is neither freed, nor wiped, nor guarded; a shared page is not merged")
    func objectsRefuse() throws {
        let family = try Family()
        let first = family.first
        let object = try family.makeObject(pages: 4)
        try family.map(first, object, at: base, pages: 2, shared: false)
        try family.map(first, object, at: base + 2 * page, pages: 2, shared: true)
        for index in 0..<4 as Range<UInt64> { _ = try family.read(first, base + index * page) }
        for start in [base, base + 2 * page] {
            for change in [RangeChange.free, .wipeOnFork, .installGuards, .removeGuards] {
                #expect(throws: MapError.invalidArgument) { try family.change(first, change, start, 2 * page) }
            }
            for change in [RangeChange.discard, .mergeable, .hugePage, .readRandomly, .dontDump, .dontFork] {
                try family.change(first, change, start, 2 * page)
            }
        }
        #expect(first.attributes(of: base).contains(.mergeable | .hugePage | .randomRead | .dontDump | .dontFork))
        #expect(!first.attributes(of: base + 2 * page).contains(.mergeable))
        try family.change(first, .readSequentially, base, page)
        try family.change(first, .noHugePage, base, page)
        let set = first.attributes(of: base)
        #expect(set.contains(.sequentialRead | .noHugePage) && set.isDisjoint(with: .randomRead | .hugePage))
        let child = try family.fork(first)
        #expect(child.state(base) == .free && child.state(base + 3 * page) == .free)
        try family.change(first, .doFork, base, 4 * page)
        let heir = try family.fork(first)
        #expect(heir.state(base) != .free && heir.state(base + 3 * page) != .free)
        family.release(object)
        try family.finish()
    }

    @Test("a child gets zeroes where its parent asked for that, and what it gets it keeps")
    func wipeOnFork() throws {
        let family = try Family()
        let first = family.first
        try family.map(first, fixed: base, 100 * page)
        for index in 0..<100 as Range<UInt64> { try family.write(first, index + 1, at: base + index * page) }
        try family.change(first, .wipeOnFork, base + 10 * page, 10 * page)
        try family.change(first, .installGuards, base + 12 * page, page)
        let child = try family.fork(first)
        #expect(try family.read(child, base + 10 * page) == 0)
        #expect(try family.read(child, base + 12 * page) == 0)
        #expect(try family.read(child, base + 9 * page) == 10)
        #expect(try family.read(first, base + 10 * page) == 11)
        #expect(throws: FaultError.guarded) { try family.read(first, base + 12 * page) }
        try family.write(child, 5, at: base + 10 * page)
        let grandchild = try family.fork(child)
        #expect(try family.read(grandchild, base + 10 * page) == 0)
        try family.change(child, .keepOnFork, base + 10 * page, 10 * page)
        let heir = try family.fork(child)
        #expect(try family.read(heir, base + 10 * page) == 5)
        try family.finish()
    }

    // MARK: Guards

    @Test("a guard faults whatever the rights, outlives what is not its removal, and reads as zero then")
    func guards() throws {
        let family = try Family()
        let first = family.first
        try family.map(first, fixed: base, 64 * page)
        for index in 0..<64 as Range<UInt64> { try family.write(first, index + 1, at: base + index * page) }
        let free = family.freeFrames
        try family.change(first, .installGuards, base + 10 * page, 3 * page)
        #expect(family.freeFrames == free + 3)
        try family.change(first, .installGuards, base + 11 * page, 3 * page)
        func expectGuarded(_ member: Family.Member, at address: UInt64) {
            #expect(throws: FaultError.guarded) { try family.read(member, address) }
            #expect(throws: FaultError.guarded) { try family.write(member, 1, at: address, cpu: 1) }
        }
        expectGuarded(first, at: base + 10 * page)
        expectGuarded(first, at: base + 13 * page)
        let child = try family.fork(first)
        expectGuarded(child, at: base + 12 * page)
        #expect(try family.read(child, base + 14 * page) == 15)
        try family.change(child, .removeGuards, base, 64 * page)
        #expect(try family.read(child, base + 12 * page) == 0)
        #expect(try family.read(child, base + 9 * page) == 10)
        expectGuarded(first, at: base + 12 * page)
        try family.protect(first, base, 64 * page, .read)
        try family.change(first, .discard, base, 20 * page)
        try family.change(first, .free, base, 20 * page)
        expectGuarded(first, at: base + 12 * page)
        try family.protect(first, base, 64 * page, .readWrite)
        expectGuarded(first, at: base + 12 * page)
        // One mapping, guards or not: it moves with them.
        let target = base + 4 * megabyte + 7 * page
        _ = try family.move(first, base, 64 * page, 66 * page, .mayMove | .fixed, to: target)
        expectGuarded(first, at: target + 12 * page)
        #expect(try family.read(first, target + 63 * page) == 64)
        #expect(try family.read(first, target + 65 * page) == 0)
        _ = try family.move(first, target, 66 * page, 66 * page, .mayMove | .fixed | .dontUnmap, to: base)
        expectGuarded(first, at: base + 12 * page)
        #expect(try family.read(first, target + 12 * page) == 0)
        // From a guard on.
        _ = try family.move(first, base + 12 * page, 4 * page, 8 * page, .mayMove | .fixed, to: target + megabyte)
        expectGuarded(first, at: target + megabyte + page)
        #expect(try family.read(first, target + megabyte + 2 * page) == 0)
        #expect(try family.read(first, target + megabyte + 7 * page) == 0)
        try family.map(first, fixed: target + megabyte, page)
        #expect(try family.read(first, target + megabyte) == 0)
        try family.finish()
    }

    @Test("guards over memory that nobody touched are as large as its reservation")
    func guardBlocks() throws {
        var test = try TestSpace(frames: 4000)
        let start: UInt64 = 0x100_0000_0000
        try test.map(fixed: start, 4 * gigabyte)
        try test.change(.installGuards, start + gigabyte, gigabyte)
        #expect(throws: FaultError.guarded) { try test.read(start + gigabyte) }
        #expect(try test.read(start + 2 * gigabyte) == 0)
        try test.move(start, 4 * gigabyte, 4 * gigabyte, .mayMove | .fixed, to: 2 * start)
        #expect(throws: FaultError.guarded) { try test.read(2 * start + 2 * gigabyte - page) }
        try test.write(4, at: 2 * start + 3 * gigabyte)
        try test.change(.removeGuards, 2 * start, 4 * gigabyte)
        #expect(try test.read(2 * start + gigabyte) == 0)
        #expect(try test.read(2 * start + 3 * gigabyte) == 4)
        try test.finish()
    }

    // MARK: What can be taken out of objects, and what grows

    @Test("PROT_GROWSDOWN reaches to the start of a mapping that grows down, and to no other")
    func growing() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 4 * page)
        try test.map(fixed: base + 4 * page, 4 * page, options: .growsDown)
        #expect(try test.growingStart(base + 7 * page, page) == base + 4 * page)
        #expect(throws: MapError.invalidArgument) { try test.growingStart(base, 8 * page) }
        #expect(throws: MapError.outOfMemory) { try test.growingStart(base + 8 * page, page) }
        #expect(throws: MapError.outOfMemory) { try test.growingStart(0x4000_0000, page) }
        try test.unmap(base, 4 * page)
        #expect(try test.growingStart(base, 5 * page) == base + 4 * page)
        try test.finish()
    }

    /// By pages this would take hours: a random call of 1 TiB once kept the kernel for as long.
    @Test("PROT_GROWSDOWN finds the start of the greatest mapping, at the cost of its entries")
    func growingFar() throws {
        var test = try TestSpace()
        let (start, size) = (0x100_0000_0000 as UInt64, 0x4000_0000_0000 as UInt64)
        try test.map(fixed: start, size, options: .growsDown)
        try test.write(1, at: start + size - 5 * page)
        #expect(try test.growingStart(start + size - 2 * page, page) == start)
        try test.finish()
    }

    @Test("a frame that is held for its bytes outlives what becomes of the page")
    func heldFrames() throws {
        var test = try TestSpace()
        try test.map(fixed: base, page)
        try test.map(fixed: base + page, page, .write)
        try test.map(fixed: base + 2 * page, page, .none)
        try test.write(5, at: base)
        let frame = try test.space.heldFrame(for: VirtualAddress(base), access: .read, frames: &test.frames)
        try test.unmap(base, page)
        #expect(test.machine.peek(frame.address) == 5)
        test.frames.release(Frame(adopting: frame))
        #expect(test.holdingError(base, .read) == .notMapped)
        #expect(test.holdingError(0x4000_0000, .read) == .notMapped)
        #expect(test.holdingError(base + page, .write) == nil)
        #expect(test.holdingError(base + page, .read) == .accessDenied)
        #expect(test.holdingError(base + 2 * page, .write) == .accessDenied)
        try test.finish()
    }

    // MARK: Running out

    @Test(
        "where a frame is lacking nothing has changed, whichever allocation fails",
        arguments: [
            (RangeChange.lock, MapError.outOfMemory), (.discard, .outOfMemory), (.wipeOnFork, .tryAgain),
            (.installGuards, .outOfMemory), (.dontDump, .tryAgain),
        ])
    func outOfMemory(change: RangeChange, shortage: MapError) throws {
        let family = try Family()
        let first = family.first
        try family.map(first, fixed: base, 300 * page)
        try family.map(first, fixed: 0x80_0000_0000, 4 * gigabyte)
        for index in 0..<300 as Range<UInt64> { try family.write(first, index + 1, at: base + index * page) }
        let child = try family.fork(first)
        for (start, length) in [(0x80_0000_1000, 3 * gigabyte), (base + page, 200 * page)] as [(UInt64, UInt64)] {
            var failures = 0
            while true {
                let withheld = family.frames.withhold(leaving: UInt64(failures))
                var outcome: MapError?
                do throws(MapError) {
                    try family.change(first, change, start, length)
                } catch {
                    outcome = error
                }
                family.frames.restore(withheld)
                try first.validate()
                guard let outcome else { break }
                #expect(outcome == shortage)
                failures += 1
                #expect(first.attributes(of: start) == first.attributes(of: base))
                for index in 0..<300 as Range<UInt64> {
                    #expect(try family.read(first, base + index * page) == index + 1)
                }
            }
            #expect(failures > 0)
            #expect(first.attributes(of: start) == change.changed(first.attributes(of: base)))
        }
        #expect(try family.read(child, base + 100 * page) == 101)
        try family.finish()
    }

    @Test("where all attribute classes are taken nothing has changed")
    func outOfClasses() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 300 * page)
        let changes: [RangeChange] = [
            .lock, .dontFork, .wipeOnFork, .dontDump, .hugePage, .mergeable, .readRandomly, .installGuards,
        ]
        // Each page another subset: 255 classes, and that of the pages without any.
        for number in 1..<256 as Range<UInt64> {
            for bit in (0..<8).reversed() where number >> UInt64(bit) & 1 == 1 {
                try test.change(changes[bit], base + number * page, page)
            }
        }
        let sets = Set((0..<256 as Range<UInt64>).map { test.space.translate(VirtualAddress(base + $0 * page))!.attributes })
        #expect(sets.count == 256)
        #expect(throws: MapError.tryAgain) { try test.change(.readSequentially, base + 299 * page, page) }
        #expect(throws: MapError.outOfMemory) { try test.map(fixed: base, page, .none) }
        #expect(throws: MapError.outOfMemory) { try test.change(.lockOnFault, base, 10 * page) }
        #expect(test.space.lockedPages == 128)
        try test.unmap(base, 2 * page)
        try test.change(.readSequentially, base + 299 * page, page)
        try test.finish()
    }
}

extension TestSpace {
    func growingStart(_ start: UInt64, _ length: UInt64) throws(MapError) -> UInt64 {
        try space.startOfGrowingMapping(
            in: VirtualRange(VirtualAddress(start), to: VirtualAddress(start + length))
        ).rawValue
    }

    mutating func holdingError(_ address: UInt64, _ access: Access) -> FaultError? {
        do throws(FaultError) {
            frames.release(
                Frame(adopting: try space.heldFrame(for: VirtualAddress(address), access: access, frames: &frames)))
            return nil
        } catch {
            return error
        }
    }

    mutating func change(_ change: RangeChange, _ start: UInt64, _ length: UInt64) throws(MapError) {
        let range = VirtualRange(VirtualAddress(start), to: VirtualAddress(start + length))
        try space.apply(change, over: range, frames: &frames)
    }

    mutating func populate(
        _ purpose: AddressSpace<FakeHardware>.Populating, _ start: UInt64, _ length: UInt64, limit: Int = 1000,
        passing: Bool = false
    ) throws(FaultError) -> UInt64 {
        let range = VirtualRange(VirtualAddress(start), to: VirtualAddress(start + length))
        return try space.populate(
            from: range, for: purpose, passingErrors: passing, limit: limit, frames: &frames
        ).rawValue
    }

    func contains(_ attributes: AttributeSet, _ start: UInt64, _ length: UInt64) -> Bool {
        space.contains(
            attributes, in: VirtualRange(VirtualAddress(start), to: VirtualAddress(start + length)))
    }
}

extension Family {
    func change(
        _ member: Member, _ change: RangeChange, _ start: UInt64, _ length: UInt64
    ) throws(MapError) {
        let range = VirtualRange(VirtualAddress(start), to: VirtualAddress(start + length))
        try member.space!.apply(change, over: range, frames: &frames)
    }
}

extension Family.Member {
    /// The first run that can be taken out of an object: its first page after `base`, its pages, its place there.
    func removable(_ start: UInt64, _ pages: UInt64) throws(MapError) -> [UInt64]? {
        let range = VirtualRange(VirtualAddress(start), to: VirtualAddress(start + pages * page))
        guard let run = try space!.firstRemovable(in: range) else { return nil }
        return [(run.pages.start.rawValue - base) / page, run.pages.pageCount, UInt64(run.object.firstPage.rawValue)]
    }

    func nextMapped(from start: UInt64) -> VirtualRange? {
        space!.nextMapped(in: VirtualRange(VirtualAddress(start), to: VirtualAddress(1 << 47)))
    }

    func lockedPages() -> UInt64 { space!.countLockedPages() }
    func populatesMappings() -> Bool { space!.askPopulates() }
    func attributes(of address: UInt64) -> AttributeSet {
        space!.translate(VirtualAddress(address))?.attributes ?? .none
    }
}

// Methods, since a computed property of what a class's optional holds would consume it.
extension AddressSpace {
    func countLockedPages() -> UInt64 { lockedPages }
    func askPopulates() -> Bool { populatesMappings }
}
