/// What a program calls a mapping of its own (`PR_SET_VMA_ANON_NAME`), as `/proc/PID/maps` shows it: `[anon:NAME]`.
public struct MappingName: Sendable, Equatable {
    /// The characters, eight to a word, then zeroes.
    private var words = InlineArray<10, UInt64>(repeating: 0)

    /// How many characters.
    public private(set) var count = 0

    /// The most characters (include/linux/mm.h, ANON_VMA_NAME_MAX_LEN, less the NUL).
    public static var maximumCount: Int { 79 }

    /// A name without characters.
    public init() {}

    /// Adds a character.
    /// - Returns: false where there is no room for it, or where a name must not have it (Linux kernel/sys.c,
    ///   is_valid_name_char): control characters, those beyond ASCII, and the five that readers of the file take apart.
    public mutating func append(_ byte: UInt8) -> Bool {
        guard count < Self.maximumCount else { return false }
        switch byte {
        case ..<0x20, 0x7F..., 0x24, 0x5B, 0x5C, 0x5D, 0x60: return false  // $ [ \ ] `
        default: break
        }
        words[count >> 3] |= UInt64(byte) << (UInt64(truncatingIfNeeded: count & 7) << 3)
        count += 1
        return true
    }

    /// The character at `index`.
    public subscript(index: Int) -> UInt8 {
        precondition(index < count, "a character of the name")
        return UInt8(truncatingIfNeeded: words[index >> 3] >> (UInt64(truncatingIfNeeded: index & 7) << 3))
    }

    /// The words that hold the characters and at least one NUL.
    var wordCount: Int { (count >> 3) + 1 }

    func word(_ index: Int) -> UInt64 { words[index] }

    /// Adds a word of characters as ``word(_:)`` gave it.
    /// - Returns: whether it was the last.
    mutating func append(word: UInt64) -> Bool {
        words[count >> 3] = word
        let bytes = word == 0 ? 0 : 8 - word.leadingZeroBitCount >> 3
        count += bytes
        return bytes < 8
    }

    public static func == (a: MappingName, b: MappingName) -> Bool {
        guard a.count == b.count else { return false }
        for index in 0..<a.wordCount where a.words[index] != b.words[index] { return false }
        return true
    }
}

/// Where a name lies in an ``AttributeTable``.
struct NamePlace: Equatable {
    /// The index of its first word.
    let word: Int
}

extension AttributeSet {
    /// Which name a page has: 0 for none, otherwise one more than its place.
    static var nameMask: AttributeSet { AttributeSet(rawValue: 0x1FF << 32) }

    /// The set that has nothing but a name.
    init(name: NamePlace) { self.init(rawValue: UInt64(truncatingIfNeeded: name.word + 1) << 32) }

    /// The place of the page's name, if it has one.
    var name: NamePlace? {
        let number = Int(truncatingIfNeeded: rawValue >> 32 & 0x1FF)
        return number == 0 ? nil : NamePlace(word: number - 1)
    }
}

/// Names lie one after the other in the half of the table's frame that the sets leave. They need no frame of their own,
/// and `fork` copies them with the sets.
extension AttributeTable {
    /// The words that there are for names.
    static var nameCapacity: Int { 256 }

    private func nameWord(_ index: Int) -> PhysicalAddress { slot(Self.capacity + index) }

    /// The name at `place`.
    func name(at place: NamePlace) -> MappingName {
        var name = MappingName()
        var index = place.word
        while !name.append(word: machine.load(nameWord(index))) { index += 1 }
        return name
    }

    /// The place of a name, given one if it has none; nil where there is no room.
    mutating func place(of name: MappingName) -> NamePlace? {
        var index = 0
        while index < nameWords {
            let found = self.name(at: NamePlace(word: index))
            if found == name { return NamePlace(word: index) }
            index += found.wordCount
        }
        guard nameWords + name.wordCount <= Self.nameCapacity else { return nil }
        for word in 0..<name.wordCount { machine.store(name.word(word), at: nameWord(nameWords + word)) }
        nameWords += name.wordCount
        return NamePlace(word: index)
    }

    /// Forgets the names that no set has, and moves the others together.
    mutating func sweepNames() {
        var kept = 0
        var index = 0
        while index < nameWords {
            let name = name(at: NamePlace(word: index))
            if replaceName(NamePlace(word: index), by: NamePlace(word: kept)) {
                for word in 0..<name.wordCount { machine.store(name.word(word), at: nameWord(kept + word)) }
                kept += name.wordCount
            }
            index += name.wordCount
        }
        nameWords = kept
        forgetLastSet()
    }

    /// Gives the sets that have the name at `old` the one at `new`, which is not beyond it: no name after `old` is there.
    /// - Returns: whether there are any.
    private func replaceName(_ old: NamePlace, by new: NamePlace) -> Bool {
        var isUsed = false
        for index in 0..<count {
            let set = AttributeSet(rawValue: machine.load(slot(index)))
            guard set != Self.vacant, set.name == old else { continue }
            isUsed = true
            let renamed = set.subtracting(.nameMask) | AttributeSet(name: new)
            machine.store(renamed.rawValue, at: slot(index))
        }
        return isUsed
    }
}
