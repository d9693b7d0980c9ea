extension KernelBytes {
    /// `count` bytes from a physical address, for reading one by one. The rules of ``reading(at:count:)`` apply.
    @_lifetime(immortal)
    public static func bytes(at address: UInt64, count: UInt64) -> Span<UInt8> {
        let bytes = unsafe UnsafeBufferPointer<UInt8>(
            start: UnsafePointer(bitPattern: UInt(address)), count: Int(count))
        let span = unsafe Span(_unsafeElements: bytes)
        return unsafe _overrideLifetime(span, borrowing: ())
    }

    /// Copies bytes to RAM at `address`, in frames that the caller keeps; the two do not overlap. Nothing is cleaned.
    public static func copy(_ bytes: Span<UInt8>, to address: UInt64) {
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            PhysicalPage.copyBytes(
                from: UInt64(UInt(bitPattern: start)), to: address, count: UInt64(source.count))
        }
    }
}

extension UserMemory {
    /// Copies `bytes` to a program's memory.
    /// - Returns: the bytes at the end that could not be copied, 0 for success.
    public static func copyOut(_ bytes: Span<UInt8>, to user: UInt64) -> Int {
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return 0 }
            return Int(copyOut(fromKernel: UInt64(UInt(bitPattern: start)), to: user, count: UInt64(source.count)))
        }
    }
}

extension StaticString {
    /// The bytes of the text's UTF-8 form. Literals live as long as the kernel.
    public var bytes: Span<UInt8> {
        @_lifetime(immortal) get {
            let span = unsafe Span(_unsafeStart: utf8Start, count: utf8CodeUnitCount)
            return unsafe _overrideLifetime(span, borrowing: ())
        }
    }

    /// Visits the bytes of the text's UTF-8 form.
    public func forEachByte(_ body: (UInt8) -> Void) {
        for index in 0..<utf8CodeUnitCount { body(unsafe utf8Start[index]) }
    }
}
