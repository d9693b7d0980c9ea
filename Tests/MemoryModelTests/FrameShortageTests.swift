import FakeMachine
import MemoryModel
import Testing

@Suite("Shortages on purpose", .leakLedger)
struct FrameShortageTests {
    @Test("so many frames can be had and no more, until the shortage ends", arguments: [0, 1, 7, 32, 200] as [UInt64])
    func lasting(left: UInt64) throws {
        let machine = FakeMachine(frames: 512)
        var frames = machine.makeAllocator(hotLimit: 1 << 16)
        let free = frames.freeFrames
        // Some frames lie at hand, some in blocks.
        if let frame = frames.take(.kernel) { frames.release(frame) }
        frames.beginShortage(leaving: left, endsWithFailure: false)
        #expect(frames.freeFrames == free, "what is out of reach is still free")
        var taken = FrameList(frames.table)
        for _ in 0..<left { taken.push(try frames.taken(.anonymous)) }
        for _ in 0..<3 { frames.expectShort(of: .table) }
        for order in [0, 1] as [UInt64] {
            if let block = frames.takeBlock(order: order, .kernel) {
                frames.release(block)
                Issue.record("no block can be had")
            }
        }
        // What is given back can be had again.
        if let frame = taken.popFirst() {
            frames.release(frame)
            taken.push(try frames.taken(.kernel))
            frames.expectShort(of: .kernel)
        }
        frames.endShortage()
        #expect(frames.freeFrames == free - left)
        while let frame = taken.popFirst() { frames.release(frame) }
        var all = FrameList(frames.table)
        while let frame = frames.take(.anonymous) { all.push(frame) }
        #expect(frames.freeFrames == 0)
        while let frame = all.popFirst() { frames.release(frame) }
        frames.mergeFreeFrames()
        let (left, problems) = (frames.freeFrames, frames.problems())
        #expect(left == free && problems == [])
    }

    @Test("a shortage that is for once ends with the allocation that fails")
    func once() throws {
        let machine = FakeMachine(frames: 256)
        var frames = machine.makeAllocator()
        let free = frames.freeFrames
        frames.beginShortage(leaving: 1, endsWithFailure: true)
        let first = try frames.taken(.anonymous)
        frames.expectShort(of: .anonymous)
        let second = try frames.taken(.anonymous)
        frames.endShortage()
        frames.release(first)
        frames.release(second)
        #expect(frames.freeFrames == free)
    }

    @Test("frames that are merged meanwhile are out of reach too, and not lost")
    func merging() throws {
        let machine = FakeMachine(frames: 256)
        var frames = machine.makeAllocator()
        let free = frames.freeFrames
        let frame = try frames.taken(.anonymous)
        frames.beginShortage(leaving: 4, endsWithFailure: false)
        frames.release(frame)
        frames.mergeFreeFrames()
        frames.expectShort(of: .anonymous)
        frames.endShortage()
        frames.mergeFreeFrames()
        let (left, problems) = (frames.freeFrames, frames.problems())
        #expect(left == free && problems == [])
    }
}

// A frame can't be copied, so the macros can't look at it.
extension FrameAllocator {
    /// A frame, which a test needs to go on.
    mutating func taken(_ kind: FrameKind) throws(MapError) -> Frame {
        guard let frame = takeZeroed(kind) else { throw .outOfMemory }
        return frame
    }

    /// No frame can be had. One that could is given back.
    fileprivate mutating func expectShort(of kind: FrameKind, _ location: SourceLocation = #_sourceLocation) {
        guard let frame = take(kind) else { return }
        release(frame)
        Issue.record("a frame could be had", sourceLocation: location)
    }
}
