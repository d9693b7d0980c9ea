/// Carrying out a ``RangeChange``.
extension AddressSpace {
    /// Changes what is mapped in `range`.
    ///
    /// - Throws: ``MapError/notPermitted`` where a seal forbids it, with nothing changed. ``MapError/invalidArgument``
    ///   or the change's ``RangeChange/objectRefusal`` where a page refuses, and ``MapError/outOfMemory`` where there is a hole, as ``RangeChange`` says; what lies
    ///   before is changed. The change's ``RangeChange/shortage``, with nothing changed, where a frame for a table or an
    ///   attribute class is lacking.
    public mutating func apply(
        _ change: RangeChange, over range: VirtualRange, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        guard !range.isEmpty else { return }
        try refuseSealed(in: range, to: change)
        let plan: ChangePlan
        do throws(MapError) {
            plan = try self.plan(change, over: range)
            // All that can fail, in both parts, is done before the first change.
            if let low = plan.low { _ = try cursor(over: low, filling: false, frames: &frames) }
            if let high = plan.high { _ = try cursor(over: high, filling: false, frames: &frames) }
        } catch {
            throw change.shortage
        }
        var batch = makeBatch()
        if let low = plan.low { carryOut(change, over: low, into: &batch, frames: &frames) }
        if let high = plan.high { carryOut(change, over: high, into: &batch, frames: &frames) }
        batch.complete(frames: &frames)
        if let error = plan.error { throw error }
    }

    /// How far a change goes, below and above the kernel, and why not further.
    private struct ChangePlan {
        var low: VirtualRange?
        var high: VirtualRange?
        var error: MapError?
        var sawHole = false
    }

    private mutating func plan(_ change: RangeChange, over range: VirtualRange) throws(MapError) -> ChangePlan {
        var plan = ChangePlan()
        var kept = ClassSet()
        var position = range.start
        if let part = range.intersection(layout.low), part.start == position || !change.stopsAtHoles {
            plan.sawHole = part.start != position
            position = try survey(part, for: change, &plan, &kept)
            if part.start < position { plan.low = VirtualRange(part.start, to: position) }
        }
        if plan.error == nil, let part = range.intersection(layout.high), part.start == position || !change.stopsAtHoles {
            plan.sawHole = plan.sawHole || part.start != position
            position = try survey(part, for: change, &plan, &kept)
            if part.start < position { plan.high = VirtualRange(part.start, to: position) }
        }
        if plan.error == nil && (plan.sawHole || position < range.end) { plan.error = .outOfMemory }
        return plan
    }

    /// Looks at what is mapped in `range`, and gives a class to each attribute set that the change will need, so that the
    /// change itself cannot fail.
    /// - Returns: how far it may go.
    private mutating func survey(
        _ range: VirtualRange, for change: RangeChange, _ plan: inout ChangePlan, _ kept: inout ClassSet
    ) throws(MapError) -> VirtualAddress {
        var seen: AttributeClass?
        var cursor = Cursor(tables, over: range)
        repeat {
            let descriptor = cursor.descriptor
            guard !descriptor.isFree else {
                plan.sawHole = true
                if change.stopsAtHoles {
                    plan.error = .outOfMemory
                    return cursor.position
                }
                continue
            }
            if change.requiresAnonymous, object(of: descriptor) != nil {
                plan.error = change.objectRefusal
                return cursor.position
            }
            guard descriptor.attributeClass != seen else { continue }
            seen = descriptor.attributeClass
            let set = attributes[descriptor.attributeClass]
            guard !change.isRefused(by: set) else {
                plan.error = .invalidArgument
                return cursor.position
            }
            kept.insert(try intern(change.changed(set), keeping: kept))
        } while cursor.advance()
        return range.end
    }

    private mutating func carryOut(
        _ change: RangeChange, over range: VirtualRange, into batch: inout InvalidationBatch<M>,
        frames: inout FrameAllocator<M>
    ) {
        var cursor = Cursor(tables, over: range)
        var seen: AttributeClass?
        var new = AttributeClass(0)
        repeat {
            repeat {
                var old = cursor.descriptor
                guard !old.isFree else { continue }
                if old.attributeClass != seen {
                    seen = old.attributeClass
                    guard let interned = attributes.intern(change.changed(attributes[old.attributeClass])) else {
                        preconditionFailure("a class interned before the change")
                    }
                    new = interned
                }
                if change.discards && old.isResident {
                    cursor.discard(old, into: &batch, frames: &frames)
                    old = cursor.descriptor
                }
                if old.attributeClass != new { cursor.reclassify(old, as: new) }
            } while cursor.moveWithinTable()
            cursor.settle()
        } while cursor.moveToNextTable()
    }
}

extension Cursor {
    /// Gives an entry another class, whose attributes grant the same rights. The hardware does not look at it, so no TLB
    /// holds anything that is wrong then.
    @inline(__always) mutating func reclassify(_ found: Descriptor, as attributes: AttributeClass) {
        var old = found
        guard old.isValid else {
            write(old.replacing(attributes), over: old)
            return
        }
        while let changed = compareExchange(old, with: old.replacingClass(attributes)) { old = changed }
    }
}

extension Descriptor {
    /// This page descriptor with another class.
    fileprivate func replacingClass(_ attributes: AttributeClass) -> Descriptor {
        Descriptor(rawValue: DescriptorLayout.attributeClass.replacing(in: rawValue, by: UInt64(attributes.rawValue)))
    }
}
