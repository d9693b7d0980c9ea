/// Giving pages their frames before they are touched: `MAP_POPULATE`, locks, and `madvise`.
extension AddressSpace {
    /// What populating is for.
    public enum Populating: Sendable {
        /// A mapping or a lock (Linux mm/gup.c, `populate_vma_page_range`): a private page that may be written is made
        /// the program's own, any other is read. Pages that are locked on fault wait for it.
        case mapping
        /// `MADV_POPULATE_READ`.
        case reading
        /// `MADV_POPULATE_WRITE`.
        case writing
    }

    /// Gives pages from `range.start` on their frames: at most `limit` of them, so that the kernel can do something else
    /// in between.
    ///
    /// - Parameter passesErrors: what can't be populated is passed over, instead of ending it.
    /// - Returns: where to go on; the end of `range` when all is done.
    /// - Throws: ``FaultError`` of the first page that can't be: ``FaultError/notMapped`` for a hole,
    ///   ``FaultError/accessDenied`` where the program may not do what it is populated for.
    public mutating func populate(
        from range: VirtualRange, for purpose: Populating, passingErrors passesErrors: Bool, limit: Int,
        frames: inout FrameAllocator<M>
    ) throws(FaultError) -> VirtualAddress {
        var page = range.start
        var steps = 0
        while page < range.end && steps < limit {
            steps += 1
            let place = tables.deepest(towards: page)
            let entryEnd = TableGeometry.start(of: page, at: place.level) + TableGeometry.span(at: place.level)
            let step: PopulatingStep
            do throws(FaultError) {
                step = try populatingStep(at: page, in: place, for: purpose)
                if case .touch(let access) = step { _ = try resolveFault(at: page, access: access, frames: &frames) }
            } catch {
                guard passesErrors else { throw error }
                page = min(entryEnd, range.end)
                continue
            }
            page = step == .pass ? min(entryEnd, range.end) : page + Granule.size
        }
        return page
    }

    private enum PopulatingStep: Equatable {
        /// Nothing is to be done about the whole entry.
        case pass
        case touch(Access)
    }

    @inline(__always) private func populatingStep(
        at page: VirtualAddress, in place: TablePosition, for purpose: Populating
    ) throws(FaultError) -> PopulatingStep {
        guard layout.contains(page) else { throw .notMapped }
        let descriptor = tables.load(place.entry(for: page))
        guard !descriptor.isFree else { throw .notMapped }
        let set = attributes[descriptor.attributeClass]
        // Before it is asked what may be done there (Linux mm/gup.c, populate_vma_page_range).
        if purpose == .mapping && set.contains(.lockedOnFault) { return .pass }
        guard set.allowsAccess else { throw set.contains(.guardPage) ? .guarded : .accessDenied }
        let access: Access
        switch purpose {
        case .mapping:
            access = set.contains(.write) && !set.contains(.shared) ? .write : .read
        case .reading:
            guard set.contains(.read) else { throw .accessDenied }
            access = .read
        case .writing:
            guard set.contains(.write) else { throw .accessDenied }
            access = .write
        }
        if descriptor.isAccessed && descriptor.userRights.contains(access.right) {
            if access == .read || sharedTables == 0 { return .pass }
        }
        return .touch(access)
    }
}

extension AddressSpace {
    /// A reference on the frame that a page shows to who reads it, or that is the program's to write: for the kernel to
    /// move bytes through its own mapping. The caller releases it.
    ///
    /// - Throws: ``FaultError``; an access that the program did not ask for is ``FaultError/accessDenied`` (Linux
    ///   mm/gup.c, `check_vma_flags`).
    public mutating func heldFrame(
        for page: VirtualAddress, access: Access, frames: inout FrameAllocator<M>
    ) throws(FaultError) -> FrameNumber {
        guard layout.contains(page) else { throw .notMapped }
        let descriptor = tables.descriptor(of: page)
        // Nothing grows for who looks from outside (Linux mm/gup.c, `gup_vma_lookup`).
        guard !descriptor.isFree else { throw .notMapped }
        let asked: AttributeSet = access == .write ? .write : access == .execute ? .execute : .read
        let set = attributes[descriptor.attributeClass]
        guard set.contains(asked) || set.contains(.guardPage) else { throw .accessDenied }
        _ = try resolveFault(at: page, access: access, frames: &frames)
        let frame = tables.descriptor(of: page).frame
        do throws(FrameError) {
            return try frames.share(frame).relinquish()
        } catch {
            throw .outOfMemory
        }
    }
}
