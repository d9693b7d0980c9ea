import FakeMachine
import Testing

@testable import MemoryModel

private let base: UInt64 = 0x2000_0000

@Suite(.leakLedger) struct AddressSpaceSealTests {
    @Test("a sealed mapping can't be unmapped, replaced, moved, resized or given other rights; the rest can")
    func seals() throws {
        let family = try Family()
        let first = family.first
        try family.map(first, fixed: base, 8 * page)
        try family.write(first, 7, at: base + 2 * page)
        #expect(throws: MapError.outOfMemory) { try family.seal(first, base + 6 * page, 4 * page) }
        try family.seal(first, base, 0)
        try family.unmap(first, base + 7 * page, page)
        try family.seal(first, base + 2 * page, 2 * page)
        try family.seal(first, base + 2 * page, page)
        let denied = MapError.notPermitted
        func expectSealed(_ member: Family.Member) {
            #expect(throws: denied) { try family.unmap(member, base, 8 * page) }
            #expect(throws: denied) { try family.unmap(member, base + 3 * page, page) }
            #expect(throws: denied) { try family.protect(member, base, 8 * page, .read) }
            #expect(throws: denied) { try family.map(member, fixed: base + page, 2 * page) }
            #expect(throws: denied) { try family.move(member, base + 2 * page, page, 2 * page, .mayMove) }
            #expect(throws: denied) { try family.move(member, base + 2 * page, 2 * page, page) }
            #expect(throws: denied) {
                try family.move(member, base + 2 * page, page, page, .mayMove | .fixed, to: base + megabyte)
            }
            #expect(throws: denied) {
                try family.move(member, base, page, page, .mayMove | .fixed, to: base + 3 * page)
            }
        }
        expectSealed(first)
        let child = try family.fork(first)
        expectSealed(child)
        for index in [0, 1, 2, 3, 4, 5, 6] as [UInt64] { #expect(first.state(base + index * page) != .free) }
        // What the program can write it may discard. What it can't stays.
        try family.change(first, .lock, base, 4 * page)
        try family.change(first, .unlock, base, 4 * page)
        try family.change(first, .discard, base + 2 * page, page)
        #expect(try family.read(first, base + 2 * page) == 0)
        #expect(try family.read(child, base + 2 * page) == 7)
        try family.protect(child, base + 4 * page, page, .read)
        try family.seal(child, base + 4 * page, page)
        for change in [RangeChange.discard, .free, .discardLocked, .dontFork, .wipeOnFork, .installGuards] {
            #expect(throws: denied) { try family.change(child, change, base, 7 * page) }
        }
        #expect(try family.read(child, base + 2 * page) == 7)
        for change in [RangeChange.doFork, .reclaim, .removeGuards, .mergeable] {
            try family.change(child, change, base, 7 * page)
        }
        try family.unmap(first, base, 2 * page)
        try family.finish()
    }
}

extension Family {
    func seal(_ member: Member, _ start: UInt64, _ length: UInt64) throws(MapError) {
        let range = VirtualRange(VirtualAddress(start), to: VirtualAddress(start + length))
        try member.space!.seal(range, frames: &frames)
    }
}
