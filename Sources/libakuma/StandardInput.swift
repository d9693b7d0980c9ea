/// The stream that a program reads, descriptor 0.
public enum StandardInput {
    nonisolated(unsafe) private static var buffer = InputBuffer()

    /// The next byte; nil at the end of the input.
    public static func readByte() throws(Errno) -> UInt8? { try unsafe buffer.next() }
}

/// The next line of the standard input, without its end unless asked; nil at the end of the input, or when the stream
/// reports an error. Invalid UTF-8 is repaired.
public func readLine(strippingNewline: Bool = true) -> String? {
    var bytes: [UInt8] = []
    while let byte = try? StandardInput.readByte() {
        let isEnd = byte == UInt8(ascii: "\n")
        if !isEnd || !strippingNewline { bytes.append(byte) }
        if isEnd { return String(decoding: bytes, as: UTF8.self) }
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
}

/// Bytes that were read and not yet asked for.
private struct InputBuffer {
    private var bytes = InlineArray<1024, UInt8>(repeating: 0)
    private var position = 0
    private var end = 0

    /// The next byte, reading more when there is none; nil at the end. What was printed is written before it waits.
    mutating func next() throws(Errno) -> UInt8? {
        if position == end {
            StandardOutput.flush()
            position = 0
            end = 0
            var span = bytes.mutableSpan
            var raw = unsafe span.mutableBytes
            end = try FileDescriptor.standardInput.read(into: &raw)
            if end == 0 { return nil }
        }
        defer { position += 1 }
        return bytes[position]
    }
}
