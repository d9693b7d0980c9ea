import Foundation
import SystemPackage

/// One stream from the guest to the host, byte-exact: what was read and not yet delivered, and what was collected.
struct GuestStream: ~Copyable {
    /// Where the emulator puts the bytes.
    enum Source {
        /// A socket or pipe: it pushes back when nobody reads, and has an end.
        case channel
        /// A file that grows: it never pushes back, so that guest time cannot depend on the reader.
        case growingFile
    }

    /// How the bytes go on.
    enum Delivery {
        /// As they come.
        case bytes
        /// Line by line: for a stream that shares its destination with another one.
        case lines
    }

    /// Writes of at most this many bytes never block on a pipe that is ready (PIPE_BUF).
    private static let writeLimit = 4096

    let descriptor: FileDescriptor
    let source: Source
    private let destination: FileDescriptor?
    private let isCollected: Bool
    private let delivery: Delivery
    /// The beginning of a line that has not ended.
    private var unfinishedLine: [UInt8] = []
    private var pending: ArraySlice<UInt8> = []
    private(set) var collected: [UInt8] = []
    private(set) var isAtEnd = false
    private var fileOffset: Int64 = 0

    init(
        from descriptor: FileDescriptor, _ source: Source, to destination: FileDescriptor?, by delivery: Delivery = .bytes,
        collecting: Bool
    ) {
        self.delivery = delivery
        self.descriptor = descriptor
        self.source = source
        self.destination = destination
        isCollected = collecting
    }

    /// Whether reading can make progress: what was read before is delivered.
    var wantsInput: Bool { !isAtEnd && pending.isEmpty }

    /// The descriptor to wait for before the next delivery, if there is something to deliver.
    var awaitedDestination: FileDescriptor? { pending.isEmpty ? nil : destination }

    /// Whether everything arrived where it should.
    var isFinished: Bool { isAtEnd && pending.isEmpty }

    /// Reads once; a growing file without new bytes is left alone unless nobody writes it any more.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer, writerIsGone: Bool = true) {
        guard wantsInput else { return }
        let count: Int
        switch source {
        case .channel:
            guard let got = try? unsafe descriptor.read(into: buffer) else {
                end()
                return
            }
            count = got
        case .growingFile:
            count = (try? unsafe descriptor.read(fromAbsoluteOffset: fileOffset, into: buffer)) ?? 0
            fileOffset += Int64(count)
            if count == 0, !writerIsGone { return }
        }
        if count == 0 {
            end()
            return
        }
        let bytes = unsafe Array(buffer.prefix(count))
        if isCollected { collected += bytes }
        guard destination != nil else { return }
        switch delivery {
        case .bytes:
            pending = bytes[...]
        case .lines:
            unfinishedLine += bytes
            guard let last = unfinishedLine.lastIndex(of: UInt8(ascii: "\n")) else { return }
            pending = unfinishedLine[...last]
            unfinishedLine = Array(unfinishedLine[(last + 1)...])
        }
    }

    private mutating func end() {
        isAtEnd = true
        pending = unfinishedLine[...]
        unfinishedLine = []
    }

    /// Writes some of what is pending; false if the reader went away.
    mutating func deliver() -> Bool {
        guard let destination, !pending.isEmpty else { return true }
        do {
            let count = try unsafe pending.prefix(Self.writeLimit).withUnsafeBytes { bytes in
                try unsafe destination.write(bytes, retryOnInterrupt: false)
            }
            pending = pending.dropFirst(count)
            return true
        } catch Errno.interrupted, Errno.wouldBlock {
            return true
        } catch Errno.brokenPipe {
            return false
        } catch {
            // A full disk or a closed descriptor: the program cannot be told, as its write is long over.
            pending = []
            return true
        }
    }
}
