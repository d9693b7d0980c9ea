import libakuma

// The calls on plain words: an address, or an error number negated, comes back as the kernel gave it.

let page: UInt = 4096

/// Where cases map at addresses of their own: free on both kernels, whatever the program itself does.
let arena: UInt = 0x2000_0000

/// The address of a page of the arena.
func at(_ index: Int) -> UInt { arena &+ UInt(bitPattern: index) &* page }

/// Bits of `prot`. Source: Linux `include/uapi/asm-generic/mman-common.h`.
enum Prot {
    static let none: UInt = 0
    static let r: UInt = 1
    static let w: UInt = 2
    static let x: UInt = 4
    static let rw: UInt = 3
    static let rx: UInt = 5
    static let wx: UInt = 6
    static let rwx: UInt = 7
    static let growsDown: UInt = 0x0100_0000
    static let growsUp: UInt = 0x0200_0000

    /// The eight sets of rights, by name.
    static var all: [(name: String, bits: UInt)] {
        [("none", none), ("r", r), ("w", w), ("x", x), ("rw", rw), ("rx", rx), ("wx", wx), ("rwx", rwx)]
    }
}

/// Bits of `flags`. Source: Linux `include/uapi/linux/mman.h`.
enum Map {
    static let shared: UInt = 1
    static let priv: UInt = 2
    static let sharedValidate: UInt = 3
    static let fixed: UInt = 0x10
    static let anon: UInt = 0x20
    static let growsDown: UInt = 0x100
    static let locked: UInt = 0x2000
    static let noReserve: UInt = 0x4000
    static let populate: UInt = 0x8000
    static let nonBlock: UInt = 0x1_0000
    static let hugePages: UInt = 0x4_0000
    static let sync: UInt = 0x8_0000
    static let noReplace: UInt = 0x10_0000
}

func map(
    _ address: UInt, _ length: UInt, _ prot: UInt, _ flags: UInt, _ file: Int = -1, _ offset: UInt = 0
) -> Int {
    unsafe systemCall(.mmap, address, length, prot, flags, UInt(bitPattern: file), offset)
}

/// Maps pages of the arena, private and anonymous unless told, and notes if that fails.
func region(
    _ first: Int, _ count: Int, _ prot: UInt = Prot.rw, _ flags: UInt = Map.priv | Map.anon, _ file: Int = -1,
    _ offset: UInt = 0
) {
    let result = map(at(first), UInt(count) * page, prot, flags | Map.fixed, file, offset)
    if result < 0, result >= -4095 { see("setup", result) }
}

func unmap(_ address: UInt, _ length: UInt) -> Int { unsafe systemCall(.munmap, address, length) }

func protect(_ address: UInt, _ length: UInt, _ prot: UInt) -> Int {
    unsafe systemCall(.mprotect, address, length, prot)
}

func remap(_ address: UInt, _ old: UInt, _ new: UInt, _ flags: UInt, _ to: UInt = 0) -> Int {
    unsafe systemCall(.mremap, address, old, new, flags, to)
}

func advise(_ address: UInt, _ length: UInt, _ advice: UInt) -> Int {
    unsafe systemCall(.madvise, address, length, advice)
}

func synchronise(_ address: UInt, _ length: UInt, _ flags: UInt) -> Int {
    unsafe systemCall(.msync, address, length, flags)
}

/// Advice by number. Source: Linux `include/uapi/asm-generic/mman-common.h`.
enum Advice {
    static let dontNeed: UInt = 4
    static let remove: UInt = 9
    static let dontFork: UInt = 10
    static let doFork: UInt = 11
    static let wipeOnFork: UInt = 18
    static let keepOnFork: UInt = 19
    static let populateRead: UInt = 22
    static let populateWrite: UInt = 23
}

/// Lends the address of a word that the kernel reads or writes.
func withWord(_ word: inout UInt, _ body: (UInt) -> Int) -> Int {
    unsafe withUnsafeMutablePointer(to: &word) { body(UInt(bitPattern: $0)) }
}

/// Lends the address of bytes.
func withBytes(_ bytes: inout [UInt8], _ body: (UInt) -> Int) -> Int {
    unsafe bytes.withUnsafeMutableBytes { body(UInt(bitPattern: $0.baseAddress)) }
}

/// Lends the address of text ended by NUL.
func withText(_ text: String, _ body: (UInt) -> Int) -> Int {
    var bytes = Array(text.utf8) + [0]
    return withBytes(&bytes, body)
}

/// Runs `body` in a child and passes on what the child observed, beside what this process did.
func inChild(_ body: () -> Void) {
    do throws(Errno) {
        let (readEnd, writeEnd) = try pipe()
        let before = observed
        guard let child = try fork() else {
            body()
            try writeEnd.writeAll(String(observed.dropFirst(before.count)))
            exit(0)
        }
        try writeEnd.close()
        let text = String(decoding: try readEnd.readAll(), as: UTF8.self)
        try readEnd.close()
        let status = try wait(for: child)
        see("child", "[\(text.drop { $0 == " " })]")
        if let signal = status.signal { see("child-ended-by", signal.description) }
    } catch {
        see("child", error.name.description)
    }
}

/// A resource's limits. Numbers of Linux `include/uapi/asm-generic/resource.h`.
enum Limit {
    static let data: UInt = 2
    static let stack: UInt = 3
    static let memlock: UInt = 8
    static let addressSpace: UInt = 9

    /// Sets the soft limit, in bytes.
    static func set(_ which: UInt, _ soft: UInt) -> Int {
        var words: [UInt64] = [0, 0]
        return unsafe words.withUnsafeMutableBytes { words in
            let address = UInt(bitPattern: words.baseAddress)
            let got = unsafe systemCall(.prlimit64, 0, which, 0, address)
            if got != 0 { return got }
            unsafe words.storeBytes(of: UInt64(soft), as: UInt64.self)
            return unsafe systemCall(.prlimit64, 0, which, address, 0)
        }
    }
}
