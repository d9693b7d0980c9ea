import MemoryModel

/// A stage 1 descriptor as the walker reads it (Arm ARM D8.3), written independently of the memory model's own.
struct WalkDescriptor: Hashable {
    let word: UInt64
    let level: Int

    enum Form: Hashable {
        case invalid
        /// A page, or a block at levels 1 and 2.
        case leaf
        case table
    }

    private func bit(_ number: UInt64) -> Bool { word >> number & 1 == 1 }

    var form: Form {
        guard bit(0) else { return .invalid }
        if level == Granule.lastLevel { return bit(1) ? .leaf : .invalid }
        if bit(1) { return .table }
        return level == 0 ? .invalid : .leaf
    }

    /// log2 of the bytes that an entry of this level translates.
    static func spanShift(level: Int) -> UInt64 {
        Granule.shift + Granule.indexBits * UInt64(Granule.lastLevel - level)
    }

    static func span(level: Int) -> UInt64 { 1 << spanShift(level: level) }

    /// Bits 47:n of the output address.
    var outputAddress: UInt64 {
        let low = form == .table ? Granule.shift : Self.spanShift(level: level)
        return word & ((1 << 48) - 1) & ~((1 << low) - 1)
    }

    var memoryType: UInt64 { word >> 2 & 7 }
    var shareability: UInt64 { word >> 8 & 3 }
    var isEL0: Bool { bit(6) }
    var isReadOnly: Bool { bit(7) }
    var accessFlag: Bool { bit(10) }
    var isNotGlobal: Bool { bit(11) }
    var dirtyBitModifier: Bool { bit(51) }
    var privilegedExecuteNever: Bool { bit(53) }
    var userExecuteNever: Bool { bit(54) }

    /// What a table descriptor forbids below it (Arm ARM D8.4.2, hierarchical permissions).
    var restrictions: Restrictions {
        Restrictions(noEL0: bit(61), readOnly: bit(62), userExecuteNever: bit(60), privilegedExecuteNever: bit(59))
    }

    /// Whether a valid word, were it a page's, might get a flag from the walker: no access flag, or read-only with the
    /// dirty bit modifier.
    @inline(__always) static func mayLackFlags(_ word: UInt64) -> Bool {
        word & 1 == 1 && (word & accessFlagBit == 0 || (word & readOnlyBit != 0 && word >> 51 & 1 == 1))
    }

    static let accessFlagBit: UInt64 = 1 << 10
    static let readOnlyBit: UInt64 = 1 << 7
}

/// What the table descriptors on a path forbid together.
struct Restrictions: Hashable {
    var noEL0 = false
    var readOnly = false
    var userExecuteNever = false
    var privilegedExecuteNever = false

    func and(_ other: Restrictions) -> Restrictions {
        Restrictions(
            noEL0: noEL0 || other.noEL0, readOnly: readOnly || other.readOnly,
            userExecuteNever: userExecuteNever || other.userExecuteNever,
            privilegedExecuteNever: privilegedExecuteNever || other.privilegedExecuteNever)
    }
}

/// One way in which the hardware may translate an address.
public struct Translation: Hashable, Sendable {
    /// The first address of the page or block.
    public let base: VirtualAddress
    /// What it is translated to.
    public let output: PhysicalAddress
    /// The level of the entry: 1, 2 or 3.
    public let level: Int
    public let el0Read: Bool
    public let el0Write: Bool
    public let el0Execute: Bool
    public let el1Write: Bool
    public let el1Execute: Bool
    /// Whether the entry is of every address space.
    public let isGlobal: Bool
    /// The entry has its access flag; without it an access faults, and no TLB keeps it.
    public let accessFlag: Bool

    /// The frame that translates `address`.
    public func frame(for address: VirtualAddress) -> FrameNumber {
        (output + (address - base)).frame
    }

    init(_ descriptor: WalkDescriptor, base: UInt64, under path: Restrictions) {
        let writable = !descriptor.isReadOnly && !path.readOnly
        let user = descriptor.isEL0 && !path.noEL0
        self.base = VirtualAddress(base)
        output = PhysicalAddress(descriptor.outputAddress)
        level = descriptor.level
        el0Read = user
        el0Write = user && writable
        // EL0 may execute what it may not read (Arm ARM D8.4.1): only UXN forbids it.
        el0Execute = !descriptor.userExecuteNever && !path.userExecuteNever
        el1Write = writable
        // What EL0 may write, EL1 never executes (Arm ARM D8.4.1).
        el1Execute = !descriptor.privilegedExecuteNever && !path.privilegedExecuteNever && !(user && writable)
        isGlobal = !descriptor.isNotGlobal
        accessFlag = descriptor.accessFlag
    }

    func covers(_ address: UInt64) -> Bool { address &- base.rawValue < WalkDescriptor.span(level: level) }
}
