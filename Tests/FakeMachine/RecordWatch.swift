import MemoryModel

/// Watches the frame records: who takes a frame, and who frees it.
struct RecordWatch {
    let records: PhysicalAddress
    let firstFrame: FrameNumber
    let frameCount: UInt64

    /// Whether a frame has a reference.
    private var isOwned: FrameIndexed<Bool>

    /// Frames with a reference.
    private(set) var ownedCount = 0

    /// The most frames that had a reference at the same time, since somebody last asked to begin anew.
    private(set) var mostOwned = 0

    init(records: PhysicalAddress, firstFrame: FrameNumber, frameCount: UInt64) {
        self.records = records
        self.firstFrame = firstFrame
        self.frameCount = frameCount
        isOwned = FrameIndexed(first: firstFrame, count: frameCount, otherwise: false)
    }

    var owned: [FrameNumber] { isOwned.frames { $0 } }

    mutating func forgetMostOwned() { mostOwned = ownedCount }

    mutating func took(_ frame: FrameNumber) {
        isOwned[frame] = true
        ownedCount += 1
        mostOwned = max(mostOwned, ownedCount)
    }

    mutating func gaveBack(_ frame: FrameNumber) {
        isOwned[frame] = false
        ownedCount -= 1
    }

    /// What a write of a record's first word means for a block of frames.
    struct Change {
        let first: FrameNumber
        let count: UInt64
        /// Whether the block is free from now on; otherwise it is taken.
        let isFreed: Bool
    }

    /// What the write means, or nil where no frame changes hands.
    func change(from old: UInt64, to new: UInt64, at address: PhysicalAddress) -> Change? {
        let offset = address.rawValue &- records.rawValue
        guard offset < frameCount * 16, offset & 15 == 0 else { return nil }
        let (before, after) = (FrameRecord(state: old, detail: 0), FrameRecord(state: new, detail: 0))
        guard (before.count == 0) != (after.count == 0) else { return nil }
        let isFreed = after.count == 0
        return Change(
            first: firstFrame.advanced(by: offset / 16), count: 1 << (isFreed ? before : after).order, isFreed: isFreed)
    }
}

extension FakeMachine {
    /// Notes frames that change hands by this write of a record.
    func didWriteRecord(_ new: UInt64, over old: UInt64, at address: PhysicalAddress) {
        guard let change = records?.change(from: old, to: new, at: address) else { return }
        for offset in 0..<change.count {
            let frame = change.first.advanced(by: offset)
            if change.isFreed {
                records?.gaveBack(frame)
                freed(frame)
            } else {
                records?.took(frame)
            }
        }
    }

    /// Nobody may reach the frame any more; its content is lost.
    private func freed(_ frame: FrameNumber) {
        if tracker.isTable(frame) {
            report(.freedWhileReachable(frame, .table))
        } else if tracker.hasStaleUse(of: frame) {
            report(.freedWhileReachable(frame, .walkCache))
        }
        if tracker.isMapped(frame) {
            report(.freedWhileReachable(frame, .mapped))
        } else if tracker.hasStaleTranslation(to: frame) {
            report(.freedWhileReachable(frame, .translation))
        }
        if !tracker.isTable(frame) { memory.fill(frame, with: FakeMemory.poison) }
        caches.forget(frame)
    }
}
