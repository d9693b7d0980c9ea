import FakeMachine
import Testing

@testable import MemoryModel

@Suite(.leakLedger) struct AddressSpaceMapTests {
    @Test("the first mapping of a fresh process is at 0x10000000, and a store through it is read back")
    func workedExample() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        #expect(start == 0x1000_0000)
        try test.write(42, at: start)
        #expect(try test.read(start) == 42)
        #expect(try test.map(page) == 0x1000_1000)
        try test.unmap(start, page)
        #expect(throws: FaultError.notMapped) { try test.write(1, at: start) }
        try test.finish()
    }

    @Test("map and unmap in a loop reuse one address and one warm table, for ever")
    func warmTable() throws {
        var test = try TestSpace()
        let first = try test.map(page)
        try test.unmap(first, page)
        let free = test.frames.freeFrames
        for _ in 0..<2000 {
            let start = try test.map(3 * page)
            #expect(start == first)
            try test.unmap(start, 3 * page)
            #expect(test.frames.freeFrames == free)
        }
        try test.space.validate()
        try test.finish()
    }

    @Test("addresses that were given back are found again when the pointer has come to the end (LESSONS 19)")
    func addressesAreReused() throws {
        var test = try TestSpace()
        var starts: [UInt64] = []
        let length = 64 * megabyte
        while true {
            let start = try test.map(length, .none)
            if start >= gigabyte { break }
            starts.append(start)
        }
        #expect(starts.count == 11)
        try test.unmap(starts[3], length)
        #expect(try test.map(length, .none) == starts[3])
        try test.unmap(starts[5] + page, page)
        #expect(try test.map(page) == starts[5] + page)
        #expect(try test.map(8 * megabyte) == starts[10] + length)
        #expect(try test.map(length) > gigabyte)
        try test.finish()
    }

    @Test("a failed mapping does not move the next-fit pointer")
    func failureMovesNothing() throws {
        var test = try TestSpace()
        #expect(throws: MapError.outOfMemory) { try test.map(1 << 48) }
        #expect(throws: MapError.outOfMemory) { try test.map(.max) }
        #expect(throws: MapError.invalidArgument) { try test.map(0) }
        #expect(try test.map(page) == 0x1000_0000)
        try test.finish()
    }

    @Test("a hole between two tables is found, though neither table alone has room")
    func gapAcrossTables() throws {
        var test = try TestSpace()
        let start = try test.map(4 * megabyte, .none)
        try test.map(fixed: start + 4 * megabyte, 0x3F6F_F000 - start - 4 * megabyte, .none)
        let hole = start + 2 * megabyte - 3 * page
        try test.unmap(hole, 6 * page)
        try test.unmap(start + page, 2 * page)
        try test.unmap(start + 3 * megabyte, 5 * page)
        #expect(try test.map(6 * page) == hole)
        #expect(try test.map(5 * page) == start + 3 * megabyte)
        #expect(try test.map(2 * page) == start + page)
        #expect(try test.map(page) > gigabyte)
        try test.space.validate()
        try test.finish()
    }

    @Test("a free run that begins before an empty table goes on through it")
    func runThroughWarmTable() throws {
        var test = try TestSpace()
        let start = try test.map(2 * megabyte + page)
        try test.unmap(start + 2 * megabyte, page)
        try test.unmap(start, 2 * megabyte)
        #expect(try test.map(4 * megabyte) == start)
        try test.finish()
    }

    @Test("a mapping never lies where the stack may grow, nor in the guard gap below")
    func stackIsLeftFree() throws {
        var test = try TestSpace()
        let limit: UInt64 = 0x3FFF_F000 - 8 * megabyte - 256 * page
        let start = try test.map(limit - 0x1000_0000, .none)
        #expect(start == 0x1000_0000)
        #expect(try test.map(page) == 0x80_0000_0000)
        // Where mappings go was settled at the start.
        test.space.setStackLimit(ByteCount(megabyte))
        #expect(try test.map(page) == 0x80_0000_1000)
        try test.finish()
    }

    @Test("a stack limit as large as the region leaves a sixth of it to mappings", arguments: [1 << 30, UInt64.max])
    func unlimitedStack(limit: UInt64) throws {
        var layout = AddressSpaceLayout.standard
        layout.stackLimit = ByteCount(limit)
        var test = try TestSpace(layout: layout)
        #expect(try test.map(100 * megabyte, .none) == 0x1000_0000)
        try test.finish()
    }

    @Test("a 128 GiB reservation goes to the high region and costs a handful of tables")
    func hugeReservation() throws {
        var test = try TestSpace()
        let before = test.frames.freeFrames
        let start = try test.map(128 * gigabyte, .none, options: .noReserve)
        #expect(start == 0x80_0000_0000)
        #expect(before - test.frames.freeFrames <= 2)
        #expect(test.space.statistics.mappedPages == 128 * gigabyte / page)
        #expect(throws: FaultError.accessDenied) { try test.read(start + 77 * gigabyte) }
        try test.protect(start + 5 * gigabyte + 3 * page, page, .readWrite)
        try test.write(7, at: start + 5 * gigabyte + 3 * page)
        #expect(throws: FaultError.accessDenied) { try test.read(start + 5 * gigabyte + 4 * page) }
        try test.space.validate()
        try test.unmap(start, 128 * gigabyte)
        #expect(test.frames.freeFrames == before)
        let whole = try test.map(100 << 40, .none)
        #expect(before - test.frames.freeFrames <= 2)
        try test.space.validate()
        try test.unmap(whole + gigabyte, page)
        try test.finish()
    }

    @Test("hints are followed where they can be, rounded as Linux rounds them (LESSONS 21)")
    func hints() throws {
        var test = try TestSpace()
        #expect(try test.map(page, hint: 0x2000_0123) == 0x2000_0000)
        #expect(try test.map(page, hint: 0x2000_0000) == 0x1000_0000)
        #expect(try test.map(page, hint: 0x10) == 0x1000_1000)
        #expect(try test.map(page, hint: 0x1000) == 0x1_0000)
        #expect(try test.map(page, hint: 0x5000_0000) == 0x1000_2000)
        #expect(try test.map(2 * page, hint: 0x3FFF_E000) == 0x1000_3000)
        #expect(try test.map(page, hint: 0x90_0000_0000) == 0x90_0000_0000)
        #expect(try test.map(page, hint: 0xFFFF_FFFF_FFFF_F000) == 0x1000_5000)
        #expect(try test.map(page, hint: 0xFFFF_FFFF_F000) == 0xFFFF_FFFF_F000)
        _ = try test.space.mapStack(frames: &test.frames)
        #expect(try test.map(page, hint: 0x3FFE_0000) == 0x1000_6000)
        #expect(try test.map(page, hint: 0x3FE0_0000) == 0x3FE0_0000)
        try test.finish()
    }

    @Test("fixed mappings: which error wins")
    func fixedErrors() throws {
        var test = try TestSpace()
        #expect(throws: MapError.invalidArgument) { try test.map(fixed: 0x2000_0001, 0) }
        #expect(throws: MapError.invalidArgument) { try test.map(fixed: 0x2000_0001, page) }
        #expect(throws: MapError.outOfMemory) { try test.map(fixed: 0x2000_0001, .max - 4094) }
        #expect(throws: MapError.outOfMemory) { try test.map(fixed: 0x2000_0001, 1 << 48) }
        #expect(throws: MapError.outOfMemory) { try test.map(fixed: 1 << 48, page) }
        #expect(throws: MapError.outOfMemory) { try test.map(fixed: .max & ~4095, page) }
        #expect(throws: MapError.notPermitted) { try test.map(fixed: 0, page) }
        #expect(throws: MapError.notPermitted) { try test.map(fixed: 0xF000, 2 * page) }
        #expect(throws: MapError.outOfMemory) { try test.map(fixed: 0x3FFF_F000, page) }
        #expect(throws: MapError.outOfMemory) { try test.map(fixed: 0x4000_0000, page) }
        #expect(throws: MapError.outOfMemory) { try test.map(fixed: 0x3000_0000, 1 << 40) }
        #expect(throws: MapError.outOfMemory) { try test.map(fixed: 0x7F_FFFF_F000, 2 * page) }
        #expect(try test.map(fixed: 0x1_0000, page) == 0x1_0000)
        #expect(try test.map(fixed: 0xFFFF_FFFF_F000, page) == 0xFFFF_FFFF_F000)
        #expect(try test.map(page) == 0x1000_0000)
        try test.finish()
    }

    @Test("a fixed mapping replaces what was there, whatever it was, and reads as zeroes")
    func fixedReplaces() throws {
        var test = try TestSpace()
        let start = try test.map(4 * megabyte)
        try test.write(1, at: start + page)
        try test.write(2, at: start + 2 * megabyte)
        _ = try test.read(start + 3 * page)
        try test.write(3, at: start + 4 * page)
        try test.protect(start + 4 * page, page, .none)
        try test.map(fixed: start + page, 2 * megabyte)
        for address in [page, 2 * megabyte, 3 * page, 4 * page] { #expect(try test.read(start + address) == 0) }
        for cpu in 0..<2 {
            test.machine.cpus[cpu].memory = .adversarial
            #expect(try test.read(start + page, cpu: cpu) == 0)
        }
        try test.finish()
    }

    @Test("MAP_FIXED_NOREPLACE says EEXIST where even one page is mapped, and changes nothing")
    func noReplace() throws {
        var test = try TestSpace()
        let start = try test.mapNew(at: 0x2000_0000, 4 * page)
        #expect(start == 0x2000_0000)
        try test.write(5, at: start)
        #expect(throws: MapError.exists) { try test.mapNew(at: start - 8 * megabyte, 8 * megabyte + 1) }
        #expect(throws: MapError.exists) { try test.mapNew(at: start + 3 * page, 2 * page) }
        #expect(throws: MapError.notPermitted) { try test.mapNew(at: 0, page) }
        #expect(try test.read(start) == 5)
        #expect(!test.isMapped(start - page) && !test.isMapped(start + 4 * page))
        try test.finish()
    }

    @Test("MAP_POPULATE gives each page its frame in the call; without rights it gives none")
    func populate() throws {
        var test = try TestSpace()
        let start = try test.map(5 * page, options: .populate)
        #expect(test.space.statistics.residentPages == 5)
        for index in 0..<5 as Range<UInt64> {
            _ = try test.machine.cpus[0].access(VirtualAddress(start + index * page), .write)
        }
        let read = try test.map(2 * page, .read, options: .populate)
        #expect(test.space.statistics.residentPages == 7)
        _ = try test.machine.cpus[0].access(VirtualAddress(read), .read)
        _ = try test.map(2 * page, .none, options: .populate)
        #expect(test.space.statistics.residentPages == 7)
        try test.finish()
    }

    @Test("MAP_POPULATE stops where memory ends, and the mapping stands")
    func populateWithoutMemory() throws {
        var test = try TestSpace(frames: 256)
        let start = try test.map(400 * page, options: .populate)
        #expect(start == 0x1000_0000)
        #expect(test.space.statistics.mappedPages == 400)
        #expect(throws: FaultError.outOfMemory) { try test.write(1, at: start + 399 * page) }
        try test.finish()
    }

    /// Sets that no page has.
    private func internSets(_ range: Range<Int>, in test: inout TestSpace) throws {
        for number in range { _ = try test.space.intern(.read | AttributeSet(name: NamePlace(word: number))) }
    }

    private func attributes(of address: UInt64, in test: borrowing TestSpace) -> AttributeSet {
        test.space.translate(VirtualAddress(address))?.attributes ?? .none
    }

    @Test("where 256 attribute sets are there, those that no page has are swept, and forgotten")
    func sweep() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        let count = test.space.attributes.count
        try internSets(0..<256 - count, in: &test)
        #expect(test.space.attributes.count == 256)
        // Asked for last before the sweep: its class is nobody's now.
        let last = AttributeSet.read | AttributeSet(name: NamePlace(word: 255 - count))
        try internSets(300..<301, in: &test)
        let again = try test.space.intern(last)
        #expect(test.space.attributes.contains(again) && test.space.attributes[again] == last)
        try test.write(1, at: start)
        try test.space.validate()
        try test.finish()
    }

    @Test("a change of several mappings keeps the sets that it needs, should it sweep in the midst of it")
    func sweepWithinAChange() throws {
        var test = try TestSpace()
        let start = try test.map(2 * page)
        try test.change(.mergeable, start, page)
        // Room for the set that the first page will have, and not for the second one's.
        try internSets(0..<255 - test.space.attributes.count, in: &test)
        try test.protect(start, 2 * page, .readExecute)
        try test.space.validate()
        let (first, second) = (attributes(of: start, in: test), attributes(of: start + page, in: test))
        #expect(first.contains(.read | .execute | .mergeable) && !first.contains(.write))
        #expect(second.contains(.read | .execute) && second.isDisjoint(with: .mergeable | .write))
        #expect(try test.read(start, cpu: 1) == 0)
        try test.finish()
    }
}
