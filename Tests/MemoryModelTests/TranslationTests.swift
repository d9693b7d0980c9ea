import FakeMachine
import Testing

@testable import MemoryModel

@Suite struct TranslationDescriptorTests {
    @Test("no two fields of a descriptor overlap, and each round-trips")
    func fields() {
        let page = [
            DescriptorLayout.valid, DescriptorLayout.tableOrPage, DescriptorLayout.attributeIndex,
            DescriptorLayout.userAccess, DescriptorLayout.readOnly, DescriptorLayout.shareability,
            DescriptorLayout.accessed, DescriptorLayout.notGlobal, DescriptorLayout.frame,
            DescriptorLayout.guarded, DescriptorLayout.dirtyManagement, DescriptorLayout.contiguous, DescriptorLayout.privilegedExecuteNever,
            DescriptorLayout.userExecuteNever, DescriptorLayout.attributeClass,
        ]
        let table = [
            DescriptorLayout.valid, DescriptorLayout.tableOrPage, DescriptorLayout.frame,
            DescriptorLayout.tablePrivilegedExecuteNever, DescriptorLayout.tableUserExecuteNever,
            DescriptorLayout.tableNoUserAccess, DescriptorLayout.tableReadOnly,
        ]
        let file = [
            DescriptorLayout.valid, InvalidEntryLayout.kind, InvalidEntryLayout.attributeClass,
            InvalidEntryLayout.object, InvalidEntryLayout.pageIndex,
        ]
        let kept = [
            DescriptorLayout.valid, InvalidEntryLayout.kind, InvalidEntryLayout.attributeClass,
            InvalidEntryLayout.frame,
        ]
        for fields in [page, table, file, kept] {
            var seen: UInt64 = 0
            for field in fields {
                #expect(seen & field.mask == 0, "\(field.name)")
                seen |= field.mask
                #expect(field.value(in: field.replacing(in: 0x1234_5678_9ABC_DEF0, by: field.maximum)) == field.maximum)
            }
        }
        let all = file.reduce(0) { $0 | $1.mask }
        #expect(all == .max)
    }

    @Test("the bits are those of the Arm manual")
    func bits() {
        let class3 = AttributeClass(3)
        let data = Descriptor.page(FrameNumber(0x12345), class: class3, rights: .read | .write)
        #expect(data.rawValue == 0x01E0_0000_1234_5F43)
        let text = Descriptor.page(FrameNumber(0x12345), class: class3, rights: .read | .execute)
        #expect(text.rawValue == 0x01A0_0000_1234_5FC3)
        let guarded = Descriptor.page(FrameNumber(0x12345), class: class3, rights: .read | .execute | .branchTargets)
        #expect(guarded.rawValue == text.rawValue | 1 << 50 && guarded.userRights == .read | .execute | .branchTargets)
        #expect(Descriptor.table(FrameNumber(0x12345)).rawValue == 0x1234_5003)
        #expect(MemoryKind.normal.mairAttribute == 0xFF)
        #expect(MemoryKind.device.mairAttribute == 0x04)
        #expect(MemoryKind.normalNonCacheable.mairAttribute == 0x44)
    }

    @Test("each page state is encoded and decoded, and its class replaced")
    func states() {
        let attributes = AttributeClass(0xAB)
        let states: [PageState] = [
            .free, .reserved(attributes),
            .reservedFile(attributes, object: ObjectNumber(0xFFFFF), pageIndex: PageIndex(.max)),
            .resident(FrameNumber(0xF_FFFF_FFFF), attributes, rights: .read | .write, accessed: true),
            .resident(FrameNumber(7), attributes, rights: .read | .execute, accessed: false),
            .residentWithoutAccess(FrameNumber(0xF_FFFF_FFFF), attributes),
        ]
        for state in states {
            #expect(PageState(state.descriptor) == state)
            #expect(state.descriptor.isWellFormed(at: 3))
            #expect(state.attributeClass == (state == .free ? nil : attributes))
        }
        #expect(PageState(Descriptor(rawValue: 0x100)) == nil)
        #expect(PageState(Descriptor(rawValue: 0xA)) == nil)
        #expect(!Descriptor(rawValue: 0xA).isWellFormed(at: 3))
        let moved = Descriptor.reserved(attributes).replacing(AttributeClass(1))
        #expect(moved == .reserved(AttributeClass(1)))
    }

    @Test("frames stand at the last level alone, and a file's block must fit its page index")
    func levels() {
        let attributes = AttributeClass(0)
        #expect(!Descriptor.page(FrameNumber(1), class: attributes, rights: .read).isWellFormed(at: 2))
        #expect(!Descriptor.residentWithoutAccess(FrameNumber(1), class: attributes).isWellFormed(at: 1))
        #expect(Descriptor.reserved(attributes).isWellFormed(at: 0))
        let file = Descriptor.reservedFile(attributes, object: ObjectNumber(1), pageIndex: PageIndex(.max - 511))
        #expect(file.isWellFormed(at: 2) && !file.isWellFormed(at: 1))
        #expect(!Descriptor(rawValue: 0x4000_0000 | 1).isTable(at: 1), "a block is no table (LESSONS 12)")
        #expect(Descriptor(rawValue: 0x4000_0000 | 3).isTable(at: 2))
        #expect(!Descriptor(rawValue: 0x4000_0000 | 3).isTable(at: 3))
    }

    @Test("splitting a file's block adds to the page index; anonymous blocks have none")
    func splitting() {
        let file = Descriptor.reservedFile(AttributeClass(2), object: ObjectNumber(9), pageIndex: PageIndex(1000))
        let expected = PageState.reservedFile(AttributeClass(2), object: ObjectNumber(9), pageIndex: PageIndex(1511))
        #expect(PageState(file.advanced(byPages: 511)) == expected)
        #expect(Descriptor.reserved(AttributeClass(2)).advanced(byPages: 5) == .reserved(AttributeClass(2)))
    }

    @Test("rights: the one table of who may do what")
    func rights() {
        let write = Protection.write.attributes
        #expect(HardwareRights(of: .none, soleOwner: true) == .none)
        #expect(HardwareRights(of: write, soleOwner: true) == .read | .write)
        #expect(HardwareRights(of: write, soleOwner: false) == .read)
        #expect(HardwareRights(of: write | .shared, soleOwner: false) == .read | .write)
        #expect(HardwareRights(of: .execute, soleOwner: false) == .read | .execute)
        #expect(HardwareRights(of: .execute | .branchTargets, soleOwner: true) == .read | .execute | .branchTargets)
        #expect(HardwareRights(of: .branchTargets, soleOwner: true) == .none)
        #expect(HardwareRights(of: write | .guardPage, soleOwner: true) == .none)
        #expect(AttributeSet.execute.allows(.read) && !AttributeSet.execute.allows(.write))
        #expect(!(AttributeSet.read | .guardPage).allows(.read))
        #expect(!AttributeSet.mayEverything.allowsAccess)
        #expect((AttributeSet.mayRead | .mayWrite).mayGrant(.readWrite))
        #expect(!(AttributeSet.mayRead | .mayWrite).mayGrant(.all))
        #expect((AttributeSet.read | .mayWrite).replacing(.write).protection == .write)
        let code = AttributeSet.mayEverything.replacing(.readExecute | .branchTargets)
        #expect(code.contains(.branchTargets) && code.protection == .readExecute | .branchTargets)
        #expect(code.replacing(.readExecute) == code.subtracting(.branchTargets))
        #expect(AttributeSet.mayRead.mayGrant(.read | .branchTargets) && !AttributeSet.branchTargets.allowsAccess)
        #expect(Access.read.right == .read && Access.write.right == .write && Access.execute.right == .execute)
        let everything: AttributeSet =
            .locked | .lockedOnFault | .dontFork | .wipeOnFork | .dontDump | .sealed | .heap | .accounted | .noReserve
        #expect(everything.isDisjoint(with: .protectionMask | .mayEverything | .shared | .growsDown | .guardPage))
        #expect(everything.rawValue.nonzeroBitCount == 9)
    }

    @Test("the geometry of tables follows from the granule alone")
    func geometry() {
        let address = VirtualAddress(0x1234_5678_9000)
        let rebuilt = (0...3).reduce(UInt64(0)) {
            $0 | UInt64(TableGeometry.index(of: address, at: $1)) << TableGeometry.shift(at: $1)
        }
        #expect(rebuilt == address.rawValue)
        #expect(TableGeometry.tableRange(of: address, at: 0).end.rawValue == 1 << 48)
        #expect(TableGeometry.tableRange(of: address, at: 3).length == TableGeometry.span(at: 2))
        #expect(TableGeometry.isBoundary(VirtualAddress(0x4000_0000), at: 1))
        #expect(!TableGeometry.isBoundary(VirtualAddress(0x4000_0000), at: 0))
    }
}

@Suite(.leakLedger) struct TranslationTableTests {
    @Test("an attribute table holds 256 distinct sets, refuses the next, and takes it after a sweep")
    func attributeTable() throws {
        let machine = FakeMachine(frames: 64)
        var frames = machine.makeAllocator()
        guard let owner = frames.takeZeroed(.kernel) else { preconditionFailure("enough frames") }
        let frame = owner.relinquish()
        var table = AttributeTable(machine: machine.hardware, frame: frame)
        var used = ClassSet()
        for index in 0..<256 as Range<UInt64> {
            let interned = table.intern(AttributeSet(rawValue: index))
            let found = try #require(interned)
            #expect(table[found].rawValue == index && table.contains(found))
            if index % 2 == 0 { used.insert(found) }
        }
        #expect(table.intern(AttributeSet(rawValue: 255)) == AttributeClass(255))
        #expect(table.intern(AttributeSet(rawValue: 256)) == nil)
        table.sweep(keeping: used)
        #expect(!table.contains(AttributeClass(1)) && table.contains(AttributeClass(2)))
        #expect(table.intern(AttributeSet(rawValue: 256)) == AttributeClass(1))
        #expect(table.intern(AttributeSet(rawValue: 2)) == AttributeClass(2))
        #expect(table.intern(AttributeSet(rawValue: 255)) == AttributeClass(3))
        frames.release(Frame(adopting: frame))
    }

    @Test("an address space sweeps classes that no entry names, and says ENOMEM where all are named")
    func sweep() throws {
        var test = try TestSpace(installed: false)
        try test.map(fixed: 0x2000_0000, 300 * Granule.size.rawValue)
        // Every set that `map` cannot make, so that the sets of a program are new ones.
        for index in 0..<255 as Range<UInt64> {
            let found = try test.space.intern(AttributeSet(rawValue: 1 << 40 | index))
            #expect(found == AttributeClass(UInt8(index + 1)))
        }
        let swept = try test.map(Granule.size.rawValue, .read)
        #expect(test.state(swept) == .reserved(AttributeClass(1)))
        var kept = ClassSet()
        for index in 0..<254 as Range<UInt64> {
            kept.insert(try test.space.intern(AttributeSet(rawValue: 1 << 40 | index), keeping: kept))
        }
        #expect(throws: MapError.outOfMemory) {
            _ = try test.space.intern(AttributeSet(rawValue: 1 << 41), keeping: kept)
        }
        _ = try test.space.intern(AttributeSet(rawValue: 1 << 40), keeping: kept)
        try test.finish()
    }

    @Test("the bound on a table's longest free run is never below the truth")
    func freeRunBound() {
        var record = TableRecord.empty
        record.add(entries: 512, resident: 0)
        #expect(record.longestFreeRun == 0 && record.entriesInUse == 512)
        record.add(entries: -3, resident: 0)
        #expect(record.longestFreeRun == 3)
        record.add(entries: -1, resident: 0)
        #expect(record.longestFreeRun == 4)
        record.add(entries: 2, resident: 0)
        #expect(record.longestFreeRun == 2)
        record.add(entries: -98, resident: 0)
        record.longestFreeRun = 3
        record.add(entries: -1, resident: 0)
        #expect(record.longestFreeRun == 7, "two runs of three, joined by the entry between them")
    }

    @Test("what went out of tables that nobody had walked yet is gone to the first walker")
    func firstInstallation() throws {
        let base: UInt64 = 0x2000_0000
        var test = try TestSpace(installed: false)
        try test.map(fixed: base, 4 * page)
        for index in 0..<4 as Range<UInt64> {
            _ = try test.space.resolveFault(at: VirtualAddress(base + index * page), access: .write, frames: &test.frames)
        }
        // No TLB holds them, so there is nothing to invalidate, and to wait for.
        try test.map(fixed: base, 4 * page)
        for cpu in test.machine.cpus {
            test.asids.activate(&test.space.context, on: cpu.index, test.machine.hardware)
            cpu.install(root: test.space.rootAddress.frame, asid: test.space.context.asid)
        }
        #expect(try test.read(base) == 0)
        try test.finish()
    }

    @Test(
        "entries in use are found wherever they lie, and none beyond the table's end",
        arguments: [[], [0], [511], [0, 511], [7, 8, 9, 17], [1, 255, 256, 510], Array(0..<512), Array(500..<512)])
    func entriesInUse(places: [Int]) throws {
        var test = try TestSpace(installed: false)
        guard let owner = test.frames.takeZeroed(.table) else { preconditionFailure("enough frames") }
        let table = owner.number
        for index in places {
            test.machine.hardware.store(0x100 + UInt64(index), at: TableGeometry.entry(index, of: table))
        }
        let tables = test.space.tables
        for index in 0...512 {
            #expect(tables.firstInUse(of: table, from: index) == places.first { $0 >= index })
        }
        // A record that says too much ends the walk at the table's end, one that says too little before it.
        for count in [places.count, places.count + 1, places.count - 1] where 0...512 ~= count {
            var record = TableRecord.empty
            record.entriesInUse = count
            tables.records.setTableRecord(record, of: table)
            var entries = EntriesInUse(tables, of: table)
            var found: [Int] = []
            while let (index, descriptor) = entries.next() {
                #expect(descriptor.rawValue == 0x100 + UInt64(index))
                found.append(index)
            }
            #expect(found == Array(places.prefix(count)))
        }
        tables.records.setTableRecord(.empty, of: table)
        test.frames.release(owner)
        try test.finish()
    }

    @Test("a guard is any access's end, and what it guards comes back with its content")
    func guards() throws {
        var test = try TestSpace()
        let start = try test.map(2 * Granule.size.rawValue)
        try test.write(5, at: start)
        let entry = Descriptor(rawValue: test.machine.peek(test.entry(of: start)))
        let set = test.space.attributes[entry.attributeClass] | .guardPage
        let guarded = Descriptor.residentWithoutAccess(entry.frame, class: try test.space.intern(set))
        let old = test.machine.hardware.exchange(guarded.rawValue, at: test.entry(of: start))
        test.machine.hardware.orderTableWrites()
        test.machine.hardware.invalidateLastLevel(of: VirtualAddress(start), asid: test.space.context.asid)
        test.machine.hardware.completeInvalidation()
        #expect(throws: FaultError.guarded) { try test.read(start) }
        try test.protect(start, Granule.size.rawValue, .readWrite)
        #expect(throws: FaultError.guarded) { try test.write(1, at: start) }
        try test.space.validate()
        test.machine.hardware.store(old, at: test.entry(of: start))
        #expect(try test.read(start) == 5)
        try test.finish()
    }

    @Test("a table that another address space shares makes every page below it read-only")
    func sharedTable() throws {
        var test = try TestSpace(installed: false)
        let start = try test.map(Granule.size.rawValue)
        _ = try test.space.resolveFault(at: VirtualAddress(start), access: .write, frames: &test.frames)
        let tables = test.space.tables
        #expect(tables.pathIsExclusive(to: VirtualAddress(start)))
        let shared = try test.frames.share(tables.deepest(towards: VirtualAddress(start)).table)
        #expect(!tables.pathIsExclusive(to: VirtualAddress(start)))
        test.frames.release(shared)
        try test.finish()
    }
}
