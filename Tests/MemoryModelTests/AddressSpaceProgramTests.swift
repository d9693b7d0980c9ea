import FakeMachine
import MemoryModel
import Testing

@Suite(.leakLedger) struct AddressSpaceProgramTests {
    private func range(_ start: UInt64, _ end: UInt64) -> VirtualRange {
        VirtualRange(VirtualAddress(start), to: VirtualAddress(end))
    }

    // MARK: Image

    @Test("code beside zeroes that the loader wrote is what instruction fetch sees (LESSONS 6)")
    func restOfPageIsPublished() throws {
        var test = try TestSpace()
        _ = try test.space.map(
            MapRequest(length: Granule.size, protection: .all, placement: .fixed(VirtualAddress(0x40_0000))),
            frames: &test.frames)
        try test.space.clearRestOfPage(from: VirtualAddress(0x40_0800), frames: &test.frames)
        _ = try test.machine.cpus[0].access(VirtualAddress(0x40_0800), .execute)
        #expect(test.machine.maintenance.instructionPublications == 2)
        try test.finish()
    }

    @Test("nothing is zeroed where nothing is mapped")
    func restOfPageErrors() throws {
        var test = try TestSpace()
        #expect(throws: FaultError.notMapped) {
            try test.space.clearRestOfPage(from: VirtualAddress(0x40_0000), frames: &test.frames)
        }
        #expect(throws: FaultError.notMapped) {
            try test.space.writableFrame(for: VirtualAddress(0x40_0000), frames: &test.frames)
        }
        try test.finish()
    }

    // MARK: Heap

    @Test("brk moves up and down, gives back what it leaves, and reads as zeroes again (LESSONS 22)")
    func heap() throws {
        var test = try TestSpace()
        test.space.setHeapStart(VirtualAddress(0x50_0000))
        try test.moveBreak(to: 0x50_0000)
        let free = test.frames.freeFrames
        try test.moveBreak(to: 0x50_1801)
        #expect(test.space.programBreak.rawValue == 0x50_1801)
        try test.write(1, at: 0x50_1800)
        try test.write(2, at: 0x50_0000)
        try test.moveBreak(to: 0x50_1FFF)
        #expect(try test.read(0x50_1800) == 1)
        #expect(throws: FaultError.notMapped) { try test.read(0x50_2000) }
        try test.moveBreak(to: 0x50_0010)
        #expect(throws: FaultError.notMapped) { try test.read(0x50_1800) }
        #expect(try test.read(0x50_0000) == 2)
        try test.moveBreak(to: 0x50_2000)
        #expect(try test.read(0x50_1800) == 0)
        try test.moveBreak(to: 0x50_0000)
        #expect(test.frames.freeFrames == free)
        try test.finish()
    }

    @Test("brk is refused below its start, into a mapping or the page before one, and beyond its region")
    func heapErrors() throws {
        var test = try TestSpace()
        test.space.setHeapStart(VirtualAddress(0x50_0000))
        try test.moveBreak(to: 0x50_1000)
        #expect(throws: MapError.invalidArgument) { try test.moveBreak(to: 0x4F_FFFF) }
        #expect(throws: MapError.outOfMemory) { try test.moveBreak(to: 0x1000_0001) }
        #expect(throws: MapError.outOfMemory) { try test.moveBreak(to: .max) }
        try test.map(fixed: 0x60_0000, page)
        #expect(throws: MapError.outOfMemory) { try test.moveBreak(to: 0x60_0001) }
        #expect(throws: MapError.outOfMemory) { try test.moveBreak(to: 0x5F_F001) }
        try test.moveBreak(to: 0x5F_F000)
        try test.unmap(0x60_0000, page)
        try test.moveBreak(to: 0x1000_0000)
        #expect(test.space.programBreak.rawValue == 0x1000_0000)
        #expect(try test.map(page) == 0x1000_0000)
        try test.finish()
    }

    // MARK: What can be seen

    @Test("an address translates level by level, as the hardware walks")
    func translation() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        let reservedFound = test.space.translate(VirtualAddress(start + 5))
        let reserved = try #require(reservedFound)
        #expect(reserved.count == 4 && reserved.last.level == 3)
        #expect(reserved.last.descriptor.isReserved && reserved.attributes.protection == .readWrite)
        try test.write(42, at: start)
        let pathFound = test.space.translate(VirtualAddress(start))
        let path = try #require(pathFound)
        #expect(path.steps[0].table == test.space.rootAddress && path.steps[0].index == 0)
        #expect(path.steps[1].index == 0 && path.steps[2].index == 128 && path.steps[3].index == 0)
        #expect(path.steps[2].descriptor.isTable(at: 2))
        let physical = try test.machine.cpus[0].access(VirtualAddress(start), .read)
        #expect(path.last.descriptor.frame.address == physical)
        #expect(path.last.descriptor.userRights == .read | .write)
        guard case .resident(let frame, _, let rights, let accessed) = path.state else {
            Issue.record("not resident")
            try test.finish()
            return
        }
        #expect(frame == physical.frame && rights == .read | .write && accessed)
        let kernelFound = test.space.translate(VirtualAddress(0x4000_1000))
        let kernel = try #require(kernelFound)
        #expect(kernel.count == 2 && kernel.last.descriptor.isValid && kernel.last.descriptor.userRights.isEmpty)
        #expect(kernel.attributes == .none)
        #expect(test.space.translate(VirtualAddress(1 << 48)) == nil)
        #expect(test.state(0x9000_0000_0000) == .free)
        try test.finish()
    }
}

extension TestSpace {
    /// Writes a word behind the address space's back, runs `validate()`, and puts the word back.
    func violation(writing value: UInt64, at address: PhysicalAddress) -> String? {
        let old = machine.peek(address)
        machine.hardware.store(value, at: address)
        defer { machine.hardware.store(old, at: address) }
        do throws(InvariantViolation) {
            try space.validate()
            return nil
        } catch {
            return "\(error.invariant)"
        }
    }

    /// Where the last entry on the path of an address lies.
    func entry(of address: UInt64) -> PhysicalAddress {
        guard let step = space.translate(VirtualAddress(address))?.last else { return PhysicalAddress(0) }
        return step.table + ByteCount(UInt64(step.index) * 8)
    }

    /// Where the second word of a frame's record lies.
    func detail(of frame: FrameNumber) -> PhysicalAddress {
        let index = frame.rawValue - frames.table.firstFrame.rawValue
        return frames.table.records + ByteCount(index * FrameRecord.size.rawValue + 8)
    }
}

@Suite(.leakLedger) struct AddressSpaceValidateTests {
    @Test("validate() sees each broken invariant")
    func seesEach() throws {
        var test = try TestSpace(installed: false)
        let start = try test.map(4 * page)
        _ = try test.space.resolveFault(at: VirtualAddress(start), access: .write, frames: &test.frames)
        let (entry, word) = (test.entry(of: start), test.machine.peek(test.entry(of: start)))
        let tableFound = test.space.translate(VirtualAddress(start))?.last.table.frame
        let table = try #require(tableFound)
        let detail = test.detail(of: table)
        #expect(test.violation(writing: word, at: entry) == nil)
        #expect(
            test.violation(writing: word & ~(1 << 53), at: entry) == "an entry is a state that may stand at its level")
        #expect(
            test.violation(writing: word & ~(1 << 11), at: entry) == "an entry is a state that may stand at its level")
        #expect(test.violation(writing: word | 1 << 52, at: entry) == "an entry is a state that may stand at its level")
        #expect(test.violation(writing: 0xE, at: entry) == "an entry is a state that may stand at its level")
        #expect(
            test.violation(writing: word & ~(1 << 54), at: entry) == "the hardware grants no more than the class does")
        #expect(test.violation(writing: word | 1 << 60, at: entry) == "an entry's class is in the table")
        #expect(test.violation(writing: 0, at: entry) == "a table's record counts its entries")
        #expect(
            test.violation(writing: test.machine.peek(entry + ByteCount(8)), at: entry)
                == "a table's record counts its resident pages")
        #expect(
            test.violation(writing: word & 0xFFF | word & ~((1 << 48) - 1), at: entry)
                == "a resident page's frame is RAM")
        let tableFrame = word & ~((1 << 48) - 1) | table.address.rawValue | word & 0xFFF
        #expect(test.violation(writing: tableFrame, at: entry) == "a resident page's frame holds program memory")
        var record = test.frames.table.tableRecord(of: table)
        record.longestFreeRun = 3
        #expect(test.violation(writing: record.word, at: detail) == "a table's record bounds its longest free run")

        let pageFound = test.frame(of: start)
        let page = try #require(pageFound)
        let state = PhysicalAddress(test.detail(of: page).rawValue - 8)
        let owned = test.machine.peek(state)
        #expect(test.violation(writing: owned & ~0xFFFF_FFFF, at: state) == "a resident page's frame is owned")
        #expect(test.violation(writing: owned + 1, at: state) == "the hardware grants no more than the class does")
        let tableState = PhysicalAddress(detail.rawValue - 8)
        #expect(
            test.violation(writing: test.machine.peek(tableState) + 1, at: tableState)
                == "a table that is not marked as shared has one owner")
        #expect(
            test.violation(writing: test.machine.peek(tableState) ^ 1 << 33, at: tableState)
                == "a table's frame is of that kind")

        let slotsFound = test.space.translate(VirtualAddress(0x4000_0000))?.last.table
        let slots = try #require(slotsFound)
        #expect(
            test.violation(writing: 0, at: slots + ByteCount(8)) == "the kernel's slots are those of its own table")
        let reserved = test.machine.peek(entry + ByteCount(8))
        let root = test.space.rootAddress
        #expect(test.violation(writing: reserved, at: root + ByteCount(8)) == "a table's record counts its entries")
        let guardTable = test.entry(of: 0x3FFF_F000)
        #expect(test.violation(writing: reserved, at: guardTable) == "nothing is mapped outside the program's ranges")
        try test.finish()
    }

    @Test("an empty table that is not under the next-fit pointer is a violation")
    func emptyTable() throws {
        var test = try TestSpace(installed: false)
        try test.map(fixed: 0x2000_0000, page)
        let tableFound = test.space.translate(VirtualAddress(0x2000_0000))?.last.table.frame
        let table = try #require(tableFound)
        let (detail, counts) = (test.detail(of: table), test.machine.peek(test.detail(of: table)))
        test.machine.hardware.store(TableRecord.empty.word, at: detail)
        #expect(
            test.violation(writing: 0, at: test.entry(of: 0x2000_0000))
                == "only the table under the next-fit pointer is empty")
        test.machine.hardware.store(counts, at: detail)
        try test.finish()
    }
}

@Suite("What was promised to a program")
struct CommitmentTests {
    private static let base: UInt64 = 0x1000_0000

    @Test("private writable pages count, touched or not; others once they become writable, and then for good")
    func counting() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 1000)
        try family.map(family.first, fixed: Self.base, 10 * page)
        try family.map(family.first, fixed: Self.base + 10 * page, 10 * page, .read)
        try family.map(family.first, object, at: Self.base + megabyte, pages: 100, shared: true)
        try family.map(family.first, object, at: Self.base + 2 * megabyte, pages: 100, shared: false)
        try family.map(family.first, fixed: 0x80_0000_0000, 3 * gigabyte + 5 * page)
        let large = (3 * gigabyte) / page + 5
        #expect(family.accountedPages(family.first) == 110 + large)
        #expect(family.pagesToAccount(family.first, Self.base, 20 * page) == 10)
        try family.protect(family.first, Self.base + 5 * page, 10 * page, .readWrite)
        try family.protect(family.first, Self.base, 20 * page, .read)
        try family.protect(family.first, Self.base + megabyte, 10 * page, .readWrite)
        #expect(family.accountedPages(family.first) == 115 + large)
        let child = try family.fork(family.first)
        #expect(family.accountedPages(child) == 115 + large)
        try family.unmap(child, Self.base, gigabyte)
        try family.unmap(child, 0x80_0000_0000 + page, gigabyte)
        #expect(family.accountedPages(child) == large - gigabyte / page)
        #expect(family.objects.accountedPages == 0)
        family.poke(1, object, 3)
        #expect(family.objects.accountedPages == 1)
        let shared = try family.objects.create(
            .sharedMemory, size: .pages(77), isAccounted: true, frames: &family.frames)
        #expect(family.objects.accountedPages == 78)
        #expect(family.objects.kind(of: shared) == .sharedMemory)
        family.release(shared)
        family.release(object)
        try family.finish()
    }
}

@Suite("A layout at random places")
struct RandomisedLayoutTests {
    @Test("keeps its parts apart, whatever the numbers")
    func extremes() throws {
        for number in [0, UInt64.max, 0x1234_5678_9ABC_DEF0] {
            let layout = AddressSpaceLayout.randomised(image: number, heap: number, map: number, stack: number)
            var test = try TestSpace(layout: layout)
            let top = try test.space.mapStack(frames: &test.frames)
            #expect(top == layout.stackTop && layout.high.contains(top) && top.isPageAligned)
            let heap = try #require(layout.heapBase)
            test.space.setHeapStart(heap)
            try test.moveBreak(to: heap.rawValue + 5 * page)
            try test.write(1, at: heap.rawValue + 4 * page)
            let first = try test.map(page)
            #expect(first == layout.highMapBase.rawValue)
            let reach = top.rawValue - layout.stackLimit.rawValue
            try test.write(1, at: reach)
            #expect(layout.imageBase < heap && heap < layout.heapLimit)
            #expect(layout.heapLimit <= layout.highMapBase && layout.highMapBase.rawValue < reach)
            // What fits nowhere above the first mapping goes below it; nothing goes into the stack's way.
            let huge = try test.map(0x6000_0000_0000)
            #expect(huge + 0x6000_0000_0000 < reach || huge > top.rawValue)
            try test.finish()
        }
    }

    @Test("has 2^32 places for each part, 2^28 of them multiples of 64 KiB")
    func bits() {
        var seen = Set<UInt64>()
        for bit in 0..<AddressSpaceLayout.randomBits {
            let layout = AddressSpaceLayout.randomised(image: 1 << bit, heap: 0, map: 0, stack: 0)
            seen.insert(layout.imageBase.rawValue)
        }
        #expect(seen.count == 32)
        #expect(seen.count { $0 % 0x1_0000 == 0 } == 28)
    }
}

extension Family {
    func accountedPages(_ member: Member) -> UInt64 { member.space!.countAccounted() }

    func pagesToAccount(_ member: Member, _ start: UInt64, _ length: UInt64) -> UInt64 {
        let range = VirtualRange(VirtualAddress(start), to: VirtualAddress(start + length))
        return member.space!.pagesToAccount(in: range, for: .readWrite)
    }
}

extension AddressSpace {
    /// A method: a computed property of what a class's optional holds would consume it.
    fileprivate func countAccounted() -> UInt64 { accountedPages }
}
