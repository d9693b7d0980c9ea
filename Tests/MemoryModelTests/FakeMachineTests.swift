import FakeMachine
import MemoryModel
import Testing

private typealias Space = HandMadeSpace

/// That the fake machine sees each class of fault that it is for.
@Suite("The fake machine catches", .leakLedger)
struct FakeMachineCatchTests {
    @Test("an entry that was removed but not invalidated: it still translates, and its frame is still reachable")
    func withoutInvalidation() throws {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readWrite)
        let cpu = space.machine.cpus[0]
        try cpu.write(1, at: Space.page)
        space.unmap()
        try cpu.write(2, at: Space.page)
        #expect(space.machine.peek(frame.address) == 2)
        space.free(frame)
        #expect(space.machine.takeViolations() == [.freedWhileReachable(frame, .translation)])
        space.finish()
    }

    @Test("an invalidation begun before the table write was ordered")
    func unorderedInvalidation() {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readWrite)
        _ = space.hardware.exchange(0, at: space.entry(3))
        space.hardware.invalidateLastLevel(of: Space.page, asid: space.asid)
        space.hardware.orderTableWrites()
        space.hardware.completeInvalidation()
        #expect(space.machine.allPossibleTranslations(Space.page, asid: space.asid).count == 1)
        space.invalidate()
        #expect(space.machine.allPossibleTranslations(Space.page, asid: space.asid).isEmpty)
        space.free(frame)
        space.finish()
    }

    @Test("an invalidation that was begun and not waited for")
    func incompleteInvalidation() {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readWrite)
        space.unmap()
        space.hardware.invalidateLastLevel(of: Space.page, asid: space.asid)
        space.free(frame)
        #expect(space.machine.takeViolations() == [.freedWhileReachable(frame, .translation)])
        space.finish()
    }

    @Test("an invalidation by address without the ASID (LESSONS 7): revoked permissions live on")
    func withoutASID() throws {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readWrite)
        let cpu = space.machine.cpus[0]
        try cpu.write(1, at: Space.page)
        space.map(frame, Space.readOnly)
        space.invalidate(asid: ASID(0))
        try cpu.write(2, at: Space.page)
        space.invalidate()
        #expect(throws: FakeCPU.Fault.permission(level: 3)) { try cpu.write(3, at: Space.page) }
        space.unmap()
        space.invalidate()
        space.free(frame)
        space.finish()
    }

    @Test("a permission that was added stays refused until it is invalidated, and is no violation")
    func addedPermission() throws {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readOnly)
        let cpu = space.machine.cpus[0]
        #expect(try cpu.read(Space.page) == 0)
        space.map(frame, Space.readWrite)
        #expect(throws: FakeCPU.Fault.permission(level: 3)) { try cpu.write(1, at: Space.page) }
        space.invalidate()
        try cpu.write(1, at: Space.page)
        space.unmap()
        space.invalidate()
        space.free(frame)
        space.finish()
    }

    @Test("a table in use freed, also the root of a CPU (LESSONS 9)", arguments: 0...3)
    func tableFreedInUse(level: Int) {
        var space = Space()
        let table = space.tables[level]
        space.free(table)
        #expect(space.machine.takeViolations() == [.freedWhileReachable(table, .table)])
        for other in space.tables where other != table { space.free(other) }
        _ = space.machine.takeViolations()
    }

    @Test("a table freed that a walk cache may name: an invalidation of the last level only does not cover it")
    func tableFreedInWalkCache() {
        var space = Space()
        let table = space.tables[3]
        _ = space.hardware.exchange(0, at: space.entry(2))
        space.hardware.orderTableWrites()
        space.invalidate()
        space.free(table)
        #expect(space.machine.takeViolations() == [.freedWhileReachable(table, .walkCache)])
        space.hardware.invalidateAllLevels(of: Space.page, asid: space.asid)
        space.hardware.completeInvalidation()
        space.tables.removeLast()
        space.finish()
    }

    @Test("a walk cache that leads through a removed table to what is written there later")
    func writesToARemovedTable() throws {
        var space = Space()
        let frame = space.fresh()
        _ = space.hardware.exchange(0, at: space.entry(2))
        space.map(frame, Space.readWrite)
        let cpu = space.machine.cpus[0]
        #expect(throws: FakeCPU.Fault.translation(level: 2)) { try cpu.read(Space.page) }
        cpu.memory = .adversarial
        #expect(try cpu.read(Space.page) == 0)
        space.unmap()
        space.hardware.invalidateAllLevels(of: Space.page, asid: space.asid)
        space.hardware.completeInvalidation()
        #expect(throws: FakeCPU.Fault.translation(level: 2)) { try cpu.read(Space.page) }
        space.free(frame)
        space.finish()
    }

    @Test("a frame freed while an entry names it")
    func freedWhileMapped() {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readWrite)
        space.free(frame)
        #expect(space.machine.takeViolations() == [.freedWhileReachable(frame, .mapped)])
        space.unmap()
        space.finish()
    }

    @Test("a translation that another CPU remembers")
    func otherCPU() throws {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readWrite)
        let other = space.machine.cpus[1]
        other.install(root: space.tables[0], asid: space.asid)
        try other.write(1, at: Space.page)
        space.unmap()
        #expect(throws: FakeCPU.Fault.translation(level: 3)) { try space.machine.cpus[0].read(Space.page) }
        try other.write(2, at: Space.page)
        space.invalidate()
        #expect(throws: FakeCPU.Fault.translation(level: 3)) { try other.write(3, at: Space.page) }
        space.free(frame)
        space.finish()
    }

    @Test("a global entry, which an invalidation by ASID leaves")
    func global() {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readWrite & ~(1 << 11))
        space.unmap()
        space.hardware.invalidate(asid: space.asid)
        space.hardware.completeInvalidation()
        #expect(space.machine.allPossibleTranslations(Space.page, asid: space.asid).map(\.isGlobal) == [true])
        space.invalidate(asid: ASID(77))
        #expect(space.machine.allPossibleTranslations(Space.page, asid: space.asid).isEmpty)
        space.free(frame)
        space.finish()
    }

    @Test("another frame put in an entry without break-before-make")
    func breakBeforeMake() {
        var space = Space()
        let (first, second) = (space.fresh(), space.fresh())
        let violation = Violation.breakBeforeMake(Space.page, space.asid)
        space.map(first, Space.readWrite)
        space.map(second, Space.readWrite)
        #expect(space.machine.takeViolations() == [violation], "valid to valid")
        space.invalidate()
        space.unmap()
        space.map(first, Space.readWrite)
        #expect(space.machine.takeViolations() == [violation], "broken, but not invalidated before it was made")
        space.unmap()
        space.invalidate()
        space.map(second, Space.readWrite)
        #expect(space.machine.takeViolations() == [])
        space.unmap()
        space.invalidate()
        space.free(first)
        space.free(second)
        space.finish()
    }

    @Test("a block split without break-before-make, and a table replaced so")
    func splitWithoutBreaking() {
        var space = Space()
        let slot = space.tables[2].address + ByteCount(8 * 200)
        let page = VirtualAddress(200 << 21)
        let violation = Violation.breakBeforeMake(page, space.asid)
        let table = space.fresh()
        space.hardware.store(1 << 31 | 3 << 53 | Space.present & ~2, at: slot)
        space.hardware.store(table.address.rawValue | 3, at: slot)
        #expect(space.machine.takeViolations() == [violation])
        space.hardware.orderTableWrites()
        space.hardware.invalidateAll()
        space.hardware.completeInvalidation()
        space.hardware.store(0, at: slot)
        space.hardware.store(1 << 31 | 3 << 53 | Space.present & ~2, at: slot)
        #expect(space.machine.takeViolations() == [violation])
        space.hardware.store(0, at: slot)
        space.hardware.orderTableWrites()
        space.hardware.invalidateAll()
        space.hardware.completeInvalidation()
        space.free(table)
        space.finish()
    }

    @Test("a plain store over an entry whose flags the walker may set")
    func lostFlags() {
        var space = Space(options: .init(setsAccessFlag: true, setsDirtyState: true))
        let frame = space.fresh()
        space.map(frame, Space.readOnly | Space.dirtyBitModifier)
        space.hardware.store(0, at: space.entry(3))
        #expect(space.machine.takeViolations() == [.lostHardwareUpdate(space.entry(3))])
        space.hardware.orderTableWrites()
        space.invalidate()
        space.free(frame)
        space.finish()
    }

    @Test("an ASID given to another table before it was invalidated (LESSONS 8)")
    func reusedASID() {
        var space = Space()
        let other = space.fresh()
        space.machine.cpus[1].install(root: other, asid: space.asid)
        #expect(space.machine.takeViolations() == [.asidReused(space.asid)])
        space.finish()
        space.free(other)
    }

    @Test("ASIDs that differ only in bits that the CPUs do not implement")
    func narrowASIDs() {
        var space = Space(options: .init(asidBits: 8), asid: ASID(0x105))
        let other = space.fresh()
        space.machine.cpus[1].install(root: other, asid: ASID(5))
        #expect(space.machine.takeViolations() == [.asidReused(ASID(5))])
        space.finish()
        space.free(other)
    }

    @Test("a frame shown with its previous owner's content")
    func unwritten() {
        var space = Space()
        let frame = space.allocator.takeNumber(.anonymous)
        space.map(frame, Space.readOnly)
        #expect(space.machine.takeViolations() == [.publishedUnwritten(frame, Space.page)])
        space.unmap()
        space.invalidate()
        space.free(frame)
        space.finish()
    }

    @Test("a frame shown before its lines were cleaned, or before that was complete")
    func uncleaned() {
        var space = Space()
        let frame = space.fresh()
        let violation = Violation.publishedBeforeCleaned(frame, Space.page)
        space.hardware.store(1, at: frame.address)
        space.map(frame, Space.readOnly)
        #expect(space.machine.takeViolations() == [violation], "stored to and not cleaned")
        space.unmap()
        space.invalidate()
        space.free(frame)
        let again = space.allocator.takeZeroedNumber(.anonymous)
        #expect(again == frame)
        space.map(again, Space.readOnly)
        #expect(space.machine.takeViolations() == [violation], "cleaning not waited for")
        space.unmap()
        space.invalidate()
        space.free(again)
        let third = space.fresh()
        space.hardware.copyBytes(from: space.tables[0].address, to: third.address, count: Granule.size)
        space.hardware.clean(third)
        space.hardware.completeCleaning()
        space.map(third, Space.readOnly)
        #expect(space.machine.takeViolations() == [])
        space.unmap()
        space.invalidate()
        space.free(third)
        space.finish()
    }

    @Test("an executable page whose instructions were not published, or were written since (LESSONS 6)")
    func unsynchronisedInstructions() throws {
        var space = Space()
        let frame = space.fresh()
        let violation = Violation.publishedUnsynchronisedInstructions(frame, Space.page)
        let cpu = space.machine.cpus[0]
        space.map(frame, Space.readExecute)
        #expect(space.machine.takeViolations() == [violation], "never published")
        space.unmap()
        space.hardware.publishInstructions(in: frame)
        space.map(frame, Space.readExecute)
        #expect(space.machine.takeViolations() == [])
        try cpu.access(Space.page, .execute)
        space.map(frame, Space.readWrite)
        space.invalidate()
        try cpu.write(1, at: Space.page)
        space.map(frame, Space.readExecute)
        space.hardware.publishInstructions(in: frame)
        #expect(space.machine.takeViolations() == [violation], "published after the entry")
        space.unmap()
        space.invalidate()
        space.free(frame)
        space.finish()
    }

    @Test("an access outside RAM")
    func outsideMemory() {
        let machine = FakeMachine(frames: 2)
        let outside = PhysicalAddress(8)
        #expect(machine.hardware.load(outside) == 0)
        machine.hardware.store(1, at: outside)
        machine.hardware.clear(outside.frame)
        machine.hardware.copy(from: outside.frame, to: machine.firstFrame)
        machine.hardware.copyBytes(from: outside, to: machine.firstFrame.address, count: ByteCount(1))
        machine.hardware.copyBytes(from: machine.firstFrame.address, to: outside, count: ByteCount(1))
        let found = machine.takeViolations()
        #expect(found.count == 6 && found.allSatisfy { $0.description.hasPrefix("access outside RAM") })
    }

    @Test("a frame that is never given back, and a violation that nobody looked at")
    func ledger() {
        let registry = MachineRegistry()
        MachineRegistry.$current.withValue(registry) {
            let machine = FakeMachine(frames: 16)
            var allocator = machine.makeAllocator()
            #expect(registry.complaints() == [])
            let leaked = allocator.takeNumber(.anonymous)
            #expect(machine.outstandingFrames == [leaked])
            let name = String(leaked.address.rawValue, radix: 16)
            #expect(registry.complaints() == ["frame 0x\(name) was never given back"])
            _ = machine.hardware.load(PhysicalAddress(0))
            #expect(registry.complaints().count == 2)
        }
    }

    @Test("and says each in a sentence")
    func sentences() {
        let frame = FrameNumber(0x40000)
        let page = VirtualAddress(0x1000_0000)
        let all: [Violation] = [
            .freedWhileReachable(frame, .mapped), .publishedUnwritten(frame, page),
            .publishedBeforeCleaned(frame, page), .publishedUnsynchronisedInstructions(frame, page),
            .breakBeforeMake(page, ASID(1)), .lostHardwareUpdate(frame.address), .asidReused(ASID(1)),
            .outsideMemory(frame.address),
        ]
        #expect(Set(all.map(\.description)).count == all.count)
        #expect(all[0].description == "frame 0x40000000 was freed while reachable: mapped")
    }
}

@Suite("The fake machine lets pass", .leakLedger)
struct FakeMachineAcceptTests {
    @Test("a table removed in the right order, with all that is in it")
    func tableRemoval() {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readWrite)
        _ = space.hardware.exchange(0, at: space.entry(2))
        space.hardware.orderTableWrites()
        space.hardware.invalidateAllLevels(of: Space.page, asid: space.asid)
        space.hardware.completeInvalidation()
        space.free(space.tables.removeLast())
        space.free(frame)
        space.finish()
    }

    @Test("an address space that ends: no CPU has it, one invalidation by ASID, then its tables are freed")
    func endOfAddressSpace() {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readWrite)
        space.machine.cpus[0].uninstall()
        space.hardware.invalidate(asid: space.asid)
        space.hardware.completeInvalidation()
        space.free(frame)
        for table in space.tables { space.free(table) }
        #expect(space.machine.maintenance.asidInvalidations == 1)
    }

    @Test("a table shared read-only by two address spaces, as fork does")
    func sharedTable() throws {
        var space = Space()
        let frame = space.fresh()
        space.map(frame, Space.readWrite)
        let upper = [space.fresh(), space.fresh(), space.fresh()]
        let below = [upper[1], upper[2], space.tables[3]]
        let child = ASID(2)
        for (level, table) in upper.enumerated() {
            let descriptor = below[level].address.rawValue | 3 | (level == 2 ? 1 << 62 : 0)
            let offset = space.entry(level) - space.tables[level].address
            space.hardware.store(descriptor, at: table.address + offset)
        }
        let parent = space.hardware.load(space.entry(2))
        space.hardware.store(parent | 1 << 62, at: space.entry(2))
        space.hardware.orderTableWrites()
        space.hardware.invalidate(asid: space.asid)
        space.hardware.completeInvalidation()
        let (cpu, other) = (space.machine.cpus[0], space.machine.cpus[1])
        other.install(root: upper[0], asid: child)
        for cpu in [cpu, other] {
            #expect(try cpu.read(Space.page) == 0)
            #expect(throws: FakeCPU.Fault.permission(level: 3)) { try cpu.write(1, at: Space.page) }
        }
        space.unmap()
        space.invalidate()
        #expect(space.machine.allPossibleTranslations(Space.page, asid: child).count == 1, "the child's is still there")
        space.invalidate(asid: child)
        space.free(frame)
        space.finish()
        for table in upper { space.free(table) }
    }
}
