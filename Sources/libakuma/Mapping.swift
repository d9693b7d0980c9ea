/// Memory of its own, anonymous and private, that is unmapped when nobody owns it any more.
///
/// The safe way to pages: what `mmap` returns, with an owner. The bytes start as zero. Reaching into a mapping whose
/// protection does not permit it ends the program with SIGSEGV, as memory does.
@safe @frozen public struct Mapping: ~Copyable {
    /// The first byte's address, a multiple of the page.
    public let address: UInt
    /// Bytes, a multiple of the page.
    public let byteCount: Int

    /// Maps at least so many bytes.
    ///
    /// - Parameter populate: whether the pages are made resident now, rather than each when it is first touched.
    /// - Throws: `Errno.invalidArgument` for no bytes at all, `Errno.noMemory`.
    public init(
        byteCount: Int, _ protection: Protection = .read | .write, populate: Bool = false
    ) throws(Errno) {
        let flags = populate ? MapFlags.anonymous | .populate : .anonymous
        try self.init(at: 0, byteCount: byteCount, protection, flags)
    }

    /// Maps at least so many bytes exactly there, where nothing else may be mapped.
    ///
    /// - Throws: `Errno.fileExists` when something is mapped there, `Errno.invalidArgument`, `Errno.noMemory`.
    public init(
        exactlyAt address: UInt, byteCount: Int, _ protection: Protection = .read | .write
    ) throws(Errno) {
        try self.init(at: address, byteCount: byteCount, protection, .anonymous | .fixedNoReplace)
    }

    private init(at address: UInt, byteCount: Int, _ protection: Protection, _ flags: MapFlags) throws(Errno) {
        guard byteCount > 0 else { throw .invalidArgument }
        let page = Program.pageSize
        let (sum, overflow) = byteCount.addingReportingOverflow(page - 1)
        guard !overflow else { throw .noMemory }
        let start = unsafe mmap(address, byteCount, protection, flags)
        if unsafe start == MAP_FAILED { throw unsafe errno }
        self.address = UInt(bitPattern: start)
        self.byteCount = sum & ~(page - 1)
    }

    deinit { unsafe munmap(start, byteCount) }

    /// Changes what the whole mapping permits.
    public mutating func protect(_ protection: Protection) throws(Errno) {
        if unsafe mprotect(start, byteCount, protection) != 0 { throw unsafe errno }
    }

    /// Unmaps now, and reports what `deinit` cannot.
    public consuming func unmap() throws(Errno) {
        let result = unsafe munmap(start, byteCount)
        discard self
        if result != 0 { throw unsafe errno }
    }

    /// The bytes, to read.
    public var bytes: RawSpan {
        @_lifetime(borrow self) borrowing get {
            let span = unsafe RawSpan(_unsafeStart: start, byteCount: byteCount)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The bytes, to read and write.
    public var mutableBytes: MutableRawSpan {
        @_lifetime(&self) mutating get {
            let span = unsafe MutableRawSpan(_unsafeStart: start, byteCount: byteCount)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }

    /// One byte, by its place in the mapping.
    public subscript(offset: Int) -> UInt8 {
        get {
            precondition(offset >= 0 && offset < byteCount, "the offset is in the mapping")
            return unsafe start.load(fromByteOffset: offset, as: UInt8.self)
        }
        set {
            precondition(offset >= 0 && offset < byteCount, "the offset is in the mapping")
            unsafe start.storeBytes(of: newValue, toByteOffset: offset, as: UInt8.self)
        }
    }

    private var start: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(bitPattern: address)! }
}
