import FakeMachine
import MemoryModel
import Testing

/// The free blocks of an allocator, and what they must be like.
extension FrameAllocator {
    /// First frame and order of each free block.
    func freeBlocks() -> Set<[UInt64]> {
        var blocks: Set<[UInt64]> = []
        forEachFreeBlock { first, order in blocks.insert([first.rawValue, order]) }
        return blocks
    }

    /// What is wrong with the free blocks: each is aligned, overlaps no other, and is not half of a greater free one.
    func problems() -> [String] {
        var problems: [String] = []
        var seen: Set<UInt64> = []
        let blocks = freeBlocks()
        for block in blocks {
            let (first, order) = (block[0], block[1])
            let name = "the block of order \(order) at frame \(first)"
            let buddy = [first ^ (1 << order), order]
            if !first.isMultiple(of: 1 << order) { problems.append("\(name) is not aligned") }
            if order < 18 && blocks.contains(buddy) { problems.append("\(name) is not merged with its buddy") }
            let head = record(of: FrameNumber(first))
            if head.kind != .free || head.order != order || head.count != 0 {
                problems.append("\(name) has the record \(head)")
            }
            for frame in first..<first + (1 << order) {
                if !seen.insert(frame).inserted { problems.append("\(name) overlaps another") }
                let isCleared = record(of: FrameNumber(frame)).state == 0
                if frame != first && !isCleared { problems.append("\(name) has more than one record") }
            }
        }
        if UInt64(seen.count) > freeFrames { problems.append("more free frames than are counted") }
        return problems
    }
}

@Suite("The frame allocator", .leakLedger)
struct FrameAllocatorTests {
    @Test("gives nothing before RAM was donated, and each donated frame once")
    func exhaustion() {
        let machine = FakeMachine(frames: 64)
        var allocator = machine.makeAllocator()
        #expect(allocator.totalFrames == 63 && allocator.freeFrames == 63)
        var taken = FrameList(allocator.table)
        var seen: Set<FrameNumber> = []
        while let frame = allocator.take(.anonymous) {
            #expect(seen.insert(frame.number).inserted)
            #expect(allocator.record(of: frame.number) == .owned(.anonymous))
            taken.push(frame)
        }
        #expect(seen.count == 63 && allocator.freeFrames == 0)
        #expect(!seen.contains(machine.firstFrame), "the record table is nobody's")
        #expect(allocator.takeZeroed(.kernel) == nil && allocator.takeBlock(order: 0, .kernel) == nil)
        while let frame = taken.popFirst() { allocator.release(frame) }
        #expect(allocator.freeFrames == 63)
    }

    @Test("gives the frame back first that was released last, without a visit to the buddy lists")
    func hot() {
        let machine = FakeMachine(frames: 256)
        var allocator = machine.makeAllocator()
        guard let frame = allocator.take(.anonymous) else { return }
        let number = frame.number
        allocator.release(frame)
        #expect(allocator.record(of: number).kind == .hot)
        let before = machine.maintenance.wordAccesses
        guard let again = allocator.take(.table) else { return }
        #expect(again.number == number)
        allocator.release(again)
        #expect(machine.maintenance.wordAccesses - before == 6)
    }

    @Test(
        "keeps the reserve from those whom it is not for, whatever was taken, released and merged before",
        arguments: [1, 2, 3, 4] as [UInt64])
    func reserve(seed: UInt64) {
        let machine = FakeMachine(frames: 300)
        var allocator = machine.makeAllocator(hotLimit: seed % 2 == 0 ? 64 : 1 << 16)
        let free = allocator.freeFrames
        allocator.reserve = 40
        var random = SplitMix(seed: seed)
        var programs = FrameList(allocator.table)
        var kernels = FrameList(allocator.table)
        var refused = 0
        for step in 0..<20_000 {
            // Long runs of taking and of giving back, so that both ends are reached.
            let isTaking = random.next() % 8 < (step / 2000 % 2 == 0 ? 6 : 2)
            switch random.next() % 16 {
            case 0 where isTaking:
                if let frame = allocator.take(.kernel) { kernels.push(frame) }
            case 0, 1:
                if let frame = kernels.popFirst() { allocator.release(frame) }
            case 2:
                if let block = allocator.takeBlock(order: 1 + random.next() % 4, .kernel) {
                    #expect(allocator.freeFrames >= 40)
                    allocator.release(block)
                }
            case 3 where random.next() % 16 == 0: allocator.mergeFreeFrames()
            case _ where isTaking:
                let before = allocator.freeFrames
                if let frame = allocator.take(([.anonymous, .cachedFilePage, .table] as [FrameKind])[Int(random.next() % 3)]) {
                    #expect(before > 40, "a frame of the reserve is for the kernel")
                    programs.push(frame)
                } else {
                    #expect(before <= 40, "a frame that is not of the reserve can be had")
                    refused += 1
                }
            default:
                if let frame = programs.popFirst() { allocator.release(frame) }
            }
        }
        #expect(refused > 100)
        while let frame = programs.popFirst() { allocator.release(frame) }
        while let frame = kernels.popFirst() { allocator.release(frame) }
        allocator.mergeFreeFrames()
        let (left, problems) = (allocator.freeFrames, allocator.problems())
        #expect(left == free && problems == [])
    }

    @Test("clears a zeroed frame")
    func zeroed() {
        let machine = FakeMachine(frames: 64)
        var allocator = machine.makeAllocator()
        guard let frame = allocator.takeZeroed(.anonymous) else { return }
        #expect(machine.peek(frame.number.address) == 0)
        allocator.release(frame)
    }

    @Test("merges everything that came back, in any order, into the blocks it began with", arguments: 1...8)
    func randomised(seed: UInt64) {
        // An odd base and a hole, so that blocks of every order meet the edges.
        let machine = FakeMachine(base: PhysicalAddress(0x4000_3000), frames: 700)
        let first = machine.firstFrame
        var allocator = FrameAllocator(
            machine: machine.hardware, records: first.address, firstFrame: first, frameCount: 700)
        allocator.donate(first.advanced(by: 3), count: 301)
        allocator.donate(first.advanced(by: 317), count: 383)
        #expect(allocator.problems() == [])
        let start = allocator.freeBlocks()
        #expect(allocator.freeFrames == 684 && allocator.totalFrames == 684)

        var random = SplitMix(seed: seed)
        var model: [FrameNumber: Int] = [:]
        var owned: [(FrameNumber, UInt64?)] = []
        func claim(_ first: FrameNumber, _ count: UInt64) {
            for offset in 0..<count {
                let frame = first.advanced(by: offset)
                #expect(model.updateValue(1, forKey: frame) == nil, "a frame is given out once")
                #expect(allocator.table.contains(frame))
            }
        }
        for step in 0..<3000 {
            let growing = step / 500 % 2 == 0
            switch random.next(upperBound: UInt64(10)) {
            case 0..<(growing ? 4 : 2):
                guard let number = allocator.take(.anonymous)?.relinquish() else { break }
                claim(number, 1)
                owned.append((number, nil))
            case 4..<(growing ? 7 : 5):
                let order = random.next(upperBound: UInt64(7))
                guard let block = allocator.takeBlock(order: order, .kernel) else { break }
                #expect(block.first.rawValue.isMultiple(of: 1 << order) && block.count == 1 << order)
                claim(block.first, block.count)
                owned.append((block.relinquish(), order))
            default:
                guard !owned.isEmpty else { break }
                let (number, order) = owned.swapAt(random.next(upperBound: UInt64(owned.count)))
                for offset in 0..<(1 << (order ?? 0)) { model[number.advanced(by: UInt64(offset))] = nil }
                if let order {
                    allocator.release(FrameBlock(adopting: number, order: order))
                } else {
                    allocator.release(number: number)
                }
            }
            #expect(allocator.freeFrames == 684 - UInt64(model.count))
            if step % 100 == 0 { #expect(allocator.problems() == []) }
        }
        for (number, order) in owned {
            if let order {
                allocator.release(FrameBlock(adopting: number, order: order))
            } else {
                allocator.release(number: number)
            }
        }
        allocator.mergeFreeFrames()
        #expect(allocator.problems() == [])
        #expect(allocator.freeBlocks() == start && allocator.freeFrames == 684)
    }

    @Test("finds a block among hot frames by merging them")
    func blockFromHotFrames() {
        let machine = FakeMachine(frames: 33)
        var allocator = machine.makeAllocator()
        guard let frame = allocator.take(.anonymous) else { return }
        allocator.release(frame)
        var blocks: UInt64 = 0
        allocator.forEachFreeBlock { _, _ in blocks += 1 }
        #expect(blocks == 0, "all frames are hot")
        guard let block = allocator.takeBlock(order: 4, .kernel) else {
            Issue.record("no block of 16 frames")
            return
        }
        #expect(allocator.record(of: block.first) == .owned(.kernel, order: 4))
        allocator.release(block)
    }

    @Test("keeps at most 64 frames hot")
    func drains() {
        let machine = FakeMachine(frames: 512)
        var allocator = machine.makeAllocator()
        var taken = FrameList(allocator.table)
        for _ in 0..<300 {
            guard let frame = allocator.take(.anonymous) else { break }
            taken.push(frame)
        }
        while let frame = taken.popFirst() { allocator.release(frame) }
        #expect(allocator.problems() == [])
        let inBlocks = allocator.freeBlocks().reduce(0) { $0 + (1 << $1[1]) }
        #expect(allocator.freeFrames == 510 && 510 - inBlocks <= 64)
    }

    @Test("is ready on 8 GiB after clearing 8,192 frames and touching few words")
    func eightGibibytes() {
        let frames: UInt64 = (8 << 30) >> 12
        let machine = FakeMachine(frames: frames)
        let allocator = machine.makeAllocator()
        #expect(machine.maintenance.clears == 8192)
        #expect(machine.maintenance.wordAccesses < 200)
        #expect(allocator.freeFrames == frames - 8192)
    }

    @Test("needs record tables of whole frames")
    func tableSize() {
        typealias Table = FrameTable<FakeHardware>
        #expect(Table.size(frameCount: 1) == ByteCount(4096))
        #expect(Table.size(frameCount: 256) == ByteCount(4096))
        #expect(Table.size(frameCount: 257) == ByteCount(8192))
    }

    @Test("lets every allocation fail once when frames are withheld")
    func scarcity() {
        let machine = FakeMachine(frames: 200)
        var allocator = machine.makeAllocator()
        for left in 0..<5 {
            let withheld = allocator.withhold(leaving: UInt64(left))
            var taken = FrameList(allocator.table)
            var count = 0
            while let frame = allocator.take(.anonymous) {
                taken.push(frame)
                count += 1
            }
            #expect(count == left)
            while let frame = taken.popFirst() { allocator.release(frame) }
            allocator.restore(withheld)
        }
        #expect(allocator.freeFrames == 199)
    }

    @Test("donating nothing changes nothing")
    func donateNothing() {
        let machine = FakeMachine(frames: 8)
        var allocator = machine.makeAllocator()
        allocator.donate(machine.firstFrame, count: 0)
        #expect(allocator.totalFrames == 7)
    }
}

extension SplitMix {
    /// A number below `bound`.
    mutating func next(upperBound bound: UInt64) -> UInt64 { next() % bound }
}

extension Array {
    /// Removes an element and returns it; the last takes its place.
    mutating func swapAt(_ index: UInt64) -> Element {
        swapAt(Int(index), count - 1)
        return removeLast()
    }
}
