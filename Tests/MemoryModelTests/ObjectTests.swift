import FakeMachine
import Testing

@testable import MemoryModel

/// A machine with a table of objects, and nothing else.
private struct TestObjects: ~Copyable {
    let machine: FakeMachine
    var frames: FrameAllocator<FakeHardware>
    let objects: ObjectTable<FakeHardware>
    let kernel: KernelMappings

    init(frames count: UInt64 = 512) {
        machine = FakeMachine(frames: count)
        frames = machine.makeAllocator()
        kernel = machine.makeKernel(&frames)
        objects = ObjectTable(machine: machine.hardware, kernel: kernel, records: frames.table)
    }

    mutating func make(
        _ kind: ObjectKind = .file, pages: UInt64, backing: ObjectBacking? = nil
    ) throws(ObjectError) -> ObjectNumber {
        try objects.create(kind, size: .pages(pages), backing: backing, frames: &frames)
    }

    mutating func page(_ index: UInt32, of object: ObjectNumber) throws(ObjectError) -> FrameNumber {
        try objects.makePage(PageIndex(index), of: object, frames: &frames)
    }

    /// RAM that holds `count` bytes, each its own place's number.
    mutating func backing(_ count: UInt64) -> ObjectBacking {
        guard let block = frames.takeBlock(order: 2, .kernel)?.relinquish() else { preconditionFailure("a block") }
        // Not where a page begins: an archive's files lie anywhere.
        let start = block.address + ByteCount(24)
        for offset in stride(from: 0, to: count, by: 8) {
            machine.hardware.store(offset + 1, at: start + ByteCount(offset))
        }
        return ObjectBacking(start: start, size: ByteCount(count))
    }
}

@Suite struct ObjectTests {
    @Test func pagesAreFoundWhereTheyWerePut() throws {
        var test = TestObjects()
        let object = try test.make(pages: 1 << 32)
        let before = test.frames.freeFrames
        var expected: [UInt32: FrameNumber] = [:]
        for index: UInt32 in [0, 1, 511, 512, 513, 1 << 18, 1 << 27, (1 << 18) + 5, 1 << 31, .max, 0] {
            expected[index] = try test.page(index, of: object)
        }
        for (index, frame) in expected {
            #expect(test.objects.page(PageIndex(index), of: object) == frame)
        }
        #expect(Set(expected.values).count == expected.count)
        #expect(test.objects.residentPages(of: object) == UInt64(expected.count))
        #expect(test.objects.page(PageIndex(2), of: object) == nil)
        #expect(test.objects.page(PageIndex(1 << 30), of: object) == nil)
        test.objects.dropPages(from: PageIndex(0), of: object, frames: &test.frames)
        #expect(test.objects.residentPages(of: object) == 0)
        #expect(test.frames.freeFrames == before)
    }

    @Test func aTreeIsWhatADictionaryIs() throws {
        var random = SplitMix(seed: 7)
        var test = TestObjects()
        let object = try test.make(pages: 1 << 32)
        let before = test.frames.freeFrames
        var model: [UInt32: FrameNumber] = [:]
        for step in 0..<1500 {
            let spread = UInt32(random.next() % 33)
            let index = UInt32(truncatingIfNeeded: random.next() & ((1 << UInt64(spread)) - 1))
            switch random.next() % 5 {
            case 0...2:
                guard test.frames.freeFrames > 8 else { fallthrough }
                let frame = try test.page(index, of: object)
                #expect(model[index] == nil || model[index] == frame)
                model[index] = frame
            case 3:
                test.objects.removePage(PageIndex(index), of: object, frames: &test.frames)
                model[index] = nil
            default:
                let end = UInt32(truncatingIfNeeded: min(UInt64(index) + 600, UInt64(UInt32.max)))
                test.objects.dropPages(
                    from: PageIndex(index), to: PageIndex(end), of: object, frames: &test.frames)
                for key in model.keys where key >= index && key < end { model[key] = nil }
            }
            if step % 60 == 0 || model.count < 3 {
                var found: [UInt32: FrameNumber] = [:]
                var next = test.objects.nextPage(from: PageIndex(0), of: object)
                while let (index, frame) = next {
                    found[index.rawValue] = frame
                    guard index.rawValue < .max else { break }
                    next = test.objects.nextPage(from: PageIndex(index.rawValue + 1), of: object)
                }
                #expect(found == model)
                #expect(test.objects.residentPages(of: object) == UInt64(model.count))
            }
        }
        test.objects.release(object, frames: &test.frames)
        #expect(test.frames.freeFrames == before)
    }

    @Test func contentComesFromTheBackingThenZeroes() throws {
        var test = TestObjects()
        let backing = test.backing(4096 + 100 * 8)
        let object = try test.objects.create(
            .file, size: .pages(3), backing: backing, frames: &test.frames)
        let first = try test.page(0, of: object)
        let second = try test.page(1, of: object)
        let third = try test.page(2, of: object)
        #expect(test.machine.peek(first.address + ByteCount(8)) == 9)
        #expect(test.machine.peek(second.address + ByteCount(99 * 8)) == 4096 + 99 * 8 + 1)
        #expect(test.machine.peek(second.address + ByteCount(100 * 8)) == 0)
        #expect(test.machine.peek(third.address) == 0)
        #expect(throws: ObjectError.beyondEnd) { _ = try test.page(3, of: object) }
    }

    @Test func whatWasCutOffReadsAsZeroes() throws {
        var test = TestObjects()
        let backing = test.backing(8192)
        let object = try test.objects.create(.file, size: .pages(2), backing: backing, frames: &test.frames)
        let first = try test.page(0, of: object)
        test.objects.setSize(ByteCount(16), of: object)
        #expect(test.machine.peek(first.address + ByteCount(8)) == 9)
        #expect(test.machine.peek(first.address + ByteCount(16)) == 0)
        #expect(test.machine.peek(first.address + ByteCount(4088)) == 0)
        test.objects.setSize(.pages(2), of: object)
        #expect(test.machine.peek(try test.page(1, of: object).address) == 0)
        // A page that was cut must not come back from the backing either.
        test.objects.dropPages(from: PageIndex(0), of: object, frames: &test.frames)
        let again = try test.page(0, of: object)
        #expect(test.machine.peek(again.address + ByteCount(8)) == 9)
        #expect(test.machine.peek(again.address + ByteCount(16)) == 0)
    }

    @Test func anObjectLivesWhileNamedAndItsNumberIsUsedAgainOnlyThen() throws {
        var test = TestObjects()
        let first = try test.make(pages: 4)
        _ = try test.page(2, of: first)
        let before = test.frames.freeFrames
        test.objects.addMappedPages(3, to: first)
        test.objects.release(first, frames: &test.frames)
        #expect(test.objects.exists(first))
        let second = try test.make(.sharedMemory, pages: 4)
        #expect(second != first)
        test.objects.removeMappedPages(2, from: first, frames: &test.frames)
        #expect(test.objects.page(PageIndex(2), of: first) != nil)
        test.objects.removeMappedPages(1, from: first, frames: &test.frames)
        #expect(!test.objects.exists(first))
        #expect(test.frames.freeFrames > before)
        #expect(try test.make(pages: 1) == first)
        #expect(test.objects.count == 2)
        #expect(!test.objects.exists(ObjectNumber(0)))
        #expect(!test.objects.exists(ObjectNumber(3)))
    }

    @Test func numbersEndAtTwentyBits() throws {
        var test = TestObjects()
        _ = try test.make(pages: 1)
        test.machine.hardware.store(1 << 20, at: test.kernel.objects.address)
        #expect(throws: ObjectError.outOfMemory) { _ = try test.make(pages: 1) }
    }

    @Test func everyAllocationOfAPageMayFail() throws {
        for failing in 0..<5 {
            var test = TestObjects(frames: 64)
            let object = try test.make(pages: 1 << 32)
            _ = try test.page(3, of: object)
            var held: [FrameNumber] = []
            while test.frames.freeFrames > UInt64(failing), let frame = test.frames.take(.kernel) {
                held.append(frame.relinquish())
            }
            let before = test.frames.freeFrames
            // Page 1 << 27: three tables on top of the one there is, three below, and the page: never enough here.
            #expect(throws: ObjectError.outOfMemory) { _ = try test.page(1 << 27, of: object) }
            #expect(test.frames.freeFrames == before)
            #expect(test.objects.page(PageIndex(3), of: object) != nil)
            #expect(test.objects.page(PageIndex(1 << 27), of: object) == nil)
            #expect(test.objects.residentPages(of: object) == 1)
        }
    }

    @Test func reclaimTakesCleanPagesThatNobodyMaps() throws {
        var test = TestObjects()
        let backing = test.backing(16384)
        let file = try test.objects.create(.file, size: .pages(4), backing: backing, frames: &test.frames)
        let memory = try test.make(.sharedMemory, pages: 4)
        for index: UInt32 in 0..<4 {
            _ = try test.page(index, of: file)
            _ = try test.page(index, of: memory)
        }
        let dirty = try test.page(1, of: file)
        test.objects.markDirty(dirty)
        let mapped = try test.page(2, of: file)
        let mapping = try test.frames.share(mapped)
        #expect(test.objects.reclaim(1, frames: &test.frames) == 1)
        #expect(test.objects.reclaim(100, frames: &test.frames) == 1)
        #expect(test.objects.page(PageIndex(1), of: file) == dirty)
        #expect(test.objects.page(PageIndex(2), of: file) == mapped)
        #expect(test.objects.residentPages(of: file) == 2)
        #expect(test.objects.residentPages(of: memory) == 4)
        test.frames.release(mapping)
        #expect(test.objects.reclaim(100, frames: &test.frames) == 1)
        let again = try test.page(2, of: file)
        #expect(test.machine.peek(again.address) == 8193)
    }
}
