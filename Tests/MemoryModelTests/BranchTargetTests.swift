import FakeMachine
import MemoryModel
import Testing

/// `PROT_BTI`: pages are guarded by what their class says, however they came by their frames.
@Suite(.leakLedger) struct BranchTargetTests {
    private static let guarded: Protection = .readExecute | .branchTargets

    @Test("a page that gets its frame by any fault is guarded")
    func faults() throws {
        var test = try TestSpace()
        let code = try test.map(4 * page, Self.guarded)
        _ = try test.access(code, .execute)
        _ = try test.access(code + page, .read)
        // Data too, as on Linux: read, written after that, and written with the window open.
        let data = try test.map(64 * page, .readWrite | .branchTargets)
        _ = try test.read(data + 63 * page)
        try test.write(1, at: data + 63 * page)
        for index in 0..<32 as Range<UInt64> { try test.write(index, at: data + index * page) }
        #expect(test.isGuarded(code) == true && test.isGuarded(code + page) == true)
        #expect((0..<64).allSatisfy { test.isGuarded(data + $0 * page) != false })
        #expect(test.isGuarded(data + 31 * page) == true && test.isGuarded(data + 63 * page) == true)
        let plain = try test.map(page, .all)
        try test.write(1, at: plain)
        #expect(test.isGuarded(plain) == false)
        try test.finish()
    }

    @Test("mprotect guards and unguards, by either way, and no CPU goes on with what it knew", arguments: [1, 3, 600])
    func protecting(pages: UInt64) throws {
        var test = try TestSpace(frames: 2048)
        let start = try test.map(pages * page, .readWrite)
        for index in 0..<pages { try test.write(index, at: start + index * page, cpu: Int(index & 1)) }
        for protection in [Protection.readWrite | .branchTargets, .all, .all | .branchTargets, .readWrite] {
            let before = test.machine.maintenance.invalidations
            try test.protect(start, pages * page, protection)
            #expect(test.machine.maintenance.invalidations > before, "what a TLB holds of guards is gone too")
            let wanted = protection.contains(.branchTargets)
            #expect((0..<pages).allSatisfy { test.isGuarded(start + $0 * page) == wanted })
            try test.space.validate()
        }
        try test.finish()
    }

    @Test("PROT_NONE keeps nothing of it, and what is granted again is guarded as asked")
    func withoutAccess() throws {
        var test = try TestSpace()
        let start = try test.map(2 * page, .readWrite | .branchTargets)
        try test.write(1, at: start)
        try test.protect(start, 2 * page, .branchTargets)
        #expect(test.isGuarded(start) == nil)
        #expect(throws: FaultError.accessDenied) { try test.failingRead(start) }
        try test.protect(start, 2 * page, Self.guarded)
        #expect(test.isGuarded(start) == true && (try? test.read(start)) == 1)
        try test.finish()
    }

    @Test("a child's pages are guarded, shared, copied at a write, and in a table of its own")
    func forking() throws {
        for pages in [4, 64] as [UInt64] {
            var test = try TestSpace()
            let start = try test.map(pages * page, .all | .branchTargets)
            for index in 0..<pages { try test.write(index, at: start + index * page) }
            var child = try test.space.fork(frames: &test.frames)
            try test.write(9, at: start)
            _ = try child.writableFrame(for: VirtualAddress(start + page), frames: &test.frames)
            try test.protect(start + 2 * page, page, .all)
            for index in 0..<pages {
                #expect(test.isGuarded(start + index * page) == (index != 2))
                #expect(isGuarded(start + index * page, in: child) == true)
            }
            try child.validate()
            child.destroy(frames: &test.frames)
            try test.finish()
        }
    }

    @Test("it moves with its pages, and a mapping that is guarded elsewhere is another one")
    func moving() throws {
        var test = try TestSpace()
        let start = try test.map(4 * page, .all)
        for index in 0..<4 as Range<UInt64> { try test.write(index, at: start + index * page) }
        try test.protect(start + 2 * page, 2 * page, .all | .branchTargets)
        let runs = [test.space.run(from: VirtualAddress(start)), test.space.run(from: VirtualAddress(start + 2 * page))]
        #expect(runs.map { $0?.pageCount } == [2, 2])
        #expect(runs.map { $0?.attributes.contains(.branchTargets) } == [false, true])
        let moved = try test.space.move(
            MoveRequest(
                VirtualAddress(start + 2 * page), oldLength: .pages(2), newLength: .pages(3), options: .mayMove),
            frames: &test.frames
        ).start.rawValue
        _ = try test.access(moved + 2 * page, .execute)
        #expect((0..<3).allSatisfy { test.isGuarded(moved + $0 * page) == true })
        try test.finish()
    }

    @Test("pages of objects are guarded: shown, copied, and shared", arguments: [false, true])
    func objects(shared: Bool) throws {
        let family = try Family()
        let object = try family.makeObject(pages: 4)
        let start: UInt64 = 0x2000_0000
        try family.map(
            family.first, object, at: start, pages: 4, from: 0, .all | .branchTargets, shared: shared)
        _ = try family.read(family.first, start)
        try family.write(family.first, 1, at: start)
        try family.write(family.first, 1, at: start + page)
        _ = try family.read(family.first, start + 2 * page)
        for index in 0..<3 as Range<UInt64> {
            #expect(isGuarded(start + index * page, in: family.first.space!) == true, "\(index)")
        }
        family.release(object)
        try family.finish()
    }
}

/// Whether the entry of a page says so; nil where it is not valid.
private func isGuarded(_ address: UInt64, in space: borrowing AddressSpace<FakeHardware>) -> Bool? {
    guard let last = space.translate(VirtualAddress(address))?.last.descriptor, last.isValid else { return nil }
    return DescriptorLayout.guarded.isSet(in: last.rawValue)
}

extension TestSpace {
    fileprivate func isGuarded(_ address: UInt64) -> Bool? { MemoryModelTests.isGuarded(address, in: space) }

    fileprivate mutating func failingRead(_ address: UInt64) throws(FaultError) { _ = try read(address) }
}
