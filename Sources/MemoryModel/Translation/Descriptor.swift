/// One entry of a translation table, as the bits that the hardware and the memory model read.
@frozen public struct Descriptor: Hashable, Sendable {
    public let rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The entry of an address at which nothing is mapped.
    @inlinable public static var free: Descriptor { Descriptor(rawValue: 0) }

    @inlinable public var isFree: Bool { rawValue == 0 }

    /// Whether the hardware translates through this entry.
    @inlinable public var isValid: Bool { DescriptorLayout.valid.isSet(in: rawValue) }

    // MARK: Tables

    /// The descriptor of a next-level table.
    @inlinable public static func table(_ frame: FrameNumber) -> Descriptor {
        Descriptor(
            rawValue: DescriptorLayout.valid.mask | DescriptorLayout.tableOrPage.mask
                | DescriptorLayout.frame.word(frame.rawValue))
    }

    /// Whether this entry of a table at `level` points at a next-level table. A block, valid too, does not.
    @inlinable public func isTable(at level: Int) -> Bool {
        let both = DescriptorLayout.valid.mask | DescriptorLayout.tableOrPage.mask
        return level < Granule.lastLevel && rawValue & both == both
    }

    /// Whether this table descriptor lets nobody write below it (APTable): the table is shared after a fork, or was and
    /// has not been looked at since.
    @inlinable public var isSharedTable: Bool { DescriptorLayout.tableReadOnly.isSet(in: rawValue) }

    /// This table descriptor as that of a shared table.
    @inlinable public var sharingTable: Descriptor {
        Descriptor(rawValue: rawValue | DescriptorLayout.tableReadOnly.mask)
    }

    // MARK: Resident pages

    /// The descriptor of a user page: normal memory, inner shareable, of one ASID, never executable at EL1.
    @inlinable @inline(__always) public static func page(
        _ frame: FrameNumber, class attributes: AttributeClass, rights: HardwareRights
    ) -> Descriptor {
        var bits = userPageBits | DescriptorLayout.frame.word(frame.rawValue)
        bits |= DescriptorLayout.attributeClass.word(UInt64(attributes.rawValue))
        if !rights.contains(.write) { bits |= DescriptorLayout.readOnly.mask }
        if !rights.contains(.execute) { bits |= DescriptorLayout.userExecuteNever.mask }
        if rights.contains(.branchTargets) { bits |= DescriptorLayout.guarded.mask }
        return Descriptor(rawValue: bits)
    }

    @inlinable static var userPageBits: UInt64 {
        DescriptorLayout.valid.mask | DescriptorLayout.tableOrPage.mask
            | DescriptorLayout.attributeIndex.word(MemoryKind.normal.rawValue) | DescriptorLayout.userAccess.mask
            | DescriptorLayout.shareability.word(3) | DescriptorLayout.accessed.mask
            | DescriptorLayout.notGlobal.mask | DescriptorLayout.privilegedExecuteNever.mask
    }

    /// The frame that a table, page or block descriptor, or a page resident without access, names.
    @inlinable public var frame: FrameNumber { FrameNumber(DescriptorLayout.frame.value(in: rawValue)) }

    /// What the hardware lets EL0 do through this entry, tables above aside.
    @inlinable public var userRights: HardwareRights {
        guard isValid, DescriptorLayout.userAccess.isSet(in: rawValue) else { return .none }
        var rights: HardwareRights = .read
        if !DescriptorLayout.readOnly.isSet(in: rawValue) { rights.insert(.write) }
        if !DescriptorLayout.userExecuteNever.isSet(in: rawValue) { rights.insert(.execute) }
        if DescriptorLayout.guarded.isSet(in: rawValue) { rights.insert(.branchTargets) }
        return rights
    }

    /// Whether the access flag is set.
    @inlinable public var isAccessed: Bool { DescriptorLayout.accessed.isSet(in: rawValue) }

    /// This entry with the access flag set.
    @inlinable public var markedAccessed: Descriptor {
        Descriptor(rawValue: rawValue | DescriptorLayout.accessed.mask)
    }

    /// Whether this is a page of that class whose entry nobody changes but who holds its address space: its access flag
    /// is set and the hardware does not track whether it is dirty, so the walker has nothing to note (Arm ARM D8.4.5),
    /// and a plain store may replace it.
    @inlinable @inline(__always) func isSteadyPage(of attributes: AttributeClass) -> Bool {
        let fields = Descriptor.steadyMask | DescriptorLayout.attributeClass.mask
        let expected =
            DescriptorLayout.valid.mask | DescriptorLayout.accessed.mask
            | UInt64(attributes.rawValue) &<< DescriptorLayout.attributeClass.shift
        return rawValue & fields == expected
    }

    /// Whether nobody changes this last-level entry but who holds its address space: a steady page, or anonymous memory
    /// that was never touched.
    @inlinable @inline(__always) var isPlain: Bool {
        isReservedAnonymous
            || rawValue & Descriptor.steadyMask == DescriptorLayout.valid.mask | DescriptorLayout.accessed.mask
    }

    @inlinable static var steadyMask: UInt64 {
        DescriptorLayout.valid.mask | DescriptorLayout.accessed.mask | DescriptorLayout.dirtyManagement.mask
    }

    /// The bits of an entry in which those of one kind and class agree.
    @inlinable @inline(__always) var likenessMask: UInt64 {
        isValid
            ? DescriptorLayout.valid.mask | DescriptorLayout.attributeClass.mask
            : DescriptorLayout.valid.mask | InvalidEntryLayout.kind.mask | InvalidEntryLayout.attributeClass.mask
    }

    /// The bits in which the entry of one plain page agrees with that of another of its class.
    @inlinable @inline(__always) var plainMask: UInt64 {
        isValid ? Descriptor.steadyMask | DescriptorLayout.attributeClass.mask : ~0
    }

    /// The bits that say what EL0 may do with a page.
    @inlinable static var rightsMask: UInt64 {
        DescriptorLayout.readOnly.mask | DescriptorLayout.userExecuteNever.mask | DescriptorLayout.guarded.mask
    }

    /// This page descriptor for another frame.
    @inlinable @inline(__always) func replacing(_ frame: FrameNumber) -> Descriptor {
        Descriptor(rawValue: rawValue & ~DescriptorLayout.frame.mask | DescriptorLayout.frame.word(frame.rawValue))
    }

    /// This page descriptor without write, now and by the hardware's own dirty management.
    @inlinable public var writeProtected: Descriptor {
        Descriptor(
            rawValue: (rawValue | DescriptorLayout.readOnly.mask) & ~DescriptorLayout.dirtyManagement.mask)
    }

    /// This read-only page descriptor so that the hardware makes it writable at the first write (Arm ARM D8.5.4): a
    /// clean page that its program may write.
    @inlinable public var clean: Descriptor {
        Descriptor(
            rawValue: rawValue | DescriptorLayout.readOnly.mask | DescriptorLayout.dirtyManagement.mask)
    }

    /// This descriptor of a page that its program may write and nobody has written, so that the first write is noticed,
    /// and reclaim keeps the page from then on: by the hardware where it can, otherwise by a fault.
    @inlinable func noticingFirstWrite(byHardware: Bool) -> Descriptor { byHardware ? clean : writeProtected }

    /// This page descriptor with write.
    @inlinable public var writable: Descriptor {
        Descriptor(rawValue: rawValue & ~DescriptorLayout.readOnly.mask)
    }

    // MARK: Entries that are invalid to the hardware

    /// The entry of pages that are mapped and were never touched.
    @inlinable public static func reserved(_ attributes: AttributeClass) -> Descriptor {
        Descriptor(
            rawValue: InvalidEntryLayout.kind.word(InvalidEntryKind.reserved)
                | InvalidEntryLayout.attributeClass.word(UInt64(attributes.rawValue)))
    }

    /// The entry of pages of an object that were never touched; `pageIndex` is the first one's.
    @inlinable public static func reservedFile(
        _ attributes: AttributeClass, object: ObjectNumber, pageIndex: PageIndex
    ) -> Descriptor {
        Descriptor(
            rawValue: InvalidEntryLayout.kind.word(InvalidEntryKind.reservedFile)
                | InvalidEntryLayout.attributeClass.word(UInt64(attributes.rawValue))
                | InvalidEntryLayout.object.word(UInt64(object.rawValue))
                | InvalidEntryLayout.pageIndex.word(UInt64(pageIndex.rawValue)))
    }

    /// The entry of a page that keeps its frame but that its program may not access.
    @inlinable public static func residentWithoutAccess(
        _ frame: FrameNumber, class attributes: AttributeClass
    ) -> Descriptor {
        Descriptor(
            rawValue: InvalidEntryLayout.kind.word(InvalidEntryKind.residentWithoutAccess)
                | InvalidEntryLayout.attributeClass.word(UInt64(attributes.rawValue))
                | InvalidEntryLayout.frame.word(frame.rawValue))
    }

    /// The state that an invalid entry holds: one of ``InvalidEntryKind``.
    @inlinable public var invalidKind: UInt64 { InvalidEntryLayout.kind.value(in: rawValue) }

    /// Whether the entry stands for pages that have no frame yet.
    @inlinable public var isReserved: Bool {
        !isValid && (invalidKind == InvalidEntryKind.reserved || invalidKind == InvalidEntryKind.reservedFile)
    }

    /// Whether the entry stands for anonymous pages that have no frame yet.
    @inlinable public var isReservedAnonymous: Bool { !isValid && invalidKind == InvalidEntryKind.reserved }

    /// Whether the entry stands for untouched pages of an object.
    @inlinable public var isReservedFile: Bool { !isValid && invalidKind == InvalidEntryKind.reservedFile }

    /// Whether the entry holds a reference, on a frame or on an object: that is, whether more is to be done about it
    /// than to overwrite it. Neither a free entry nor a reserved anonymous one does.
    @inlinable var holdsReferences: Bool {
        let anonymous = InvalidEntryLayout.kind.word(InvalidEntryKind.reserved)
        return rawValue & (InvalidEntryLayout.kind.mask | DescriptorLayout.valid.mask) & ~anonymous != 0
    }

    /// The object of a reserved entry of one.
    @inlinable public var object: ObjectNumber {
        ObjectNumber(UInt32(truncatingIfNeeded: InvalidEntryLayout.object.value(in: rawValue)))
    }

    /// The index in its object of the first page that a reserved entry stands for.
    @inlinable public var pageIndex: PageIndex {
        PageIndex(UInt32(truncatingIfNeeded: InvalidEntryLayout.pageIndex.value(in: rawValue)))
    }

    /// Whether this last-level entry names a frame.
    @inlinable public var isResident: Bool { isValid || invalidKind == InvalidEntryKind.residentWithoutAccess }

    /// The attribute class of an entry that is neither free nor a table.
    @inlinable public var attributeClass: AttributeClass {
        let field = isValid ? DescriptorLayout.attributeClass : InvalidEntryLayout.attributeClass
        return AttributeClass(UInt8(truncatingIfNeeded: field.value(in: rawValue)))
    }

    /// This entry, invalid to the hardware and not free, with another class.
    @inlinable public func replacing(_ attributes: AttributeClass) -> Descriptor {
        Descriptor(
            rawValue: InvalidEntryLayout.attributeClass.replacing(in: rawValue, by: UInt64(attributes.rawValue)))
    }

    /// This reserved entry as the one that stands for the pages from the `offset`th on of those it stands for now: how
    /// a block is split, and how pages move.
    @inlinable public func advanced(byPages offset: UInt64) -> Descriptor {
        guard !isValid, invalidKind == InvalidEntryKind.reservedFile else { return self }
        let index = InvalidEntryLayout.pageIndex.value(in: rawValue) + offset
        return Descriptor(rawValue: InvalidEntryLayout.pageIndex.replacing(in: rawValue, by: index))
    }
}
