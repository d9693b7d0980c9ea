import MemoryModel

/// RAM: frames of words. A frame that is all one word takes no space.
struct FakeMemory {
    let first: FrameNumber
    let count: UInt64

    /// Where in ``words`` the words of each frame are; nil where all are its ``fill``.
    private var places: [Int32?]
    private var fill: [UInt64]
    /// Frames of words, one after another: one array, since every access of the memory model comes here.
    private var words: [UInt64] = []
    /// Places whose frame has become all one word.
    private var unusedPlaces: [Int32] = []

    /// What freed and never written frames are full of.
    static let poison: UInt64 = 0xDEAD_BEA7_DEAD_BEA7

    static var wordsPerFrame: Int { Int(Granule.size.rawValue / 8) }

    init(first: FrameNumber, count: UInt64) {
        self.first = first
        self.count = count
        places = Array(repeating: nil, count: Int(count))
        fill = Array(repeating: Self.poison, count: Int(count))
    }

    @inline(__always) func contains(_ frame: FrameNumber) -> Bool { frame.rawValue &- first.rawValue < count }

    @inline(__always) private func slot(_ frame: FrameNumber) -> Int { Int(frame.rawValue &- first.rawValue) }

    @inline(__always) private func wordIndex(_ address: PhysicalAddress) -> Int {
        precondition(address.rawValue & 7 == 0, "a word's address is a multiple of 8")
        return Int((address.rawValue & (Granule.size.rawValue - 1)) >> 3)
    }

    /// The index in ``words`` of the first word of a place.
    @inline(__always) private func start(_ place: Int32) -> Int { Int(place) &* Self.wordsPerFrame }

    /// The word, or nil outside RAM.
    @inline(__always) func load(_ address: PhysicalAddress) -> UInt64? {
        guard contains(address.frame) else { return nil }
        let slot = slot(address.frame)
        guard let place = places[slot] else { return fill[slot] }
        return words[start(place) &+ wordIndex(address)]
    }

    /// Calls `body` with each word of a frame that is odd, and its index. Words that `body` changes later are seen.
    func forEachOddWord(of frame: FrameNumber, _ body: (Int, UInt64) -> Void) {
        guard contains(frame) else { return }
        let slot = slot(frame)
        guard let place = places[slot] else {
            guard fill[slot] & 1 == 1 else { return }
            return (0..<Self.wordsPerFrame).forEach { body($0, fill[slot]) }
        }
        for index in 0..<Self.wordsPerFrame {
            let word = words[start(place) &+ index]
            if word & 1 == 1 { body(index, word) }
        }
    }

    /// How many words of a frame are not zero.
    func nonzeroWords(of frame: FrameNumber) -> Int {
        guard contains(frame) else { return 0 }
        let slot = slot(frame)
        guard let place = places[slot] else { return fill[slot] == 0 ? 0 : Self.wordsPerFrame }
        var count = 0
        for word in words[start(place)..<start(place) + Self.wordsPerFrame] where word != 0 { count &+= 1 }
        return count
    }

    mutating func store(_ value: UInt64, at address: PhysicalAddress) {
        let slot = slot(address.frame)
        let place = places[slot] ?? makePlace(for: slot)
        words[start(place) &+ wordIndex(address)] = value
    }

    /// Gives a frame that is all one word words of its own.
    private mutating func makePlace(for slot: Int) -> Int32 {
        let place: Int32
        if let unused = unusedPlaces.popLast() {
            place = unused
            for index in start(place)..<start(place) + Self.wordsPerFrame { words[index] = fill[slot] }
        } else {
            place = Int32(words.count / Self.wordsPerFrame)
            words.append(contentsOf: repeatElement(fill[slot], count: Self.wordsPerFrame))
        }
        places[slot] = place
        return place
    }

    mutating func fill(_ frame: FrameNumber, with value: UInt64) {
        let slot = slot(frame)
        if let place = places[slot] { unusedPlaces.append(place) }
        places[slot] = nil
        fill[slot] = value
    }

    mutating func copy(from source: FrameNumber, to destination: FrameNumber) {
        guard source != destination else { return }
        guard let from = places[slot(source)] else { return fill(destination, with: fill[slot(source)]) }
        let to = places[slot(destination)] ?? makePlace(for: slot(destination))
        for index in 0..<Self.wordsPerFrame { words[start(to) &+ index] = words[start(from) &+ index] }
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
