/// What the allocator knows of an address: a hash table with open addressing, in memory of its own.
///
/// Keys are the starts of regions and of large blocks: page-aligned, so never 0 or 1. All zero is an empty table.
@safe struct AddressTable {
    /// What is at an address.
    @safe enum Entry {
        case region(UnsafeMutablePointer<Region>)
        case large(byteCount: UInt)
    }

    private struct Slot {
        /// 0 if the slot is free.
        var key: UInt
        /// A record's address, or bytes + 1: both are even without it.
        var value: UInt
    }

    private var slots: UnsafeMutablePointer<Slot>?
    /// Slots less one; there is a power of two of them.
    private var mask: UInt
    private var count: UInt

    /// What is at a key; nil if nothing.
    func find(_ key: UInt) -> Entry? {
        guard let slots = unsafe slots else { return nil }
        var index = home(of: key)
        while unsafe slots[Int(index)].key != 0 {
            if unsafe slots[Int(index)].key == key {
                let value = unsafe slots[Int(index)].value
                if value & 1 == 1 { return .large(byteCount: value - 1) }
                guard let region = unsafe UnsafeMutablePointer<Region>(bitPattern: value) else { return nil }
                return unsafe .region(region)
            }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Adds a key that is not there. False if there is no memory for a larger table.
    mutating func insert(_ key: UInt, _ entry: Entry) -> Bool {
        if unsafe slots == nil || 2 * count > mask {
            guard grow() else { return false }
        }
        switch entry {
        case .region(let region): put(Slot(key: key, value: UInt(bitPattern: region)))
        case .large(let byteCount): put(Slot(key: key, value: byteCount + 1))
        }
        return true
    }

    /// Removes a key that is there. Later slots of the same cluster move up, so that no marker stays behind.
    mutating func remove(_ key: UInt) {
        guard let slots = unsafe slots else { return }
        var hole = home(of: key)
        while unsafe slots[Int(hole)].key != key { hole = (hole + 1) & mask }
        var index = (hole + 1) & mask
        while unsafe slots[Int(index)].key != 0 {
            let distance = unsafe (index &- home(of: slots[Int(index)].key)) & mask
            if distance >= (index &- hole) & mask {
                unsafe slots[Int(hole)] = unsafe slots[Int(index)]
                hole = index
            }
            index = (index + 1) & mask
        }
        unsafe slots[Int(hole)].key = 0
        count -= 1
    }

    /// Where a key belongs: Fibonacci hashing of its page number.
    private func home(of key: UInt) -> UInt {
        ((key >> 12) &* 0x9E37_79B9_7F4A_7C15) >> 32 & mask
    }

    private mutating func put(_ slot: Slot) {
        guard let slots = unsafe slots else { return }
        var index = home(of: slot.key)
        while unsafe slots[Int(index)].key != 0 { index = (index + 1) & mask }
        unsafe slots[Int(index)] = slot
        count += 1
    }

    private mutating func grow() -> Bool {
        let (old, oldCount) = unsafe (slots, slots == nil ? 0 : mask + 1)
        let newCount = oldCount == 0 ? Region.pageSize / UInt(MemoryLayout<Slot>.stride) : oldCount * 2
        guard let memory = unsafe mapPages(newCount * UInt(MemoryLayout<Slot>.stride)) else { return false }
        unsafe slots = unsafe memory.assumingMemoryBound(to: Slot.self)
        mask = newCount - 1
        count = 0
        if let old = unsafe old {
            for index in 0..<Int(oldCount) where unsafe old[index].key != 0 { unsafe put(old[index]) }
            unsafe unmapPages(UnsafeMutableRawPointer(old), oldCount * UInt(MemoryLayout<Slot>.stride))
        }
        return true
    }
}
