import FakeMachine
import Testing

@testable import MemoryModel

private let base: UInt64 = 0x2000_0000

/// What may be promised, where nobody can ask first.
@Suite struct PromiseTests {
    @Test("a page of an object is given a frame only where it may be promised; what is there already costs nothing")
    func objectPages() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 8)
        try family.map(family.first, object, at: base, pages: 8, shared: true)
        #expect(family.objects.promisable == nil)
        family.objects.promisable = 2
        try family.write(family.first, 1, at: base)
        #expect(try family.read(family.first, base + page) == 0)
        #expect(family.objects.promisable == 0)
        let free = family.freeFrames
        #expect(throws: FaultError.overcommitted) { try family.write(family.first, 1, at: base + 2 * page) }
        #expect(throws: ObjectError.overcommitted) {
            try family.objects.makePage(PageIndex(3), of: object, frames: &family.frames)
        }
        #expect(family.freeFrames == free)
        try family.write(family.first, 2, at: base + page)
        family.objects.promisable = nil
        try family.write(family.first, 1, at: base + 2 * page)
        family.release(object)
        try family.finish()
    }

    @Test("what was promised as a whole, and what can be had again, takes nothing more for its pages")
    func promisedBefore() throws {
        let family = try Family()
        let shared = try family.objects.create(
            .sharedMemory, size: .pages(4), isAccounted: true, frames: &family.frames)
        family.objects.promisable = 0
        try family.map(family.first, shared, at: base, pages: 4, shared: true)
        try family.write(family.first, 1, at: base)
        // Private memory was promised when it was mapped.
        try family.map(family.first, fixed: base + megabyte, 4 * page)
        try family.write(family.first, 1, at: base + megabyte)
        #expect(family.objects.promisable == 0)
        family.release(shared)
        try family.finish()
    }

    @Test("a stack grows as far as may be promised, and takes from that what it grows by")
    func stacks() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 2 * page, options: .growsDown)
        let objects = ObjectTable(machine: test.machine.hardware, kernel: test.kernel, records: test.frames.table)
        objects.promisable = 4
        try test.write(1, at: base - 3 * page)
        #expect(objects.promisable == 1)
        #expect(throws: FaultError.overcommitted) { try test.write(1, at: base - 5 * page) }
        let isMapped = test.isMapped(base - 4 * page)
        #expect(!isMapped)
        try test.write(1, at: base - 4 * page)
        #expect(objects.promisable == 0)
        objects.promisable = nil
        try test.finish()
    }

    @Test("a child is promised what it gets, and nothing for what it does not")
    func children() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 8 * page)
        try test.map(fixed: base + megabyte, 8 * page, .read)
        try test.space.apply(
            .dontFork, over: VirtualRange(VirtualAddress(base + page), length: .pages(3))!, frames: &test.frames)
        let (own, child) = (test.space.accountedPages, test.space.accountedPagesOfChild)
        #expect(own == 8)
        #expect(child == 5)
        let copy = try test.space.fork(frames: &test.frames)
        let promised = copy.accountedPages
        #expect(promised == 5)
        copy.destroy(frames: &test.frames)
        try test.finish()
    }

    @Test("nothing grows for who looks at a program's memory from outside")
    func lookedAtFromOutside() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 2 * page, options: .growsDown)
        #expect(throws: FaultError.notMapped) {
            try test.space.heldFrame(for: VirtualAddress(base - page), access: .write, frames: &test.frames)
        }
        try test.write(1, at: base - page)
        try test.finish()
    }

    @Test("a page of shared memory that nobody wrote is clean to look at, and kept all the same")
    func cleanSharedMemory() throws {
        for tracked in [false, true] {
            var options = FakeMachine.Options()
            options.setsAccessFlag = tracked
            options.setsDirtyState = tracked
            let family = try Family(options: options)
            let object = try family.makeObject(pages: 4)
            try family.map(family.first, object, at: base, pages: 4, shared: true)
            #expect(try family.read(family.first, base) == 0)
            let clean = family.use(family.first, at: base)
            #expect(clean.privateClean == page && clean.privateDirty == 0 && clean.sharedMemory == page)
            for member in family.members {
                #expect(member.space!.giveUpCleanPages(sparingUsed: false, frames: &family.frames) == 0)
            }
            #expect(family.reclaim(8) == 0)
            let census = family.frames.table.census()
            #expect(census.cached == 1 && census.cachedOnlyHere == 1)
            try family.write(family.first, 5, at: base)
            let dirty = family.use(family.first, at: base)
            #expect(dirty.privateClean == 0 && dirty.privateDirty == page)
            family.release(object)
            try family.finish()
        }
    }
}
