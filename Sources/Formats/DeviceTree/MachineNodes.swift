// What each kind of node contributes to the description. Bindings: Devicetree Specification 0.4 chapter 3, and Linux's
// Documentation/devicetree/bindings (arm,gic, arm,gic-v3, arm,arch_timer, psci, pl011, arm,pl031, virtio,mmio).

extension MachineSurvey {
    /// The first usable GIC, whose interrupt specifiers are then understood.
    static func interruptController(of tree: DeviceTree) -> Controller? {
        var nodes = tree.nodes
        while let node = nodes.next() {
            guard isInterruptController(node, of: tree) else { continue }
            guard let cells = tree.cell("#interrupt-cells", of: node), cells >= 3, cells <= 8 else { return nil }
            return Controller(phandle: tree.cell("phandle", of: node) ?? 0, interruptCells: Int(cells))
        }
        return nil
    }

    private static func isInterruptController(_ node: DeviceTreeNode, of tree: DeviceTree) -> Bool {
        guard tree.property("interrupt-controller", of: node) != nil, tree.isEnabled(node) else { return false }
        return isVersion3(node, of: tree) || isVersion2(node, of: tree)
    }

    private static func isVersion3(_ node: DeviceTreeNode, of tree: DeviceTree) -> Bool {
        tree.isCompatible(node, with: "arm,gic-v3")
    }

    private static func isVersion2(_ node: DeviceTreeNode, of tree: DeviceTree) -> Bool {
        tree.isCompatible(node, with: "arm,cortex-a15-gic") || tree.isCompatible(node, with: "arm,gic-400")
            || tree.isCompatible(node, with: "arm,cortex-a7-gic") || tree.isCompatible(node, with: "arm,cortex-a9-gic")
    }

    /// The node that `/chosen/stdout-path` names, by path or by alias, options behind a colon left aside.
    static func console(of tree: DeviceTree) -> DeviceTreeNode? {
        var nodes = tree.nodes
        while let node = nodes.next() {
            guard node.depth == 1, tree.node(node, isNamed: "chosen") else { continue }
            guard let whole = tree.string("stdout-path", of: node) ?? tree.string("linux,stdout-path", of: node) else {
                return nil
            }
            let text = tree.bytes(at: whole)
            var end = 0
            while end < text.count, text[end] != UInt8(ascii: ":") { end += 1 }
            let path = text.extracting(0..<end)
            if let direct = tree.node(atPath: path) { return direct }
            return alias(path, of: tree)
        }
        return nil
    }

    private static func alias(_ name: ByteSpan, of tree: DeviceTree) -> DeviceTreeNode? {
        var nodes = tree.nodes
        while let node = nodes.next() {
            guard node.depth == 1, tree.node(node, isNamed: "aliases") else { continue }
            guard let value = tree.property(named: name, of: node),
                let path = tree.bytes(at: value).terminatedString(at: 0)
            else { return nil }
            return tree.node(atPath: tree.bytes(at: ByteRange(offset: value.offset, count: path.count)))
        }
        return nil
    }

    /// Adds what `node` says to the description. Its own ``Bus`` has been noted before.
    func record(
        _ node: DeviceTreeNode, in machine: inout MachineDescription, console: DeviceTreeNode?
    ) throws(DeviceTreeError) {
        guard node.depth > 0 else { return }
        switch buses[node.depth - 1].role {
        case .reservedMemory: return try recordReservation(node, in: &machine)
        case .cpus: return try recordCPU(node, in: &machine)
        case .root where buses[node.depth].role == .chosen: return try recordChoices(node, in: &machine)
        case .root where tree.list("device_type", of: node, contains: "memory"):
            return try recordMemory(node, in: &machine)
        default: break
        }
        guard tree.property("compatible", of: node) != nil, tree.isEnabled(node) else { return }
        try recordDevice(node, in: &machine, console: console)
    }

    private func recordDevice(
        _ node: DeviceTreeNode, in machine: inout MachineDescription, console: DeviceTreeNode?
    ) throws(DeviceTreeError) {
        if tree.isCompatible(node, with: "virtio,mmio") {
            guard let device = try device(node) else { return }
            if !machine.transports.append(device) { machine.unlistedTransportCount += 1 }
        } else if tree.isCompatible(node, with: "arm,pl011") {
            if machine.uart == nil || node == console { machine.uart = try device(node) ?? machine.uart }
        } else if tree.isCompatible(node, with: "arm,pl031") {
            if machine.realTimeClock == nil { machine.realTimeClock = try device(node) }
        } else if tree.isCompatible(node, with: "arm,armv8-timer") || tree.isCompatible(node, with: "arm,armv7-timer") {
            if machine.timer == nil { machine.timer = try timer(node) }
        } else if tree.isCompatible(node, with: "arm,psci") || hasSystemFunctions(node) {
            if machine.powerControl == nil { machine.powerControl = try powerControl(node) }
        } else if Self.isInterruptController(node, of: tree), machine.interruptController == nil {
            machine.interruptController = try interruptController(node)
        }
    }

    private func device(_ node: DeviceTreeNode) throws(DeviceTreeError) -> Device? {
        guard let registers = try translatedRegion(0, of: node) else { return nil }
        return Device(registers: registers, interrupt: try interrupt(0, of: node))
    }

    // MARK: Memory

    private func recordMemory(
        _ node: DeviceTreeNode, in machine: inout MachineDescription
    ) throws(DeviceTreeError) {
        guard tree.isEnabled(node) else { return }
        for index in 0..<(try regionCount(of: node)) { try machine.addMemory(try region(index, of: node)) }
    }

    /// A child of /reserved-memory. One without `reg` asks for an allocation, which Akuma has no use for.
    private func recordReservation(
        _ node: DeviceTreeNode, in machine: inout MachineDescription
    ) throws(DeviceTreeError) {
        guard node.depth == 2, tree.isEnabled(node) else { return }
        let isUnmapped = tree.property("no-map", of: node) != nil
        for index in 0..<(try regionCount(of: node)) {
            try machine.reserve(try region(index, of: node), isUnmapped: isUnmapped)
        }
    }

    private func recordChoices(
        _ node: DeviceTreeNode, in machine: inout MachineDescription
    ) throws(DeviceTreeError) {
        machine.bootArguments = tree.string("bootargs", of: node)
        machine.randomSeed = tree.property("rng-seed", of: node)
        machine.layoutSeed = tree.property("kaslr-seed", of: node)
        let start = tree.property("linux,initrd-start", of: node)
        let end = tree.property("linux,initrd-end", of: node)
        guard start != nil || end != nil else { return }
        guard let start, let end, let first = wholeNumber(start), let beyond = wholeNumber(end), beyond >= first else {
            throw .malformedProperty(.initialRamdisk, nodeOffset: node.offset)
        }
        machine.initialRamdisk = PhysicalRegion(start: first, size: beyond - first)
    }

    /// A value of one or two cells, as boot loaders write addresses.
    private func wholeNumber(_ value: ByteRange) -> UInt64? {
        guard value.count == 4 || value.count == 8 else { return nil }
        return tree.number(at: 0, cells: value.count / 4, of: value)
    }

    // MARK: CPUs, interrupts, power

    private func recordCPU(_ node: DeviceTreeNode, in machine: inout MachineDescription) throws(DeviceTreeError) {
        guard node.depth == 2, tree.list("device_type", of: node, contains: "cpu") else { return }
        // A CPU that is "disabled" waits to be started (Devicetree Specification 3.8); one that has failed is none.
        guard !tree.list("status", of: node, contains: "fail") else { return }
        guard let value = tree.property("reg", of: node), !value.isEmpty,
            let affinity = tree.number(at: 0, cells: buses[1].addressCells, of: value)
        else { throw .malformedProperty(.registers, nodeOffset: node.offset) }
        machine.cpuCount += 1
        machine.cpus.append(affinity)
    }

    private func interruptController(_ node: DeviceTreeNode) throws(DeviceTreeError) -> InterruptController? {
        guard let distributor = try translatedRegion(0, of: node) else { return nil }
        guard Self.isVersion3(node, of: tree) else {
            guard let cpuInterface = try translatedRegion(1, of: node) else { return nil }
            return .version2(distributor: distributor, cpuInterface: cpuInterface)
        }
        let count = tree.cell("#redistributor-regions", of: node) ?? 1
        var redistributors = BoundedList<8, PhysicalRegion>(filler: PhysicalRegion(start: 0, size: 0))
        guard count > 0, count <= 8 else { throw .malformedProperty(.registers, nodeOffset: node.offset) }
        for index in 1...Int(count) {
            guard let region = try translatedRegion(index, of: node) else { return nil }
            redistributors.append(region)
        }
        var stride: UInt64 = 0
        if let value = tree.property("redistributor-stride", of: node) {
            guard let number = wholeNumber(value) else {
                throw .malformedProperty(.registers, nodeOffset: node.offset)
            }
            stride = number
        }
        return .version3(distributor: distributor, redistributors: redistributors, stride: stride)
    }

    private func timer(_ node: DeviceTreeNode) throws(DeviceTreeError) -> TimerInterrupts {
        let isNamed = tree.property("interrupt-names", of: node) != nil
        func interrupt(_ name: StaticString, at position: Int) throws(DeviceTreeError) -> Interrupt? {
            guard isNamed else { return try self.interrupt(position, of: node) }
            guard let place = tree.indexInList("interrupt-names", of: node, text: name) else { return nil }
            return try self.interrupt(place, of: node)
        }
        return TimerInterrupts(
            securePhysical: try interrupt("sec-phys", at: 0), physical: try interrupt("phys", at: 1),
            virtual: try interrupt("virt", at: 2), hypervisorPhysical: try interrupt("hyp-phys", at: 3))
    }

    private func hasSystemFunctions(_ node: DeviceTreeNode) -> Bool {
        tree.isCompatible(node, with: "arm,psci-0.2") || tree.isCompatible(node, with: "arm,psci-1.0")
    }

    private func powerControl(_ node: DeviceTreeNode) throws(DeviceTreeError) -> PowerControl {
        guard let method = tree.string("method", of: node) else {
            throw .malformedProperty(.method, nodeOffset: node.offset)
        }
        let conduit: PowerControl.Conduit
        if tree.bytes(at: method).equals("hvc") {
            conduit = .hypervisorCall
        } else if tree.bytes(at: method).equals("smc") {
            conduit = .secureMonitorCall
        } else {
            throw .malformedProperty(.method, nodeOffset: node.offset)
        }
        // PSCI 0.2 fixed the numbers; before, the tree gave them (Arm DEN 0022, section 5).
        if hasSystemFunctions(node) {
            return PowerControl(conduit: conduit, cpuOn: 0xC400_0003, cpuOff: 0x8400_0002, hasSystemFunctions: true)
        }
        guard let cpuOn = tree.cell("cpu_on", of: node), let cpuOff = tree.cell("cpu_off", of: node) else {
            throw .malformedProperty(.functionIdentifiers, nodeOffset: node.offset)
        }
        return PowerControl(conduit: conduit, cpuOn: cpuOn, cpuOff: cpuOff, hasSystemFunctions: false)
    }
}
