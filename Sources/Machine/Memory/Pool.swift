/// Objects of one type in slabs of memory that the caller gives and gets back. What the kernel has instead of a heap.
///
/// A slab is a power-of-two number of bytes at a multiple of its size; it begins with a header and holds as many slots
/// as fit. A map of its slots in use finds a free one, and catches an object destroyed twice.
@safe public struct Pool<T: ~Copyable>: ~Copyable {
    @usableFromInline let slabSize: Int
    @usableFromInline var first: Handle<Slab>?
    @usableFromInline var last: Handle<Slab>?

    /// The number of objects alive.
    public private(set) var count = 0

    /// The number of slabs held.
    public private(set) var slabCount = 0

    /// The header of a slab. Slabs with a free slot come before those without in the pool's list.
    @usableFromInline struct Slab {
        @usableFromInline var next: Handle<Slab>?
        @usableFromInline var previous: Handle<Slab>?
        @usableFromInline var used: Int
        /// One bit for each slot in use.
        @usableFromInline var map: InlineArray<8, UInt64>
    }

    /// An empty pool whose slabs are `slabSize` bytes: a power of two, by default one page, and large enough for one
    /// object and its header of 88 bytes.
    public init(slabSize: Int = 4096) {
        precondition(slabSize.nonzeroBitCount == 1, "a slab's size is a power of two")
        precondition(Self.firstSlot + Self.stride <= slabSize, "an object and the header must fit in a slab")
        self.slabSize = slabSize
    }

    /// Bytes from one slot to the next.
    private static var stride: Int { max(MemoryLayout<T>.stride, 1) }

    /// Offset of the first slot.
    private static var firstSlot: Int {
        let alignment = MemoryLayout<T>.alignment
        return (MemoryLayout<Slab>.size + alignment - 1) & ~(alignment - 1)
    }

    private var capacity: Int { min((slabSize - Self.firstSlot) / Self.stride, 512) }

    /// Whether ``make(_:slab:)`` will succeed without a new slab.
    public var hasRoom: Bool {
        guard let first else { return false }
        return first.value.used < capacity
    }

    /// Places an object.
    /// - Parameter slab: called when every slot is taken; the address of a new slab, of the pool's slab size and a
    ///   multiple of it, or nil where memory ran out. Its content does not matter. It must not use this pool.
    /// - Returns: nil where `slab` was needed and returned nil; the object is destroyed then.
    public mutating func make(_ value: consuming T, slab: () -> UInt64?) -> Handle<T>? {
        if !hasRoom {
            guard let address = slab() else { return nil }
            add(slab: address)
        }
        guard let slab = first else { return nil }
        let index = takeSlot(in: slab)
        let pointer = unsafe slot(index, in: slab)
        unsafe pointer.initialize(to: value)
        count += 1
        if slab.value.used == capacity { moveToBack(slab) }
        return unsafe Handle(pointer)
    }

    /// Gives the pool a slab ahead of need, so that a later ``make(_:slab:)`` cannot fail.
    public mutating func add(slab address: UInt64) {
        precondition(address & UInt64(slabSize - 1) == 0, "a slab lies at a multiple of its size")
        let slab = unsafe Handle<Slab>(unsafeAddress: address)
        unsafe slab.pointer.initialize(to: Slab(next: nil, previous: nil, used: 0, map: .init(repeating: 0)))
        insertAtFront(slab)
        slabCount += 1
    }

    /// Takes an object out. Its handles are void afterwards. Traps where the handle is not of an object in use.
    /// - Parameter release: called with the address of a slab that became empty; it belongs to the caller again.
    public mutating func destroy(_ handle: Handle<T>, release: (UInt64) -> Void) -> T {
        let slab = unsafe Handle<Slab>(unsafeAddress: handle.address & ~UInt64(slabSize - 1))
        let offset = Int(handle.address - slab.address) - Self.firstSlot
        let index = offset / Self.stride
        precondition(offset >= 0 && offset % Self.stride == 0 && index < capacity, "the handle is not of this pool")
        let bit: UInt64 = 1 << UInt64(index & 63)
        precondition(slab.value.map[index >> 6] & bit != 0, "the object was destroyed before")
        let value = unsafe handle.pointer.move()
        slab.value.map[index >> 6] &= ~bit
        slab.value.used -= 1
        count -= 1
        unlink(slab)
        if slab.value.used == 0 {
            slabCount -= 1
            release(slab.address)
        } else {
            insertAtFront(slab)
        }
        return value
    }

    /// Visits every object, in no particular order. `body` may destroy the object it is given, and no other.
    public func forEach(_ body: (Handle<T>) -> Void) {
        var next = first
        while let slab = next {
            next = slab.value.next
            let map = slab.value.map
            for index in 0..<capacity where map[index >> 6] & (1 << UInt64(index & 63)) != 0 {
                unsafe body(Handle(slot(index, in: slab)))
            }
        }
    }

    private func slot(_ index: Int, in slab: Handle<Slab>) -> UnsafeMutablePointer<T> {
        let address = UInt(slab.address) + UInt(Self.firstSlot + index * Self.stride)
        guard let pointer = unsafe UnsafeMutablePointer<T>(bitPattern: address) else {
            preconditionFailure("no slab lies at address 0")
        }
        return unsafe pointer
    }

    private func takeSlot(in slab: Handle<Slab>) -> Int {
        for word in 0..<8 where slab.value.map[word] != .max {
            let bit = (~slab.value.map[word]).trailingZeroBitCount
            slab.value.map[word] |= 1 << UInt64(bit)
            slab.value.used += 1
            return word * 64 + bit
        }
        preconditionFailure("the first slab has a free slot")
    }

    private mutating func insertAtFront(_ slab: Handle<Slab>) {
        slab.value.previous = nil
        slab.value.next = first
        if let first { first.value.previous = slab } else { last = slab }
        first = slab
    }

    private mutating func unlink(_ slab: Handle<Slab>) {
        let next = slab.value.next
        let previous = slab.value.previous
        if let previous { previous.value.next = next } else { first = next }
        if let next { next.value.previous = previous } else { last = previous }
    }

    private mutating func moveToBack(_ slab: Handle<Slab>) {
        guard let oldLast = last, oldLast != slab else { return }
        unlink(slab)
        slab.value.next = nil
        slab.value.previous = last
        if let last { last.value.next = slab }
        last = slab
    }
}
