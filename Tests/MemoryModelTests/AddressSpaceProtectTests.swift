import FakeMachine
import MemoryModel
import Testing

@Suite(.leakLedger) struct AddressSpaceProtectTests {
    @Test(
        "every combination of rights allows what Linux allows on AArch64 without EPAN",
        arguments: 0...7 as ClosedRange<UInt8>)
    func rights(bits: UInt8) throws {
        var test = try TestSpace()
        let protection = Protection(rawValue: bits)
        let fresh = try test.map(3 * page, protection)
        let changed = try test.map(3 * page)
        for index in 0..<3 as Range<UInt64> { try test.write(index, at: changed + index * page) }
        try test.protect(changed, 3 * page, protection)
        for start in [fresh, changed] {
            for (index, access) in [Access.read, .write, .execute].enumerated() {
                let allowed = access == .read ? bits != 0 : bits & (access == .write ? 2 : 4) != 0
                let address = start + UInt64(index) * page
                if allowed {
                    _ = try test.access(address, access)
                    _ = try test.access(address, .read, cpu: 1)
                } else {
                    #expect(throws: FaultError.accessDenied) { try test.access(address, access) }
                }
            }
        }
        try test.space.validate()
        try test.finish()
    }

    @Test("mprotect takes parts, several mappings, and stops at the first hole with ENOMEM (LESSONS 20)")
    func anyRange() throws {
        var test = try TestSpace()
        try test.map(fixed: 0x2000_0000, 4 * page)
        try test.map(fixed: 0x2000_4000, 4 * page, .read)
        try test.map(fixed: 0x2000_A000, 2 * page)
        try test.write(1, at: 0x2000_3000)
        try test.protect(0x2000_2000, 3 * page + 1, .none)
        #expect(throws: FaultError.accessDenied) { try test.read(0x2000_3000) }
        #expect(throws: FaultError.accessDenied) { try test.read(0x2000_5000) }
        _ = try test.read(0x2000_6000)
        #expect(throws: MapError.outOfMemory) { try test.protect(0x2000_6000, 6 * page, .none) }
        #expect(throws: FaultError.accessDenied) { try test.read(0x2000_7000) }
        try test.write(2, at: 0x2000_A000)
        #expect(throws: MapError.outOfMemory) { try test.protect(0x2000_9000, 2 * page, .none) }
        try test.write(3, at: 0x2000_A000)
        try test.protect(0x2000_3000, page, .read)
        #expect(try test.read(0x2000_3000) == 1)
        try test.finish()
    }

    @Test("mprotect: which error wins")
    func errors() throws {
        var test = try TestSpace()
        try test.map(fixed: 0x3FFF_E000, page)
        #expect(throws: MapError.invalidArgument) { try test.protect(1, 0, .read) }
        try test.protect(0, 0, .read)
        #expect(throws: MapError.outOfMemory) { try test.protect(0x2000_0000, .max, .read) }
        #expect(throws: MapError.outOfMemory) { try test.protect(0, page, .read) }
        #expect(throws: MapError.outOfMemory) { try test.protect(0x4000_0000, page, .read) }
        #expect(throws: MapError.outOfMemory) { try test.protect(.max & ~4095, 1, .read) }
        #expect(throws: MapError.outOfMemory) { try test.protect(0x3FFF_E000, 2 * page, .read) }
        #expect(throws: FaultError.accessDenied) { try test.write(1, at: 0x3FFF_E000) }
        try test.finish()
    }

    @Test("a right taken away is gone from every TLB when the call returns (LESSONS 7)")
    func revocation() throws {
        var test = try TestSpace(options: .init(asidBits: 8))
        let start = try test.map(2 * page)
        try test.write(1, at: start)
        try test.write(1, at: start, cpu: 1)
        try test.protect(start, page, .read)
        for cpu in test.machine.cpus {
            cpu.memory = .adversarial
            #expect(throws: FakeCPU.Fault.permission(level: 3)) { try cpu.access(VirtualAddress(start), .write) }
            _ = try cpu.access(VirtualAddress(start), .read)
        }
        try test.protect(start, page, .none)
        for cpu in test.machine.cpus {
            #expect(throws: FakeCPU.Fault.translation(level: 3)) { try cpu.access(VirtualAddress(start), .read) }
        }
        try test.protect(start, page, .readWrite)
        #expect(try test.read(start) == 1)
        try test.finish()
    }

    @Test("a right granted is usable at once, also where a TLB still refuses it")
    func granting() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        try test.write(9, at: start)
        try test.protect(start, page, .read)
        _ = try test.read(start, cpu: 1)
        try test.protect(start, page, .readWrite)
        for cpu in test.machine.cpus {
            cpu.memory = .adversarial
            _ = try cpu.access(VirtualAddress(start), .write)
        }
        try test.finish()
    }

    @Test("mprotect that changes nothing invalidates nothing")
    func noChange() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        try test.write(9, at: start)
        let before = test.machine.maintenance.invalidations
        try test.protect(start, page, .readWrite)
        #expect(test.machine.maintenance.invalidations == before)
        try test.finish()
    }

    @Test("instructions are published before a page becomes executable (LESSONS 6)")
    func publishesInstructions() throws {
        var test = try TestSpace()
        let start = try test.map(3 * page)
        _ = try test.read(start + page)
        try test.write(0xD65F_03C0, at: start)
        let before = test.machine.maintenance.instructionPublications
        try test.protect(start, 3 * page, .readExecute)
        #expect(test.machine.maintenance.instructionPublications == before + 2)
        for index in 0..<3 as Range<UInt64> { _ = try test.access(start + index * page, .execute) }
        try test.protect(start, 3 * page, .none)
        try test.protect(start, 3 * page, .all)
        try test.write(1, at: start + page)
        _ = try test.access(start + page, .execute, cpu: 1)
        try test.space.validate()
        try test.finish()
    }

    @Test("protecting part of a large reservation splits it, and only where needed")
    func splitsBlocks() throws {
        var test = try TestSpace()
        let start = try test.map(2 * gigabyte, .none)
        let free = test.frames.freeFrames
        try test.protect(start + 512 * megabyte, 2 * megabyte, .read)
        #expect(free - test.frames.freeFrames == 1)
        try test.protect(start + 512 * megabyte, page, .none)
        #expect(free - test.frames.freeFrames == 2)
        try test.protect(start + megabyte, gigabyte, .readWrite)
        try test.write(1, at: start + megabyte)
        #expect(throws: FaultError.accessDenied) { try test.write(1, at: start + megabyte - page) }
        try test.space.validate()
        try test.finish()
    }

    @Test("the zero frame never becomes writable")
    func zeroFrameStaysReadOnly() throws {
        var test = try TestSpace()
        let start = try test.map(page, .read)
        _ = try test.read(start)
        try test.protect(start, page, .readWrite)
        let zero = test.kernel.zeroFrame
        let other = try test.map(page)
        _ = try test.read(other)
        try test.write(7, at: start)
        #expect(try test.read(other) == 0)
        #expect(test.machine.peek(zero.address) == 0)
        try test.finish()
    }

    @Test("mprotect on a frame that two entries share does not let either write it (LESSONS 18)")
    func sharedFrame() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        try test.write(5, at: start)
        let found = test.frame(of: start)
        let number = try #require(found)
        let other = try test.frames.share(number)
        try test.protect(start, page, .read)
        try test.protect(start, page, .readWrite)
        test.machine.cpus[0].memory = .adversarial
        #expect(throws: FakeCPU.Fault.permission(level: 3)) {
            try test.machine.cpus[0].access(VirtualAddress(start), .write)
        }
        try test.write(6, at: start)
        #expect(test.machine.peek(number.address) == 5)
        #expect(try test.read(start) == 6)
        test.frames.release(other)
        try test.finish()
    }

    @Test("where the other owner has gone, the write happens in place")
    func lastOwnerWritesInPlace() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        try test.write(5, at: start)
        let found = test.frame(of: start)
        let number = try #require(found)
        let other = try test.frames.share(number)
        try test.protect(start, page, .read)
        try test.protect(start, page, .readWrite)
        test.frames.release(other)
        let outcome = try test.space.resolveFault(at: VirtualAddress(start), access: .write, frames: &test.frames)
        #expect(outcome == .madeWritable)
        try test.write(6, at: start)
        #expect(test.machine.peek(number.address) == 6)
        try test.finish()
    }

    @Test("unmapping many shared frames drops each reference after its invalidation")
    func sharedFramesAreDropped() throws {
        var test = try TestSpace()
        let start = try test.map(20 * page, options: .populate)
        var others = FrameList(test.frames.table)
        var numbers: [FrameNumber] = []
        for index in 0..<20 as Range<UInt64> {
            let found = test.frame(of: start + index * page)
            let number = try #require(found)
            numbers.append(try test.frames.share(number).relinquish())
        }
        try test.unmap(start, 20 * page)
        for number in numbers { others.push(Frame(adopting: number)) }
        while let frame = others.popFirst() { test.frames.release(frame) }
        try test.finish()
    }
}
