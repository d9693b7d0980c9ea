/// `mmap`.
extension AddressSpace {
    /// Maps memory that reads as zeroes, or an object's pages.
    ///
    /// Which error wins follows Linux mm/mmap.c (`do_mmap`, `get_unmapped_area`, `cap_mmap_addr`): an empty length,
    /// then a length or range beyond the address space, then alignment, then the null area, then what is there
    /// already.
    ///
    /// - Returns: the first address: 0x1000_0000 for the first mapping of a fresh process.
    /// - Throws: ``MapError``, with everything as it was before, `MAP_FIXED` over other mappings included.
    public mutating func map(
        _ request: MapRequest, frames: inout FrameAllocator<M>
    ) throws(MapError) -> VirtualAddress {
        guard request.length > .zero else { throw .invalidArgument }
        guard let length = request.length.roundedUpToPages,
            length <= AddressSpaceLayout.addressLimit - VirtualAddress(0)
        else { throw .outOfMemory }
        if let object = request.object, !object.canIndex(length) { throw .overflow }
        if request.isPlain && !hasGrowingMappings {
            let attributes = try intern(request.attributes | futureLock)
            if let start = mapAtNextFit(length, as: attributes) {
                if request.options.contains(.populate) {
                    populate(VirtualRange(start, to: start + length), frames: &frames)
                }
                return start
            }
        }
        let range: VirtualRange
        var found = false
        switch request.placement {
        case .anywhere(let hint):
            if let hinted = usableRange(hint: hint, length: length) {
                range = hinted
            } else {
                // Below a mapping that grows down the guard gap stays free (Linux mm/mmap.c: `vm_start_gap`).
                let gap = hasGrowingMappings ? layout.stackGuardGap : .zero
                guard let room = findRoom(for: length + gap) else { throw .outOfMemory }
                range = VirtualRange(room.start, to: room.start + length)
                found = true
            }
        case .fixed(let start):
            range = try fixedRange(start, length: length)
            try refuseSealed(in: range)
        case .fixedNoReplace(let start):
            range = try fixedRange(start, length: length)
            guard tables.isFree(range) else { throw .exists }
        }
        let attributes = try intern(request.attributes | futureLock)
        if let object = request.object {
            try reserve(range, as: attributes, of: object, frames: &frames)
        } else {
            try reserve(range, as: attributes, frames: &frames)
        }
        // Below the kernel, `mapRegion` ends where the stack may reach.
        if request.options.contains(.growsDown) && (range.end != layout.stackTop || layout.isHigh) {
            hasGrowingMappings = true
        }
        if found { moveNextFit(beyond: range, frames: &frames) }
        if request.options.contains(.populate) { populate(range, frames: &frames) }
        return range.start
    }

    /// The range at a hint, where it is one that can be followed. Linux rounds a hint down to a page, and up to the end
    /// of the null area (`round_hint_to_min`).
    @inline(__always) func usableRange(hint: VirtualAddress, length: ByteCount) -> VirtualRange? {
        let rounded = hint.roundedDownToPage
        guard rounded.rawValue != 0, rounded < AddressSpaceLayout.addressLimit else { return nil }
        let start = max(rounded, layout.low.start)
        guard let range = VirtualRange(start, length: length), isUsable(hint: range) else { return nil }
        return range
    }

    @inline(__always) func fixedRange(_ start: VirtualAddress, length: ByteCount) throws(MapError)
        -> VirtualRange
    {
        guard start < AddressSpaceLayout.addressLimit, length <= AddressSpaceLayout.addressLimit - start else {
            throw .outOfMemory
        }
        guard start.isPageAligned else { throw .invalidArgument }
        guard start >= layout.low.start else { throw .notPermitted }
        let range = VirtualRange(start, to: start + length)
        guard layout.contains(range) else { throw .outOfMemory }
        return range
    }

    /// Makes every page of `range` reserved, whatever it was before. All that can fail is done before the first change.
    @inline(__always) mutating func reserve(
        _ range: VirtualRange, as attributes: AttributeClass, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        var cursor = try cursor(over: range, filling: true, frames: &frames)
        let reserved = Descriptor.reserved(attributes)
        var batch = makeBatch()
        repeat {
            repeat {
                let old = cursor.descriptor
                if !old.holdsReferences {
                    cursor.write(reserved, over: old)
                } else {
                    cursor.remove(old, replacingWith: reserved, into: &batch, frames: &frames)
                }
            } while cursor.moveWithinTable()
            cursor.settle()
        } while cursor.moveToNextTable()
        batch.complete(frames: &frames)
    }

    /// Gives each page of `range` its frame: for writing where a write would break a private page off, otherwise for
    /// reading (Linux mm/gup.c, `populate_vma_page_range`). Stops where memory or the object ends, as `MAP_POPULATE`
    /// does on Linux without telling anyone.
    public mutating func populate(_ range: VirtualRange, frames: inout FrameAllocator<M>) {
        var page = range.start
        while page < range.end {
            guard let attributes = state(of: page)?.attributeClass else { return }
            let set = self.attributes[attributes]
            let access: Access = set.contains(.write) && !set.contains(.shared) ? .write : .read
            guard let outcome = try? resolveFault(at: page, access: access, frames: &frames) else { return }
            // A fault on fresh memory has filled what follows, too.
            page = outcome == .zeroFilled || outcome == .sharedZero ? faultWindow.end : page + Granule.size
        }
    }
}
