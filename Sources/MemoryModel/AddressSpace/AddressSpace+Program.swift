/// What a program starts with: its image, its stack, its heap.
extension AddressSpace {
    // MARK: Image

    /// Zeroes a page from an address to its end: what a program's file fills in part only. The page is then a copy of the
    /// program's own, as after a write of its.
    ///
    /// - Throws: ``FaultError`` as a write by the program would.
    public mutating func clearRestOfPage(
        from address: VirtualAddress, frames: inout FrameAllocator<M>
    ) throws(FaultError) {
        let page = address.roundedDownToPage
        let frame = try writableFrame(for: page, frames: &frames)
        let used = address - page
        machine.copyBytes(from: kernel.zeroFrame.address, to: frame.address + used, count: Granule.size - used)
        machine.clean(frame)
        if let attributes = state(of: page)?.attributeClass, self.attributes[attributes].contains(.execute) {
            machine.publishInstructions(in: frame)
        }
        machine.completeCleaning()
    }

    /// The frame that the program's page `page` has to itself, zeroed when it is new, for the kernel to write through
    /// its own mapping: the image, the initial stack, a futex word.
    ///
    /// The page must be one that the program may write. What the kernel wrote is clean to the point of coherency by the
    /// architecture: both mappings are inner-shareable write-back.
    ///
    /// - Throws: ``FaultError`` as a write by the program would.
    public mutating func writableFrame(
        for page: VirtualAddress, frames: inout FrameAllocator<M>
    ) throws(FaultError) -> FrameNumber {
        _ = try resolveFault(at: page, access: .write, frames: &frames)
        return tables.load(tables.deepest(towards: page).entry(for: page)).frame
    }

    // MARK: Stack

    /// Maps the stack as it is at the start; it grows on demand.
    /// - Returns: the first address beyond it.
    /// - Throws: ``MapError/outOfMemory``, with nothing mapped.
    public mutating func mapStack(
        protection: Protection = .readWrite, frames: inout FrameAllocator<M>
    ) throws(MapError) -> VirtualAddress {
        let start = layout.stackTop - layout.initialStackSize
        _ = try map(
            MapRequest(
                length: layout.initialStackSize, protection: protection, placement: .fixed(start), options: .growsDown),
            frames: &frames)
        return layout.stackTop
    }

    /// Changes how far the stack may grow (`RLIMIT_STACK`). Where `mmap` picks addresses was settled at the start, as on
    /// Linux (arch/arm64's `arch_pick_mmap_layout` runs in `execve`).
    public mutating func setStackLimit(_ limit: ByteCount) { layout.stackLimit = limit }

    /// Where the stack begins at the moment: the lowest page of the mapping below its top that grows down.
    public var stackStart: VirtualAddress {
        var start = layout.stackTop
        while start > layout.low.start, let attributes = state(of: start - Granule.size)?.attributeClass,
            self.attributes[attributes].contains(.growsDown)
        {
            start = start - Granule.size
        }
        return start
    }

    // MARK: Heap

    /// Says where the heap begins: at the first page beyond the image.
    public mutating func setHeapStart(_ address: VirtualAddress) {
        precondition(
            address.isPageAligned && layout.contains(address), "a heap that begins with a page of the program")
        heapStart = address
        programBreak = address
    }

    /// Moves the program break, as `brk` does; pages beyond it go, pages below it read as zeroes.
    ///
    /// As Linux mm/mmap.c (`brk`): one page stays free between the heap and a mapping above it.
    ///
    /// - Parameter protection: the rights of new pages.
    /// - Throws: ``MapError/invalidArgument`` below the heap's start; ``MapError/outOfMemory`` where the heap would
    ///   meet a mapping or its region's end, or where no frame is free. The break is then where it was; `brk` returns
    ///   it.
    public mutating func setBreak(
        to address: VirtualAddress, protection: Protection = .readWrite, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        guard address >= heapStart else { throw .invalidArgument }
        guard address <= max(layout.heapLimit, heapStart) else { throw .outOfMemory }
        let old = programBreak.roundedUpToPage
        let new = address.roundedUpToPage
        if new < old {
            try unmap(VirtualRange(new, to: old), frames: &frames)
        } else if new > old {
            let checked = new < layout.heapLimit ? new + Granule.size : new
            let room = VirtualRange(old, to: checked)
            let run = freeRun(of: room)
            guard run != nil || tables.isFree(room) else { throw .outOfMemory }
            var set = MapRequest(length: .zero, protection: protection).attributes
            set.insert(.heap | futureLock)
            let attributes = try intern(set)
            let grown = VirtualRange(old, to: new)
            if let run {
                reserve(run, grown.length, as: attributes)
            } else {
                try reserve(grown, as: attributes, frames: &frames)
            }
        }
        programBreak = address
    }
}

extension VirtualAddress {
    /// The first page boundary that is not below this address, which is one that a program may map.
    @inlinable var roundedUpToPage: VirtualAddress {
        VirtualAddress((rawValue + (Granule.size.rawValue - 1)) & ~(Granule.size.rawValue - 1))
    }
}
