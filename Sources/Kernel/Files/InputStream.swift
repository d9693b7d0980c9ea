import LinuxABI
import Machine
import MemoryModel

/// Standard input: either the host's frames of bytes, or, where input must not depend on when it arrives, a file of the
/// ramdisk.
///
/// A frame is its length, 32 bits little-endian, and so many bytes; the frame of length 0 is the end.
struct InputStream: ~Copyable {
    /// Bytes that have arrived and were not read: of the file, or in the buffer.
    private var available: (address: UInt64, count: UInt64)
    /// One frame of RAM for what arrives from the host; nil where input is preloaded.
    private let buffer: UInt64?
    /// Bytes of the current frame that have not arrived.
    private var frameRest: UInt64 = 0
    /// The bytes of a frame's length that have arrived.
    private var header: UInt64 = 0
    private var headerCount: UInt64 = 0
    /// Nothing comes after ``available``.
    private var hasEnded = false

    /// Input that is all there.
    init(preloaded: (address: UInt64, count: UInt64)) {
        available = preloaded
        buffer = nil
        hasEnded = true
    }

    /// Input from the host.
    /// - Parameter buffer: the address of a frame that the stream keeps.
    init(buffer: UInt64) {
        available = (buffer, 0)
        self.buffer = buffer
    }

    /// A read would not wait: there are bytes, or the end has been reached.
    var isReadable: Bool {
        mutating get {
            receive()
            return available.count > 0 || hasEnded
        }
    }

    /// Copies what there is to a program, without waiting.
    /// - Returns: bytes copied; 0 at the end, and where there is nothing yet. EFAULT; then nothing is lost.
    mutating func read(into target: inout UserBuffer) throws(Errno) -> UInt64 {
        var total: UInt64 = 0
        while target.count > 0, isReadable, available.count > 0 {
            let count = min(available.count, target.count)
            let copied = target.write(KernelMemory.bytes(at: available.address, count: count))
            available = (available.address + copied, available.count - copied)
            total += copied
            if copied < count {
                if total == 0 { throw .badAddress }
                break
            }
        }
        return total
    }

    /// Takes what has arrived from the host, once everything before it has been read.
    private mutating func receive() {
        guard let buffer, available.count == 0 else { return }
        while !hasEnded, available.count == 0 {
            if frameRest == 0 {
                guard receiveHeaderByte(buffer) else { return }
            } else {
                let count = take(min(frameRest, Granule.size.rawValue), to: buffer)
                if count == 0 { return }
                frameRest -= count
                available = (buffer, count)
            }
        }
    }

    /// Takes one byte of a frame's length; false where none has arrived.
    private mutating func receiveHeaderByte(_ buffer: UInt64) -> Bool {
        guard take(1, to: buffer) == 1 else { return false }
        header |= UInt64(KernelMemory.bytes(at: buffer, count: 1)[0]) << (8 * headerCount)
        headerCount += 1
        if headerCount == 4 {
            frameRest = header
            hasEnded = header == 0
            header = 0
            headerCount = 0
        }
        return true
    }

    private func take(_ limit: UInt64, to buffer: UInt64) -> UInt64 {
        var room = KernelBytes.changing(at: buffer, count: Int(limit))
        return UInt64(kernel.console.receive(into: &room))
    }
}

/// Reads standard input, waiting for bytes or the end.
func readInput(into buffer: inout UserBuffer, waits: Bool) throws(Errno) -> UInt64 {
    if buffer.count == 0 { return 0 }
    guard waits || kernel.input.isReadable else { throw .resourceTemporarilyUnavailable }
    guard wait(on: .input, { kernel.input.isReadable }) == .satisfied else { throw .interrupted }
    return try kernel.input.read(into: &buffer)
}
