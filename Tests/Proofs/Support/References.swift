import FakeMachine
import MemoryModel

/// Counts every reference on every frame, from the roots, by looking at RAM.
struct References {
    private let machine: FakeMachine
    private var counts: [UInt64]

    init(_ machine: FakeMachine) {
        self.machine = machine
        counts = Array(repeating: 0, count: Int(machine.frameCount))
    }

    /// Counts a reference.
    /// - Returns: whether it is the frame's first.
    mutating func refer(to frame: FrameNumber) throws -> Bool {
        let index = frame.rawValue &- machine.firstFrame.rawValue
        guard index < counts.count else { throw Disagreement("an entry names what is no RAM") }
        counts[Int(index)] += 1
        return counts[Int(index)] == 1
    }

    /// Counts what an address space refers to; what a shared table refers to once.
    mutating func follow(_ root: FrameNumber, kernel: KernelMappings) throws {
        _ = try refer(to: root)
        try visit(root, level: Granule.firstLevel, isLow: true, kernel)
    }

    private mutating func visit(_ table: FrameNumber, level: Int, isLow: Bool, _ kernel: KernelMappings) throws {
        for index in 0..<Granule.entriesPerTable {
            if level == kernel.level && isLow && kernel.slots.contains(index) { continue }
            let descriptor = Descriptor(rawValue: machine.peek(table.address + ByteCount(UInt64(index) * 8)))
            if descriptor.isTable(at: level) {
                let isNew = try refer(to: descriptor.frame)
                if isNew { try visit(descriptor.frame, level: level + 1, isLow: isLow && index == 0, kernel) }
            } else if descriptor.isResident {
                _ = try refer(to: descriptor.frame)
            }
        }
    }

    /// Compares what was counted with the records.
    /// - Returns: how many frames without a reference are the kernel's, and how many have an owner.
    func compare<M: Hardware>(with records: FrameTable<M>) throws -> (kernel: UInt64, owned: UInt64) {
        var (kernelFrames, owned): (UInt64, UInt64) = (0, 0)
        for (index, count) in counts.enumerated() {
            let frame = machine.firstFrame.advanced(by: UInt64(index))
            let record = records.record(of: frame)
            owned += record.count > 0 ? 1 : 0
            if record.kind == .kernel || record.kind == .retired, record.count == 1, count == 0 {
                kernelFrames += 1
            } else if record.count != count {
                throw Disagreement(
                    "frame \(frame.address.rawValue.hex) counts \(record.count) references, and has \(count)")
            }
        }
        return (kernelFrames, owned)
    }
}
