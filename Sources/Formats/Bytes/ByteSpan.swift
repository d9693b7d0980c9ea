/// Bytes lent for reading. Every access is bounds-checked.
public typealias ByteSpan = Span<UInt8>

extension Span where Element == UInt8 {
    /// Whether `range` lies within this span. Correct for any pair of numbers, negative ones included.
    @inlinable public func holds(_ range: ByteRange) -> Bool {
        range.offset >= 0 && range.count >= 0 && range.offset <= count && range.count <= count - range.offset
    }

    /// The bytes at `range`, or none where it does not lie within this span.
    @_lifetime(copy self)
    @inlinable public func bytes(at range: ByteRange) -> ByteSpan {
        holds(range) ? extracting(range.offset..<range.end) : extracting(0..<0)
    }

    /// The big-endian 32-bit number at `offset`, or nil where it does not lie within this span.
    @inlinable func bigEndian32(at offset: Int) -> UInt32? {
        guard holds(ByteRange(offset: offset, count: 4)) else { return nil }
        return UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16 | UInt32(self[offset + 2]) << 8
            | UInt32(self[offset + 3])
    }

    /// The big-endian 64-bit number at `offset`, or nil where it does not lie within this span.
    @inlinable func bigEndian64(at offset: Int) -> UInt64? {
        guard let high = bigEndian32(at: offset), let low = bigEndian32(at: offset + 4) else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }

    /// The bytes from `offset` up to the next NUL, which is not included; nil where no NUL follows.
    @inlinable func terminatedString(at offset: Int) -> ByteRange? {
        guard offset >= 0 else { return nil }
        var end = offset
        while end < count {
            if self[end] == 0 { return ByteRange(offset: offset, count: end - offset) }
            end += 1
        }
        return nil
    }

    /// Whether the two hold the same bytes.
    @inlinable public func equals(_ other: ByteSpan) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }

    /// Whether these bytes are the UTF-8 form of `text`.
    @inlinable public func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && starts(with: text)
    }

    /// Whether these bytes begin with the UTF-8 form of `text`.
    ///
    /// The module's one expression marked `unsafe`: a literal's bytes have no other door without a heap. The index
    /// stays below the literal's own count, and literals live as long as the program.
    @inline(never) public func starts(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard text.hasPointerRepresentation, length <= count else { return false }
        for index in 0..<length where unsafe text.utf8Start[index] != self[index] { return false }
        return true
    }
}
