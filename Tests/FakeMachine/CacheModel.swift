import MemoryModel

/// What the data and instruction caches may hide of each frame's content.
struct CacheModel {
    enum Data: Hashable {
        /// Whatever its previous owner left.
        case unwritten
        /// Written; lines not cleaned.
        case dirty
        /// Cleaning was begun, and not waited for.
        case cleaning
        /// Cleaned: may be shown to EL0.
        case clean
        /// Shown to EL0 before. What the kernel writes from now on is between it and the program.
        case published
    }

    struct State {
        var data: Data = .unwritten
        /// Whether instruction fetch sees the last write.
        var instructionsPublished = false
    }

    private var states: FrameIndexed<State>
    private var cleaning: [FrameNumber] = []

    init(first: FrameNumber, count: UInt64) {
        states = FrameIndexed(first: first, count: count, otherwise: State())
    }

    func state(_ frame: FrameNumber) -> State { states[frame] }

    /// A word or some bytes were written.
    mutating func wrote(partOf frame: FrameNumber) {
        var state = state(frame)
        if state.data == .clean || state.data == .cleaning { state.data = .dirty }
        state.instructionsPublished = false
        states[frame] = state
    }

    /// Every byte was written.
    mutating func wrote(allOf frame: FrameNumber, cleaning begun: Bool) {
        var state = state(frame)
        state.instructionsPublished = false
        if state.data != .published { state.data = begun ? .cleaning : .dirty }
        states[frame] = state
        if begun { cleaning.append(frame) }
    }

    mutating func clean(_ frame: FrameNumber) {
        var state = state(frame)
        guard state.data == .dirty else { return }
        state.data = .cleaning
        states[frame] = state
        cleaning.append(frame)
    }

    /// `dsb ish`: what was begun is done.
    mutating func completeCleaning() {
        for frame in cleaning where states[frame].data == .cleaning { states[frame].data = .clean }
        cleaning.removeAll(keepingCapacity: true)
    }

    mutating func publishInstructions(in frame: FrameNumber) {
        clean(frame)
        states[frame].instructionsPublished = true
        completeCleaning()
    }

    mutating func published(_ frame: FrameNumber) { states[frame].data = .published }

    mutating func forget(_ frame: FrameNumber) { states[frame] = State() }
}
