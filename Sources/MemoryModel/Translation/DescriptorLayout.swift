/// Where each field of a stage 1 translation table entry lies (VMSAv8-64, Arm ARM D8.3), described once.
///
/// An entry whose bit 0 is clear is invalid to the hardware, which ignores its other 63 bits; there the memory model
/// keeps the states that the hardware need not know (``InvalidEntryLayout``).
public enum DescriptorLayout {
    /// The entry is translated by the hardware.
    @inlinable public static var valid: BitField { BitField("valid", shift: 0, width: 1) }
    /// Set: at the last level a page, above it a table. Clear in a valid entry: a block.
    @inlinable public static var tableOrPage: BitField { BitField("table or page", shift: 1, width: 1) }
    /// AttrIndx: which attribute of `MAIR_EL1` applies (``MemoryKind``).
    @inlinable public static var attributeIndex: BitField { BitField("AttrIndx", shift: 2, width: 3) }
    /// AP[1]: EL0 may access.
    @inlinable public static var userAccess: BitField { BitField("AP[1]", shift: 6, width: 1) }
    /// AP[2]: nobody may write.
    @inlinable public static var readOnly: BitField { BitField("AP[2]", shift: 7, width: 1) }
    /// SH: 3 is inner shareable.
    @inlinable public static var shareability: BitField { BitField("SH", shift: 8, width: 2) }
    /// AF: the entry was used since the flag was last cleared; clear makes the next access fault.
    @inlinable public static var accessed: BitField { BitField("AF", shift: 10, width: 1) }
    /// nG: the translation belongs to one ASID.
    @inlinable public static var notGlobal: BitField { BitField("nG", shift: 11, width: 1) }
    /// The output address or the next table's address, in units of the granule.
    @inlinable public static var frame: BitField { BitField("frame", shift: Granule.shift, width: 48 - Granule.shift) }
    /// GP: an indirect branch to the page must land on a branch target. Ignored by CPUs without FEAT_BTI.
    @inlinable public static var guarded: BitField { BitField("GP", shift: 50, width: 1) }
    /// DBM: hardware may turn read-only into writable to record that the page is dirty.
    @inlinable public static var dirtyManagement: BitField { BitField("DBM", shift: 51, width: 1) }
    /// Contiguous hint. Never set by Akuma.
    @inlinable public static var contiguous: BitField { BitField("contiguous", shift: 52, width: 1) }
    /// PXN: EL1 may not execute. Set in each user entry.
    @inlinable public static var privilegedExecuteNever: BitField { BitField("PXN", shift: 53, width: 1) }
    /// UXN: EL0 may not execute.
    @inlinable public static var userExecuteNever: BitField { BitField("UXN", shift: 54, width: 1) }
    /// The attribute class of a resident page, in bits that stage 1 ignores while `TCR_EL1.HPD0` is 0 and S1PIE, POE
    /// and AIE are off (Arm ARM D8.3.2: software use and PBHA).
    @inlinable public static var attributeClass: BitField { BitField("class", shift: 55, width: 8) }

    /// UXNTable, PXNTable in a table descriptor: what lies below is not executable whatever its entries say.
    @inlinable public static var tablePrivilegedExecuteNever: BitField { BitField("PXNTable", shift: 59, width: 1) }
    @inlinable public static var tableUserExecuteNever: BitField { BitField("UXNTable", shift: 60, width: 1) }
    /// APTable[0]: EL0 may not access what lies below.
    @inlinable public static var tableNoUserAccess: BitField { BitField("APTable[0]", shift: 61, width: 1) }
    /// APTable[1]: nobody may write what lies below. Set while the next table is shared after a fork.
    @inlinable public static var tableReadOnly: BitField { BitField("APTable[1]", shift: 62, width: 1) }
}

/// Where the memory model keeps the state of a page in an entry that is invalid to the hardware.
public enum InvalidEntryLayout {
    /// Which state: an ``InvalidEntryKind``.
    @inlinable public static var kind: BitField { BitField("kind", shift: 1, width: 3) }
    /// The page's attribute class.
    @inlinable public static var attributeClass: BitField { BitField("class", shift: 4, width: 8) }
    /// Resident without access: the frame, where a valid entry has it.
    @inlinable public static var frame: BitField { DescriptorLayout.frame }
    /// Reserved, file-backed: the object.
    @inlinable public static var object: BitField { BitField("object", shift: 12, width: 20) }
    /// Reserved, file-backed: the index in the object of the first page that the entry stands for.
    @inlinable public static var pageIndex: BitField { BitField("page index", shift: 32, width: 32) }
}

/// The states of an invalid entry. Zero is a free entry, all of whose bits are zero.
public enum InvalidEntryKind {
    @inlinable public static var free: UInt64 { 0 }
    @inlinable public static var reserved: UInt64 { 1 }
    @inlinable public static var reservedFile: UInt64 { 2 }
    @inlinable public static var residentWithoutAccess: UInt64 { 3 }
}

/// The kinds of memory that an entry can describe: indices into `MAIR_EL1` as the boot code writes it.
@frozen public enum MemoryKind: UInt64, Sendable {
    /// Write-back cacheable, read and write allocate: all RAM.
    case normal = 0
    /// Device-nGnRE: registers.
    case device = 1
    /// Normal memory, not cacheable.
    case normalNonCacheable = 2

    /// The byte of `MAIR_EL1` for this kind (Arm ARM D17.2.97).
    @inlinable public var mairAttribute: UInt64 {
        switch self {
        case .normal: 0xFF
        case .device: 0x04
        case .normalNonCacheable: 0x44
        }
    }
}
