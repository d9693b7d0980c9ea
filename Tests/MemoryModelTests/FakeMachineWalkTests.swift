import FakeMachine
import MemoryModel
import Testing

private typealias Space = HandMadeSpace

/// That the fake machine translates as the Arm ARM says.
@Suite("The fake machine's walker", .leakLedger)
struct FakeMachineWalkTests {
    @Test("a store through a mapping arrives in the frame")
    func translates() throws {
        var space = Space()
        let frame = space.fresh()
        let cpu = space.machine.cpus[0]
        #expect(throws: FakeCPU.Fault.translation(level: 3)) { try cpu.read(Space.page) }
        space.map(frame, Space.readWrite)
        #expect(try cpu.read(Space.page) == 0)
        try cpu.write(42, at: Space.page)
        #expect(space.machine.peek(frame.address) == 42)
        space.unmap()
        space.invalidate()
        #expect(throws: FakeCPU.Fault.translation(level: 3)) { try cpu.read(Space.page) }
        space.free(frame)
        space.finish()
    }

    @Test("a fault names the level whose entry says so", arguments: 0...3)
    func faultLevels(level: Int) {
        var space = Space()
        let cpu = space.machine.cpus[0]
        let entry = space.entry(level)
        let descriptor = space.hardware.exchange(0, at: entry)
        #expect(throws: FakeCPU.Fault.translation(level: level)) { try cpu.read(Space.page) }
        space.hardware.orderTableWrites()
        space.hardware.invalidateAll()
        space.hardware.completeInvalidation()
        space.hardware.store(descriptor, at: entry)
        space.finish()
    }

    @Test("a table that is named before a barrier ordered its content is reported", arguments: [false, true])
    func unorderedTable(isOrdered: Bool) {
        var space = Space()
        let table = space.allocator.takeZeroedNumber(.table)
        space.hardware.completeCleaning()
        space.hardware.store(1, at: table.address)
        space.hardware.store(0, at: table.address)
        if isOrdered { space.hardware.orderTableWrites() }
        let entry = space.entry(2, of: Space.page) + ByteCount(8)
        space.hardware.store(table.address.rawValue | 3, at: entry)
        let expected: [Violation] = isOrdered ? [] : [.publishedUnorderedTable(table, Space.page + .pages(512))]
        #expect(space.machine.takeViolations() == expected)
        _ = space.hardware.exchange(0, at: entry)
        space.hardware.orderTableWrites()
        space.hardware.invalidateAll()
        space.hardware.completeInvalidation()
        space.free(table)
        space.finish()
    }

    @Test("an address beyond 48 bits, and any address on a CPU without a table, is a translation fault at level 0")
    func beyond() {
        var space = Space()
        let fault = FakeCPU.Fault.translation(level: 0)
        #expect(throws: fault) { try space.machine.cpus[0].read(VirtualAddress(1 << 48)) }
        #expect(throws: fault) { try space.machine.cpus[1].read(Space.page) }
        space.finish()
    }

    @Test("reserved forms of a descriptor are invalid")
    func reservedForms() {
        var space = Space()
        space.hardware.store(1, at: space.entry(3))
        #expect(throws: FakeCPU.Fault.translation(level: 3)) { try space.machine.cpus[0].read(Space.page) }
        space.hardware.store(1 << 10 | 1, at: space.tables[0].address + ByteCount(8))
        let second = VirtualAddress(1 << 39)
        #expect(throws: FakeCPU.Fault.translation(level: 0)) { try space.machine.cpus[0].read(second) }
        space.finish()
    }

    @Test("a block is one entry for all its pages", arguments: [1, 2])
    func blocks(level: Int) throws {
        var space = Space()
        let span = UInt64(1) << (12 + 9 * UInt64(3 - level))
        // Not within RAM, so that only the translation is looked at; and not EL0's, so that nothing is published.
        let output = 4 * span
        let bits = Space.present & ~2 | 1 << 54
        let page = VirtualAddress(span * 3)
        space.hardware.store(output | bits, at: space.tables[level].address + ByteCount(3 * 8))
        let cpu = space.machine.cpus[0]
        #expect(try cpu.access(page + ByteCount(0x1234), .read, as: .el1) == PhysicalAddress(output + 0x1234))
        #expect(throws: FakeCPU.Fault.permission(level: level)) { try cpu.read(page) }
        let all = space.machine.allPossibleTranslations(page, asid: space.asid)
        #expect(all.map(\.level) == [level])
        space.finish()
    }

    @Test("permissions of an entry, and those that tables above it take away")
    func permissions() throws {
        var space = Space()
        let frame = space.fresh()
        space.hardware.publishInstructions(in: frame)
        let cpu = space.machine.cpus[0]
        cpu.memory = .fresh
        func may(_ access: FakeCPU.Access, _ level: FakeCPU.ExceptionLevel) -> Bool {
            (try? cpu.access(Space.page, access, as: level)) != nil
        }
        space.map(frame, Space.readWrite)
        #expect(may(.read, .el0) && may(.write, .el0) && !may(.execute, .el0))
        #expect(!may(.read, .el1) && !may(.write, .el1), "PAN")
        space.map(frame, Space.readWrite & ~(1 << 53))
        #expect(!may(.execute, .el1), "EL1 does not execute what EL0 may write")
        space.map(frame, Space.readExecute & ~(1 << 53))
        #expect(may(.read, .el0) && !may(.write, .el0) && may(.execute, .el0) && may(.execute, .el1))
        space.map(frame, Space.present)
        #expect(!may(.read, .el0) && !may(.write, .el0) && may(.execute, .el0), "execute-only")
        #expect(may(.read, .el1) && may(.write, .el1))
        let table = space.hardware.load(space.entry(1))
        let cases: [(UInt64, [Bool])] = [
            (1 << 59, [true, true, true, false]), (1 << 60, [true, true, false, false]),
            (1 << 61, [false, false, true, true]), (1 << 62, [true, false, true, true]),
        ]
        space.map(frame, Space.readWrite & ~(3 << 53))
        for (restriction, expected) in cases {
            space.hardware.store(table | restriction, at: space.entry(1))
            let found = [may(.read, .el0), may(.write, .el0), may(.execute, .el0), may(.execute, .el1)]
            // EL1 executes only where the restriction takes EL0's write away.
            #expect(found == expected, "restriction \(restriction)")
        }
        space.unmap()
        space.hardware.invalidateAll()
        space.hardware.completeInvalidation()
        space.free(frame)
        _ = space.machine.takeViolations()
        space.finish()
    }

    @Test("EL1 reads a program's page where there is no PAN")
    func withoutPAN() throws {
        var space = Space(options: .init(hasPAN: false))
        let frame = space.fresh()
        space.map(frame, Space.readWrite)
        #expect(try space.machine.cpus[0].read(Space.page, as: .el1) == 0)
        space.unmap()
        space.invalidate()
        space.free(frame)
        space.finish()
    }

    @Test("without the access flag an access faults, or the walker sets it")
    func accessFlag() throws {
        for sets in [false, true] {
            var space = Space(options: .init(setsAccessFlag: sets))
            let frame = space.fresh()
            space.map(frame, Space.readWrite & ~(1 << 10))
            if sets {
                #expect(try space.machine.cpus[0].read(Space.page) == 0)
                #expect(space.hardware.load(space.entry(3)) & 1 << 10 != 0)
            } else {
                #expect(throws: FakeCPU.Fault.accessFlag(level: 3)) { try space.machine.cpus[0].read(Space.page) }
            }
            space.unmap()
            if sets { space.invalidate() }
            space.free(frame)
            space.finish()
        }
    }

    @Test("a write marks a page dirty where the entry and the tables above it allow")
    func dirtyState() throws {
        var space = Space(options: .init(setsAccessFlag: true, setsDirtyState: true))
        let frame = space.fresh()
        let cpu = space.machine.cpus[0]
        space.map(frame, Space.readOnly | Space.dirtyBitModifier)
        #expect(try cpu.read(Space.page) == 0)
        #expect(space.hardware.load(space.entry(3)) & 1 << 7 != 0, "a read leaves it clean")
        try cpu.write(7, at: Space.page)
        #expect(space.hardware.load(space.entry(3)) & 1 << 7 == 0)
        space.unmap()
        space.invalidate()
        let table = space.hardware.load(space.entry(2))
        space.hardware.store(table | 1 << 62, at: space.entry(2))
        space.hardware.orderTableWrites()
        space.hardware.invalidateAllLevels(of: Space.page, asid: space.asid)
        space.hardware.completeInvalidation()
        space.map(frame, Space.readOnly | Space.dirtyBitModifier)
        #expect(throws: FakeCPU.Fault.permission(level: 3)) { try cpu.write(8, at: Space.page) }
        space.unmap()
        space.invalidate()
        space.free(frame)
        space.finish()
    }

    @Test("the walker interferes between two steps, and an exchange loses nothing")
    func interference() {
        var space = Space(options: .init(setsAccessFlag: true, setsDirtyState: true, interferenceSeed: 1))
        let frame = space.fresh()
        let flags: UInt64 = 1 << 10 | 1 << 7
        var flagsSeen: Set<UInt64> = []
        for _ in 0..<32 {
            space.map(frame, Space.readOnly & ~(1 << 10) | Space.dirtyBitModifier)
            for _ in 0..<4 { flagsSeen.insert(space.hardware.load(space.entry(3)) & flags) }
            flagsSeen.insert(space.hardware.exchange(0, at: space.entry(3)) & flags)
            space.hardware.orderTableWrites()
            space.invalidate()
        }
        let (clean, used, dirty): (UInt64, UInt64, UInt64) = (1 << 7, 1 << 10 | 1 << 7, 1 << 10)
        #expect(flagsSeen == [clean, used, dirty])
        space.free(frame)
        space.finish()
    }

    @Test("what a store or a copy leaves in memory, byte by byte")
    func bytes() {
        let machine = FakeMachine(frames: 4)
        let hardware = machine.hardware
        let (first, second) = (machine.firstFrame, machine.firstFrame.advanced(by: 1))
        hardware.clear(first)
        hardware.clear(second)
        hardware.store(0x0807_0605_0403_0201, at: first.address)
        hardware.copyBytes(from: first.address + ByteCount(1), to: second.address + ByteCount(6), count: ByteCount(4))
        #expect(machine.peek(second.address) == 0x0302_0000_0000_0000)
        #expect(machine.peek(second.address + ByteCount(8)) == 0x0504)
        hardware.copy(from: first, to: second)
        #expect(machine.peek(second.address) == 0x0807_0605_0403_0201)
        #expect(hardware.compareExchange(expected: 1, desired: 2, at: first.address) == 0x0807_0605_0403_0201)
        #expect(hardware.compareExchange(expected: 0, desired: 9, at: second.address + ByteCount(8)) == 0)
        #expect(machine.peek(second.address + ByteCount(8)) == 9)
        #expect(machine.maintenance.clears == 2 && machine.maintenance.copies == 1)
    }
}
