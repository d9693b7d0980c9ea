/// How many pages a fault on fresh memory fills.
///
/// A fault on the page right behind those that the last one filled is taken for a program that walks: it fills twice as
/// many. Any other fault fills its page alone. So at most as many pages are filled ahead as were walked over, and none
/// where memory is touched at random.
struct FaultWindow {
    /// The address beyond what was filled last.
    private(set) var end = VirtualAddress(0)

    /// The pages that were wanted there.
    private var pages: UInt64 = 0

    /// 64 KiB, or one page where that is more.
    @inlinable static var limit: UInt64 { max(1, (1 << 16) >> Granule.shift) }

    /// Frames are spent on a guess only while more than one in this many is free.
    static var reserve: UInt64 { 32 }

    /// The pages that a fault on `page` should fill, 1 … ``limit``. Until ``close(at:)`` says otherwise, it fills that one.
    @inline(__always) mutating func open(at page: VirtualAddress) -> UInt64 {
        pages = page == end ? min(2 &* pages, Self.limit) : 1
        end = page + Granule.size
        return pages
    }

    /// Notes how far a fault on fresh memory got.
    @inline(__always) mutating func close(at end: VirtualAddress) { self.end = end }
}

/// The first touch of private anonymous memory: what programs fault for most, and the one fault that fills neighbours.
extension AddressSpace {
    /// Gives a fresh page its frame, to write in, or the shared frame of zeroes, to read; and the same to its neighbours
    /// within the window: those that follow in the table and say what the page says.
    ///
    /// - Parameters:
    ///   - index: which entry of `table`, a last-level table that nobody shares, is the page's.
    ///   - reserved: what the entry says.
    ///   - set: its attributes, which allow the access, and make no difference between neighbours.
    @inline(__always) mutating func fillFresh(
        _ page: VirtualAddress, at index: Int, of table: FrameNumber, _ reserved: Descriptor, _ set: AttributeSet,
        access: Access, frames: inout FrameAllocator<M>
    ) throws(FaultError) -> FaultOutcome {
        var count = faultWindow.open(at: page)
        if count > 1 {
            count = min(count, UInt64(truncatingIfNeeded: Granule.entriesPerTable &- index))
            count = tables.run(
                from: TableGeometry.entry(index, of: table), atMost: count, saying: reserved, in: ~0)
        }
        if access == .read && shareZeroes(with: index, count, of: table, reserved.attributeClass, set) {
            faultWindow.close(at: page + ByteCount.pages(count))
            return .sharedZero
        }
        if count > 1 && frames.freeFrames > frames.totalFrames / FaultWindow.reserve {
            let filled = fillAll(from: index, count, of: table, reserved.attributeClass, set, frames: &frames)
            guard filled > 0 else { throw .outOfMemory }
            faultWindow.close(at: page + ByteCount.pages(filled))
            return .zeroFilled
        }
        guard let frame = frames.takeZeroed(.anonymous) else { throw .outOfMemory }
        machine.completeCleaning()
        let new = Descriptor.page(
            frame.relinquish(), class: reserved.attributeClass, rights: HardwareRights(of: set, soleOwner: true))
        machine.store(new.rawValue, at: TableGeometry.entry(index, of: table))
        tables.count(resident: 1, in: table)
        machine.orderTableWrites()
        return .zeroFilled
    }

    /// Has `count` pages from `index` on show the frame of zeroes.
    /// - Returns: false where the frame's count is at its limit, and frames must be spent instead.
    @inline(__always) private func shareZeroes(
        with index: Int, _ count: UInt64, of table: FrameNumber, _ attributes: AttributeClass, _ set: AttributeSet
    ) -> Bool {
        do throws(FrameError) {
            try records.retain(kernel.zeroFrame, times: count)
        } catch {
            return false
        }
        let new = Descriptor.page(
            kernel.zeroFrame, class: attributes, rights: HardwareRights(of: set, soleOwner: false))
        var next = index
        let end = index &+ Int(truncatingIfNeeded: count)
        repeat {
            machine.store(new.rawValue, at: TableGeometry.entry(next, of: table))
            next &+= 1
        } while next < end
        tables.count(resident: end &- index, in: table)
        machine.orderTableWrites()
        return true
    }

    /// Gives `count` pages from `index` on frames of their own, or as many of them as there are frames.
    /// - Returns: how many.
    @inline(never) private mutating func fillAll(
        from index: Int, _ count: UInt64, of table: FrameNumber, _ attributes: AttributeClass, _ set: AttributeSet,
        frames: inout FrameAllocator<M>
    ) -> UInt64 {
        // All are cleared before the one wait for their cleaning; only then is any of them to be seen.
        var cleared = FrameBuffer()
        while cleared.count < Int(truncatingIfNeeded: count), let frame = frames.takeZeroed(.anonymous) {
            cleared.push(frame)
        }
        let filled = cleared.count
        machine.completeCleaning()
        let rights = HardwareRights(of: set, soleOwner: true)
        var next = index &+ filled
        while let frame = cleared.popLast() {
            next &-= 1
            let new = Descriptor.page(frame.relinquish(), class: attributes, rights: rights)
            machine.store(new.rawValue, at: TableGeometry.entry(next, of: table))
        }
        tables.count(resident: filled, in: table)
        machine.orderTableWrites()
        return UInt64(truncatingIfNeeded: filled)
    }
}
