public import MachineAssembly

/// A program's memory, reached only with the program's own rights: unprivileged loads and stores.
///
/// Any address is safe to pass; what the program itself may not do is refused, and so is an address with a tag, which only
/// the program's own accesses may have (Linux Documentation/arm64/tagged-pointers.rst). A page that the program has not touched
/// yet faults, and `akuma_kernel_exception` is asked to resolve that. The address space must be installed.
public enum UserMemory {
    /// How far a string went.
    public enum StringCopy: Equatable, Sendable {
        /// The bytes before its terminating zero, which is copied too.
        case ended(length: Int)
        /// No zero among as many bytes as there is room for.
        case tooLong
        /// The program may not read as far as its zero.
        case fault
    }

    /// Whether the top byte is not that of an address of the lower half. The hardware would ignore it.
    @inlinable @inline(__always) static func isTagged(_ user: UInt64) -> Bool { user >> 56 != 0 }

    /// Copies from a program's memory into `span`.
    /// - Returns: the bytes at the end of `span` that could not be copied, 0 for success.
    public static func copyIn(from user: UInt64, to span: inout MutableRawSpan) -> Int {
        if isTagged(user) { return span.byteCount }
        return unsafe span.withUnsafeMutableBytes { bytes in
            unsafe Int(akuma_copy_from_user(bytes.baseAddress, user, UInt64(bytes.count)))
        }
    }

    /// Copies `span` to a program's memory.
    /// - Returns: the bytes at the end of `span` that could not be copied, 0 for success.
    public static func copyOut(_ span: RawSpan, to user: UInt64) -> Int {
        if isTagged(user) { return span.byteCount }
        return unsafe span.withUnsafeBytes { bytes in
            unsafe Int(akuma_copy_to_user(user, bytes.baseAddress, UInt64(bytes.count)))
        }
    }

    /// Copies from a program's memory to RAM at `kernel`, an address in the identity mapping.
    /// - Returns: the bytes at the end that could not be copied.
    @inlinable public static func copyIn(from user: UInt64, toKernel kernel: UInt64, count: UInt64) -> UInt64 {
        if isTagged(user) { return count }
        return unsafe akuma_copy_from_user(UnsafeMutableRawPointer(bitPattern: UInt(kernel)), user, count)
    }

    /// Copies from RAM at `kernel`, an address in the identity mapping, to a program's memory.
    /// - Returns: the bytes at the end that could not be copied.
    @inlinable public static func copyOut(fromKernel kernel: UInt64, to user: UInt64, count: UInt64) -> UInt64 {
        if isTagged(user) { return count }
        return unsafe akuma_copy_to_user(user, UnsafeRawPointer(bitPattern: UInt(kernel)), count)
    }

    /// Copies a value of a trivial type, such as a structure of the system-call interface, to a program's memory.
    /// - Returns: whether all of it was copied.
    @inlinable public static func store<T: BitwiseCopyable>(_ value: T, at user: UInt64) -> Bool {
        if isTagged(user) { return false }
        return unsafe withUnsafeBytes(of: value) { bytes in
            unsafe akuma_copy_to_user(user, bytes.baseAddress, UInt64(bytes.count)) == 0
        }
    }

    /// Copies a value of a trivial type from a program's memory over `value`. Every pattern of its bits must be valid.
    /// - Returns: whether all of it was copied; `value` is partly overwritten where not.
    @inlinable public static func load<T: BitwiseCopyable>(_ value: inout T, from user: UInt64) -> Bool {
        if isTagged(user) { return false }
        return unsafe withUnsafeMutableBytes(of: &value) { bytes in
            unsafe akuma_copy_from_user(bytes.baseAddress, user, UInt64(bytes.count)) == 0
        }
    }

    /// Writes zeroes to a program's memory.
    /// - Returns: the bytes at the end that could not be written.
    @inlinable public static func clear(_ user: UInt64, count: UInt64) -> UInt64 {
        isTagged(user) ? count : akuma_clear_user(user, count)
    }

    /// Copies a string that ends with a zero, of less than `span`'s size, from a program's memory.
    public static func copyInString(from user: UInt64, to span: inout MutableRawSpan) -> StringCopy {
        if isTagged(user) { return .fault }
        let result = unsafe span.withUnsafeMutableBytes { bytes in
            unsafe akuma_copy_string_from_user(bytes.baseAddress, user, UInt64(bytes.count))
        }
        switch result.outcome {
        case 0: return .ended(length: Int(result.count))
        case 1: return .tooLong
        default: return .fault
        }
    }

    /// Reads a byte of a program's memory, nil where the program may not.
    @inlinable public static func load8(_ user: UInt64) -> UInt8? {
        if isTagged(user) { return nil }
        let word = akuma_user_load8(user)
        return word.succeeded != 0 ? UInt8(truncatingIfNeeded: word.value) : nil
    }

    /// Reads 32 bits of a program's memory, at once where aligned, nil where the program may not.
    @inlinable public static func load32(_ user: UInt64) -> UInt32? {
        if isTagged(user) { return nil }
        let word = akuma_user_load32(user)
        return word.succeeded != 0 ? UInt32(truncatingIfNeeded: word.value) : nil
    }

    /// Where a user-copy routine goes on when the instruction at `instruction` faults for good; nil for any other code.
    static func landing(for instruction: UInt64) -> UInt64? {
        let start = akuma_address_of_fixups_start()
        let end = akuma_address_of_fixups_end()
        var entry = start
        while entry < end {
            let from = relative(entry)
            if from == instruction { return relative(entry + 4) }
            entry += 8
        }
        return nil
    }

    /// The address that a self-relative word names.
    private static func relative(_ address: UInt64) -> UInt64 {
        address &+ UInt64(bitPattern: Int64(Int32(bitPattern: akuma_load32(address))))
    }
}
