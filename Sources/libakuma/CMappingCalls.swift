// What else can be asked of mappings, by the calls' C names: see `CMemoryCalls.swift`.

/// Moves or resizes a mapping. Returns its address, or `MAP_FAILED` with `errno`.
///
/// - Parameters:
///   - newLength: bytes; the mapping grows in place where there is room, or moves if MREMAP_MAYMOVE is given.
///   - newAddress: where, with MREMAP_FIXED, which replaces what was mapped there.
@unsafe public func mremap(
    _ address: UnsafeMutableRawPointer?, _ oldLength: Int, _ newLength: Int, _ flags: UInt32,
    _ newAddress: UnsafeMutableRawPointer? = nil
) -> UnsafeMutableRawPointer {
    let result = unsafe systemCall(
        .mremap, UInt(bitPattern: address), UInt(bitPattern: oldLength), UInt(bitPattern: newLength), UInt(flags),
        UInt(bitPattern: newAddress))
    return unsafe UnsafeMutableRawPointer(bitPattern: noting(result)) ?? MAP_FAILED
}

/// MREMAP_MAYMOVE: the mapping may get another address.
public let MREMAP_MAYMOVE: UInt32 = 1
/// MREMAP_FIXED: it gets the address that is given.
public let MREMAP_FIXED: UInt32 = 2
/// MREMAP_DONTUNMAP: its old addresses stay mapped, to memory that is not there yet.
public let MREMAP_DONTUNMAP: UInt32 = 4

/// Says what will be done with a range. Returns 0, or -1 with `errno`.
@unsafe @discardableResult
public func madvise(_ address: UnsafeMutableRawPointer?, _ length: Int, _ advice: MemoryAdvice) -> Int32 {
    unsafe status(
        systemCall(.madvise, UInt(bitPattern: address), UInt(bitPattern: length), UInt(advice.rawValue)))
}

/// Makes a file of no name and no bytes that lives in memory as long as somebody holds it.
///
/// - Parameter flags: MFD_CLOEXEC 1, MFD_ALLOW_SEALING 2.
public func memfd_create(_ name: String, _ flags: UInt32 = 0) throws(Errno) -> FileDescriptor {
    let number = try unsafe withCString(name) { (name) throws(Errno) -> Int in
        try checked(unsafe systemCall(.memfdCreate, UInt(bitPattern: name), UInt(flags)))
    }
    return FileDescriptor(rawValue: Int32(truncatingIfNeeded: number))
}

/// Sets the length of a file, in bytes; what is added is zero.
public func ftruncate(_ file: FileDescriptor, _ length: Int) throws(Errno) {
    try checked(unsafe systemCall(.ftruncate, UInt(argument: file.rawValue), UInt(bitPattern: length)))
}
