/// The distinct attribute sets of one address space, at most 256, in half a frame of its own; names have the other half.
/// An entry's class is an index into the sets.
struct AttributeTable<M: Hardware> {
    let machine: M

    /// Where the sets lie, one word each.
    let frame: FrameNumber

    /// Slots in use or freed by a sweep; those above were never used.
    private(set) var count = 0

    /// How many words hold names (``MappingName``).
    var nameWords = 0

    /// The two sets asked for last: `mprotect` often goes back and forth.
    private var lastSet: AttributeSet
    private var lastClass: AttributeClass
    private var olderSet: AttributeSet
    private var olderClass: AttributeClass

    static var capacity: Int { 256 }

    /// A slot without a set. No set has this bit.
    static var vacant: AttributeSet { AttributeSet(rawValue: 1 << 63) }

    init(machine: M, frame: FrameNumber) {
        self.machine = machine
        self.frame = frame
        lastSet = AttributeTable.vacant
        lastClass = AttributeClass(0)
        olderSet = AttributeTable.vacant
        olderClass = AttributeClass(0)
    }

    @inline(__always) func slot(_ index: Int) -> PhysicalAddress {
        frame.address + ByteCount(UInt64(truncatingIfNeeded: index) << 3)
    }

    /// The set of a class that was interned.
    @inline(__always) subscript(_ attributes: AttributeClass) -> AttributeSet {
        AttributeSet(rawValue: machine.load(slot(Int(attributes.rawValue))))
    }

    /// Whether `attributes` names a set.
    func contains(_ attributes: AttributeClass) -> Bool {
        Int(attributes.rawValue) < count && self[attributes] != Self.vacant
    }

    /// The class of `set`, given one if it has none; nil where all classes are taken.
    @inline(__always) mutating func intern(_ set: AttributeSet) -> AttributeClass? {
        set == lastSet ? lastClass : set == olderSet ? olderClass : find(set)
    }

    @inline(never) private mutating func find(_ set: AttributeSet) -> AttributeClass? {
        var vacancy: Int?
        var index = 0
        while index < count {
            let found = AttributeSet(rawValue: machine.load(slot(index)))
            if found == set { return remember(set, at: index) }
            if found == Self.vacant && vacancy == nil { vacancy = index }
            index += 1
        }
        if vacancy == nil && count < Self.capacity {
            vacancy = count
            count += 1
        }
        guard let vacancy else { return nil }
        machine.store(set.rawValue, at: slot(vacancy))
        return remember(set, at: vacancy)
    }

    private mutating func remember(_ set: AttributeSet, at index: Int) -> AttributeClass {
        olderSet = lastSet
        olderClass = lastClass
        lastSet = set
        lastClass = AttributeClass(UInt8(truncatingIfNeeded: index))
        return lastClass
    }

    /// The same table for a child, in a frame of its own: without locks, which a child does not inherit (mlock(2)), and
    /// without guards where the child gets zeroes instead (madvise(2), `MADV_WIPEONFORK`).
    func copied(to frame: FrameNumber) -> AttributeTable {
        machine.copy(from: self.frame, to: frame)
        var copy = AttributeTable(machine: machine, frame: frame)
        copy.count = count
        copy.nameWords = nameWords
        for index in 0..<count {
            let set = AttributeSet(rawValue: machine.load(slot(index)))
            var inherited = set.subtracting(.locked | .lockedOnFault)
            if set.contains(.wipeOnFork) { inherited = inherited.subtracting(.guardPage) }
            if inherited != set { machine.store(inherited.rawValue, at: copy.slot(index)) }
        }
        return copy
    }

    /// The classes whose sets have any attribute of `mask`; nil where there are none.
    func classes(having mask: AttributeSet) -> ClassSet? {
        var found: ClassSet?
        for index in 0..<count {
            let set = AttributeSet(rawValue: machine.load(slot(index)))
            guard set != Self.vacant, !set.isDisjoint(with: mask) else { continue }
            var classes = found ?? ClassSet()
            classes.insert(AttributeClass(UInt8(truncatingIfNeeded: index)))
            found = classes
        }
        return found
    }

    /// Vacates every slot whose class is not in `used`.
    mutating func sweep(keeping used: ClassSet) {
        for index in 0..<count where !used.contains(AttributeClass(UInt8(truncatingIfNeeded: index))) {
            machine.store(Self.vacant.rawValue, at: slot(index))
        }
        forgetLastSet()
    }

    /// Forgets what was asked for last: the sets were changed.
    mutating func forgetLastSet() {
        lastSet = Self.vacant
        olderSet = Self.vacant
    }
}

/// A set of attribute classes.
struct ClassSet {
    private var words: InlineArray<4, UInt64>

    init() { words = InlineArray(repeating: 0) }

    func contains(_ attributes: AttributeClass) -> Bool {
        words[Int(attributes.rawValue >> 6)] & (1 << UInt64(attributes.rawValue & 63)) != 0
    }

    mutating func insert(_ attributes: AttributeClass) {
        words[Int(attributes.rawValue >> 6)] |= 1 << UInt64(attributes.rawValue & 63)
    }
}
