import MemoryModel

/// One CPU: an installed table, and the translations it has used.
public final class FakeCPU: @unchecked Sendable {
    /// What an access wants.
    public enum Access: Sendable { case read, write, execute }

    /// Who accesses.
    public enum ExceptionLevel: Sendable { case el0, el1 }

    /// Why an access did not succeed, with the level of the entry that says so (Arm ARM D8.4).
    public enum Fault: Error, Hashable, Sendable {
        case translation(level: Int)
        case accessFlag(level: Int)
        case permission(level: Int)
    }

    /// Which of the possible translations an access uses.
    public enum Memory: Sendable {
        /// What this CPU used before, as long as no invalidation has covered it; else a walk.
        case remembering
        /// A stale one wherever there is one.
        case adversarial
        /// A walk, always.
        case fresh
    }

    public let index: Int

    /// How this CPU's TLB chooses. ``Memory/remembering`` at first.
    public var memory = Memory.remembering

    unowned let machine: FakeMachine
    private(set) var context: WalkContext?
    private struct Key: Hashable {
        let asid: UInt16
        let page: UInt64
    }
    private var remembered: [Key: Translation] = [:]

    init(index: Int, machine: FakeMachine) {
        self.index = index
        self.machine = machine
    }

    /// Writes `TTBR0_EL1`: this CPU translates with this root and ASID from now on.
    public func install(root: FrameNumber, asid: ASID) {
        let context = WalkContext(asid: machine.implemented(asid), root: root)
        self.context = context
        machine.enter(context)
    }

    /// Stops translating: as with a table that holds nothing of a program's.
    public func uninstall() { context = nil }

    /// Whether it translates with this ASID.
    public func translates(with asid: ASID) -> Bool { context?.asid == machine.implemented(asid) }

    /// Accesses memory as an instruction would.
    /// - Returns: the physical address accessed. Sets flags where the machine's walker does.
    @discardableResult public func access(
        _ address: VirtualAddress, _ access: Access, as level: ExceptionLevel = .el0
    ) throws(Fault) -> PhysicalAddress {
        guard let context else { throw .translation(level: Granule.firstLevel) }
        let translation = try translate(address.rawValue, access, level, context)
        try check(translation, access, level)
        // A program that writes its own instructions synchronises them itself, where it may execute them already.
        if access == .write && !translation.el0Execute {
            machine.caches.wrote(partOf: translation.frame(for: address))
        }
        return translation.output + (address - translation.base)
    }

    /// Loads the word at an address that is a multiple of 8.
    public func read(_ address: VirtualAddress, as level: ExceptionLevel = .el0) throws(Fault) -> UInt64 {
        machine.peek(try access(address, .read, as: level))
    }

    /// Stores the word at an address that is a multiple of 8.
    public func write(
        _ value: UInt64, at address: VirtualAddress, as level: ExceptionLevel = .el0
    ) throws(Fault) {
        let physical = try access(address, .write, as: level)
        guard machine.memory.contains(physical.frame) else { return machine.report(.outsideMemory(physical)) }
        machine.memory.store(value, at: physical)
    }

    private func translate(
        _ address: UInt64, _ access: Access, _ level: ExceptionLevel, _ context: WalkContext
    ) throws(Fault) -> Translation {
        let key = Key(asid: context.asid, page: address >> Granule.shift)
        switch memory {
        case .fresh: break
        case .remembering:
            if let kept = remembered[key], machine.stalePossible(address, context).contains(kept) { return kept }
        case .adversarial:
            if let stale = machine.stalePossible(address, context).first { return stale }
        }
        let translation = try machine.walk(address, for: access, level, from: context)
        remembered[key] = translation
        return translation
    }

    private func check(_ translation: Translation, _ access: Access, _ level: ExceptionLevel) throws(Fault) {
        guard translation.accessFlag else { throw .accessFlag(level: translation.level) }
        let allowed: Bool
        switch (level, access) {
        case (.el0, .read): allowed = translation.el0Read
        case (.el0, .write): allowed = translation.el0Write
        case (.el0, .execute): allowed = translation.el0Execute
        case (.el1, .read): allowed = !(machine.options.hasPAN && translation.el0Read)
        case (.el1, .write): allowed = translation.el1Write && !(machine.options.hasPAN && translation.el0Read)
        case (.el1, .execute): allowed = translation.el1Execute
        }
        guard allowed else { throw .permission(level: translation.level) }
    }
}

extension FakeMachine {
    /// Translates by walking the tables as they are, setting flags as the options say.
    func walk(
        _ address: UInt64, for access: FakeCPU.Access, _ level: FakeCPU.ExceptionLevel, from context: WalkContext
    ) throws(FakeCPU.Fault) -> Translation {
        guard address >> Granule.virtualAddressBits == 0 else { throw .translation(level: Granule.firstLevel) }
        let root = TableUse(
            context: context, level: Granule.firstLevel, base: 0, path: Restrictions(), parent: nil)
        let (found, entry) = try walk(address, from: context.root, root)
        guard case .leaf = found.descriptor.form else { throw .translation(level: found.descriptor.level) }
        var word = found.descriptor.word
        if options.setsAccessFlag { word |= WalkDescriptor.accessFlagBit }
        let mayWrite = level == .el1 || (found.descriptor.isEL0 && !found.path.noEL0)
        if options.setsDirtyState && access == .write && found.descriptor.dirtyBitModifier && mayWrite
            && !found.path.readOnly
        {
            word &= ~WalkDescriptor.readOnlyBit
        }
        if word != found.descriptor.word { setByWalker(word, at: entry) }
        let descriptor = WalkDescriptor(word: word, level: found.descriptor.level)
        return Translation(descriptor, base: found.base, under: found.path)
    }

    struct Found {
        let descriptor: WalkDescriptor
        let base: UInt64
        let path: Restrictions
    }

    /// Follows descriptors from a table down to a leaf, or to the level where there is none.
    func walk(
        _ address: UInt64, from table: FrameNumber, _ start: TableUse
    ) throws(FakeCPU.Fault) -> (Found, PhysicalAddress) {
        var frame = table
        var path = start.path
        for level in start.level...Granule.lastLevel {
            let span = WalkDescriptor.span(level: level)
            let index = Int((address / span) % UInt64(Granule.entriesPerTable))
            let entry = entryAddress(frame, index)
            guard let word = memory.load(entry) else {
                report(.outsideMemory(entry))
                throw .translation(level: level)
            }
            let descriptor = WalkDescriptor(word: word, level: level)
            switch descriptor.form {
            case .invalid: throw .translation(level: level)
            case .leaf: return (Found(descriptor: descriptor, base: address & ~(span - 1), path: path), entry)
            case .table:
                path = path.and(descriptor.restrictions)
                frame = PhysicalAddress(descriptor.outputAddress).frame
            }
        }
        throw .translation(level: Granule.lastLevel)
    }

    /// The translations other than a walk from the root that the hardware may still use.
    func stalePossible(_ address: UInt64, _ context: WalkContext) -> [Translation] {
        var result: [Translation] = []
        for leaf in tracker.staleLeaves(covering: address)
        where leaf.translation.isGlobal || leaf.context.asid == context.asid {
            result.append(leaf.translation)
        }
        for stale in tracker.staleUses where stale.use.covers(address) && stale.use.context.asid == context.asid {
            if let (found, _) = try? walk(address, from: stale.frame, stale.use), found.descriptor.accessFlag {
                result.append(Translation(found.descriptor, base: found.base, under: found.path))
            }
        }
        return result
    }

    /// Pages of an address space of which TLBs or walk caches may hold what a walk would not find.
    public func stalePages(asid: ASID) -> [VirtualAddress] {
        guard tracker.hasStale else { return [] }
        let asid = implemented(asid)
        var addresses = tracker.staleAddresses(asid: asid)
        for stale in tracker.staleUses where stale.use.context.asid == asid && stale.use.level == Granule.lastLevel {
            forEachValidEntry(stale.frame, level: stale.use.level) { index, _ in
                addresses.append(stale.use.address(ofEntry: index))
            }
        }
        return addresses.map { VirtualAddress($0) }
    }

    /// Every translation of the address that the architecture lets the hardware use: what TLBs and walk caches may
    /// hold, and what a walk finds.
    public func allPossibleTranslations(_ address: VirtualAddress, asid: ASID) -> [Translation] {
        let asid = implemented(asid)
        guard let context = tracker.contexts[asid] else { return [] }
        var result = stalePossible(address.rawValue, context)
        let root = TableUse(
            context: context, level: Granule.firstLevel, base: 0, path: Restrictions(), parent: nil)
        if let (found, _) = try? walk(address.rawValue, from: context.root, root) {
            let fresh = Translation(found.descriptor, base: found.base, under: found.path)
            if !result.contains(fresh) { result.append(fresh) }
        }
        return result
    }
}

/// Every translation that the architecture lets the hardware use, of many pages of an address space: as
/// ``FakeMachine/allPossibleTranslations(_:asid:)``, with one walk for each last-level table. Nothing changes meanwhile.
public struct TranslationSurvey {
    private let machine: FakeMachine
    private let asid: ASID
    private let context: WalkContext?

    /// The last-level table of a region of 512 pages, and what the tables above forbid.
    private struct Place {
        let region: UInt64
        let table: FrameNumber
        let path: Restrictions
    }

    /// By the low bits of the region's number.
    private var places: [Place?] = Array(repeating: nil, count: 32)

    public init(_ machine: FakeMachine, asid: ASID) {
        self.machine = machine
        self.asid = asid
        context = machine.tracker.contexts[machine.implemented(asid)]
    }

    public mutating func forEachTranslation(of page: VirtualAddress, _ body: (Translation) throws -> Void) rethrows {
        guard let context else { return }
        guard !machine.tracker.mayHaveStale(page.rawValue), let place = place(of: page.rawValue, context) else {
            for translation in machine.allPossibleTranslations(page, asid: asid) { try body(translation) }
            return
        }
        let index = Int(page.rawValue >> Granule.shift) % Granule.entriesPerTable
        let word = machine.peek(machine.entryAddress(place.table, index))
        let descriptor = WalkDescriptor(word: word, level: Granule.lastLevel)
        guard descriptor.form == .leaf else { return }
        try body(Translation(descriptor, base: page.rawValue, under: place.path))
    }

    private mutating func place(of address: UInt64, _ context: WalkContext) -> Place? {
        let region = address / WalkDescriptor.span(level: Granule.lastLevel - 1)
        let slot = Int(region % 32)
        if let known = places[slot], known.region == region { return known }
        guard let (table, path) = machine.lastTable(of: address, from: context.root) else { return nil }
        places[slot] = Place(region: region, table: table, path: path)
        return places[slot]
    }
}

extension FakeMachine {
    /// The last-level table that a walk leads to, and what the tables above forbid; nil where it ends earlier.
    func lastTable(of address: UInt64, from root: FrameNumber) -> (FrameNumber, Restrictions)? {
        var (frame, path) = (root, Restrictions())
        for level in Granule.firstLevel..<Granule.lastLevel {
            let index = Int((address / WalkDescriptor.span(level: level)) % UInt64(Granule.entriesPerTable))
            let descriptor = WalkDescriptor(word: memory.load(entryAddress(frame, index)) ?? 0, level: level)
            guard descriptor.form == .table else { return nil }
            path = path.and(descriptor.restrictions)
            frame = PhysicalAddress(descriptor.outputAddress).frame
        }
        return (frame, path)
    }
}
