// The memory calls by their C names, for programs whose subject is memory. `Mapping` is the safe way.

/// What `mmap` and `sbrk` return on failure: all ones, never null. `errno` says why.
public var MAP_FAILED: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(bitPattern: UInt.max)! }

/// Why the last of these calls failed. Success leaves it alone.
nonisolated(unsafe) public private(set) var errno = Errno(rawValue: 0)

/// Maps memory, or a file, into this address space.
///
/// - Parameters:
///   - address: where, if it is free there; 0 leaves it to the kernel. With MAP_FIXED: exactly where.
///   - length: bytes, rounded up to whole pages.
///   - protection: PROT_READ, PROT_WRITE, PROT_EXEC, combined by `|`; or PROT_NONE.
///   - flags: MAP_ANONYMOUS and others, combined by `|`. MAP_PRIVATE is added if neither it nor MAP_SHARED is there.
///   - descriptor: the file; -1 for anonymous memory.
///   - offset: bytes into the file, a multiple of the page.
/// - Returns: the address, or `MAP_FAILED`.
@unsafe public func mmap(
    _ address: UInt, _ length: Int, _ protection: Protection, _ flags: MapFlags, _ descriptor: Int32 = -1,
    _ offset: Int = 0
) -> UnsafeMutableRawPointer {
    let flags = flags.sharing == 0 ? flags | MAP_PRIVATE : flags
    let result = unsafe systemCall(
        .mmap, address, UInt(bitPattern: length), UInt(protection.rawValue), UInt(flags.rawValue),
        UInt(argument: descriptor), UInt(bitPattern: offset))
    return unsafe UnsafeMutableRawPointer(bitPattern: noting(result)) ?? MAP_FAILED
}

/// Unmaps all pages of a range; holes in it are no error. Returns 0, or -1 with `errno`.
@unsafe @discardableResult
public func munmap(_ address: UnsafeMutableRawPointer?, _ length: Int) -> Int32 {
    unsafe status(systemCall(.munmap, UInt(bitPattern: address), UInt(bitPattern: length)))
}

/// Changes what all pages of a range permit. Returns 0, or -1 with `errno`.
@unsafe @discardableResult
public func mprotect(_ address: UnsafeMutableRawPointer?, _ length: Int, _ protection: Protection) -> Int32 {
    unsafe status(
        systemCall(.mprotect, UInt(bitPattern: address), UInt(bitPattern: length), UInt(protection.rawValue)))
}

/// Moves the end of the heap to an address. Returns 0, or -1 with `errno`.
@unsafe @discardableResult
public func brk(_ end: UnsafeMutableRawPointer?) -> Int32 {
    let wanted = UInt(bitPattern: end)
    let result = UInt(bitPattern: unsafe systemCall(.brk, wanted))
    return status(result == wanted ? 0 : -Int(Errno.noMemory.rawValue))
}

/// Moves the end of the heap by so many bytes. Returns where it was, or `MAP_FAILED` with `errno`.
@unsafe public func sbrk(_ increment: Int) -> UnsafeMutableRawPointer {
    let end = UInt(bitPattern: unsafe systemCall(.brk, 0))
    guard let old = unsafe UnsafeMutableRawPointer(bitPattern: end) else { return unsafe MAP_FAILED }
    if increment == 0 { return unsafe old }
    return unsafe brk(old + increment) == 0 ? old : MAP_FAILED
}

/// C's 0 or -1 for a call that gives nothing else.
func status(_ result: Int) -> Int32 { noting(result) == -1 ? -1 : 0 }

/// C's convention: the error's number goes to `errno`, and -1 is returned.
func noting(_ result: Int) -> Int {
    guard let error = Errno(result: result) else { return result }
    unsafe errno = error
    return -1
}

public let PROT_NONE = Protection(rawValue: 0)
public let PROT_READ = Protection.read
public let PROT_WRITE = Protection.write
public let PROT_EXEC = Protection.execute

public let MAP_SHARED = MapFlags.shared
public let MAP_PRIVATE = MapFlags.private
public let MAP_FIXED = MapFlags.fixed
public let MAP_ANONYMOUS = MapFlags.anonymous
public let MAP_NORESERVE = MapFlags.noReserve
public let MAP_POPULATE = MapFlags.populate
public let MAP_STACK = MapFlags.stack
public let MAP_FIXED_NOREPLACE = MapFlags.fixedNoReplace
