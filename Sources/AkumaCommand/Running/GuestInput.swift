import Foundation
import SystemPackage

/// The stream from the host to the guest, in frames: a length of 32 bits, little-endian, and that many bytes. Length 0
/// is the end of the input, and nothing follows it.
struct GuestInput: ~Copyable {
    private let source: FileDescriptor?
    private let channel: FileDescriptor
    private var pending: ArraySlice<UInt8> = []
    private var isAtEnd = false

    /// Input for the port behind `channel`.
    init(from source: InputSource, to channel: FileDescriptor) {
        self.channel = channel
        switch source {
        case .descriptor(let number): self.source = FileDescriptor(rawValue: number)
        case .bytes(let bytes):
            self.source = nil
            if !bytes.isEmpty { pending += Self.frame(bytes[...]) }
            pending += Self.frame([])
            isAtEnd = true
        }
    }

    /// The host's descriptor to wait for: when all that it gave is on its way and more can come.
    var awaitedSource: FileDescriptor? { isAtEnd || !pending.isEmpty ? nil : source }

    /// The port to wait for: when something is on its way.
    var awaitedChannel: FileDescriptor? { pending.isEmpty ? nil : channel }

    /// Reads once from the host. Whatever ends or breaks the input is its end for the guest.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) {
        guard let source else { return }
        do {
            let count = try unsafe source.read(into: buffer, retryOnInterrupt: false)
            pending = unsafe Self.frame(Array(buffer.prefix(count))[...])[...]
            isAtEnd = count == 0
        } catch Errno.interrupted, Errno.wouldBlock {
            return
        } catch {
            pending = Self.frame([])[...]
            isAtEnd = true
        }
    }

    /// Sends some of what is pending. A machine that is gone needs no input.
    mutating func send() {
        let count = unsafe pending.withUnsafeBytes { bytes in
            unsafe Glibc.send(
                channel.rawValue, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        if count >= 0 {
            pending = pending.dropFirst(count)
        } else if errno != EAGAIN, errno != EINTR {
            pending = []
            isAtEnd = true
        }
    }

    private static func frame(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let count = UInt32(bytes.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + bytes
    }
}
