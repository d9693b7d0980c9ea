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

/// A range of a program's memory that a call moves along, as far as it is readable or writable; or several ranges, one
/// behind the other (`readv` and its like).
struct UserBuffer {
    /// The range at hand, and its bytes.
    private var address: UInt64
    private var rangeCount: UInt64
    /// The ranges behind it, and the bytes in all of them.
    private var following = VectorPlace.none
    private var followingCount: UInt64 = 0

    /// The bytes of all ranges.
    var count: UInt64 { rangeCount + followingCount }

    init(_ address: UInt64, count: UInt64) {
        self.address = address
        rangeCount = count
    }

    /// The ranges of a list, which outlives the buffer.
    init(_ list: VectorList) {
        self.init(0, count: 0)
        following = VectorPlace(list)
        followingCount = list.total
        advance(by: 0)
    }

    /// A range that a program passed to a read or a write; EFAULT where it goes beyond what a program can name (Linux's
    /// access_ok, asm-generic/access_ok.h), before anything is moved. Cut to what one call moves at most.
    init(checking address: UInt64, count: UInt64) throws(Errno) {
        let limit = AddressSpaceLayout.addressLimit.rawValue
        guard count <= limit, address <= limit - count else { throw .badAddress }
        self.init(address, count: min(count, UserBuffer.maximumTransfer))
    }

    /// The most that one call moves: Linux's MAX_RW_COUNT, INT_MAX rounded down to a page (include/linux/fs.h).
    static var maximumTransfer: UInt64 { 0x7FFF_F000 }

    /// Whether the byte at the front can be read; false of an empty buffer.
    var isReadable: Bool { count > 0 && UserMemory.load8(address) != nil }

    /// Copies bytes to the front of the buffer, which then begins behind them.
    /// - Parameter bytes: at most ``count``.
    /// - Returns: bytes copied; fewer than asked where the program's memory ends.
    mutating func write(_ bytes: Span<UInt8>) -> UInt64 {
        precondition(UInt64(bytes.count) <= count, "no more bytes than the buffer holds")
        var written = 0
        repeat {
            // A range may be said to be of any size.
            let wanted = min(UInt64(bytes.count - written), rangeCount)
            let end = written + Int(wanted)
            let left = UserMemory.copyOut(bytes.extracting(written..<end), to: address)
            advance(by: UInt64(end - written - left))
            written = end - left
            if left > 0 { break }
        } while written < bytes.count
        return UInt64(written)
    }

    /// Copies a value's bytes; false where not all of them fit into the range at hand or could be written.
    mutating func write<Value: BitwiseCopyable>(value: Value) -> Bool {
        let size = UInt64(MemoryLayout<Value>.size)
        guard rangeCount >= size, UserMemory.store(value, at: address) else { return false }
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
            let cleared = writeZeroes(upTo: piece)
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
        var cleared: UInt64 = 0
        repeat {
            let wanted = min(limit - cleared, rangeCount)
            let left = UserMemory.clear(address, count: wanted)
            advance(by: wanted - left)
            cleared += wanted - left
            if left > 0 { break }
        } while cleared < limit
        return cleared
    }

    /// Copies from the front of the buffer, which then begins behind what was copied.
    /// - Parameters:
    ///   - destination: kernel memory of at least `limit` bytes.
    ///   - limit: bytes to copy, at most ``count``.
    /// - Returns: bytes copied; fewer than asked where the program's memory ends.
    mutating func read(to destination: UInt64, limit: UInt64) -> UInt64 {
        let limit = min(limit, count)
        var copied: UInt64 = 0
        repeat {
            let wanted = min(limit - copied, rangeCount)
            let left = UserMemory.copyIn(from: address, toKernel: destination + copied, count: wanted)
            advance(by: wanted - left)
            copied += wanted - left
            if left > 0 { break }
        } while copied < limit
        return copied
    }

    /// Takes the range at hand off the front.
    mutating func takeRange() -> UserBuffer {
        let range = UserBuffer(address, count: rangeCount)
        advance(by: rangeCount)
        return range
    }

    /// Moves the front by `bytes` of the range at hand, and on to the next one that has any. A program may pass a range
    /// that wraps; no byte beyond the wrap is ever copied.
    private mutating func advance(by bytes: UInt64) {
        address &+= bytes
        rangeCount -= bytes
        while rangeCount == 0, followingCount > 0 {
            let vector = following.vector
            following.advance()
            address = vector.base
            rangeCount = vector.count
            followingCount -= vector.count
        }
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
