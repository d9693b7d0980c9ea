/// What is known of a mapped page beyond what the hardware's descriptor says: what its program asked for.
///
/// Each distinct set is interned in the address space's ``AttributeTable``; entries name it by its class. The low bits
/// are flags, the high half is for what needs more than a bit: the place of a name (``MappingName``).
@frozen public struct AttributeSet: FlagSet {
    public let rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The rights that the program asked for (`PROT_READ`, `PROT_WRITE`, `PROT_EXEC`).
    @inlinable public static var read: AttributeSet { AttributeSet(rawValue: 1 << 0) }
    @inlinable public static var write: AttributeSet { AttributeSet(rawValue: 1 << 1) }
    @inlinable public static var execute: AttributeSet { AttributeSet(rawValue: 1 << 2) }
    /// The rights that `mprotect` may grant.
    @inlinable public static var mayRead: AttributeSet { AttributeSet(rawValue: 1 << 3) }
    @inlinable public static var mayWrite: AttributeSet { AttributeSet(rawValue: 1 << 4) }
    @inlinable public static var mayExecute: AttributeSet { AttributeSet(rawValue: 1 << 5) }
    /// Writes are seen by all who map the page (`MAP_SHARED`).
    @inlinable public static var shared: AttributeSet { AttributeSet(rawValue: 1 << 6) }
    /// A touch below the mapping's start extends it downwards (`MAP_GROWSDOWN`, the stack).
    @inlinable public static var growsDown: AttributeSet { AttributeSet(rawValue: 1 << 7) }
    /// Any access faults, whatever the other attributes say; removing the guard restores them.
    @inlinable public static var guardPage: AttributeSet { AttributeSet(rawValue: 1 << 8) }
    /// `MAP_NORESERVE`.
    @inlinable public static var noReserve: AttributeSet { AttributeSet(rawValue: 1 << 9) }
    /// Counts towards the commit limit: memory of the program's own that it may write, or might once.
    @inlinable public static var accounted: AttributeSet { AttributeSet(rawValue: 1 << 10) }
    /// Locked into memory, and locked once touched.
    @inlinable public static var locked: AttributeSet { AttributeSet(rawValue: 1 << 11) }
    @inlinable public static var lockedOnFault: AttributeSet { AttributeSet(rawValue: 1 << 12) }
    /// Not inherited by a child; inherited as zeroes.
    @inlinable public static var dontFork: AttributeSet { AttributeSet(rawValue: 1 << 13) }
    @inlinable public static var wipeOnFork: AttributeSet { AttributeSet(rawValue: 1 << 14) }
    /// Left out of a core dump.
    @inlinable public static var dontDump: AttributeSet { AttributeSet(rawValue: 1 << 15) }
    /// May not be unmapped, moved or changed any more (`mseal`).
    @inlinable public static var sealed: AttributeSet { AttributeSet(rawValue: 1 << 16) }
    /// Part of the program's heap (`brk`).
    @inlinable public static var heap: AttributeSet { AttributeSet(rawValue: 1 << 17) }

    /// How the program says that it reads (`MADV_SEQUENTIAL`, `MADV_RANDOM`).
    @inlinable public static var sequentialRead: AttributeSet { AttributeSet(rawValue: 1 << 18) }
    @inlinable public static var randomRead: AttributeSet { AttributeSet(rawValue: 1 << 19) }
    /// Whether huge pages are wished for, or to be avoided. There are none.
    @inlinable public static var hugePage: AttributeSet { AttributeSet(rawValue: 1 << 20) }
    @inlinable public static var noHugePage: AttributeSet { AttributeSet(rawValue: 1 << 21) }
    /// Pages of equal content may be merged. Nobody does.
    @inlinable public static var mergeable: AttributeSet { AttributeSet(rawValue: 1 << 22) }

    /// Indirect branches to the page must land where they are meant to (`PROT_BTI`).
    @inlinable public static var branchTargets: AttributeSet { AttributeSet(rawValue: 1 << 23) }

    /// The rights that a program may ask for.
    @inlinable public static var rightsMask: AttributeSet { .read | .write | .execute }

    /// Everything that ``protect`` replaces.
    @inlinable public static var protectionMask: AttributeSet { .rightsMask | .branchTargets }

    /// All three rights may be granted: a private anonymous mapping.
    @inlinable public static var mayEverything: AttributeSet { .mayRead | .mayWrite | .mayExecute }

    /// What makes `fork` look at a page by itself: its child has it otherwise, or not at all.
    @inlinable public static var forkSpecial: AttributeSet { .locked | .lockedOnFault | .dontFork | .wipeOnFork }

    /// This set with the requested rights replaced. Private memory that becomes writable is accounted from then on
    /// (Linux mm/mprotect.c, mprotect_fixup).
    @inlinable public func replacing(_ protection: Protection) -> AttributeSet {
        let set = subtracting(.protectionMask) | protection.attributes
        let isOwn = isDisjoint(with: .shared | .noReserve)
        return isOwn && protection.contains(.write) ? set | .accounted : set
    }

    /// The rights that the program asked for.
    @inlinable public var protection: Protection {
        let targets = rawValue & AttributeSet.branchTargets.rawValue
        return Protection(
            rawValue: UInt8(truncatingIfNeeded: rawValue & AttributeSet.rightsMask.rawValue | targets >> 20))
    }

    /// Whether every right in `protection` may be granted.
    @inlinable public func mayGrant(_ protection: Protection) -> Bool {
        let granted = UInt8(truncatingIfNeeded: rawValue >> 3) & Protection.all.rawValue
        return protection.rawValue & Protection.all.rawValue & ~granted == 0
    }
}

/// The rights that a program asks for: `PROT_READ`, `PROT_WRITE`, `PROT_EXEC`; none of them is `PROT_NONE`. With
/// `PROT_BTI`, which is no right but a restriction.
@frozen public struct Protection: FlagSet {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var read: Protection { Protection(rawValue: 1) }
    @inlinable public static var write: Protection { Protection(rawValue: 2) }
    @inlinable public static var execute: Protection { Protection(rawValue: 4) }
    /// Indirect branches must land on an instruction that is meant to be a target. Only where the CPU has that.
    @inlinable public static var branchTargets: Protection { Protection(rawValue: 8) }
    @inlinable public static var readWrite: Protection { .read | .write }
    @inlinable public static var readExecute: Protection { .read | .execute }
    /// All rights.
    @inlinable public static var all: Protection { .read | .write | .execute }

    /// The same among the attributes of a page.
    @inlinable public var attributes: AttributeSet {
        AttributeSet(rawValue: UInt64(rawValue & 7) | UInt64(rawValue & 8) << 20)
    }
}

/// The index of a set in an address space's ``AttributeTable``.
@frozen public struct AttributeClass: Hashable, Sendable {
    public let rawValue: UInt8
    @inlinable public init(_ rawValue: UInt8) { self.rawValue = rawValue }
}
