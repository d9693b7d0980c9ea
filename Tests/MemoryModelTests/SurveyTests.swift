import FakeMachine
import Testing

@testable import MemoryModel

private let base: UInt64 = 0x1000_0000

/// What `/proc/PID/maps`, `smaps` and `pagemap` tell, read off the tables.
@Suite struct SurveyTests {
    @Test("adjacent pages with the same attributes are one run, guards and residency notwithstanding")
    func runs() throws {
        let family = try Family()
        let first = family.first
        try family.map(first, fixed: base, 3 * megabyte)
        try family.write(first, 1, at: base + page)
        try first.space!.apply(.installGuards, over: range(base + 2 * page, 1), frames: &family.frames)
        try family.protect(first, base + 8 * page, page, .read)
        let runs = first.runs()
        #expect(runs.map(\.start.rawValue) == [base, base + 8 * page, base + 9 * page])
        #expect(runs.map(\.pageCount) == [8, 1, 3 * megabyte / page - 9])
        #expect(first.runsInParts(of: 1) == runs && first.runsInParts(of: 5) == runs)
        #expect(runs[0].attributes.contains(.write) && !runs[0].attributes.contains(.guardPage))
        #expect(runs[1].attributes.protection == .read)
        // From within a run, the run goes on from there; beyond the last one there is none.
        #expect(first.run(from: base + page + 5)?.start.rawValue == base + page)
        #expect(first.run(from: base + 4 * megabyte) == nil)
        try family.finish()
    }

    @Test("an object's pages are one run as far as their indices go on, and runs above the kernel come last")
    func runsOfObjects() throws {
        let family = try Family()
        let first = family.first
        let object = try family.makeObject(pages: 16)
        try family.map(first, object, at: base, pages: 4, shared: true)
        try family.map(first, object, at: base + 4 * page, pages: 4, from: 4, shared: true)
        try family.map(first, object, at: base + 8 * page, pages: 2, shared: true)
        let high = AddressSpaceLayout.standard.highMapBase.rawValue
        try family.map(first, fixed: high, page)
        try family.write(first, 1, at: base + 5 * page)
        let runs = first.runs()
        #expect(runs.map(\.start.rawValue) == [base, base + 8 * page, high])
        #expect(first.runsInParts(of: 1) == runs && first.runsInParts(of: 3) == runs)
        #expect(runs[0].pageCount == 8 && runs[0].object == MappedObject(object))
        #expect(runs[1].object == MappedObject(object) && runs[2].object == nil)
        family.release(object)
        try family.finish()
    }

    @Test("resident pages are counted by what they hold, whether they were written, and who shares them")
    func use() throws {
        let family = try Family()
        let first = family.first
        let object = try family.makeObject(pages: 4)
        try family.map(first, object, at: base + megabyte, pages: 4, shared: true)
        _ = try family.read(first, base + megabyte)
        try family.write(first, 1, at: base + megabyte + page)
        try family.map(first, fixed: base, 4 * page)
        _ = try family.read(first, base)
        try family.write(first, 1, at: base + page)
        try family.write(first, 1, at: base + 2 * page)
        try first.space!.apply(.lock, over: range(base + 2 * page, 1), frames: &family.frames)
        var use = first.use()
        var parts: PageUse? = PageUse()
        _ = first.runsInParts(of: 1, measuring: &parts)
        #expect(parts == use)
        // The page of zeroes is nobody's.
        #expect(use.anonymous == 2 * page && use.proportionalAnonymous == 2 * page << 12)
        #expect(use.file + use.sharedMemory == 2 * page && use.resident == 4 * page)
        #expect(use.sharedClean + use.sharedDirty == 0)
        #expect(use.privateDirty + use.privateClean == 4 * page && use.referenced == 4 * page)
        #expect(use.proportionalLocked == page << 12 && first.residentLockedPages() == 1)
        let child = try family.fork(first)
        use = first.use()
        #expect(use.resident == 4 * page && use.proportional < 4 * page << 12)
        #expect(use.sharedClean + use.sharedDirty >= 3 * page)
        // The child's page without a lock is a copy as soon as it is written.
        try family.write(child, 2, at: base + page, cpu: 1)
        #expect(child.use().privateDirty == page && child.residentLockedPages() == 0)
        family.release(object)
        try family.finish()
    }

    @Test("each page's word says whether it is there, whose it is, and whether a file or others share it")
    func pageMap() throws {
        let family = try Family()
        let first = family.first
        let object = try family.makeObject(pages: 2)
        try family.map(first, fixed: base, 4 * page)
        _ = try family.read(first, base)
        try family.write(first, 1, at: base + 2 * page)
        try family.map(first, object, at: base + 4 * page, pages: 2, shared: true)
        _ = try family.read(first, base + 4 * page)
        let (present, exclusive, file): (UInt64, UInt64, UInt64) = (1 << 63, 1 << 56, 1 << 61)
        #expect(
            first.words(base, 7) == [present, 0, present | exclusive, 0, present | exclusive | file, 0, 0])
        let child = try family.fork(first)
        #expect(first.words(base + 2 * page, 1) == [present])
        #expect(child.words(base + 4 * page, 1) == [present | file])
        // Nothing is told of what no program can map.
        #expect(first.words(0x4000_0000 - page, 3) == [0, 0, 0])
        family.release(object)
        try family.finish()
    }

    @Test("what is mapped is told by kind")
    func sizes() throws {
        let family = try Family()
        let first = family.first
        try family.map(first, fixed: base, 8 * page)
        try family.protect(first, base, page, .read)
        try family.protect(first, base + page, page, .readExecute)
        try first.space!.apply(.lockOnFault, over: range(base + 2 * page, 1), frames: &family.frames)
        try family.reserve(first, base + megabyte, 3 * page, .growsDown)
        try family.reserve(first, base + 2 * megabyte, 2 * page, .shared)
        var sizes = MappedSizes()
        for run in first.runs() { sizes.add(run) }
        #expect(sizes.total == 13 && sizes.data == 6 && sizes.stack == 3 && sizes.executable == 1 && sizes.locked == 1)
        try family.finish()
    }

    @Test("the census counts each frame of RAM that a program or an object has, and the tables")
    func census() throws {
        let family = try Family()
        let first = family.first
        let before = family.frames.table.census()
        let object = try family.makeObject(pages: 4)
        try family.map(first, object, at: base, pages: 4, shared: true)
        try family.map(first, object, at: base + 8 * page, pages: 4, shared: false)
        try family.map(first, fixed: base + 16 * page, 4 * page)
        _ = try family.read(first, base)
        try family.write(first, 1, at: base + page)
        try family.write(first, 1, at: base + 8 * page)
        for index in 0..<4 as Range<UInt64> { try family.write(first, 1, at: base + (16 + index) * page) }
        let after = family.frames.table.census()
        // A private copy is the program's own.
        #expect(after.anonymous == before.anonymous + 5)
        #expect(after.cached - before.cached == family.objects.residentPages(of: object))
        #expect(after.cachedMapped == before.cachedMapped + 2)
        #expect(after.cachedOnlyHere > before.cachedOnlyHere && after.tables > before.tables)
        try family.unmap(first, base, 20 * page)
        let unmapped = family.frames.table.census()
        #expect(unmapped.anonymous == before.anonymous && unmapped.cachedMapped == before.cachedMapped)
        family.release(object)
        #expect(family.frames.table.census().cached == before.cached)
        try family.finish()
    }

    private func range(_ start: UInt64, _ pages: UInt64) -> VirtualRange {
        VirtualRange(VirtualAddress(start), to: VirtualAddress(start + pages * page))
    }
}

extension Family.Member {
    /// Everything that is mapped.
    fileprivate func runs() -> [MappedRun] {
        var runs: [MappedRun] = []
        var end = VirtualAddress(0)
        while let run = space!.run(from: end) {
            runs.append(run)
            end = run.end
        }
        return runs
    }

    /// The same, looked at a few entries at a time.
    fileprivate func runsInParts(of entries: Int) -> [MappedRun] {
        var use: PageUse?
        return runsInParts(of: entries, measuring: &use)
    }

    fileprivate func runsInParts(of entries: Int, measuring use: inout PageUse?) -> [MappedRun] {
        var runs: [MappedRun] = []
        var end = VirtualAddress(0)
        var limit = entries
        while var run = space!.run(from: end, entries: &limit, measuring: &use) {
            while limit == 0 {
                limit = entries
                space!.extend(&run, entries: &limit, measuring: &use)
            }
            runs.append(run)
            end = run.end
            limit = entries
        }
        return runs
    }

    fileprivate func run(from start: UInt64) -> MappedRun? { space!.run(from: VirtualAddress(start)) }

    fileprivate func residentLockedPages() -> UInt64 { space!.lockedResident() }

    /// What all resident pages hold.
    fileprivate func use() -> PageUse {
        var use = PageUse()
        var end = VirtualAddress(0)
        while let run = space!.run(from: end, measuring: &use) { end = run.end }
        return use
    }

    fileprivate func words(_ start: UInt64, _ pages: UInt64) -> [UInt64] {
        var words: [UInt64] = []
        space!.forEachPage(of: VirtualRange(VirtualAddress(start), to: VirtualAddress(start + pages * page))) {
            words.append($0)
        }
        return words
    }
}

extension AddressSpace {
    fileprivate func lockedResident() -> UInt64 { residentLockedPages }
}
