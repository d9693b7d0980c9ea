extension FixedWidthInteger {
    /// The number in hexadecimal, as in `0x10000000`, with zeros in front up to `digits` digits.
    public func hexadecimal(digits: Int = 1) -> String {
        let text = String(self, radix: 16)
        return "0x" + String(repeating: "0", count: Swift.max(0, digits - text.utf8.count)) + text
    }
}

extension String {
    /// The text with spaces behind it, up to so many bytes.
    public func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - utf8.count))
    }

    /// The text with spaces before it, up to so many bytes.
    public func rightAligned(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - utf8.count)) + self
    }
}

extension Errno: CustomStringConvertible {
    /// As in `EINVAL: Invalid argument`.
    public var description: String { "\(name): \(message)" }
}

extension Signal: CustomStringConvertible {
    /// As in `SIGSEGV`.
    public var description: String { name.description }
}
