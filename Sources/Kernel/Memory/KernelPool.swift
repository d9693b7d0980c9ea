import LinuxABI
import Machine
import MemoryModel

/// A pool of kernel objects that grows by frames and gives them back.
struct KernelPool<T: ~Copyable>: ~Copyable {
    fileprivate var pool = Pool<T>()

    init() {}

    /// Places an object; ENOMEM where there is no frame for it.
    mutating func make(_ value: consuming T) throws(Errno) -> Handle<T> {
        guard let handle = place(value) else { throw .noMemory }
        return handle
    }

    /// Places an object; nil where there is no frame for it.
    mutating func place(_ value: consuming T) -> Handle<T>? { pool.make(value, slab: KernelPages.take) }

    /// Makes sure that the next object finds room; ENOMEM where there is no frame for it.
    ///
    /// For objects that own something, which a failing ``make(_:)`` would drop.
    mutating func makeRoom() throws(Errno) {
        if pool.hasRoom { return }
        guard let page = KernelPages.take() else { throw .noMemory }
        pool.add(slab: page)
    }

    /// Takes an object out. No handle to it is used afterwards.
    mutating func take(_ handle: Handle<T>) -> T {
        pool.destroy(handle, release: KernelPages.giveBack)
    }
}

extension KernelPool where T: ~Copyable {
    /// Visits every object, in no particular order. `body` must not destroy another one than it is given.
    func forEach(_ body: (Handle<T>) -> Void) { pool.forEach(body) }

    /// Destroys an object. No handle to it is used afterwards.
    mutating func destroy(_ handle: Handle<T>) { _ = take(handle) }
}

/// Single frames for the kernel's own use, by the address that the kernel reaches them at.
enum KernelPages {
    /// The kernel's address of a frame, its content unspecified; nil where memory has run out.
    static func take() -> UInt64? {
        kernel.frames.withLock { frames in
            guard let frame = frames.take(.kernel) else { return nil }
            return KernelMemory.physToVirt(frame.relinquish().address).rawValue
        }
    }

    /// Takes back what ``take()`` gave.
    static func giveBack(_ address: UInt64) {
        kernel.frames.withLock { $0.release(Frame(adopting: KernelMemory.virtToPhys(VirtualAddress(address)).frame)) }
    }
}

/// Lends a frame as scratch space for a value of any bits; ENOMEM where there is none.
func withScratch<Value: BitwiseCopyable, Result>(
    _: Value.Type, _ body: (Handle<Value>) throws(Errno) -> Result
) throws(Errno) -> Result {
    precondition(MemoryLayout<Value>.size <= Int(Granule.size.rawValue), "scratch space is one frame")
    guard let page = KernelPages.take() else { throw .noMemory }
    defer { KernelPages.giveBack(page) }
    return try body(unsafe Handle<Value>(unsafeAddress: page))
}

/// Lends a frame likewise to what a program can't be refused: where there is none, memory is reclaimed, or a program is
/// ended that has most of it.
/// - Parameter address: what of the running program's memory it is for.
/// - Throws: ENOMEM where the running program is the one that has to end.
func withNeededScratch<Value: BitwiseCopyable, Result>(
    _ type: Value.Type, for address: UInt64, _ body: (Handle<Value>) throws(Errno) -> Result
) throws(Errno) -> Result {
    var page = KernelPages.take()
    while page == nil, relieveShortage(at: VirtualAddress(address)) { page = KernelPages.take() }
    guard let page else { throw .noMemory }
    defer { KernelPages.giveBack(page) }
    return try body(unsafe Handle<Value>(unsafeAddress: page))
}
