import FakeMachine
import Testing

@testable import MemoryModel

private let base: UInt64 = 0x1000_0000
private let heap: UInt64 = 0x50_0000
private let stackTop: UInt64 = 0x3FFF_F000

/// Something of everything, in tables that are shared by a fork and in tables that are copied.
private func makeFamily(options: FakeMachine.Options = .init()) throws -> Family {
    let family = try Family(options: options)
    let parent = family.first
    parent.space!.setHeapStart(VirtualAddress(heap))
    _ = try parent.space!.mapStack(frames: &family.frames)
    try parent.space!.setBreak(to: VirtualAddress(heap + 60 * page), frames: &family.frames)
    try family.map(parent, fixed: base, 100 * page)
    try family.map(parent, fixed: 0x2000_0000, 8 * megabyte)
    try family.map(parent, fixed: 0x80_0000_0000, 8 * gigabyte, .none)
    try family.map(parent, fixed: 0x400_0000, 5 * page)
    for index in 0..<60 as Range<UInt64> {
        try family.write(parent, 100 + index, at: base + index * page)
        try family.write(parent, 200 + index, at: heap + index * page)
    }
    for index in 60..<70 as Range<UInt64> { _ = try family.read(parent, base + index * page) }
    try family.protect(parent, base + 50 * page, 5 * page, .none)
    try family.write(parent, 300, at: 0x400_0000)
    try family.write(parent, 400, at: stackTop - page)
    return family
}

/// The pages that are looked at: some of everything.
private let samples: [UInt64] = [base, heap, 0x400_0000, 0x2000_0000, stackTop - 40 * page, 0x80_0000_0000].flatMap {
    start in (0..<80).map { start + $0 * page }.filter { $0 < stackTop || start > stackTop }
}

/// What a program sees of a few pages: content, or why there is none.
private func picture(_ family: Family, _ member: Family.Member) -> [String] {
    var pages: [String] = []
    for address in samples {
        guard let path = member.space!.translate(VirtualAddress(address)) else { continue }
        let content = member.frame(of: address).map { family.machine.peek($0.address) } ?? 0
        pages.append("\(path.attributes.protection.rawValue) \(path.state == .free) \(content)")
    }
    return pages
}

@Suite(.leakLedger) struct AddressSpaceForkTests {
    @Test("a child sees what its parent sees, and what either writes is its own")
    func writesArePrivate() throws {
        let family = try makeFamily()
        let (parent, child) = (family.first, try family.fork(family.first))
        #expect(picture(family, child) == picture(family, parent))
        #expect(child.table(of: base) == parent.table(of: base))
        #expect(child.table(of: 0x400_0000) != parent.table(of: 0x400_0000))
        let values: [(UInt64, UInt64)] = [(base, 100), (heap, 200), (0x400_0000, 300), (stackTop - page, 400)]
        for (address, value) in values {
            #expect(try family.read(child, address) == value)
            family.expectPrivate(address)
            try family.write(child, value + 1, at: address)
            family.expectPrivate(address)
            #expect(try family.read(parent, address) == value)
            try family.write(parent, value + 2, at: address)
            family.expectPrivate(address)
            #expect(try family.read(child, address) == value + 1)
            #expect(try family.read(parent, address) == value + 2)
        }
        try family.write(parent, 7, at: base + 3 * page)
        #expect(try family.read(child, base + 3 * page) == 103)
        try family.finish()
    }

    @Test("a table with 32 entries is copied, one with 33 is shared")
    func threshold() throws {
        for pages in [1, 32, 33, 512] as [UInt64] {
            let family = try Family()
            try family.map(family.first, fixed: base, pages * page)
            try family.write(family.first, 5, at: base)
            let child = try family.fork(family.first)
            #expect((child.table(of: base) == family.first.table(of: base)) == (pages > 32))
            #expect(family.first.sharedTables == (pages > 32 ? 1 : 0))
            #expect(child.sharedTables == (pages > 32 ? 1 : 0))
            try child.validate()
            try family.finish()
        }
    }

    @Test("the parent's translations are restricted in every TLB when fork returns")
    func parentIsInvalidated() throws {
        let family = try makeFamily()
        family.run(family.first, on: 1)
        try family.write(family.first, 1, at: base, cpu: 1)
        try family.write(family.first, 1, at: 0x400_0000, cpu: 1)
        _ = try family.fork(family.first)
        for address in [base, 0x400_0000, heap] {
            for found in family.machine.allPossibleTranslations(VirtualAddress(address), asid: family.first.asid) {
                #expect(!found.el0Write)
            }
        }
        try family.finish()
    }

    /// What one side may do, and whether the other is left alone.
    private static let changes: [(name: String, body: @Sendable (Family, Family.Member) throws -> Void)] = [
        ("unmap", { try $0.unmap($1, base + 3 * page, 2 * page) }),
        ("unmap all", { try $0.unmap($1, 0x1_0000, 0x3FFE_0000) }),
        ("unmap across the kernel", { try $0.unmap($1, base + page, 0x80_4000_1000 - base) }),
        ("map over", { try $0.map($1, fixed: base, 200 * page, .read) }),
        ("map beside", { _ = try $0.map($1, 3 * page) }),
        ("protect", { try $0.protect($1, base, 50 * page, .read) }),
        ("protect none", { try $0.protect($1, base, 10 * page, .none) }),
        ("allow", { try $0.protect($1, base + 50 * page, 5 * page, .readWrite) }),
        (
            "discard",
            { try $1.space!.discard(VirtualAddress(base), length: ByteCount(4 * page), frames: &$0.frames) }
        ),
        ("shrink the heap", { try $1.space!.setBreak(to: VirtualAddress(heap + page), frames: &$0.frames) }),
        ("grow the heap", { try $1.space!.setBreak(to: VirtualAddress(heap + 70 * page), frames: &$0.frames) }),
        ("grow the stack", { try $0.write($1, 1, at: stackTop - 30 * page) }),
        ("first read", { _ = try $0.read($1, base + 75 * page) }),
        ("first write", { try $0.write($1, 1, at: base + 76 * page) }),
        ("write", { try $0.write($1, 1, at: base) }),
        ("write over the zero frame", { try $0.write($1, 1, at: base + 61 * page) }),
        ("split a block", { try $0.write($1, 1, at: 0x2020_0000) }),
        (
            "write by the kernel",
            { family, member in
                let frame = try member.space!.writableFrame(for: VirtualAddress(base), frames: &family.frames)
                family.machine.hardware.store(99, at: frame.address)
            }
        ),
        (
            "zero the rest of a page",
            { family, member in
                try member.space!.clearRestOfPage(from: VirtualAddress(base + 8), frames: &family.frames)
            }
        ),
    ]

    @Test("what one side changes leaves the other alone", arguments: changes.indices, [false, true])
    func changesArePrivate(_ change: Int, byChild: Bool) throws {
        let family = try makeFamily()
        let child = try family.fork(family.first)
        let (actor, other) = byChild ? (child, family.first) : (family.first, child)
        let before = picture(family, other)
        let states = samples.map { other.state($0) }
        try Self.changes[change].body(family, actor)
        #expect(picture(family, other) == before, "\(Self.changes[change].name)")
        #expect(samples.map { other.state($0) } == states, "\(Self.changes[change].name)")
        for address in [base, base + 3 * page, base + 61 * page, heap, heap + page] { family.expectPrivate(address) }
        try actor.validate()
        try other.validate()
        try family.write(other, 3, at: base + 9 * page)
        #expect(try family.read(other, base + 10 * page) == 110)
        try family.finish()
    }

    @Test(
        "each allocation of each change below a shared table fails once, and changes nothing",
        arguments: changes.indices)
    func changesWithoutMemory(_ change: Int) throws {
        for left in 0..<12 as Range<UInt64> {
            let family = try makeFamily()
            let child = try family.fork(family.first)
            let before = (picture(family, child), picture(family, family.first))
            let withheld = family.frames.withhold(leaving: left)
            var failed = true
            do {
                try Self.changes[change].body(family, child)
                failed = false
            } catch let error as MapError {
                #expect(error == .outOfMemory)
            } catch let error as FaultError {
                #expect(error == .outOfMemory)
            }
            if failed {
                #expect(picture(family, child) == before.0, "\(Self.changes[change].name)")
                try child.validate()
            }
            #expect(picture(family, family.first) == before.1)
            family.frames.restore(withheld)
            if failed { try Self.changes[change].body(family, child) }
            try family.finish()
            if !failed { return }
        }
        Issue.record("a change that needs more frames than any does")
    }

    @Test("each allocation of fork fails once, and changes nothing")
    func forkWithoutMemory() throws {
        var failures = 0
        for left in 0..<40 as Range<UInt64> {
            let family = try makeFamily()
            let before = picture(family, family.first)
            let withheld = family.frames.withhold(leaving: left)
            let child = try? family.fork(family.first)
            if child == nil {
                failures += 1
                #expect(family.freeFrames == left)
                #expect(family.first.sharedTables == 0)
                #expect(picture(family, family.first) == before)
            }
            family.frames.restore(withheld)
            try family.write(family.first, 1, at: base)
            try family.finish()
            if child != nil { break }
        }
        // Root, the kernel's level, that below it, the image's and the stack's table, one level in the high region, and
        // the attributes.
        #expect(failures == 7)
    }

    @Test("a stack of which a part was locked is one mapping in a child, which has no locks")
    func lockedStack() throws {
        let family = try Family(options: .init())
        let stack: UInt64 = 0x80_4000_0000
        _ = try family.first.space!.map(
            MapRequest(
                length: .pages(4), protection: .readWrite, placement: .fixed(VirtualAddress(stack)), options: .growsDown),
            frames: &family.frames)
        let upper = VirtualRange(VirtualAddress(stack + 2 * page), to: VirtualAddress(stack + 4 * page))
        try family.first.space!.apply(.lock, over: upper, frames: &family.frames)
        #expect(try family.first.space!.startOfGrowingMapping(in: upper) == upper.start)
        let child = try family.fork(family.first)
        #expect(try child.space!.startOfGrowingMapping(in: upper).rawValue == stack)
        // Both halves count towards how far it grows.
        child.space!.setStackLimit(.pages(6))
        try family.write(child, 1, at: stack - 2 * page)
        #expect(throws: FaultError.notMapped) { try family.write(child, 1, at: stack - 3 * page) }
        try family.finish()
    }

    @Test("a frame's count at its limit fails fork and unsharing, and changes nothing", arguments: [4, 60] as [UInt64])
    func tooManyReferences(pages: UInt64) throws {
        let family = try Family()
        let parent = family.first
        try family.map(parent, fixed: base, pages * page)
        for index in 0..<4 as Range<UInt64> { try family.write(parent, 1, at: base + index * page) }
        let full = try #require(parent.frame(of: base + 2 * page))
        let child = pages > 32 ? try family.fork(parent) : nil
        let free = family.freeFrames
        let table = family.frames.table
        table.update(FrameRecord.State.count, to: FrameRecord.State.count.maximum, of: full)
        if let child {
            #expect(throws: FaultError.outOfMemory) { try family.write(child, 2, at: base) }
        } else {
            #expect(throws: MapError.outOfMemory) { _ = try family.fork(parent) }
        }
        table.update(FrameRecord.State.count, to: 1, of: full)
        #expect(family.freeFrames == free)
        for index in 0..<4 as Range<UInt64> {
            #expect(family.isSoleOwner(try #require(parent.frame(of: base + index * page))))
        }
        try family.finish()
    }

    @Test("a fork of a fork, and the end of each in any order", arguments: 0..<6)
    func orders(_ order: Int) throws {
        let family = try makeFamily()
        let child = try family.fork(family.first)
        try family.write(child, 1, at: base + 5 * page)
        let grandchild = try family.fork(child)
        try family.write(grandchild, 2, at: base + 5 * page)
        #expect(try family.read(family.first, base + 5 * page) == 105)
        #expect(try family.read(child, base + 5 * page) == 1)
        var left = [family.first, child, grandchild]
        for choice in [order / 2, order % 2, 0] {
            family.destroy(left.remove(at: choice))
            for member in left {
                try member.validate()
                #expect(try family.read(member, base + 7 * page) == 107)
                try family.write(member, 107, at: base + 7 * page)
                #expect(try family.read(member, heap) == 200)
                try member.validate()
            }
        }
        try family.finish()
    }

    @Test("whoever is left of a shared table writes without a copy, and one fault for all of it")
    func lastOwnerAdopts() throws {
        let family = try makeFamily()
        let child = try family.fork(family.first)
        // The child's copy of the table leaves the parent's write-protected.
        try family.write(child, 1, at: base)
        family.destroy(child)
        let copies = family.machine.maintenance.copies
        try family.write(family.first, 2, at: base + 9 * page)
        #expect(family.first.sharedTables == 1)
        for index in 0..<50 as Range<UInt64> {
            #expect(throws: Never.self) {
                try family.machine.cpus[0].write(3, at: VirtualAddress(base + index * page))
            }
        }
        #expect(family.machine.maintenance.copies == copies)
        try family.finish()
    }

    @Test("a page shared after fork stays read-only through mprotect, in shared tables and in copied ones")
    func protectionKeepsSharing() throws {
        let family = try makeFamily()
        let child = try family.fork(family.first)
        for address in [base, 0x400_0000] {
            let before = try family.read(child, address)
            try family.protect(family.first, address, page, .read)
            try family.protect(family.first, address, page, .readWrite)
            family.expectPrivate(address)
            guard case .resident(_, _, let rights, _) = family.first.state(address) else {
                Issue.record("a resident page")
                continue
            }
            #expect(!rights.contains(.write))
            try family.write(family.first, 9, at: address)
            #expect(try family.read(child, address) == before)
        }
        try family.finish()
    }

    @Test("don't-fork pages are not the child's, wiped ones are zeroes, locks are not inherited")
    func specialEntries() throws {
        let family = try Family()
        let parent = family.first
        try family.map(parent, fixed: base, 100 * page)
        try family.reserve(parent, base + 10 * page, page, .wipeOnFork)
        try family.reserve(parent, base + 11 * page, page, .dontFork)
        try family.reserve(parent, base + 12 * page, page, .locked)
        try family.reserve(parent, 0x2000_0000, 4 * megabyte, .dontFork)
        try family.reserve(parent, 0x3000_0000, 50 * page, .dontFork)
        for index in 8..<14 as Range<UInt64> { try family.write(parent, index, at: base + index * page) }
        let child = try family.fork(parent)
        #expect(child.table(of: base) != parent.table(of: base))
        #expect(try family.read(child, base + 9 * page) == 9)
        #expect(try family.read(child, base + 10 * page) == 0)
        #expect(child.state(base + 11 * page) == .free)
        #expect(try family.read(child, base + 12 * page) == 12)
        #expect(child.space!.translate(VirtualAddress(base + 12 * page))?.attributes.contains(.locked) == false)
        #expect(parent.space!.translate(VirtualAddress(base + 12 * page))?.attributes.contains(.locked) == true)
        #expect(child.state(0x2000_0000) == .free && child.state(0x3000_0000) == .free)
        #expect(try family.read(parent, base + 10 * page) == 10)
        #expect(try family.read(parent, base + 11 * page) == 11)
        try family.finish()
    }

    @Test("memory shared on purpose stays shared, through the table's copy too")
    func sharedMemory() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 64)
        try family.map(family.first, object, at: base, pages: 64, shared: true)
        family.release(object)
        for index in 0..<4 as Range<UInt64> { try family.write(family.first, 1, at: base + index * page) }
        let child = try family.fork(family.first)
        _ = try family.read(child, base + page)
        try family.write(child, 2, at: base)
        try family.write(child, 3, at: base + page)
        #expect(try family.read(family.first, base) == 2)
        try family.write(family.first, 4, at: base + page)
        #expect(try family.read(child, base + page) == 4)
        try family.finish()
    }

    @Test("a shared table that is unmapped whole is dropped, and costs no frame")
    func unmappingWholeTables() throws {
        let family = try Family()
        try family.map(family.first, fixed: base, 6 * megabyte)
        for address in [base, base + 2 * megabyte, base + 4 * megabyte] {
            try family.write(family.first, 7, at: address + page)
        }
        let child = try family.fork(family.first)
        for address in [base, base + 2 * megabyte, base + 4 * megabyte] {
            #expect(try family.read(child, address + page) == 7)
        }
        #expect(child.sharedTables == 3)
        let withheld = family.frames.withhold(leaving: 0)
        try family.unmap(child, base, 4 * megabyte)
        #expect(throws: MapError.outOfMemory) { try family.unmap(child, base, 5 * megabyte) }
        #expect(child.sharedTables == 1 && family.first.sharedTables == 3)
        #expect(child.state(base + page) == .free)
        for address in [base + page, base + 3 * megabyte] {
            #expect(family.machine.allPossibleTranslations(VirtualAddress(address), asid: child.asid).isEmpty)
        }
        #expect(try family.read(family.first, base + page) == 7)
        #expect(try family.read(child, base + 4 * megabyte + page) == 7)
        try child.validate()
        family.frames.restore(withheld)
        try family.unmap(child, base, 6 * megabyte)
        try family.finish()
    }

    @Test("fork counts pages and tables as the parent has them")
    func statistics() throws {
        let family = try makeFamily()
        let child = try family.fork(family.first)
        #expect(child.statistics == family.first.statistics)
        #expect(child.programBreak == family.first.programBreak)
        #expect(try family.map(child, page) == family.map(family.first, page))
        try family.finish()
    }
}
