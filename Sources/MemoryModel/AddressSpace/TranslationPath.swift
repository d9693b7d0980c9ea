/// How an address translates, level by level: what the debugging interface shows.
@frozen public struct TranslationPath: Sendable {
    /// One level of a walk.
    @frozen public struct Step: Hashable, Sendable {
        /// The level, 0 to 3.
        public let level: Int
        /// The table that the walk was in.
        public let table: PhysicalAddress
        /// Which of its entries the address selects.
        public let index: Int
        /// That entry.
        public let descriptor: Descriptor

        @inlinable init(level: Int, table: PhysicalAddress, index: Int, descriptor: Descriptor) {
            self.level = level
            self.table = table
            self.index = index
            self.descriptor = descriptor
        }
    }

    /// The steps; the first ``count`` are those of the walk.
    public internal(set) var steps: InlineArray<4, Step>

    /// How many levels the walk went through, 1 to 4.
    public internal(set) var count: Int

    /// What the last entry says of the page, as far as the tables above let it; nil where it says nothing that the
    /// memory model writes.
    public internal(set) var state: PageState?

    /// The attributes of the page's class, or none where nothing is mapped.
    public internal(set) var attributes: AttributeSet

    /// Whether a table descriptor on the path lets nobody write: that table is shared after a fork.
    @inlinable public var isWriteProtected: Bool {
        var level = 0
        while level < count - 1 {
            if steps[level].descriptor.isSharedTable { return true }
            level += 1
        }
        return false
    }

    /// The last step of the walk.
    @inlinable public var last: Step { steps[count - 1] }
}

extension AddressSpace {
    /// How `address` translates, the kernel's addresses too.
    /// - Returns: nil where the address is beyond what the tables describe.
    public func translate(_ address: VirtualAddress) -> TranslationPath? {
        guard address < AddressSpaceLayout.addressLimit else { return nil }
        var place = tables.rootPosition
        var path = TranslationPath(
            steps: InlineArray(repeating: step(at: place, for: address)), count: 1, state: nil, attributes: .none)
        while path.last.descriptor.isTable(at: place.level) {
            place = TablePosition(table: path.last.descriptor.frame, level: place.level + 1)
            path.steps[path.count] = step(at: place, for: address)
            path.count += 1
        }
        path.state = PageState(path.last.descriptor)
        if path.isWriteProtected, case .resident(let frame, let attributes, let rights, let accessed) = path.state {
            path.state = .resident(frame, attributes, rights: rights.subtracting(.write), accessed: accessed)
        }
        if layout.contains(address), let state = path.state, let attributes = state.attributeClass {
            path.attributes = self.attributes[attributes]
        }
        return path
    }

    private func step(at place: TablePosition, for address: VirtualAddress) -> TranslationPath.Step {
        TranslationPath.Step(
            level: place.level, table: place.table.address,
            index: TableGeometry.index(of: address, at: place.level),
            descriptor: tables.load(place.entry(for: address)))
    }

    /// What is mapped at `address`.
    public func state(of address: VirtualAddress) -> PageState? { translate(address)?.state }
}

extension PageState {
    /// The attribute class that the state names, if any.
    @inlinable public var attributeClass: AttributeClass? {
        switch self {
        case .free: nil
        case .reserved(let attributes), .reservedFile(let attributes, _, _), .resident(_, let attributes, _, _),
            .residentWithoutAccess(_, let attributes):
            attributes
        }
    }
}
