// FakeMachine: a machine for tests that remembers what real hardware may remember, and complains.
//
// For:      running the memory model on the developer's desk, where a missing invalidation, cleaning or barrier is
//           reported as a `Violation` that an emulator would hide.
// Touches:  nothing but its own arrays.
// Never:    a shortcut through the memory model's own reading of descriptors: the walker here is written from the
//           Arm ARM a second time, so that the two can disagree.

import MemoryModel

/// A machine with RAM, CPUs that walk translation tables, TLBs and caches that remember.
///
/// Use it from one task. Everything that the architecture allows the hardware to remember counts as remembered: each
/// valid entry of a table that a CPU could walk may be in every TLB from the moment it is written until an
/// invalidation, properly ordered and completed, covers it.
public final class FakeMachine: @unchecked Sendable {
    /// What the machine can do; what differs between CPU models.
    public struct Options: Sendable {
        /// Bits of an ASID that the CPUs implement: 8 or 16. Others are ignored, as by the hardware.
        public var asidBits: Int
        /// Whether the walker sets the access flag itself (FEAT_HAFDBS, `TCR_EL1.HA`).
        public var setsAccessFlag: Bool
        /// Whether the walker marks pages dirty itself (FEAT_HAFDBS, `TCR_EL1.HD`).
        public var setsDirtyState: Bool
        /// Where a seed is given, the walker sets flags at random between any two steps of the kernel.
        public var interferenceSeed: UInt64?
        /// Whether EL1 may not touch what EL0 may (FEAT_PAN, `PSTATE.PAN`).
        public var hasPAN: Bool

        public init(
            asidBits: Int = 16, setsAccessFlag: Bool = false, setsDirtyState: Bool = false,
            interferenceSeed: UInt64? = nil, hasPAN: Bool = true
        ) {
            self.asidBits = asidBits
            self.setsAccessFlag = setsAccessFlag
            self.setsDirtyState = setsDirtyState
            self.interferenceSeed = interferenceSeed
            self.hasPAN = hasPAN
        }
    }

    public let options: Options

    /// The CPUs; each remembers translations of its own.
    public private(set) var cpus: [FakeCPU] = []

    /// What went wrong so far, oldest first. A test that expects something takes it with ``takeViolations()``.
    public internal(set) var violations: [Violation] = []

    /// How often the memory model asked for each kind of operation.
    public internal(set) var maintenance = MaintenanceCounts()

    var memory: FakeMemory
    let tracker: TableTracker
    var caches: CacheModel
    var records: RecordWatch?
    var interference: SplitMix?

    /// - Parameters:
    ///   - base: the first frame's address.
    ///   - frames: the amount of RAM. Content is unspecified until written.
    public init(
        base: PhysicalAddress = PhysicalAddress(0x4000_0000), frames: UInt64 = 1024, cpus: Int = 2,
        options: Options = Options()
    ) {
        self.options = options
        memory = FakeMemory(first: base.frame, count: frames)
        tracker = TableTracker(first: base.frame, count: frames)
        caches = CacheModel(first: base.frame, count: frames)
        interference = options.interferenceSeed.map(SplitMix.init)
        self.cpus = (0..<cpus).map { FakeCPU(index: $0, machine: self) }
        MachineRegistry.current?.add(self)
        _ = unsafe Unmanaged.passRetained(self)
    }

    /// Lets the machine go: its hardware is not used any more. Machines that nobody discards stay until the process ends.
    public func discard() { unsafe Unmanaged.passUnretained(self).release() }

    /// The machine as the memory model takes it.
    public var hardware: FakeHardware { FakeHardware(machine: self) }

    /// The first frame of RAM.
    public var firstFrame: FrameNumber { memory.first }

    /// The frames of RAM.
    public var frameCount: UInt64 { memory.count }

    /// The violations so far, which are forgotten.
    public func takeViolations() -> [Violation] {
        defer { violations = [] }
        return violations
    }

    /// Makes an allocator of all RAM, its record table in the first frames, and watches its records: from now on a
    /// frame that is freed while a CPU may reach it is a violation.
    ///
    /// - Parameter hotLimit: few, so that small memories see frames merged.
    public func makeAllocator(hotLimit: UInt64 = 64) -> FrameAllocator<FakeHardware> {
        makeAllocator(through: hardware, hotLimit: hotLimit)
    }

    /// The same, reaching this machine through hardware that looks at what passes.
    public func makeAllocator<M: Hardware>(through hardware: M, hotLimit: UInt64 = 64) -> FrameAllocator<M> {
        var allocator = FrameAllocator(
            machine: hardware, records: firstFrame.address, firstFrame: firstFrame, frameCount: frameCount,
            hotLimit: hotLimit)
        let used = FrameTable<M>.size(frameCount: frameCount).wholePages
        records = RecordWatch(records: firstFrame.address, firstFrame: firstFrame, frameCount: frameCount)
        allocator.donate(firstFrame.advanced(by: used), count: frameCount - used)
        return allocator
    }

    /// Frames that were taken and not given back.
    public var outstandingFrames: [FrameNumber] { records?.owned ?? [] }

    /// The fewest frames that were free since ``forgetScarcity()``. Zero wherever an allocation has failed.
    public var leastFreeFrames: UInt64 {
        frameCount - FrameTable<FakeHardware>.size(frameCount: frameCount).wholePages
            - UInt64(records?.mostOwned ?? 0)
    }

    /// Begins ``leastFreeFrames`` anew.
    public func forgetScarcity() { records?.forgetMostOwned() }

    /// Reads a word of RAM without any side effect.
    public func peek(_ address: PhysicalAddress) -> UInt64 { memory.load(address) ?? 0 }

    /// How many words of a frame are not zero.
    public func nonzeroWords(of frame: FrameNumber) -> Int { memory.nonzeroWords(of: frame) }

    func report(_ violation: Violation) { violations.append(violation) }
}

/// How often the memory model asked for each kind of operation.
public struct MaintenanceCounts: Equatable, Sendable {
    /// Loads, stores and exchanges of a word.
    public var wordAccesses = 0
    public var pageInvalidations = 0
    public var asidInvalidations = 0
    public var wholeInvalidations = 0
    public var clears = 0
    public var copies = 0
    public var instructionPublications = 0

    public init() {}
}

/// A small reproducible random number generator (SplitMix64, Steele et al. 2014).
public struct SplitMix: RandomNumberGenerator, Sendable {
    var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
