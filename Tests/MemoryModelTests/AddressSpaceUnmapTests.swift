import FakeMachine
import MemoryModel
import Testing

@Suite(.leakLedger) struct AddressSpaceUnmapTests {
    @Test("mappings unmapped together with the holes between them leave one hole, which a search would find")
    func joinsHoles() throws {
        var test = try TestSpace()
        let table: UInt64 = 0x1000_0000
        for (first, count) in [(0, 10), (20, 1), (31, 1), (42, 470)] as [(UInt64, UInt64)] {
            try test.map(fixed: table + first * page, count * page)
        }
        // Looks at each entry of the table, and notes that ten pages are the largest hole.
        #expect(try test.map(20 * page) == table + 512 * page)
        try test.unmap(table + 10 * page, 32 * page)
        try test.space.validate()
        try test.finish()
    }

    @Test("munmap takes parts of mappings, several mappings, and holes between (LESSONS 20)")
    func anyRange() throws {
        var test = try TestSpace()
        try test.map(fixed: 0x2000_0000, 8 * page)
        try test.map(fixed: 0x2000_A000, 8 * page)
        try test.write(1, at: 0x2000_1000)
        try test.unmap(0x2000_4000, 8 * page)
        #expect(test.isMapped(0x2000_3000) && !test.isMapped(0x2000_4000))
        #expect(!test.isMapped(0x2000_B000) && test.isMapped(0x2000_C000))
        try test.unmap(0x2000_1000, 1)
        #expect(test.isMapped(0x2000_0000) && !test.isMapped(0x2000_1000) && test.isMapped(0x2000_2000))
        try test.unmap(0x1_0000, 0x3FFE_0000)
        #expect(test.space.statistics.mappedPages == 0)
        try test.unmap(0x2000_0000, page)
        try test.finish()
    }

    @Test("munmap: which ranges are refused")
    func errors() throws {
        var test = try TestSpace()
        #expect(throws: MapError.invalidArgument) { try test.unmap(0x2000_0001, page) }
        #expect(throws: MapError.invalidArgument) { try test.unmap(0x2000_0000, 0) }
        #expect(throws: MapError.invalidArgument) { try test.unmap(0x2000_0000, .max) }
        #expect(throws: MapError.invalidArgument) { try test.unmap(0x2000_0000, 1 << 48) }
        #expect(throws: MapError.invalidArgument) { try test.unmap(.max & ~4095, page) }
        #expect(throws: MapError.invalidArgument) { try test.unmap(1 << 48, page) }
        try test.unmap(0, 1 << 48)
        try test.finish()
    }

    @Test("munmap across the kernel leaves the kernel alone and takes both sides")
    func acrossTheKernel() throws {
        var test = try TestSpace()
        try test.map(fixed: 0x3000_0000, page)
        let high = try test.map(8 * gigabyte, .none)
        try test.unmap(0x3000_0000, high + gigabyte + 5 * page - 0x3000_0000)
        #expect(!test.isMapped(0x3000_0000) && !test.isMapped(high + gigabyte + 4 * page))
        #expect(test.isMapped(high + gigabyte + 5 * page) == true)
        #expect(try test.machine.cpus[0].access(VirtualAddress(0x4000_0000), .write, as: .el1).rawValue == 0x4000_0000)
        try test.space.validate()
        try test.finish()
    }

    @Test("an unmapped page is out of reach of every CPU before its frame is given out again")
    func noStaleTranslation() throws {
        var test = try TestSpace()
        let start = try test.map(200 * page)
        for index in 0..<200 as Range<UInt64> { try test.write(index, at: start + index * page, cpu: Int(index & 1)) }
        let before = test.machine.maintenance
        try test.unmap(start + page, page)
        #expect(test.machine.maintenance.pageInvalidations == before.pageInvalidations + 1)
        try test.unmap(start, 200 * page)
        #expect(test.machine.maintenance.asidInvalidations == before.asidInvalidations + 1)
        for cpu in test.machine.cpus {
            cpu.memory = .adversarial
            #expect(throws: FakeCPU.Fault.translation(level: 3)) { try cpu.access(VirtualAddress(start), .read) }
        }
        try test.finish()
    }

    @Test("a page that was never touched is unmapped without any invalidation")
    func nothingToInvalidate() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        let before = test.machine.maintenance.invalidations
        try test.unmap(start, page)
        #expect(test.machine.maintenance.invalidations == before)
        try test.finish()
    }

    @Test("tables that become empty are given back, except the one under the next-fit pointer")
    func emptyTables() throws {
        var test = try TestSpace()
        let before = test.frames.freeFrames
        try test.map(fixed: 0x2000_0000, page)
        try test.map(fixed: 0x80_4000_0000, page)
        #expect(test.space.statistics.tables == 7)
        try test.unmap(0x80_4000_0000, page)
        try test.unmap(0x2000_0000, page)
        #expect(test.frames.freeFrames == before)
        let start = try test.map(page)
        try test.unmap(start, page)
        #expect(test.space.statistics.tables == 4)
        try test.map(fixed: 0x3F60_0000, page)
        _ = try test.map(0x2F60_0000, .none)
        #expect(test.space.statistics.tables == 5)
        try test.space.validate()
        try test.finish()
    }

    @Test("the warm table goes when the pointer goes elsewhere, and when all around it is unmapped")
    func warmTableIsLeft() throws {
        var test = try TestSpace()
        let first = try test.map(2 * megabyte)
        let second = try test.map(page)
        #expect(second == first + 2 * megabyte)
        try test.unmap(second, page)
        #expect(test.space.statistics.tables == 4)
        try test.unmap(first, 4 * megabyte)
        #expect(test.space.statistics.tables == 2)
        let high = try test.map(2 * gigabyte + page)
        try test.unmap(high + 2 * gigabyte, page)
        try test.space.validate()
        try test.unmap(0, 1 << 48)
        #expect(test.space.statistics.tables == 2)
        try test.space.validate()
        try test.finish()
    }

    @Test("destroying an address space gives back every frame, whatever state its pages are in")
    func destroy() throws {
        var test = try TestSpace()
        let start = try test.map(700 * page)
        for index in stride(from: 0 as UInt64, to: 700, by: 3) { try test.write(1, at: start + index * page) }
        for index in stride(from: 1 as UInt64, to: 700, by: 3) { _ = try test.read(start + index * page) }
        try test.protect(start, 100 * page, .none)
        _ = try test.map(3 * gigabyte, .none)
        try test.finish()
    }

    @Test("an address space that no CPU ever ran needs no invalidation")
    func neverActivated() throws {
        var test = try TestSpace()
        var other = try AddressSpace(
            machine: test.machine.hardware, layout: .standard, kernel: test.kernel, frames: &test.frames)
        let start = try other.map(MapRequest(length: Granule.size, protection: .readWrite), frames: &test.frames)
        _ = try other.resolveFault(at: start, access: .write, frames: &test.frames)
        let before = test.machine.maintenance.invalidations
        try other.unmap(start, length: Granule.size, frames: &test.frames)
        other.destroy(frames: &test.frames)
        #expect(test.machine.maintenance.invalidations == before)
        try test.finish()
    }

    @Test("two address spaces hold different data at the same address")
    func isolation() throws {
        var test = try TestSpace()
        var other = try AddressSpace(
            machine: test.machine.hardware, layout: .standard, kernel: test.kernel, frames: &test.frames)
        test.asids.activate(&other.context, on: 1, test.machine.hardware)
        test.machine.cpus[1].install(root: other.rootAddress.frame, asid: other.context.asid)
        let start = try test.map(page)
        let same = try other.map(MapRequest(length: Granule.size, protection: .readWrite), frames: &test.frames)
        #expect(same.rawValue == start)
        try test.write(1, at: start)
        _ = try other.resolveFault(at: same, access: .write, frames: &test.frames)
        try test.machine.cpus[1].write(2, at: same)
        #expect(try test.read(start) == 1)
        #expect(try test.machine.cpus[1].read(same) == 2)
        test.machine.cpus[1].uninstall()
        other.destroy(frames: &test.frames)
        #expect(try test.read(start) == 1)
        try test.finish()
    }
}
