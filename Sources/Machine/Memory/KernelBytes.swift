/// Bytes of RAM, seen through the kernel's identity mapping.
public enum KernelBytes {
    /// `count` bytes from a physical address, for reading.
    ///
    /// The memory must be mapped, and stay what it is for as long as the span is used: boot-time memory that is never
    /// given away (device tree, ramdisk), or frames that the caller keeps. The type cannot check that.
    @_lifetime(immortal)
    public static func reading(at address: UInt64, count: Int) -> RawSpan {
        let bytes = unsafe UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: UInt(address)), count: count)
        let span = unsafe RawSpan(_unsafeBytes: bytes)
        return unsafe _overrideLifetime(span, borrowing: ())
    }

    /// `count` bytes from a physical address, for changing: of frames that the caller keeps and nobody else uses
    /// meanwhile.
    @_lifetime(immortal)
    public static func changing(at address: UInt64, count: Int) -> MutableRawSpan {
        let bytes = unsafe UnsafeMutableRawBufferPointer(
            start: UnsafeMutableRawPointer(bitPattern: UInt(address)), count: count)
        let span = unsafe MutableRawSpan(_unsafeBytes: bytes)
        return unsafe _overrideLifetime(span, borrowing: ())
    }
}
