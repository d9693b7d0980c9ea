// By these names Swift's runtime allocates. `free` itself is in `Memory.S`, because Swift reserves its name.

/// POSIX's `posix_memalign`: EINVAL for an alignment that is no power of two, ENOMEM when there is no memory.
@c(posix_memalign)
func allocateAligned(
    _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ alignment: UInt, _ size: UInt
) -> Int32 {
    guard alignment != 0, alignment & (alignment - 1) == 0 else { return Errno.invalidArgument.rawValue }
    guard let block = unsafe Allocator.shared.pointee.allocate(size, alignment: alignment) else {
        return Errno.noMemory.rawValue
    }
    unsafe result?.pointee = unsafe block
    return 0
}

/// C's `free`; a null pointer is nothing to do.
@c(akuma_free)
func freeBlock(_ block: UnsafeMutableRawPointer?) {
    if let block = unsafe block { unsafe Allocator.shared.pointee.free(block) }
}
