import FakeMachine
import MemoryModel
import Testing

@Suite(.leakLedger) struct AddressSpaceFaultTests {
    private func fault(
        _ test: inout TestSpace, _ address: UInt64, _ access: Access
    ) throws(FaultError) -> FaultOutcome {
        try test.space.resolveFault(at: VirtualAddress(address), access: access, frames: &test.frames)
    }

    @Test("a read maps the one zero frame, a write then copies, a second owner is left alone")
    func demandZero() throws {
        var test = try TestSpace()
        let start = try test.map(8 * page)
        let free = test.frames.freeFrames
        // Not one behind the other: a fault fills what a walk would touch next.
        #expect(try fault(&test, start, .read) == .sharedZero)
        #expect(try fault(&test, start + 4 * page + 123, .read) == .sharedZero)
        #expect(test.frames.freeFrames == free)
        #expect(test.frames.record(of: test.kernel.zeroFrame).count == 3)
        #expect(try fault(&test, start, .write) == .copied)
        #expect(try fault(&test, start + 2 * page, .write) == .zeroFilled)
        #expect(test.frames.record(of: test.kernel.zeroFrame).count == 2)
        #expect(try test.read(start) == 0)
        #expect(test.frames.freeFrames == free - 2)
        try test.finish()
    }

    @Test("a fault that somebody has resolved already is no error (LESSONS 10)")
    func spurious() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        #expect(try fault(&test, start, .write) == .zeroFilled)
        for access in [Access.write, .read] { #expect(try fault(&test, start, access) == .spurious) }
        try test.finish()
    }

    @Test("what is not mapped and what is not allowed are told apart (LESSONS 11)")
    func errors() throws {
        var test = try TestSpace()
        let start = try test.map(page, .read)
        #expect(throws: FaultError.notMapped) { try fault(&test, start + page, .read) }
        #expect(throws: FaultError.accessDenied) { try fault(&test, start, .write) }
        #expect(try fault(&test, start, .read) == .sharedZero)
        #expect(throws: FaultError.accessDenied) { try fault(&test, start, .write) }
        #expect(throws: FaultError.accessDenied) { try fault(&test, start, .execute) }
        try test.protect(start, page, .none)
        #expect(throws: FaultError.accessDenied) { try fault(&test, start, .read) }
        for address: UInt64 in [0, 8, 0xFFFF, 0x3FFF_F000, 0x4008_0000, 0x7F_C000_0000, 1 << 48, .max] {
            #expect(throws: FaultError.notMapped) { try fault(&test, address, .read) }
        }
        try test.finish()
    }

    @Test("an access-flag fault sets the flag, and nothing else")
    func accessFlag() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        try test.write(4, at: start)
        let path = test.space.translate(VirtualAddress(start))
        let step = try #require(path?.last)
        let entry = step.table + ByteCount(UInt64(step.index) * 8)
        let old = test.machine.hardware.exchange(step.descriptor.clearingAccessed.rawValue, at: entry)
        test.machine.hardware.orderTableWrites()
        test.machine.hardware.invalidate(asid: test.space.context.asid)
        test.machine.hardware.completeInvalidation()
        #expect(test.state(start)?.isAccessed == false)
        #expect(throws: FakeCPU.Fault.accessFlag(level: 3)) {
            try test.machine.cpus[0].access(VirtualAddress(start), .read)
        }
        #expect(try fault(&test, start, .read) == .markedAccessed)
        #expect(test.space.translate(VirtualAddress(start))?.last.descriptor.rawValue == old)
        try test.finish()
    }

    @Test("a touch of a large reservation splits it down to the page, and only on its path")
    func splitsOnDemand() throws {
        var test = try TestSpace()
        let start = try test.map(4 * gigabyte)
        let free = test.frames.freeFrames
        try test.write(1, at: start + gigabyte + 17 * page)
        #expect(free - test.frames.freeFrames == 3)
        try test.write(1, at: start + gigabyte + 19 * page)
        #expect(free - test.frames.freeFrames == 4)
        #expect(test.space.statistics.mappedPages == 4 * gigabyte / page)
        try test.space.validate()
        try test.finish()
    }

    @Test("the count of the zero frame never wraps: at its limit a page gets a frame of its own (LESSONS 14)")
    func zeroFrameLimit() throws {
        var test = try TestSpace()
        let start = try test.map(2 * page)
        let table = test.frames.table
        let address =
            table.records
            + ByteCount((test.kernel.zeroFrame.rawValue - table.firstFrame.rawValue) * FrameRecord.size.rawValue)
        let state = test.machine.peek(address)
        var full = state
        FrameRecord.State.count.set(FrameRecord.State.count.maximum, in: &full)
        test.machine.hardware.store(full, at: address)
        #expect(try fault(&test, start, .read) == .zeroFilled)
        test.machine.hardware.store(state, at: address)
        #expect(try fault(&test, start + page, .read) == .sharedZero)
        try test.finish()
    }

    // MARK: The stack

    @Test("the stack grows down to its limit, page by page or in leaps, and no further")
    func stackGrows() throws {
        var test = try TestSpace()
        let top = try test.space.mapStack(frames: &test.frames).rawValue
        #expect(top == 0x3FFF_F000)
        #expect(test.space.stackStart.rawValue == 0x3FFF_0000)
        try test.write(1, at: top - 8)
        try test.write(2, at: 0x3FFE_FFF8)
        #expect(test.space.stackStart.rawValue == 0x3FFE_F000)
        try test.write(3, at: top - 4 * megabyte)
        #expect(test.isMapped(top - 3 * megabyte) == true)
        try test.write(4, at: top - 8 * megabyte)
        #expect(throws: FaultError.notMapped) { try test.write(5, at: top - 8 * megabyte - 8) }
        #expect(try test.read(top - 4 * megabyte) == 3)
        try test.space.validate()
        try test.finish()
    }

    @Test("between the stack and a mapping below stays the guard gap, unless that allows nothing")
    func guardGap() throws {
        var test = try TestSpace()
        _ = try test.space.mapStack(frames: &test.frames)
        try test.map(fixed: 0x3FE0_0000, page)
        #expect(throws: FaultError.notMapped) { try test.write(1, at: 0x3FE8_0000) }
        try test.write(1, at: 0x3FF0_1000)
        try test.protect(0x3FE0_0000, page, .none)
        try test.write(1, at: 0x3FE8_0000)
        #expect(throws: FaultError.accessDenied) { try test.write(1, at: 0x3FE0_0000) }
        #expect(throws: FaultError.notMapped) { try test.write(1, at: 0x3FDF_F000) }
        try test.finish()
    }

    @Test("the mapping next below alone decides whether the stack keeps its distance")
    func nextBelowDecides() throws {
        var test = try TestSpace()
        _ = try test.space.mapStack(frames: &test.frames)
        try test.map(fixed: 0x3FE0_0000, page)
        try test.map(fixed: 0x3FE4_0000, page, .none)
        try test.write(1, at: 0x3FE8_0000)
        try test.finish()
    }

    @Test("a mapping of the program's own that grows down grows by the stack limit at most")
    func growsDown() throws {
        var test = try TestSpace()
        try test.map(fixed: 0x80_4000_0000, page, options: .growsDown)
        try test.write(1, at: 0x80_4000_0000 - 3 * page)
        #expect(test.isMapped(0x80_4000_0000 - 2 * page) == true)
        try test.write(1, at: 0x80_4000_0000 + page - 8 * megabyte)
        #expect(throws: FaultError.notMapped) { try test.write(1, at: 0x80_4000_0000 - 8 * megabyte) }
        try test.map(fixed: 0x2000_0000, page, options: .growsDown)
        try test.map(fixed: 0x2000_0000 - page, page)
        #expect(throws: FaultError.notMapped) { try test.write(1, at: 0x2000_0000 - 2 * page) }
        try test.map(fixed: 0x80_0000_0000, page, options: .growsDown)
        #expect(throws: FaultError.notMapped) { try test.write(1, at: 0x7F_FFFF_F000) }
        try test.finish()
    }

    @Test("a search leaves the guard gap below a mapping that grows down")
    func searchLeavesTheGap() throws {
        var test = try TestSpace()
        try test.map(fixed: 0x1001_0000, page, options: .growsDown)
        #expect(try test.map(page) == 0x1001_1000)
        try test.write(1, at: 0x1000_F000)
        try test.finish()
    }

    @Test("the page above the stack and an unmapped page below a mapping are never made up (LESSONS 26)")
    func guardsStay() throws {
        var test = try TestSpace()
        _ = try test.space.mapStack(frames: &test.frames)
        let start = try test.map(page)
        try test.map(fixed: start + 2 * page, page)
        try test.protect(start, page, .none)
        #expect(throws: FaultError.notMapped) { try test.write(1, at: 0x3FFF_F000) }
        for access in [Access.read, .write, .execute] {
            #expect(throws: FaultError.notMapped) { try test.access(start + page, access) }
            #expect(throws: FaultError.accessDenied) { try test.access(start, access) }
        }
        #expect(!test.isMapped(start + page) && test.space.statistics.residentPages == 0)
        try test.finish()
    }
}

extension PageState {
    /// The access flag of a resident page.
    var isAccessed: Bool? {
        guard case .resident(_, _, _, let accessed) = self else { return nil }
        return accessed
    }
}
