import LinuxABI
import Machine
import MemoryModel

/// An address that a program passed: an allegation. Nothing looks through it but copying with the program's own rights,
/// so an address that the program may not use, the kernel's included, is EFAULT.
struct UserPointer {
    let address: UInt64

    init(_ address: UInt64) { self.address = address }

    /// The address of an element of an array that starts here. A sum that wraps ends outside a program's addresses.
    func advanced<Element: BitwiseCopyable>(by index: UInt64, of _: Element.Type) -> UserPointer {
        UserPointer(address &+ index &* UInt64(MemoryLayout<Element>.stride))
    }

    /// Reads a value of any bits.
    /// - Parameter blank: a value to be overwritten; Embedded Swift has no other way to make room for one.
    func load<Value: BitwiseCopyable>(_ blank: Value) throws(Errno) -> Value {
        var value = blank
        guard UserMemory.load(&value, from: address) else { throw .badAddress }
        return value
    }

    /// Writes a value, its padding included.
    func store<Value: BitwiseCopyable>(_ value: Value) throws(Errno) {
        guard UserMemory.store(value, at: address) else { throw .badAddress }
    }

    /// Reads a string up to its NUL.
    /// - Parameter capacity: bytes that there is room for, the NUL included.
    /// - Returns: its length without the NUL. ENAMETOOLONG where it does not fit, EFAULT.
    func loadString<Buffer: BitwiseCopyable>(into buffer: Handle<Buffer>, capacity: Int) throws(Errno) -> Int {
        precondition(capacity <= MemoryLayout<Buffer>.size, "room for the string")
        var room = KernelBytes.changing(at: buffer.address, count: capacity)
        switch UserMemory.copyInString(from: address, to: &room) {
        case .ended(let length): return length
        case .tooLong: throw .fileNameTooLong
        case .fault: throw .badAddress
        }
    }
}

/// A range of a program's memory that a call moves along, as far as it is readable or writable.
struct UserBuffer {
    private(set) var address: UInt64
    private(set) var count: UInt64

    init(_ address: UInt64, count: UInt64) {
        self.address = address
        self.count = count
    }

    /// A range that a program passed to a read or a write; EFAULT where it goes beyond what a program can name (Linux's
    /// access_ok, asm-generic/access_ok.h), before anything is moved. Cut to what one call moves at most.
    init(checking address: UInt64, count: UInt64, limit: UInt64) throws(Errno) {
        let limitOfAddresses = AddressSpaceLayout.addressLimit.rawValue
        guard count <= limitOfAddresses, address <= limitOfAddresses - count else { throw .badAddress }
        self.init(address, count: min(count, limit))
    }

    /// Whether the byte at the front can be read; false of an empty buffer.
    var isReadable: Bool { count > 0 && UserMemory.load8(address) != nil }

    /// Copies bytes to the front of the buffer, which then begins behind them.
    /// - Parameter bytes: at most ``count``.
    /// - Returns: bytes copied; fewer than asked where the program's memory ends.
    mutating func write(_ bytes: Span<UInt8>) -> UInt64 {
        precondition(UInt64(bytes.count) <= count, "no more bytes than the buffer holds")
        let copied = UInt64(bytes.count - UserMemory.copyOut(bytes, to: address))
        advance(by: copied)
        return copied
    }

    /// Copies a value's bytes; false where not all of them fit or could be written.
    mutating func write<Value: BitwiseCopyable>(value: Value) -> Bool {
        let size = UInt64(MemoryLayout<Value>.size)
        guard count >= size, UserMemory.store(value, at: address) else { return false }
        advance(by: size)
        return true
    }

    mutating func writeByte(_ byte: UInt8) -> Bool { write(value: byte) }

    /// Fills the buffer with zeroes.
    /// - Returns: bytes written. EFAULT where none could be.
    mutating func writeZeroes() throws(Errno) -> UInt64 {
        let asked = count
        while count > 0 {
            // A piece at a time: a program may ask for 2 GiB, and others want their turn.
            let piece = min(count, 1 << 20)
            let cleared = piece - UserMemory.clear(address, count: piece)
            advance(by: cleared)
            if cleared < piece { break }
            giveTurnIfOver()
        }
        if count == asked && asked > 0 { throw .badAddress }
        return asked - count
    }

    /// Writes zeroes to the front of the buffer, which then begins behind them.
    /// - Parameter limit: bytes to write, at most ``count``.
    /// - Returns: bytes written; fewer than asked where the program's memory ends.
    mutating func writeZeroes(upTo limit: UInt64) -> UInt64 {
        precondition(limit <= count, "no more zeroes than the buffer holds")
        let cleared = limit - UserMemory.clear(address, count: limit)
        advance(by: cleared)
        return cleared
    }

    /// Copies from the front of the buffer, which then begins behind what was copied.
    /// - Parameters:
    ///   - destination: kernel memory of at least `limit` bytes.
    ///   - limit: bytes to copy, at most ``count``.
    /// - Returns: bytes copied; fewer than asked where the program's memory ends.
    mutating func read(to destination: UInt64, limit: UInt64) -> UInt64 {
        let wanted = min(limit, count)
        let copied = wanted - UserMemory.copyIn(from: address, toKernel: destination, count: wanted)
        advance(by: copied)
        return copied
    }

    /// Moves the front by `bytes`. A program may pass a range that wraps; no byte beyond the wrap is ever copied.
    private mutating func advance(by bytes: UInt64) {
        address &+= bytes
        count -= bytes
    }
}

/// Fills a buffer with random bytes, as far as it can be written.
/// - Returns: bytes written. EFAULT where none could be.
func fillWithRandomBytes(_ buffer: inout UserBuffer) throws(Errno) -> UInt64 {
    let asked = buffer.count
    while buffer.count > 0 {
        let block = kernel.random.nextBlock()
        let wanted = min(buffer.count, UInt64(block.count))
        guard buffer.write(block.span.extracting(0..<Int(wanted))) == wanted else { break }
        giveTurnIfOver()
        if Thread.current.value.hasActionableSignal { break }
    }
    let written = asked - buffer.count
    if written == 0 && asked != 0 { throw .badAddress }
    return written
}
