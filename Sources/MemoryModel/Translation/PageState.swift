/// What an entry says of the pages that it stands for: the one record of what is mapped where.
///
/// Invariants, checked by ``AddressSpace/validate(_:)``:
///
/// - `free`: all 64 bits are zero. Nothing is mapped, no attribute class is named.
/// - `reserved`, `reservedFile`: nothing was touched yet, so no frame belongs to the entry and no TLB holds a
///   translation. At a level above the last, the entry stands for its whole span. The page index of a file-backed entry
///   is that of its first page, and that of its last page fits too.
/// - `resident`: last level only. The entry holds one reference on its frame. PXN and nG are set, and EL0 may do at
///   most what the class grants; it may write only where the class grants that and the page is shared on purpose or
///   has this entry as its sole owner.
/// - `residentWithoutAccess`: last level only. The entry holds one reference on its frame. Its class grants nothing, or
///   is a guard.
@frozen public enum PageState: Hashable, Sendable {
    /// Nothing is mapped.
    case free
    /// Mapped, never touched; the first touch finds zeroes.
    case reserved(AttributeClass)
    /// Mapped, never touched; the first touch finds the object's page.
    case reservedFile(AttributeClass, object: ObjectNumber, pageIndex: PageIndex)
    /// Mapped with a frame, which the hardware lets EL0 access with `rights`. `accessed` is the access flag.
    case resident(FrameNumber, AttributeClass, rights: HardwareRights, accessed: Bool)
    /// Mapped with a frame that keeps its content while EL0 may not access it (`PROT_NONE` over data, guards).
    case residentWithoutAccess(FrameNumber, AttributeClass)

    /// The state that `descriptor` encodes, or nil where it encodes none. The descriptor is not a table's.
    @inlinable public init?(_ descriptor: Descriptor) {
        if descriptor.isValid {
            self = .resident(
                descriptor.frame, descriptor.attributeClass, rights: descriptor.userRights,
                accessed: descriptor.isAccessed)
            return
        }
        switch descriptor.invalidKind {
        case InvalidEntryKind.free where descriptor.isFree:
            self = .free
        case InvalidEntryKind.reserved:
            self = .reserved(descriptor.attributeClass)
        case InvalidEntryKind.reservedFile:
            self = .reservedFile(
                descriptor.attributeClass, object: descriptor.object, pageIndex: descriptor.pageIndex)
        case InvalidEntryKind.residentWithoutAccess:
            self = .residentWithoutAccess(descriptor.frame, descriptor.attributeClass)
        default:
            return nil
        }
    }

    /// The entry that encodes this state.
    @inlinable public var descriptor: Descriptor {
        switch self {
        case .free:
            return .free
        case .reserved(let attributes):
            return .reserved(attributes)
        case .reservedFile(let attributes, let object, let pageIndex):
            return .reservedFile(attributes, object: object, pageIndex: pageIndex)
        case .resident(let frame, let attributes, let rights, let accessed):
            let page = Descriptor.page(frame, class: attributes, rights: rights)
            return accessed ? page : page.clearingAccessed
        case .residentWithoutAccess(let frame, let attributes):
            return .residentWithoutAccess(frame, class: attributes)
        }
    }
}

extension Descriptor {
    /// This entry with the access flag clear.
    @inlinable public var clearingAccessed: Descriptor {
        Descriptor(rawValue: rawValue & ~DescriptorLayout.accessed.mask)
    }

    /// Whether a non-table entry of a table at `level` is one that the memory model writes: a state that decodes, that
    /// encodes to the same bits again, and that may stand at that level.
    public func isWellFormed(at level: Int) -> Bool {
        // Whether a page is clean is no part of its state: the hardware changes that.
        let written = isValid ? Descriptor(rawValue: rawValue & ~DescriptorLayout.dirtyManagement.mask) : self
        guard let state = PageState(self), state.descriptor == written else { return false }
        switch state {
        case .free, .reserved:
            return true
        case .reservedFile(_, _, let pageIndex):
            let pages = TableGeometry.span(at: level).wholePages
            return UInt64(pageIndex.rawValue) + pages - 1 <= InvalidEntryLayout.pageIndex.maximum
        case .resident, .residentWithoutAccess:
            return level == Granule.lastLevel
        }
    }
}
