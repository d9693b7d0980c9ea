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
        if applyPlain(change, over: range, frames: &frames) { return }
        try refuseSealed(in: range, to: change)
        guard layout.contains(range) else { return try applyAcross(range, change, frames: &frames) }
        var findings = Findings()
        var cursor = Cursor(tables, over: range)
        let end: VirtualAddress
        do throws(MapError) {
            end = try survey(from: cursor, for: change, &findings)
            if sharedTables == 0 && cursor.isAtLastLevel && end <= cursor.tableRange.end {
                cursor.shorten(to: end)
            } else if range.start < end {
                cursor = try self.cursor(over: VirtualRange(range.start, to: end), filling: false, frames: &frames)
            }
        } catch {
            throw change.shortage
        }
        if range.start < end {
            var batch = makeBatch()
            carryOut(change, from: cursor, into: &batch, frames: &frames)
            batch.complete(frames: &frames)
        }
        if let error = findings.error { throw error }
        if findings.sawHole { throw .outOfMemory }
    }

    /// What a look at a range found.
    private struct Findings {
        /// Why the change may not go on.
        var error: MapError?
        var sawHole = false
        /// The classes that the change will need though no entry names them yet.
        var needed = ClassSet()
    }

    /// Looks at what is mapped from a cursor's position to its end, and gives a class to each attribute set that the
    /// change will need, so that the change itself cannot fail.
    /// - Returns: how far it may go.
    /// - Throws: ``MapError/outOfMemory`` where an attribute class is lacking.
    @inline(__always) private mutating func survey(
        from start: Cursor<M>, for change: RangeChange, _ findings: inout Findings
    ) throws(MapError) -> VirtualAddress {
        var seen: AttributeClass?
        var cursor = start
        repeat {
            let descriptor = cursor.descriptor
            guard !descriptor.isFree else {
                findings.sawHole = true
                if change.stopsAtHoles { return cursor.position }
                continue
            }
            if change.requiresAnonymous, object(of: descriptor) != nil {
                findings.error = change.objectRefusal
                return cursor.position
            }
            guard descriptor.attributeClass != seen else { continue }
            seen = descriptor.attributeClass
            let set = attributes[descriptor.attributeClass]
            guard !change.isRefused(by: set) else {
                findings.error = .invalidArgument
                return cursor.position
            }
            let changed = change.changed(set)
            // A set that entries have needs no new class.
            if changed != set { try intern(changed, neededBy: &findings) }
        } while cursor.advance()
        return cursor.end
    }

    @inline(never) private mutating func intern(
        _ set: AttributeSet, neededBy findings: inout Findings
    ) throws(MapError) {
        findings.needed.insert(try intern(set, keeping: findings.needed))
    }

    /// Changes each page from a cursor's position to its end as ``survey(from:for:_:)`` found that it may be. Entries begin
    /// at both ends, and no table on the way is shared.
    @inline(__always) private mutating func carryOut(
        _ change: RangeChange, from start: Cursor<M>, into batch: inout InvalidationBatch<M>,
        frames: inout FrameAllocator<M>
    ) {
        var cursor = start
        var seen: AttributeClass?
        var new = AttributeClass(0)
        repeat {
            repeat {
                var old = cursor.descriptor
                guard !old.isFree else { continue }
                if old.attributeClass != seen {
                    seen = old.attributeClass
                    new = changedClass(of: old.attributeClass, by: change)
                }
                if change.discards && old.isResident { old = cursor.discard(old, into: &batch, frames: &frames) }
                if old.attributeClass != new { cursor.reclassify(old, as: new) }
            } while cursor.moveWithinTable()
            cursor.settle()
        } while cursor.moveToNextTable()
    }

    /// The class of pages of a class after a change that was surveyed.
    @inline(__always) private mutating func changedClass(
        of old: AttributeClass, by change: RangeChange
    ) -> AttributeClass {
        let set = attributes[old]
        let changed = change.changed(set)
        return changed == set ? old : internedClass(of: changed)
    }

    @inline(never) private mutating func internedClass(of set: AttributeSet) -> AttributeClass {
        guard let attributes = attributes.intern(set) else { preconditionFailure("a class interned before the change") }
        return attributes
    }

    /// Changes what is mapped in a range that reaches into the kernel's part of the addresses, or beyond it.
    @inline(never) private mutating func applyAcross(
        _ range: VirtualRange, _ change: RangeChange, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        var findings = Findings()
        let low: VirtualRange?
        let high: VirtualRange?
        do throws(MapError) {
            // All that can fail, in both parts, is done before the first change.
            low = try prepare(range.intersection(layout.low), of: range, for: change, &findings, frames: &frames)
            high = try prepare(range.intersection(layout.high), of: range, for: change, &findings, frames: &frames)
        } catch {
            throw change.shortage
        }
        var batch = makeBatch()
        for part in 0..<2 {
            guard let part = part == 0 ? low : high else { continue }
            carryOut(change, from: Cursor(tables, over: part), into: &batch, frames: &frames)
        }
        batch.complete(frames: &frames)
        throw findings.error ?? .outOfMemory
    }

    /// Does all that can fail of a change of the part of `range` that programs may use.
    /// - Returns: how far it may go; nil for not at all.
    private mutating func prepare(
        _ part: VirtualRange?, of range: VirtualRange, for change: RangeChange, _ findings: inout Findings,
        frames: inout FrameAllocator<M>
    ) throws(MapError) -> VirtualRange? {
        // What lies in front of a part that begins later is a hole.
        guard let part, findings.error == nil, part.start == range.start || !change.stopsAtHoles else { return nil }
        let end = try survey(from: Cursor(tables, over: part), for: change, &findings)
        guard part.start < end else { return nil }
        let prepared = VirtualRange(part.start, to: end)
        _ = try cursor(over: prepared, filling: false, frames: &frames)
        return prepared
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
