// Printing: lines go out whole, and what was printed before a crash is there.
//
// There is an overload for each count up to four, because Embedded Swift has no `Any` and does not specialise
// parameter packs over a protocol's requirement.

/// Writes a line's end to the standard output.
public func print() { StandardOutput.append([], "", "\n") }

/// Writes the items to the standard output, separated and ended as asked.
///
/// The text is on its way when `print` returns if it contains a line's end, and otherwise with the next one, before
/// reading from the standard input, and at `exit`. Errors of the stream are not reported, as in Swift's own `print`.
public func print(_ a: some CustomStringConvertible, separator: String = " ", terminator: String = "\n") {
    StandardOutput.append([a.description], separator, terminator)
}

/// Writes the items, see `print(_:separator:terminator:)`.
public func print(
    _ a: some CustomStringConvertible, _ b: some CustomStringConvertible,
    separator: String = " ", terminator: String = "\n"
) {
    StandardOutput.append([a.description, b.description], separator, terminator)
}

/// Writes the items, see `print(_:separator:terminator:)`.
public func print(
    _ a: some CustomStringConvertible, _ b: some CustomStringConvertible,
    _ c: some CustomStringConvertible,
    separator: String = " ", terminator: String = "\n"
) {
    StandardOutput.append([a.description, b.description, c.description], separator, terminator)
}

/// Writes the items, see `print(_:separator:terminator:)`.
public func print(
    _ a: some CustomStringConvertible, _ b: some CustomStringConvertible,
    _ c: some CustomStringConvertible, _ d: some CustomStringConvertible,
    separator: String = " ", terminator: String = "\n"
) {
    StandardOutput.append([a.description, b.description, c.description, d.description], separator, terminator)
}

/// Writes the items to the standard error stream, at once.
public func printError(_ items: String..., separator: String = " ", terminator: String = "\n") {
    var isFirst = true
    for item in items {
        if !isFirst { StandardError.append(separator) }
        isFirst = false
        StandardError.append(item)
    }
    StandardError.append(terminator)
    StandardError.flush()
}

/// The stream that `print` writes to, descriptor 1.
public enum StandardOutput {
    nonisolated(unsafe) private static var buffer = OutputBuffer(.standardOutput)

    /// Text from the last line's end on waits here until the next.
    public static func append(_ text: String) { unsafe buffer.append(text) }

    /// Items with a separator between them and a terminator after them; written if there is a line's end.
    static func append(_ items: [String], _ separator: String, _ terminator: String) {
        for (index, item) in items.enumerated() {
            if index > 0 { append(separator) }
            append(item)
        }
        append(terminator)
        if hasLineEnd { flush() }
    }

    /// Whether what waits contains a line's end.
    static var hasLineEnd: Bool { unsafe buffer.hasLineEnd }

    /// One byte, for Swift's `putchar`.
    static func append(byte: UInt8) { unsafe buffer.append(byte) }

    /// Writes what waits.
    public static func flush() { unsafe buffer.flush() }
}

/// The stream that `printError` writes to, descriptor 2.
public enum StandardError {
    nonisolated(unsafe) private static var buffer = OutputBuffer(.standardError)

    /// Text waits here until `flush`.
    public static func append(_ text: String) { unsafe buffer.append(text) }

    /// Text that is part of the program, without allocating.
    static func append(static text: StaticString) {
        text.withUTF8Buffer { for unsafe byte in unsafe $0 { unsafe buffer.append(byte) } }
    }

    /// An address as in `0x10000000`, without allocating.
    static func append(hexadecimal value: UInt) {
        append(static: "0x")
        var shift = value == 0 ? 0 : (UInt.bitWidth - 1 - value.leadingZeroBitCount) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(value >> UInt(shift) & 0xF)
            unsafe buffer.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            shift -= 4
        }
    }

    /// Writes what waits.
    public static func flush() { unsafe buffer.flush() }
}

/// Bytes on their way to a descriptor. Fixed in size, so that printing allocates nothing.
struct OutputBuffer {
    private static var capacity: Int { 1024 }

    private let descriptor: FileDescriptor
    private var bytes: InlineArray<1024, UInt8>
    private var count: Int
    private(set) var hasLineEnd: Bool

    init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
        bytes = InlineArray(repeating: 0)
        count = 0
        hasLineEnd = false
    }

    mutating func append(_ text: String) {
        for byte in text.utf8 { append(byte) }
    }

    mutating func append(_ byte: UInt8) {
        if count == Self.capacity { flush() }
        bytes[count] = byte
        count += 1
        if byte == UInt8(ascii: "\n") { hasLineEnd = true }
    }

    mutating func flush() {
        let pending = count
        count = 0
        hasLineEnd = false
        if pending > 0 {
            try? descriptor.writeAll(unsafe bytes.span.extracting(first: pending).bytes)
        }
    }
}

/// Swift's runtime prints byte by byte.
@c(putchar)
func putCharacter(_ character: Int32) -> Int32 {
    StandardOutput.append(byte: UInt8(truncatingIfNeeded: character))
    if StandardOutput.hasLineEnd { StandardOutput.flush() }
    return character
}
