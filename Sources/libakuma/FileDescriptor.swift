/// An open file, stream or directory, by its number. Copies name the same file; `close` closes it for all.
@frozen public struct FileDescriptor: RawRepresentable, Equatable, Hashable, Sendable {
    /// The number, 0 or greater.
    public let rawValue: Int32

    /// The descriptor of a number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Descriptor 0.
    public static var standardInput: FileDescriptor { FileDescriptor(rawValue: 0) }
    /// Descriptor 1.
    public static var standardOutput: FileDescriptor { FileDescriptor(rawValue: 1) }
    /// Descriptor 2.
    public static var standardError: FileDescriptor { FileDescriptor(rawValue: 2) }

    /// Opens a file; a relative path starts at the working directory.
    ///
    /// - Parameter permissions: of a file that is created, as in `0o644`.
    public static func open(
        _ path: String, _ flags: OpenFlags = .readOnly, permissions: UInt32 = 0o644
    ) throws(Errno) -> FileDescriptor {
        let number = try unsafe withCString(path) { (name) throws(Errno) -> Int in
            try checked(
                unsafe systemCall(
                    .openat, UInt(argument: AtFlags.currentDirectory), UInt(bitPattern: name), UInt(flags.rawValue),
                    UInt(permissions)))
        }
        return FileDescriptor(rawValue: Int32(truncatingIfNeeded: number))
    }

    /// Reads at most as many bytes as the buffer holds, and returns how many; 0 is the end of the file.
    public func read(into buffer: inout MutableRawSpan) throws(Errno) -> Int {
        let result = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe systemCall(
                .read, UInt(argument: rawValue), UInt(bitPattern: bytes.baseAddress), UInt(bytes.count))
        }
        return try checked(result)
    }

    /// Reads at most `count` bytes; an empty array is the end of the file.
    public func read(upTo count: Int) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        let filled = try read(into: &raw)
        bytes.removeLast(count - filled)
        return bytes
    }

    /// Reads to the end of the file.
    public func readAll() throws(Errno) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let piece = try read(upTo: 4096)
            if piece.isEmpty { return all }
            all += piece
        }
    }

    /// Writes from the start of the bytes, and returns how many were written, which may be fewer.
    @discardableResult
    public func write(_ bytes: RawSpan) throws(Errno) -> Int {
        let result = unsafe bytes.withUnsafeBytes { buffer in
            unsafe systemCall(
                .write, UInt(argument: rawValue), UInt(bitPattern: buffer.baseAddress), UInt(buffer.count))
        }
        return try checked(result)
    }

    /// Writes all the bytes, in as many calls as it takes.
    public func writeAll(_ bytes: RawSpan) throws(Errno) {
        var written = 0
        while written < bytes.byteCount {
            written += try write(bytes.extracting(droppingFirst: written))
        }
    }

    /// Moves the position of the next read or write, and returns it, in bytes from the start.
    @discardableResult
    public func seek(to offset: Int, from origin: SeekOrigin = .start) throws(Errno) -> Int {
        try checked(
            unsafe systemCall(.lseek, UInt(argument: rawValue), UInt(bitPattern: offset), UInt(origin.rawValue)))
    }

    /// Closes the descriptor; its number may be given out again.
    public func close() throws(Errno) {
        try checked(unsafe systemCall(.close, UInt(argument: rawValue)))
    }
}

extension FileDescriptor {
    /// Writes all the bytes of an array, in as many calls as it takes.
    public func writeAll(_ bytes: [UInt8]) throws(Errno) { try unsafe writeAll(bytes.span.bytes) }

    /// Writes all of a text, as UTF-8.
    public func writeAll(_ text: String) throws(Errno) { try writeAll(Array(text.utf8)) }
}
