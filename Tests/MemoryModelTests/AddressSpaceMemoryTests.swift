import FakeMachine
import MemoryModel
import Testing

/// Every allocation of every operation fails once: the error is out of memory, all is as before, nothing leaks.
@Suite(.leakLedger) struct AddressSpaceMemoryTests {
    /// What is mapped, as a program could find out.
    private static func picture(_ test: borrowing TestSpace) -> [PageState?] {
        var states: [PageState?] = []
        for base: UInt64 in [0x40_0000, 0x50_0000, 0x1000_0000, 0x1020_0000, 0x1040_0000, 0x3FFE_0000, 0x80_0000_0000] {
            for index in 0..<20 as Range<UInt64> { states.append(test.state(base + index * page)) }
        }
        return states
    }

    /// Something of everything, in place when the operation runs.
    private static func prepare(_ test: inout TestSpace) throws {
        test.space.setHeapStart(VirtualAddress(0x50_0000))
        _ = try test.space.mapStack(frames: &test.frames)
        try test.map(fixed: 0x1020_0000, 4 * megabyte)
        try test.map(fixed: 0x80_0000_0000, 8 * gigabyte, .none)
        try test.map(fixed: 0x40_0000, 4 * page)
        try test.write(1, at: 0x40_0000)
        _ = try test.read(0x40_1000)
    }

    private func check(
        expected: Int, _ name: String = #function, _ operation: (inout TestSpace) throws -> Void
    ) throws {
        var failures = 0
        for left in 0..<20 as Range<UInt64> {
            var test = try TestSpace()
            try Self.prepare(&test)
            let (before, free) = (Self.picture(test), test.frames.freeFrames)
            let withheld = test.frames.withhold(leaving: left)
            var failed = true
            do {
                try operation(&test)
                failed = false
            } catch let error as MapError {
                #expect(error == .outOfMemory)
            } catch let error as FaultError {
                #expect(error == .outOfMemory)
            }
            if failed {
                failures += 1
                #expect(test.frames.freeFrames == left)
                let after = Self.picture(test)
                #expect(after == before)
            }
            test.frames.restore(withheld)
            if failed {
                #expect(test.frames.freeFrames == free)
                try operation(&test)
            }
            try test.finish()
            if !failed { break }
        }
        #expect(failures == expected, "allocations that can fail in \(name)")
    }

    @Test func mapping() throws { try check(expected: 1) { _ = try $0.map(5 * page) } }

    @Test func fixedMappingOverReservations() throws {
        try check(expected: 2) { try $0.map(fixed: 0x1030_0000, 2 * megabyte) }
    }

    @Test func fixedMappingInTheHighRegion() throws {
        try check(expected: 4) { try $0.map(fixed: 0x80_4000_1000, 2 * gigabyte) }
    }

    @Test func unmappingPartOfReservations() throws {
        try check(expected: 4) { try $0.unmap(0x80_4000_1000, 2 * gigabyte) }
    }

    @Test func unmappingAcrossTheKernel() throws {
        try check(expected: 3) { try $0.unmap(0x1030_0000, 0x80_4000_1000 - 0x1030_0000) }
    }

    @Test func protectingPartOfReservations() throws {
        try check(expected: 2) { try $0.protect(0x1030_0000, 2 * megabyte, .read) }
    }

    @Test func firstWrite() throws { try check(expected: 1) { try $0.write(1, at: 0x40_2000) } }

    @Test func firstWriteToAReservation() throws { try check(expected: 2) { try $0.write(1, at: 0x1030_0000) } }

    @Test func writeAfterRead() throws { try check(expected: 1) { try $0.write(1, at: 0x40_1000) } }

    @Test func growingTheStack() throws { try check(expected: 2) { try $0.write(1, at: 0x3FC0_0000) } }

    @Test func growingTheHeap() throws { try check(expected: 0) { try $0.moveBreak(to: 0x50_3000) } }

    @Test func clearingTheRestOfAPage() throws {
        try check(expected: 1) {
            try $0.space.clearRestOfPage(from: VirtualAddress(0x40_3010), frames: &$0.frames)
        }
    }

    @Test func writableFrame() throws {
        try check(expected: 1) { _ = try $0.space.writableFrame(for: VirtualAddress(0x40_3000), frames: &$0.frames) }
    }

    @Test("making an address space fails at each of its frames, and leaves none behind")
    func addressSpace() throws {
        var test = try TestSpace()
        for left in 0..<3 as Range<UInt64> {
            let withheld = test.frames.withhold(leaving: left)
            #expect(throws: MapError.outOfMemory) {
                let space = try AddressSpace(
                    machine: test.machine.hardware, layout: .standard, kernel: test.kernel, frames: &test.frames)
                space.destroy(frames: &test.frames)
            }
            #expect(test.frames.freeFrames == left)
            test.frames.restore(withheld)
        }
        try test.finish()
    }
}
