import FakeMachine
import MemoryModel
import Testing

@Suite("A frame's references", .leakLedger)
struct FrameOwnershipTests {
    @Test("one for each owner; the frame is free with the last")
    func sharing() throws {
        let machine = FakeMachine(frames: 16)
        var allocator = machine.makeAllocator()
        let free = allocator.freeFrames
        guard let frame = allocator.take(.anonymous) else { return }
        let number = frame.number
        #expect(allocator.isSoleOwner(number) == true)
        let second = try allocator.share(number)
        #expect(!allocator.isSoleOwner(number) && allocator.table.count(of: number) == 2)
        allocator.release(frame)
        #expect(allocator.isSoleOwner(number) && allocator.freeFrames == free - 1)
        #expect(second.number == number)
        allocator.release(second)
        #expect(allocator.freeFrames == free)
    }

    @Test("70,000 of them: a count is not of 8 bits, nor of 16 (LESSONS 14)")
    func manySharers() throws {
        let machine = FakeMachine(frames: 16)
        var allocator = machine.makeAllocator()
        let number = allocator.takeNumber(.zero)
        for _ in 1..<70_000 { _ = try allocator.share(number).relinquish() }
        #expect(allocator.table.count(of: number) == 70_000)
        for _ in 1..<70_000 { allocator.release(number: number) }
        #expect(allocator.isSoleOwner(number) == true)
        allocator.release(number: number)
    }

    @Test("2^32 − 1 at most: one more is refused, and never wraps (LESSONS 14)")
    func overflow() {
        let machine = FakeMachine(frames: 16)
        var allocator = machine.makeAllocator()
        let number = allocator.takeNumber(.anonymous)
        let record = allocator.table.records + ByteCount((number.rawValue - machine.firstFrame.rawValue) * 16)
        let one = machine.peek(record)
        machine.hardware.store(one + 0xFFFF_FFFE, at: record)
        #expect(throws: FrameError.tooManyReferences) { _ = try allocator.share(number).relinquish() }
        #expect(allocator.table.count(of: number) == 0xFFFF_FFFF && allocator.record(of: number).kind == .anonymous)
        machine.hardware.store(one, at: record)
        allocator.release(number: number)
    }

    @Test("given to an entry and taken back are the same frame, the one in the entry (LESSONS 13, 15)")
    func entryOwns() {
        let machine = FakeMachine(frames: 16)
        var allocator = machine.makeAllocator()
        guard let first = allocator.take(.anonymous) else { return }
        let second = allocator.takeNumber(.anonymous)
        let entry = second.address
        let named = first.relinquish()
        machine.hardware.store(named.address.rawValue, at: entry)
        let removed = PhysicalAddress(machine.hardware.exchange(0, at: entry)).frame
        allocator.release(number: removed)
        #expect(machine.outstandingFrames == [second])
        allocator.release(number: second)
    }

    @Test("an owner that is dropped is a trap, not a leak (LESSONS 13)")
    func dropped() async {
        await #expect(processExitsWith: .failure) {
            var allocator = FakeMachine(frames: 16).makeAllocator()
            _ = allocator.take(.anonymous)
        }
        await #expect(processExitsWith: .failure) {
            var allocator = FakeMachine(frames: 16).makeAllocator()
            _ = allocator.takeBlock(order: 1, .kernel)
        }
        await #expect(processExitsWith: .failure) {
            // Through a class: what is not specialised never runs the deinit of a generic structure that holds no
            // reference (Swift 6.3.1: its metadata calls it trivial).
            let machine = FakeMachine(frames: 16)
            var allocator = machine.makeAllocator(through: RacingHardware(machine.hardware))
            var list = FrameList(allocator.table)
            if let frame = allocator.take(.anonymous) { list.push(frame) }
        }
        await #expect(processExitsWith: .failure) {
            var allocator = FakeMachine(frames: 16).makeAllocator()
            var buffer = FrameBuffer()
            if let frame = allocator.take(.anonymous) { buffer.push(frame) }
        }
    }

    @Test("a frame released twice is a trap, not free memory (LESSONS 17)")
    func doubleRelease() async {
        await #expect(processExitsWith: .failure) {
            var allocator = FakeMachine(frames: 16).makeAllocator()
            let number = allocator.takeNumber(.anonymous)
            allocator.release(number: number)
            allocator.release(number: number)
        }
        await #expect(processExitsWith: .failure) {
            var allocator = FakeMachine(frames: 16).makeAllocator()
            let number = allocator.takeNumber(.anonymous)
            allocator.release(number: number)
            allocator.mergeFreeFrames()
            allocator.release(number: number)
        }
        await #expect(processExitsWith: .failure) {
            var allocator = FakeMachine(frames: 64).makeAllocator()
            guard let number = allocator.takeBlock(order: 2, .kernel)?.relinquish() else { return }
            allocator.release(FrameBlock(adopting: number, order: 2))
            allocator.release(FrameBlock(adopting: number, order: 2))
        }
    }

    @Test("what was never given out cannot be released or shared (LESSONS 17)")
    func neverGivenOut() async {
        await #expect(processExitsWith: .failure) {
            let machine = FakeMachine(frames: 16)
            var allocator = machine.makeAllocator()
            allocator.release(number: machine.firstFrame)
        }
        await #expect(processExitsWith: .failure) {
            var allocator = FakeMachine(frames: 16).makeAllocator()
            allocator.release(Frame(adopting: FrameNumber(1)))
        }
        await #expect(processExitsWith: .failure) {
            let machine = FakeMachine(frames: 16)
            let allocator = machine.makeAllocator()
            _ = try allocator.share(machine.firstFrame).relinquish()
        }
        await #expect(processExitsWith: .failure) {
            var allocator = FakeMachine(frames: 64).makeAllocator()
            guard let number = allocator.takeBlock(order: 2, .kernel)?.relinquish() else { return }
            allocator.release(FrameBlock(adopting: number, order: 1))
        }
        await #expect(processExitsWith: .failure) {
            let machine = FakeMachine(frames: 16)
            var allocator = machine.makeAllocator()
            allocator.donate(machine.firstFrame.advanced(by: 2), count: 2)
        }
    }

    @Test("a list of retired frames takes sole owners, and gives them back last first")
    func lists() async {
        let machine = FakeMachine(frames: 16)
        var allocator = machine.makeAllocator()
        var list = FrameList(allocator.table)
        #expect(list.isEmpty == true)
        guard let first = allocator.take(.table), let second = allocator.take(.anonymous) else { return }
        let numbers = [first.number, second.number]
        list.push(first)
        list.push(second)
        #expect(!list.isEmpty && allocator.record(of: numbers[0]).kind == .retired)
        for number in numbers.reversed() {
            guard let frame = list.popFirst() else { break }
            #expect(frame.number == number)
            allocator.release(frame)
        }
        #expect(list.isEmpty && list.popFirst()?.relinquish() == nil)
        await #expect(processExitsWith: .failure) {
            var allocator = FakeMachine(frames: 16).makeAllocator()
            guard let frame = allocator.take(.anonymous) else { return }
            _ = try allocator.share(frame.number).relinquish()
            var list = FrameList(allocator.table)
            list.push(frame)
            _ = list.popFirst()?.relinquish()
        }
    }

    @Test("a buffer takes 32 references, shared ones too")
    func buffers() throws {
        let machine = FakeMachine(frames: 16)
        var allocator = machine.makeAllocator()
        var buffer = FrameBuffer()
        let number = allocator.takeNumber(.anonymous)
        #expect(buffer.isEmpty == true)
        for _ in 0..<FrameBuffer.capacity { buffer.push(try allocator.share(number)) }
        #expect(buffer.isFull && buffer.count == 32)
        while let frame = buffer.popLast() { allocator.release(frame) }
        #expect(buffer.isEmpty && allocator.isSoleOwner(number))
        allocator.release(number: number)
    }

    @Test("a record keeps a table's counts and a file page's origin beside the references")
    func bookkeeping() throws {
        let machine = FakeMachine(frames: 16)
        var allocator = machine.makeAllocator()
        let table = allocator.table
        let number = allocator.takeZeroedNumber(.table)
        #expect(table.tableRecord(of: number) == TableRecord(word: 0))
        var record = TableRecord.empty
        record.entriesInUse = 5
        table.setTableRecord(record, of: number)
        table.setForkSpecialEntries(8192, of: number)
        try table.retain(number)
        #expect(table.tableRecord(of: number) == record && table.forkSpecialEntries(of: number) == 8192)
        #expect(table.count(of: number) == 2 && table.record(of: number).kind == .table)
        allocator.release(number: number)
        table.setKind(.cachedFilePage, of: number)
        let origin = FrameOrigin(object: 0xABCDE, page: 0xFFFF_FFFF)
        table.setOrigin(origin, of: number)
        #expect(table.origin(of: number) == origin && table.record(of: number).kind == .cachedFilePage)
        #expect(table.contains(number) && !table.contains(FrameNumber(1)))
        allocator.release(number: number)
    }

    @Test("counts change by compare-exchange: a change by another CPU in between is not lost")
    func racing() throws {
        let machine = FakeMachine(frames: 16)
        var allocator = machine.makeAllocator()
        let number = allocator.takeNumber(.anonymous)
        let racing = RacingHardware(machine.hardware)
        let table = FrameTable(
            machine: racing, records: allocator.table.records, firstFrame: machine.firstFrame, frameCount: 16)
        racing.beforeExchange { try? allocator.table.retain(number) }
        try table.retain(number)
        #expect(table.count(of: number) == 3)
        racing.beforeExchange { try? allocator.table.retain(number) }
        table.setKind(.copiedFilePage, of: number)
        #expect(table.count(of: number) == 4 && table.record(of: number).kind == .copiedFilePage)
        for _ in 0..<4 { allocator.release(number: number) }
    }

    @Test("a reference dropped while another CPU takes one: neither is lost")
    func racingRelease() throws {
        let machine = FakeMachine(frames: 16)
        let racing = RacingHardware(machine.hardware)
        let first = machine.firstFrame
        var allocator = FrameAllocator(machine: racing, records: first.address, firstFrame: first, frameCount: 16)
        allocator.donate(first.advanced(by: 1), count: 15)
        let number = allocator.takeNumber(.anonymous)
        let table = allocator.table
        try table.retain(number)
        racing.beforeExchange { try? table.retain(number) }
        allocator.release(number: number)
        #expect(table.count(of: number) == 2)
        allocator.release(number: number)
        allocator.release(number: number)
        #expect(allocator.freeFrames == 15)
    }
}
