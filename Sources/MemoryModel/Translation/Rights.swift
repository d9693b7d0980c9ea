/// What the hardware lets EL0 do with a page.
@frozen public struct HardwareRights: FlagSet {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var read: HardwareRights { HardwareRights(rawValue: 1) }
    @inlinable public static var write: HardwareRights { HardwareRights(rawValue: 2) }
    @inlinable public static var execute: HardwareRights { HardwareRights(rawValue: 4) }
    /// A guarded page (Arm ARM D8.4.3): an indirect branch to another instruction than a branch target is an exception.
    @inlinable public static var branchTargets: HardwareRights { HardwareRights(rawValue: 8) }

    /// The rights that a resident page's entry carries: the one rule that maps what a program asked for, and who else
    /// holds the frame, onto what the hardware may grant. `mmap`, `mprotect`, copy-on-write and unsharing all ask here.
    ///
    /// - Write only where asked for and the page is shared on purpose or has one owner; otherwise the first write must
    ///   fault and copy.
    /// - Write and execute imply read: stage 1 has no write-only pages, and execute-only needs EPAN, which Akuma's
    ///   CPUs lack (Linux arch/arm64/mm/mmap.c, `protection_map` without EPAN).
    /// - A guard, or no right asked for: none at all.
    ///
    /// - Parameter soleOwner: the frame's count is 1, and that of every table on the path.
    @inlinable @inline(__always) public init(of attributes: AttributeSet, soleOwner: Bool) {
        guard attributes.allowsAccess else {
            self = .none
            return
        }
        var rights: HardwareRights = .read
        if attributes.contains(.write) && (soleOwner || attributes.contains(.shared)) { rights.insert(.write) }
        if attributes.contains(.execute) { rights.insert(.execute) }
        if attributes.contains(.branchTargets) { rights.insert(.branchTargets) }
        self = rights
    }
}

/// What a program did when it faulted, or what the kernel does on its behalf.
@frozen public enum Access: Hashable, Sendable {
    case read, write, execute

    /// The right that the hardware must grant for it.
    @inlinable public var right: HardwareRights {
        switch self {
        case .read: .read
        case .write: .write
        case .execute: .execute
        }
    }
}

extension AttributeSet {
    /// Whether any access at all is allowed.
    @inlinable public var allowsAccess: Bool {
        !contains(.guardPage) && !isDisjoint(with: .rightsMask)
    }

    /// Whether pages with these attributes are private and to be read or written, not executed.
    @inlinable @inline(__always) var isPrivateData: Bool {
        isDisjoint(with: .execute | .shared | .guardPage) && !isDisjoint(with: .read | .write)
    }

    /// Whether a program that asked for these rights may do `access`. Any right implies read
    /// (Linux arch/arm64/mm/fault.c, `do_page_fault` without EPAN).
    @inlinable public func allows(_ access: Access) -> Bool {
        guard allowsAccess else { return false }
        switch access {
        case .read: return true
        case .write: return contains(.write)
        case .execute: return contains(.execute)
        }
    }
}
