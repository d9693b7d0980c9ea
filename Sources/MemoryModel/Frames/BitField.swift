/// Some adjacent bits of a word, described once: the description serves accessors, dumps and tests.
@frozen public struct BitField: Sendable {
    /// What the bits hold, as a dump prints it.
    public let name: StaticString

    /// The number of the lowest bit.
    public let shift: UInt64

    /// How many bits, 1 … 63.
    public let width: UInt64

    @inlinable public init(_ name: StaticString, shift: UInt64, width: UInt64) {
        self.name = name
        self.shift = shift
        self.width = width
    }

    /// The greatest value that fits.
    @inlinable public var maximum: UInt64 { (1 &<< width) &- 1 }

    /// The field's bits within the word.
    @inlinable public var mask: UInt64 { maximum &<< shift }

    /// The field's value in `word`.
    @inlinable public func value(in word: UInt64) -> UInt64 { (word &>> shift) & maximum }

    /// Whether any bit of the field is set in `word`.
    @inlinable public func isSet(in word: UInt64) -> Bool { word & mask != 0 }

    /// `word` with `value` in this field and every other bit as it was. Traps where `value` does not fit.
    @inlinable public func replacing(in word: UInt64, by value: UInt64) -> UInt64 { (word & ~mask) | self.word(value) }

    /// Writes the field in `word`, leaving every other bit. Traps where `value` needs more bits than the field has.
    @inlinable public func set(_ value: UInt64, in word: inout UInt64) { word = replacing(in: word, by: value) }

    /// A word with `value` in this field and zero elsewhere. Traps where `value` needs more bits than the field has.
    @inlinable public func word(_ value: UInt64) -> UInt64 {
        precondition(value <= maximum, "a value that fits its bit field")
        return value &<< shift
    }
}
