import Formats
import Machine

/// Writes text into a page, as far as there is room: one record of a file below `/proc` after the other.
///
/// The figures are laid out as by Linux's fs/seq_file.c.
struct TextWriter {
    private let page: Handle<PathBuffer>
    /// Bytes in the page.
    private(set) var count = 0
    /// Bytes of the record so far, those included that were left out or did not fit.
    private(set) var recordLength = 0
    /// The record's first bytes, which are left out: an earlier page had them.
    private var skipped: Int

    /// Bytes that a page takes.
    static var capacity: Int { 4096 }

    /// - Parameter skipping: bytes of the first record that are left out.
    init(_ page: Handle<PathBuffer>, skipping: Int) {
        self.page = page
        skipped = skipping
    }

    /// Bytes that there is room for.
    var room: Int { Self.capacity - count }

    /// Some of the record did not fit.
    private(set) var isCut = false

    mutating func beginRecord() { recordLength = 0 }

    /// Goes back to where a record began, which is to come whole in the next page.
    mutating func takeBack(to count: Int) {
        self.count = count
        isCut = false
    }

    /// No more of the record is left out: the next one begins.
    mutating func endRecord() { skipped = 0 }

    // MARK: Text

    mutating func write(_ byte: UInt8) {
        recordLength += 1
        if skipped > 0 {
            skipped -= 1
        } else if count < Self.capacity {
            page.value.bytes[count] = byte
            count += 1
        } else {
            isCut = true
        }
    }

    mutating func write(_ text: StaticString) {
        let bytes = text.bytes
        for index in bytes.indices { write(bytes[index]) }
    }

    mutating func write(_ text: Span<UInt8>) {
        for index in text.indices { write(text[index]) }
    }

    /// Text in which each newline is written as `\012` (fs/seq_file.c, mangle_path).
    mutating func write(escapingNewlines text: Span<UInt8>) {
        for index in text.indices {
            if text[index] == UInt8(ascii: "\n") { write("\\012") } else { write(text[index]) }
        }
    }

    mutating func newLine() { write(UInt8(ascii: "\n")) }

    // MARK: Figures

    /// A number in decimal digits, with spaces before it up to a width.
    mutating func write(_ number: UInt64, width: Int = 0) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var length = 0
        var rest = number
        repeat {
            digits[length] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            length += 1
        } while rest > 0
        var padding = length
        while padding < width {
            write(UInt8(ascii: " "))
            padding += 1
        }
        while length > 0 {
            length -= 1
            write(digits[length])
        }
    }

    /// A number with its sign.
    mutating func write(_ number: Int32) {
        if number < 0 { write(UInt8(ascii: "-")) }
        write(UInt64(number.magnitude))
    }

    /// A number in hexadecimal digits, with zeroes before it up to a width.
    mutating func write(hexadecimal number: UInt64, width: Int) {
        var digit = max(width, (67 - number.leadingZeroBitCount) / 4)
        while digit > 0 {
            digit -= 1
            let value = UInt8(truncatingIfNeeded: digit < 16 ? number >> UInt64(4 * digit) & 0xF : 0)
            write(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
        }
    }

    /// A number in octal digits, with zeroes before it up to a width.
    mutating func write(octal number: UInt64, width: Int) {
        var digit = max(width, (66 - number.leadingZeroBitCount) / 3)
        while digit > 0 {
            digit -= 1
            write(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number >> UInt64(3 * digit) & 7))
        }
    }

    /// Spaces up to a column of the record, at least one.
    mutating func pad(to column: Int) {
        repeat { write(UInt8(ascii: " ")) } while recordLength < column
    }

    /// A line with a figure in KiB, eight digits wide.
    mutating func line(_ label: StaticString, kibibytes: UInt64) {
        write(label)
        write(kibibytes, width: 8)
        write(" kB\n")
    }

    mutating func line(_ label: StaticString, pages: UInt64) { line(label, kibibytes: pages * 4) }

    /// A line with a figure and nothing behind it.
    mutating func line(_ label: StaticString, _ number: UInt64) {
        write(label)
        write(number)
        newLine()
    }
}
