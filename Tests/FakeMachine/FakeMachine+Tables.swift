import MemoryModel

/// Following the tables that CPUs can walk, write by write.
extension FakeMachine {
    // MARK: Contexts

    /// A CPU may translate with this table from now on.
    func enter(_ context: WalkContext) {
        if let present = tracker.contexts[context.asid] {
            if present == context { return }
            report(.asidReused(ASID(context.asid)))
            leave(present)
        } else if tracker.hasStaleLeaf(where: { $0.context.asid == context.asid && $0.context != context })
            || tracker.staleUses.contains(where: { $0.use.context.asid == context.asid && $0.use.context != context })
        {
            report(.asidReused(ASID(context.asid)))
        }
        tracker.contexts[context.asid] = context
        link(
            context.root,
            TableUse(context: context, level: Granule.firstLevel, base: 0, path: Restrictions(), parent: nil))
        // What walkers see of a table that they come to first is what it says, and nothing that it said.
        for frame in tracker.tables(of: context) where tracker.mayShowRemoved(in: frame) {
            report(.publishedUnorderedTable(frame, VirtualAddress(0)))
        }
    }

    /// No CPU translates with this table any more, and nothing of it is remembered.
    func leave(_ context: WalkContext) {
        tracker.contexts[context.asid] = nil
        for frame in tracker.tables(of: context) {
            for use in tracker.uses(of: frame) where use.context == context { drop(use, of: frame) }
        }
        tracker.staleUses.removeAll { $0.use.context == context }
        tracker.removeStaleLeaves { $0.context == context && !$0.translation.isGlobal }
    }

    /// Contexts that this invalidation covers wholly, and that no CPU has installed.
    func leaveInvalidated(_ scope: PendingInvalidation.Scope) {
        func isInstalled(_ context: WalkContext) -> Bool { cpus.contains { $0.context == context } }
        switch scope {
        case .page: return
        case .asid(let asid):
            if let context = tracker.contexts[asid], !isInstalled(context) { leave(context) }
        case .everything:
            for context in Array(tracker.contexts.values) where !isInstalled(context) { leave(context) }
        }
    }

    // MARK: Tables

    func entryAddress(_ frame: FrameNumber, _ index: Int) -> PhysicalAddress {
        frame.address + ByteCount(UInt64(index) * 8)
    }

    /// Calls `body` with each valid entry of a table.
    func forEachValidEntry(_ frame: FrameNumber, level: Int, _ body: (Int, WalkDescriptor) -> Void) {
        memory.forEachOddWord(of: frame) { index, word in body(index, WalkDescriptor(word: word, level: level)) }
    }

    /// A frame becomes walkable as a table, and all that it names with it.
    func link(_ frame: FrameNumber, _ use: TableUse) {
        guard memory.contains(frame) else { return report(.outsideMemory(frame.address)) }
        tracker.add(use, of: frame)
        forEachValidEntry(frame, level: use.level) { index, descriptor in
            appeared(descriptor, in: frame, index, use, instead: nil)
        }
    }

    /// A valid entry appears in a walkable table.
    func appeared(
        _ descriptor: WalkDescriptor, in frame: FrameNumber, _ index: Int, _ use: TableUse, instead old: WalkDescriptor?
    ) {
        let base = use.address(ofEntry: index)
        switch descriptor.form {
        case .invalid: break
        case .leaf:
            count(descriptor, at: base, by: 1)
            checkPublication(descriptor, at: base, under: use.path, instead: old)
        case .table:
            let below = TableUse(
                context: use.context, level: use.level + 1, base: base, path: use.path.and(descriptor.restrictions),
                parent: entryAddress(frame, index))
            link(PhysicalAddress(descriptor.outputAddress).frame, below)
        }
    }

    /// A frame is no longer named as a table: walk caches may still name it, and TLBs all that it named.
    func unlink(_ frame: FrameNumber, _ use: TableUse) {
        tracker.staleUses.append(StaleUse(frame: frame, use: use, changed: tracker.clock))
        forEachValidEntry(frame, level: use.level) { index, descriptor in
            disappeared(descriptor, in: frame, index, use)
        }
        tracker.remove(use, of: frame)
    }

    /// A valid entry is no longer in a walkable table.
    func disappeared(_ descriptor: WalkDescriptor, in frame: FrameNumber, _ index: Int, _ use: TableUse) {
        let base = use.address(ofEntry: index)
        switch descriptor.form {
        case .invalid: break
        case .leaf:
            count(descriptor, at: base, by: -1)
            remember(descriptor, at: base, use)
        case .table:
            let below = PhysicalAddress(descriptor.outputAddress).frame
            let parent = entryAddress(frame, index)
            for inner in tracker.uses(of: below)
            where inner.parent == parent && inner.context == use.context && inner.base == base { unlink(below, inner) }
        }
    }

    /// Forgets a use, without a trace in any TLB.
    func drop(_ use: TableUse, of frame: FrameNumber) {
        forEachValidEntry(frame, level: use.level) { index, descriptor in
            if descriptor.form == .leaf { count(descriptor, at: use.address(ofEntry: index), by: -1) }
        }
        tracker.remove(use, of: frame)
    }

    /// A TLB may keep what this entry said until now. It keeps none without the access flag (Arm ARM D8.4.6).
    func remember(_ descriptor: WalkDescriptor, at base: UInt64, _ use: TableUse) {
        guard descriptor.accessFlag else { return }
        tracker.addStale(
            StaleLeaf(
                context: use.context, translation: Translation(descriptor, base: base, under: use.path),
                attributes: descriptor.memoryType << 2 | descriptor.shareability, changed: tracker.clock))
    }

    /// Counts the frames that an entry names; the identity mapping, which names every frame always, apart.
    func count(_ descriptor: WalkDescriptor, at base: UInt64, by change: Int) {
        guard descriptor.outputAddress != base else { return }
        let frames = WalkDescriptor.span(level: descriptor.level) >> Granule.shift
        let first = PhysicalAddress(descriptor.outputAddress).frame
        for offset in 0..<frames {
            let frame = first.advanced(by: offset)
            tracker.countMapping(of: frame, by: change)
        }
    }

    // MARK: Writes

    /// Notes what a write changes for the walkers, before it takes place.
    func willWrite(_ new: UInt64, over old: UInt64, at address: PhysicalAddress) {
        let frame = address.frame
        guard new != old, tracker.isTable(frame) || tracker.hasStaleUse(of: frame) else { return }
        let uses = tracker.uses(of: frame)
        let staleUses = tracker.hasStaleUse(of: frame) ? tracker.staleUses.filter { $0.frame == frame } : []
        tracker.clock += 1
        let index = Int((address - frame.address).rawValue / 8)
        for stale in staleUses {
            // A walk cache may lead here still: what the entry said may be in a TLB from this moment on.
            let descriptor = WalkDescriptor(word: old, level: stale.use.level)
            if descriptor.form == .leaf { remember(descriptor, at: stale.use.address(ofEntry: index), stale.use) }
        }
        for use in uses {
            let before = WalkDescriptor(word: old, level: use.level)
            let after = WalkDescriptor(word: new, level: use.level)
            checkBreakBeforeMake(from: before, to: after, at: address, use.address(ofEntry: index), use)
            if before.form == .table && after.form == .table && before.outputAddress == after.outputAddress
                && before.restrictions == after.restrictions
            {
                continue
            }
            disappeared(before, in: frame, index, use)
        }
    }

    /// Notes what a write made visible to the walkers, after it took place.
    func didWrite(_ new: UInt64, over old: UInt64, at address: PhysicalAddress) {
        let frame = address.frame
        guard new != old, tracker.isTable(frame) else { return }
        let uses = tracker.uses(of: frame)
        let index = Int((address - frame.address).rawValue / 8)
        for use in uses {
            let before = WalkDescriptor(word: old, level: use.level)
            let after = WalkDescriptor(word: new, level: use.level)
            if before.form == .table && after.form == .table && before.outputAddress == after.outputAddress
                && before.restrictions == after.restrictions
            {
                continue
            }
            if after.form == .table {
                let table = PhysicalAddress(after.outputAddress).frame
                checkOrder(of: table, level: use.level + 1, use.address(ofEntry: index))
            }
            appeared(after, in: frame, index, use, instead: before)
        }
    }

    /// A table that the walkers may read from now on, and those below it, have the content that they should.
    func checkOrder(of table: FrameNumber, level: Int, _ base: UInt64) {
        if tracker.isUnordered(table) { report(.publishedUnorderedTable(table, VirtualAddress(base))) }
        guard level < Granule.lastLevel else { return }
        forEachValidEntry(table, level: level) { _, descriptor in
            guard descriptor.form == .table else { return }
            checkOrder(of: PhysicalAddress(descriptor.outputAddress).frame, level: level + 1, base)
        }
    }

    /// A change of size, output address or memory type needs an invalid entry and an invalidation between
    /// (Arm ARM D8.14.1).
    func checkBreakBeforeMake(
        from old: WalkDescriptor, to new: WalkDescriptor, at address: PhysicalAddress, _ base: UInt64, _ use: TableUse
    ) {
        guard new.form != .invalid else { return }
        let violation = Violation.breakBeforeMake(VirtualAddress(base), ASID(use.context.asid))
        if old.form != .invalid {
            let same =
                old.form == new.form && old.outputAddress == new.outputAddress
                && (new.form == .table
                    || (old.memoryType == new.memoryType && old.shareability == new.shareability
                        && old.isNotGlobal == new.isNotGlobal))
            if !same { report(violation) }
            return
        }
        let overlapsLeaf = tracker.staleLeaves(overlapping: base, level: use.level).contains { stale in
            guard stale.context == use.context || stale.translation.isGlobal else { return false }
            // A table may be put back that holds, or gets later, what is checked entry by entry.
            guard new.form == .leaf else { return stale.translation.level <= use.level }
            return stale.translation.level != use.level || stale.translation.output.rawValue != new.outputAddress
                || stale.attributes != new.memoryType << 2 | new.shareability
        }
        let overlapsTable = tracker.staleUses.contains { stale in
            stale.use.parent == address && stale.use.context == use.context
                && (new.form == .leaf || stale.frame != PhysicalAddress(new.outputAddress).frame)
        }
        if overlapsLeaf || overlapsTable { report(violation) }
    }

    /// What EL0 sees from now on was cleaned, and, if it executes, is visible to instruction fetch.
    func checkPublication(
        _ descriptor: WalkDescriptor, at base: UInt64, under path: Restrictions, instead old: WalkDescriptor?
    ) {
        let now = Translation(descriptor, base: base, under: path)
        guard now.el0Read || now.el0Execute, descriptor.outputAddress != base else { return }
        let before = old.flatMap { $0.form == .leaf ? Translation($0, base: base, under: path) : nil }
        let frames = WalkDescriptor.span(level: descriptor.level) >> Granule.shift
        for offset in 0..<frames {
            let frame = now.output.frame.advanced(by: offset)
            let page = VirtualAddress(base) + ByteCount.pages(offset)
            let state = caches.state(frame)
            switch state.data {
            case .unwritten: report(.publishedUnwritten(frame, page))
            case .dirty, .cleaning: report(.publishedBeforeCleaned(frame, page))
            case .clean, .published: break
            }
            caches.published(frame)
            let executedBefore = before.map { $0.el0Execute && $0.output == now.output } ?? false
            if now.el0Execute && !executedBefore && !state.instructionsPublished {
                report(.publishedUnsynchronisedInstructions(frame, page))
            }
        }
    }
}
