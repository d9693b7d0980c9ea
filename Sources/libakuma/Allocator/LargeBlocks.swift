/// Blocks that are mappings of their own.
enum LargeBlock {
    /// Bytes of the mapping for a block; nil when no address space could hold it.
    static func byteCount(holding size: UInt, alignment: UInt) -> UInt? {
        guard size < 1 << 47, alignment < 1 << 46 else { return nil }
        return Region.pages(holding: size) * Region.pageSize
    }

    /// Maps whole pages at a multiple of `alignment`; nil when there is no memory.
    ///
    /// The kernel aligns to pages only. For more, the mapping is made too large and its ends are given back.
    static func map(_ byteCount: UInt, alignment: UInt) -> UnsafeMutableRawPointer? {
        guard let first = unsafe mapPages(byteCount) else { return nil }
        if UInt(bitPattern: first) & (alignment - 1) == 0 { return unsafe first }
        unsafe unmapPages(first, byteCount)

        let surplus = alignment - Region.pageSize
        guard let start = unsafe mapPages(byteCount + surplus) else { return nil }
        let before = (0 &- UInt(bitPattern: start)) & (alignment - 1)
        if before > 0 { unsafe unmapPages(start, before) }
        if surplus > before { unsafe unmapPages(start + Int(before + byteCount), surplus - before) }
        return unsafe start + Int(before)
    }
}

/// Zeroed pages from the kernel; nil when there are none.
func mapPages(_ byteCount: UInt) -> UnsafeMutableRawPointer? {
    let protection = Protection.read | .write
    let flags = MapFlags.private | .anonymous
    let result = unsafe systemCall(
        .mmap, 0, byteCount, UInt(protection.rawValue), UInt(flags.rawValue), UInt(argument: -1), 0)
    return Errno(result: result) == nil ? unsafe UnsafeMutableRawPointer(bitPattern: result) : nil
}

/// Gives pages back to the kernel.
func unmapPages(_ start: UnsafeMutableRawPointer, _ byteCount: UInt) {
    unsafe systemCall(.munmap, UInt(bitPattern: start), byteCount)
}
