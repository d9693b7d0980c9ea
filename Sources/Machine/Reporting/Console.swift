import MachineAssembly

/// The kernel's log: lines of text on the serial line. Without a heap, so a message is written as it is made.
public enum Console {
    nonisolated(unsafe) private static var port: SerialPort?

    /// Sends the log to a serial line from now on. Before that it goes nowhere, except that a panic uses the debugger.
    public static func use(_ newPort: SerialPort) { unsafe port = newPort }

    /// Whether there is a serial line.
    public static var isOpen: Bool { unsafe port != nil }

    /// Writes one byte.
    public static func write(byte: UInt8) {
        if let port = unsafe port { port.send(byte) }
    }

    /// Writes text.
    public static func write(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount {
            write(byte: unsafe text.utf8Start[index])
        }
    }

    /// Writes bytes as they are.
    public static func write(_ bytes: RawSpan) {
        for index in 0..<bytes.byteCount {
            unsafe write(byte: bytes.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self))
        }
    }

    /// Writes a number in decimal.
    public static func write(_ number: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            write(byte: UInt8(0x30 + number / divisor % 10))
            divisor /= 10
        }
    }

    /// Writes a number in hexadecimal after `0x`, with at least `digits` digits.
    public static func write(hex number: UInt64, digits: Int = 1) {
        write("0x")
        var shift = 60
        while shift >= 0 {
            let digit = UInt8(number >> UInt64(shift) & 15)
            if number >> UInt64(shift) != 0 || shift < digits * 4 || shift == 0 {
                write(byte: digit < 10 ? 0x30 + digit : 0x57 + digit)
            }
            shift -= 4
        }
    }

    /// Writes a line: `Console.log("mapped \(hex: address) to \(frame)")`. A new line is added.
    public static func log(_ line: LogLine) { write(byte: 0x0a) }
}

/// A line of the log. Its parts are written while it is made, which is why it has no content.
public struct LogLine: ExpressibleByStringInterpolation {
    public struct StringInterpolation: StringInterpolationProtocol {
        public init(literalCapacity: Int, interpolationCount: Int) {}
        public mutating func appendLiteral(_ literal: StaticString) { Console.write(literal) }
        /// A number in decimal.
        public mutating func appendInterpolation(_ number: UInt64) { Console.write(number) }
        /// A number in decimal.
        public mutating func appendInterpolation(_ number: Int) {
            if number < 0 { Console.write(byte: 0x2d) }
            Console.write(UInt64(number.magnitude))
        }
        /// A number in hexadecimal.
        public mutating func appendInterpolation(hex number: UInt64, digits: Int = 1) {
            Console.write(hex: number, digits: digits)
        }
        /// Text.
        public mutating func appendInterpolation(_ text: StaticString) { Console.write(text) }
        /// Bytes as they are, such as a name from a file.
        public mutating func appendInterpolation(bytes: RawSpan) { Console.write(bytes) }
    }

    public init(stringLiteral text: StaticString) { Console.write(text) }
    public init(stringInterpolation: StringInterpolation) {}
}
