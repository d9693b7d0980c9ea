extension MachineDescription {
    /// What a kernel must know from a device tree.
    /// - Throws: as ``read(_:)``.
    public init(_ tree: DeviceTree) throws(DeviceTreeError) {
        self.init()
        try read(tree)
    }

    /// Reads what a kernel must know from a device tree into an empty description: in place, for a caller whose stack has
    /// no room for another one.
    /// - Throws: `malformedProperty`, `addressOverflow`, `noMemory`, `tooManyMemoryRegions`, `tooManyReservations`.
    public mutating func read(_ tree: DeviceTree) throws(DeviceTreeError) {
        try tree.forEachReservation { (address, size) throws(DeviceTreeError) in
            try reserve(PhysicalRegion(checkedStart: address, size: size, nodeOffset: 0), isUnmapped: false)
        }
        // The controller may come behind the devices that name it.
        let controller = MachineSurvey.interruptController(of: tree)
        let console = MachineSurvey.console(of: tree)
        var survey = MachineSurvey(tree: tree, controller: controller)
        var nodes = tree.nodes
        while let node = nodes.next() {
            try survey.enter(node)
            try survey.record(node, in: &self, console: console)
        }
        guard !memory.isEmpty else { throw .noMemory }
    }

    mutating func reserve(_ region: PhysicalRegion, isUnmapped: Bool) throws(DeviceTreeError) {
        guard region.size > 0 else { return }
        guard reservations.append(Reservation(region: region, isUnmapped: isUnmapped)) else {
            throw .tooManyReservations(capacity: 32)
        }
    }

    /// Adds RAM, keeping the list ascending and merged.
    mutating func addMemory(_ region: PhysicalRegion) throws(DeviceTreeError) {
        guard region.size > 0 else { return }
        var start = region.start
        var end = region.end
        var index = 0
        while index < memory.count {
            let other = memory[index]
            if other.start <= end && start <= other.end {
                start = min(start, other.start)
                end = max(end, other.end)
                memory.remove(at: index)
            } else {
                index += 1
            }
        }
        var place = 0
        while place < memory.count, memory[place].start < start { place += 1 }
        guard memory.insert(PhysicalRegion(start: start, size: end - start), at: place) else {
            throw .tooManyMemoryRegions(capacity: 16)
        }
    }
}

extension PhysicalRegion {
    /// - Throws: `addressOverflow` where the range goes beyond 64 bits.
    init(checkedStart start: UInt64, size: UInt64, nodeOffset: Int) throws(DeviceTreeError) {
        guard !start.addingReportingOverflow(size).overflow else { throw .addressOverflow(nodeOffset: nodeOffset) }
        self.init(start: start, size: size)
    }
}

/// A walk over a tree that knows, at each node, the cells and address translations of the nodes above.
struct MachineSurvey: ~Escapable {
    /// What a node says about its children's addresses.
    struct Bus {
        var addressCells = 2
        var sizeCells = 1
        /// The value of `ranges`: nil where the children's addresses can't be seen from above, empty where they are
        /// the same.
        var ranges: ByteRange?
        /// The phandle of the controller that the children's interrupts go to, unless they name another.
        var interruptParent: UInt32 = 0
        var role = Role.other
    }

    enum Role { case other, root, reservedMemory, cpus, chosen }

    /// The interrupt controller whose specifiers are understood.
    struct Controller {
        let phandle: UInt32
        let interruptCells: Int
    }

    let tree: DeviceTree
    let controller: Controller?
    /// One per depth; those above the current node are its ancestors.
    var buses = InlineArray<16, Bus>(repeating: Bus())

    @_lifetime(copy tree)
    init(tree: DeviceTree, controller: Controller?) {
        self.tree = tree
        self.controller = controller
    }

    /// Takes note of what `node` says about its children.
    @_lifetime(self: copy self)
    mutating func enter(_ node: DeviceTreeNode) throws(DeviceTreeError) {
        var bus = Bus()
        bus.addressCells = try cells("#address-cells", of: node, standard: 2)
        bus.sizeCells = try cells("#size-cells", of: node, standard: 1)
        bus.ranges = tree.property("ranges", of: node)
        bus.interruptParent =
            tree.cell("interrupt-parent", of: node) ?? (node.depth > 0 ? buses[node.depth - 1].interruptParent : 0)
        switch node.depth {
        case 0: bus.role = .root
        case 1 where tree.node(node, isNamed: "reserved-memory"): bus.role = .reservedMemory
        case 1 where tree.node(node, isNamed: "cpus"): bus.role = .cpus
        case 1 where tree.node(node, isNamed: "chosen"): bus.role = .chosen
        default: break
        }
        buses[node.depth] = bus
    }

    private func cells(_ name: StaticString, of node: DeviceTreeNode, standard: Int) throws(DeviceTreeError) -> Int {
        guard let value = tree.property(name, of: node) else { return standard }
        guard value.count == 4, let cell = tree.cell(at: 0, of: value), cell <= 4 else {
            throw .malformedProperty(.cells, nodeOffset: node.offset)
        }
        return Int(cell)
    }

    // MARK: Registers

    /// The number of address and size pairs in a node's `reg`; 0 where it has none.
    func regionCount(of node: DeviceTreeNode) throws(DeviceTreeError) -> Int {
        guard node.depth > 0, let value = tree.property("reg", of: node) else { return 0 }
        let bus = buses[node.depth - 1]
        let entry = (bus.addressCells + bus.sizeCells) * 4
        guard entry > 0, value.count % entry == 0 else {
            throw .malformedProperty(.registers, nodeOffset: node.offset)
        }
        return value.count / entry
    }

    /// An entry of a node's `reg` as it stands, in the parent's addresses.
    /// - Throws: `malformedProperty` where it exceeds 64 bits or is not there, `addressOverflow`.
    func region(_ index: Int, of node: DeviceTreeNode) throws(DeviceTreeError) -> PhysicalRegion {
        guard index < (try regionCount(of: node)), let value = tree.property("reg", of: node) else {
            throw .malformedProperty(.registers, nodeOffset: node.offset)
        }
        let bus = buses[node.depth - 1]
        let start = index * (bus.addressCells + bus.sizeCells)
        guard let address = tree.number(at: start, cells: bus.addressCells, of: value),
            let size = tree.number(at: start + bus.addressCells, cells: bus.sizeCells, of: value)
        else { throw .malformedProperty(.registers, nodeOffset: node.offset) }
        return try PhysicalRegion(checkedStart: address, size: size, nodeOffset: node.offset)
    }

    /// An entry of a node's `reg` as the CPU addresses it, or nil where a bus above hides it.
    func translatedRegion(_ index: Int, of node: DeviceTreeNode) throws(DeviceTreeError) -> PhysicalRegion? {
        var region = try region(index, of: node)
        var depth = node.depth - 1
        while depth > 0 {
            guard let ranges = buses[depth].ranges else { return nil }
            if !ranges.isEmpty {
                guard let translated = try translate(region, by: ranges, depth: depth, node: node) else { return nil }
                region = translated
            }
            depth -= 1
        }
        return region
    }

    private func translate(
        _ region: PhysicalRegion, by ranges: ByteRange, depth: Int, node: DeviceTreeNode
    ) throws(DeviceTreeError) -> PhysicalRegion? {
        let child = buses[depth]
        let parentCells = buses[depth - 1].addressCells
        let entry = child.addressCells + parentCells + child.sizeCells
        guard entry > 0, ranges.count % (entry * 4) == 0 else {
            throw .malformedProperty(.ranges, nodeOffset: node.offset)
        }
        var cell = 0
        while cell < ranges.count / 4 {
            guard let from = tree.number(at: cell, cells: child.addressCells, of: ranges),
                let to = tree.number(at: cell + child.addressCells, cells: parentCells, of: ranges),
                let size = tree.number(
                    at: cell + child.addressCells + parentCells, cells: child.sizeCells, of: ranges)
            else { throw .malformedProperty(.ranges, nodeOffset: node.offset) }
            if region.start >= from, region.start - from < size, region.size <= size - (region.start - from) {
                let (start, overflow) = to.addingReportingOverflow(region.start - from)
                guard !overflow else { throw .addressOverflow(nodeOffset: node.offset) }
                return try PhysicalRegion(checkedStart: start, size: region.size, nodeOffset: node.offset)
            }
            cell += entry
        }
        return nil
    }

    // MARK: Interrupts

    /// A node's interrupt at `index`, or nil where it has none there or it goes to another controller.
    func interrupt(_ index: Int, of node: DeviceTreeNode) throws(DeviceTreeError) -> Interrupt? {
        guard let controller, node.depth > 0, buses[node.depth].interruptParent == controller.phandle,
            let value = tree.property("interrupts", of: node)
        else { return nil }
        guard value.count % (controller.interruptCells * 4) == 0 else {
            throw .malformedProperty(.interrupts, nodeOffset: node.offset)
        }
        let start = index * controller.interruptCells
        guard let kind = tree.cell(at: start, of: value), let number = tree.cell(at: start + 1, of: value),
            let flags = tree.cell(at: start + 2, of: value)
        else { return nil }
        // Devicetree binding arm,gic.yaml: kind 0 is shared, 1 private; flags 1 and 2 are edges, 4 and 8 levels.
        let isEdge = flags & 0x3 != 0
        switch kind {
        case 0 where number < 988: return Interrupt(identifier: 32 + number, isEdgeTriggered: isEdge)
        case 1 where number < 16: return Interrupt(identifier: 16 + number, isEdgeTriggered: isEdge)
        default: throw .malformedProperty(.interrupts, nodeOffset: node.offset)
        }
    }
}
