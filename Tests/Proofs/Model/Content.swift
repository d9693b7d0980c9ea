/// What a page holds: the words that were written, by their offset, over what it held before anybody wrote.
struct Content: Equatable {
    /// The words that were written. All others are the ramdisk's, or zero.
    var words: [UInt64: UInt64] = [:]
    /// The page of the ramdisk that it began as, if any.
    var backing: UInt64 = 0
    /// How many bytes of that are left: the rest was never there, or was cleared.
    var backedBytes: UInt64 = 0

    /// A page of the ramdisk, of which so many bytes are there.
    init(backing: UInt64, bytes: UInt64) {
        self.backing = backing
        backedBytes = bytes
    }

    static let zero = Content(backing: 0, bytes: 0)

    /// What a word of the ramdisk is: no two are the same.
    static func ramdisk(_ page: UInt64, _ offset: UInt64) -> UInt64 { 0xBAC_0000_0000 + page * pageSize + offset + 1 }

    /// The word at an offset that is a multiple of 8.
    func word(at offset: UInt64) -> UInt64 {
        if let written = words[offset] { return written }
        return Self.head(of: Self.ramdisk(backing, offset), at: offset, before: backedBytes)
    }

    mutating func clear(from offset: UInt64) {
        backedBytes = min(backedBytes, offset)
        for (place, word) in words { words[place] = Self.head(of: word, at: place, before: offset) }
    }

    /// What is left of a word at `offset` whose bytes from `end` on are zero. The first byte is the lowest.
    private static func head(of word: UInt64, at offset: UInt64, before end: UInt64) -> UInt64 {
        if offset + 8 <= end { return word }
        return offset >= end ? 0 : word & (1 << ((end - offset) * 8) - 1)
    }
}
