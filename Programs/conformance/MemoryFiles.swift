import libakuma

// Files in memory, and the calls on them.

/// Flags of `memfd_create` and `fcntl`'s numbers. Source: Linux `include/uapi/linux/memfd.h`, `fcntl.h`.
enum MemoryFile {
    static let allowSealing: UInt = 2
    static let addSeals: UInt = 1033
    static let getSeals: UInt = 1034

    static func create(_ flags: UInt = 0, name: String = "conformance") -> Int {
        withText(name) { unsafe systemCall(.memfdCreate, $0, flags) }
    }

    /// A file of whole pages, the first byte of page n being 0x10 + n; notes if it cannot be.
    static func make(_ pages: Int, _ flags: UInt = 0) -> Int {
        let file = create(flags)
        if file < 0 {
            see("memfd", file)
            return file
        }
        for index in 0..<pages { _ = write(file, UInt(index) * page, UInt8(0x10 + index)) }
        if resize(file, UInt(pages) * page) != 0 { see("setup", "no size") }
        return file
    }

    static func resize(_ file: Int, _ length: UInt) -> Int {
        unsafe systemCall(.ftruncate, UInt(bitPattern: file), length)
    }

    /// Writes one byte at an offset.
    static func write(_ file: Int, _ offset: UInt, _ byte: UInt8) -> Int {
        var bytes = [byte]
        return withBytes(&bytes) { unsafe systemCall(.pwrite64, UInt(bitPattern: file), $0, 1, offset) }
    }

    /// The byte at an offset in hexadecimal, `end`, or an error.
    static func read(_ file: Int, _ offset: UInt) -> String {
        var bytes: [UInt8] = [0xEE]
        let count = withBytes(&bytes) { unsafe systemCall(.pread64, UInt(bitPattern: file), $0, 1, offset) }
        return count == 1 ? String(bytes[0], radix: 16) : count == 0 ? "end" : described(count)
    }

    static func seal(_ file: Int, _ seals: UInt) -> Int {
        unsafe systemCall(.fcntl, UInt(bitPattern: file), addSeals, seals)
    }

    static func seals(_ file: Int) -> Int { unsafe systemCall(.fcntl, UInt(bitPattern: file), getSeals) }

    static func close(_ file: Int) { _ = unsafe systemCall(.close, UInt(bitPattern: file)) }
}

/// Opens a file by its path. Flags of Linux `include/uapi/asm-generic/fcntl.h`.
func open(_ path: String, _ flags: UInt, _ mode: UInt = 0o644) -> Int {
    withText(path) { unsafe systemCall(.openat, UInt(argument: AtFlags.currentDirectory), $0, flags, mode) }
}

/// This program's own file, to read.
func ownFile() -> Int { open(Program.path, 0) }
