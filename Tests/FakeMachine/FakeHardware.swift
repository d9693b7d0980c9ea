import MemoryModel

/// The fake machine as the memory model takes it.
///
/// It names its machine without a reference, as addresses do: the memory model copies it everywhere, and counting
/// references took a seventh of the proofs' time.
@safe public struct FakeHardware: Hardware, Sendable {
    private let owner: Unmanaged<FakeMachine>

    init(machine: FakeMachine) { unsafe owner = Unmanaged.passUnretained(machine) }

    /// There until somebody discards it.
    public var machine: FakeMachine { unsafe owner.takeUnretainedValue() }

    public func load(_ address: PhysicalAddress) -> UInt64 {
        unsafe owner._withUnsafeGuaranteedRef { $0.load(address) }
    }

    public func store(_ value: UInt64, at address: PhysicalAddress) {
        unsafe owner._withUnsafeGuaranteedRef { $0.store(value, at: address) }
    }

    public func exchange(_ value: UInt64, at address: PhysicalAddress) -> UInt64 {
        let old = load(address)
        machine.write(value, at: address)
        return old
    }

    public func compareExchange(expected: UInt64, desired: UInt64, at address: PhysicalAddress) -> UInt64 {
        let old = load(address)
        if old == expected { machine.write(desired, at: address) }
        return old
    }

    public func clear(_ frame: FrameNumber) {
        machine.maintenance.clears += 1
        machine.replaceContent(of: frame, cleaning: true) { $0.fill(frame, with: 0) }
    }

    public func copy(from source: FrameNumber, to destination: FrameNumber) {
        machine.maintenance.copies += 1
        guard machine.memory.contains(source) else { return machine.report(.outsideMemory(source.address)) }
        machine.replaceContent(of: destination, cleaning: true) { $0.copy(from: source, to: destination) }
    }

    public func copyBytes(from source: PhysicalAddress, to destination: PhysicalAddress, count: ByteCount) {
        machine.copyBytes(from: source, to: destination, count: count.rawValue)
    }

    public func clean(_ frame: FrameNumber) { machine.caches.clean(frame) }

    public func completeCleaning() { machine.dataSynchronisationBarrier() }

    public func publishInstructions(in frame: FrameNumber) {
        machine.maintenance.instructionPublications += 1
        machine.caches.publishInstructions(in: frame)
        machine.dataSynchronisationBarrier()
    }

    public func orderTableWrites() { machine.tracker.order() }

    public func invalidateLastLevel(of page: VirtualAddress, asid: ASID) {
        machine.maintenance.pageInvalidations += 1
        machine.begin(.page(page.rawValue, asid: machine.implemented(asid), allLevels: false))
    }

    public func invalidateAllLevels(of page: VirtualAddress, asid: ASID) {
        machine.maintenance.pageInvalidations += 1
        machine.begin(.page(page.rawValue, asid: machine.implemented(asid), allLevels: true))
    }

    public func invalidate(asid: ASID) {
        machine.maintenance.asidInvalidations += 1
        machine.begin(.asid(machine.implemented(asid)))
    }

    public func invalidateAll() {
        machine.maintenance.wholeInvalidations += 1
        machine.begin(.everything)
    }

    public func completeInvalidation() { machine.dataSynchronisationBarrier() }
}

extension FakeMachine {
    /// A load by the kernel.
    func load(_ address: PhysicalAddress) -> UInt64 {
        maintenance.wordAccesses += 1
        guard let word = memory.load(address) else {
            report(.outsideMemory(address))
            return 0
        }
        guard interference != nil, WalkDescriptor.mayLackFlags(word) else { return word }
        interfere(at: address)
        return peek(address)
    }

    /// A store by the kernel, which must not undo what the walker did.
    func store(_ value: UInt64, at address: PhysicalAddress) {
        maintenance.wordAccesses += 1
        if updatedByWalker(address) != nil { report(.lostHardwareUpdate(address)) }
        interfere(at: address)
        write(value, at: address)
    }

    /// The bits of an ASID that the CPUs compare.
    func implemented(_ asid: ASID) -> UInt16 { options.asidBits == 8 ? asid.rawValue & 0xFF : asid.rawValue }

    func begin(_ scope: PendingInvalidation.Scope) {
        tracker.pending.append(PendingInvalidation(scope: scope, upTo: tracker.ordered))
    }

    /// `dsb ish`: table writes are ordered, cleaning and invalidations begun before are complete.
    func dataSynchronisationBarrier() {
        caches.completeCleaning()
        guard !tracker.pending.isEmpty else {
            tracker.order()
            return
        }
        let scopes = tracker.pending.map(\.scope)
        tracker.applyPending()
        tracker.order()
        for scope in scopes { leaveInvalidated(scope) }
    }

    /// A write by the kernel or the walker.
    func write(_ value: UInt64, at address: PhysicalAddress) {
        guard let old = memory.load(address) else { return report(.outsideMemory(address)) }
        willWrite(value, over: old, at: address)
        memory.store(value, at: address)
        // Which of two invalid words a walker reads is nothing to it.
        if (value | old) & 1 == 1 { tracker.wrote(address.frame) }
        if old & 1 == 1, value & 1 == 0 { tracker.tookEntry(outOf: address.frame) }
        caches.wrote(partOf: address.frame)
        didWrite(value, over: old, at: address)
        didWriteRecord(value, over: old, at: address)
    }

    /// Replaces a whole frame; where it is a walkable table or holds records, word by word.
    func replaceContent(of frame: FrameNumber, cleaning: Bool, _ body: (inout FakeMemory) -> Void) {
        guard memory.contains(frame) else { return report(.outsideMemory(frame.address)) }
        if tracker.isTable(frame) || tracker.hasStaleUse(of: frame) {
            var after = memory
            body(&after)
            for index in 0..<Granule.entriesPerTable {
                write(after.load(entryAddress(frame, index)) ?? 0, at: entryAddress(frame, index))
            }
        } else {
            body(&memory)
            tracker.wrote(frame)
        }
        caches.wrote(allOf: frame, cleaning: cleaning)
    }

    func copyBytes(from source: PhysicalAddress, to destination: PhysicalAddress, count: UInt64) {
        // By words where that is possible.
        let isAligned = (source.rawValue | destination.rawValue | count) & 7 == 0
        if isAligned {
            for offset in stride(from: 0, to: count, by: 8) {
                let target = destination + ByteCount(offset)
                guard let word = memory.load(source + ByteCount(offset)) else {
                    return report(.outsideMemory(source + ByteCount(offset)))
                }
                guard memory.contains(target.frame) else { return report(.outsideMemory(target)) }
                memory.store(word, at: target)
            }
        }
        for offset in 0..<(isAligned ? 0 : count) {
            guard let byte = memory.byte(at: source + ByteCount(offset)) else {
                return report(.outsideMemory(source + ByteCount(offset)))
            }
            let target = destination + ByteCount(offset)
            guard memory.contains(target.frame) else { return report(.outsideMemory(target)) }
            memory.setByte(byte, at: target)
        }
        guard count > 0 else { return }
        var frame = destination.frame
        let last = (destination + ByteCount(count - 1)).frame
        while frame <= last {
            let isWhole =
                destination <= frame.address
                && (frame.address + Granule.size) - destination <= ByteCount(count)
            if isWhole {
                caches.wrote(allOf: frame, cleaning: false)
            } else {
                caches.wrote(partOf: frame)
            }
            frame = frame.advanced(by: 1)
        }
    }

    // MARK: The walker's own writes

    /// The word as the walker may write it, or nil where it may not.
    func updatedByWalker(_ address: PhysicalAddress) -> UInt64? {
        guard options.setsAccessFlag || options.setsDirtyState else { return nil }
        guard tracker.isTable(address.frame), let word = memory.load(address), WalkDescriptor.mayLackFlags(word) else {
            return nil
        }
        let uses = tracker.uses(of: address.frame)
        guard let use = uses.first else { return nil }
        let descriptor = WalkDescriptor(word: word, level: use.level)
        guard descriptor.form == .leaf else { return nil }
        if options.setsAccessFlag && !descriptor.accessFlag { return word | WalkDescriptor.accessFlagBit }
        guard options.setsDirtyState, descriptor.accessFlag, descriptor.dirtyBitModifier, descriptor.isReadOnly,
            uses.contains(where: { !$0.path.readOnly })
        else { return nil }
        return word & ~WalkDescriptor.readOnlyBit
    }

    /// Lets the walker set a flag just before the kernel touches the word, about every second time.
    func interfere(at address: PhysicalAddress) {
        guard interference != nil, let word = updatedByWalker(address) else { return }
        if let bits = interference?.next(), bits & 1 == 1 { setByWalker(word, at: address) }
    }

    /// Writes a word as the walker does: atomically, and no kernel's write.
    func setByWalker(_ word: UInt64, at address: PhysicalAddress) {
        memory.store(word, at: address)
    }
}
