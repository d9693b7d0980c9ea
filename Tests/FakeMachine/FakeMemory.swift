import MemoryModel

/// RAM: frames of words. A frame that is all one word takes no space.
struct FakeMemory {
    let first: FrameNumber
    let count: UInt64

    /// The words of each frame; empty where all are `fill`.
    private var words: [[UInt64]]
    private var fill: [UInt64]

    /// What freed and never written frames are full of.
    static let poison: UInt64 = 0xDEAD_BEA7_DEAD_BEA7

    static var wordsPerFrame: Int { Int(Granule.size.rawValue / 8) }

    init(first: FrameNumber, count: UInt64) {
        self.first = first
        self.count = count
        words = Array(repeating: [], count: Int(count))
        fill = Array(repeating: Self.poison, count: Int(count))
    }

    func contains(_ frame: FrameNumber) -> Bool { frame.rawValue &- first.rawValue < count }

    private func slot(_ frame: FrameNumber) -> Int { Int(frame.rawValue - first.rawValue) }

    private func wordIndex(_ address: PhysicalAddress) -> Int {
        precondition(address.rawValue & 7 == 0, "a word's address is a multiple of 8")
        return Int((address.rawValue & (Granule.size.rawValue - 1)) >> 3)
    }

    /// The word, or nil outside RAM.
    func load(_ address: PhysicalAddress) -> UInt64? {
        guard contains(address.frame) else { return nil }
        let slot = slot(address.frame)
        return words[slot].isEmpty ? fill[slot] : words[slot][wordIndex(address)]
    }

    /// All words of a frame, or none where all are even or the frame is outside RAM.
    func words(of frame: FrameNumber) -> [UInt64] {
        guard contains(frame) else { return [] }
        let slot = slot(frame)
        guard words[slot].isEmpty, fill[slot] & 1 == 1 else { return words[slot] }
        return Array(repeating: fill[slot], count: Self.wordsPerFrame)
    }

    mutating func store(_ value: UInt64, at address: PhysicalAddress) {
        let slot = slot(address.frame)
        if words[slot].isEmpty { words[slot] = Array(repeating: fill[slot], count: Self.wordsPerFrame) }
        words[slot][wordIndex(address)] = value
    }

    mutating func fill(_ frame: FrameNumber, with value: UInt64) {
        words[slot(frame)] = []
        fill[slot(frame)] = value
    }

    mutating func copy(from source: FrameNumber, to destination: FrameNumber) {
        words[slot(destination)] = words[slot(source)]
        fill[slot(destination)] = fill[slot(source)]
    }

    func byte(at address: PhysicalAddress) -> UInt8? {
        guard let word = load(PhysicalAddress(address.rawValue & ~7)) else { return nil }
        return UInt8(truncatingIfNeeded: word >> ((address.rawValue & 7) * 8))
    }

    mutating func setByte(_ value: UInt8, at address: PhysicalAddress) {
        let aligned = PhysicalAddress(address.rawValue & ~7)
        let shift = (address.rawValue & 7) * 8
        let word = load(aligned) ?? 0
        store((word & ~(0xFF << shift)) | UInt64(value) << shift, at: aligned)
    }
}
