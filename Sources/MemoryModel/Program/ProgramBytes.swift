/// A place in a program's file.
@frozen public struct FileRange: Equatable, Sendable {
    /// Bytes before the first one.
    public let offset: UInt64
    public let size: ByteCount

    @inlinable public init(offset: UInt64, size: ByteCount) {
        self.offset = offset
        self.size = size
    }

    /// The offset beyond the last byte, `UInt64.max` where that exceeds 64 bits.
    public var end: UInt64 {
        let (end, overflow) = offset.addingReportingOverflow(size.rawValue)
        return overflow ? .max : end
    }
}

/// A program's file, wherever its bytes are: read before it is mapped, a few bytes here and there.
public protocol ProgramBytes: ~Escapable {
    var byteCount: UInt64 { get }

    /// The little-endian number of `size` bytes, at most 8, at `offset`; nil beyond the end.
    func littleEndian(at offset: UInt64, size: UInt64) -> UInt64?
}

extension Span: ProgramBytes where Element == UInt8 {
    public var byteCount: UInt64 { UInt64(count) }

    public func littleEndian(at offset: UInt64, size: UInt64) -> UInt64? {
        guard contains(offset, size: size) else { return nil }
        var number: UInt64 = 0
        for place in 0..<Int(size) { number |= UInt64(self[Int(offset) + place]) << UInt64(8 * place) }
        return number
    }
}

extension ProgramBytes where Self: ~Escapable {
    /// Whether `size` bytes from `offset` on lie within the file.
    public func contains(_ offset: UInt64, size: UInt64) -> Bool {
        let available = byteCount
        return offset <= available && size <= available - offset
    }

    func word16(at offset: UInt64) -> UInt16? {
        littleEndian(at: offset, size: 2).map { UInt16(truncatingIfNeeded: $0) }
    }
    func word32(at offset: UInt64) -> UInt32? {
        littleEndian(at: offset, size: 4).map { UInt32(truncatingIfNeeded: $0) }
    }
    func word64(at offset: UInt64) -> UInt64? { littleEndian(at: offset, size: 8) }
}
