/// Owns what was taken out of the tables until no TLB can reach it any more.
///
/// The order on removal is always the same: the entry is exchanged first, then handed to the batch, whose completion
/// orders the table writes, invalidates, waits, and only then drops the frames and tables. The batch owns them until
/// then, so no other order can be written down.
struct InvalidationBatch<M: Hardware>: ~Copyable {
    private let machine: M

    /// The address space's ASID; nil where it never had one, so that no TLB holds anything of it.
    private let asid: ASID?

    /// Frames and tables of which this was the last reference.
    private var last: FrameList<M>

    /// References on frames that others hold too: by number, since such a frame's record cannot be in a list.
    private var shared: InlineArray<8, FrameNumber>
    private var sharedCount = 0

    /// The pages to invalidate lie in `low ..< high`; none where `low >= high`.
    private var low: VirtualAddress
    private var high: VirtualAddress
    private var tablesChanged = false

    /// Pages that are invalidated one by one; for more, the whole address space is.
    static var addressBound: UInt64 { 64 }

    @inline(__always) init(machine: M, records: FrameTable<M>, asid: ASID?) {
        self.machine = machine
        self.asid = asid
        last = FrameList(records)
        shared = InlineArray(repeating: FrameNumber(0))
        low = VirtualAddress(1 << Granule.virtualAddressBits)
        high = VirtualAddress(0)
    }

    /// Notes that the translation of `page` was removed or restricted.
    @inline(__always) mutating func invalidate(_ page: VirtualAddress) {
        low = min(low, page)
        high = max(high, page + Granule.size)
    }

    /// Takes over the reference of an entry that translated `page`, exchanged before.
    @inline(__always) mutating func retire(
        _ frame: consuming Frame, of page: VirtualAddress, frames: inout FrameAllocator<M>
    ) {
        invalidate(page)
        keep(frame, frames: &frames)
    }

    /// Takes over the reference of an entry that no TLB can hold; the frame may still be reached through others.
    @inline(__always) mutating func keep(_ frame: consuming Frame, frames: inout FrameAllocator<M>) {
        if frames.isSoleOwner(frame.number) {
            last.push(frame)
        } else {
            keepShared(frame, frames: &frames)
        }
    }

    @inline(never) private mutating func keepShared(_ frame: consuming Frame, frames: inout FrameAllocator<M>) {
        if frames.record(of: frame.number).kind == .zero {
            // The kernel holds a reference of its own for ever: this one is not the last.
            frames.release(frame)
            return
        }
        if sharedCount == shared.count { flush(frames: &frames) }
        shared[sharedCount] = frame.relinquish()
        sharedCount += 1
    }

    /// Takes over a table that translated `address`, whose descriptor was exchanged before.
    mutating func retireTable(_ table: consuming Frame, of address: VirtualAddress) {
        tablesChanged = true
        invalidate(address.roundedDownToPage)
        last.push(table)
    }

    /// Takes over one of several references on a shared table that translated `address`, whose descriptor was exchanged
    /// before. What its entries hold stays with the other references.
    mutating func retireSharedTable(
        _ table: consuming Frame, of address: VirtualAddress, frames: inout FrameAllocator<M>
    ) {
        precondition(!frames.isSoleOwner(table.number), "a shared table has another owner")
        tablesChanged = true
        invalidate(address.roundedDownToPage)
        keepShared(table, frames: &frames)
    }

    /// Notes that every translation of `range` was changed, and what the walkers know of the tables on its path.
    mutating func invalidateTable(_ range: VirtualRange) {
        tablesChanged = true
        low = min(low, range.start)
        high = max(high, range.end)
    }

    /// Invalidates, waits, and drops what the batch owns. The batch is empty then.
    @inline(__always) mutating func complete(frames: inout FrameAllocator<M>) {
        guard low < high || !last.isEmpty || sharedCount > 0 else { return }
        flush(frames: &frames)
    }

    @inline(never) private mutating func flush(frames: inout FrameAllocator<M>) {
        if low < high, let asid {
            machine.orderTableWrites()
            if (high - low).wholePages > Self.addressBound {
                machine.invalidate(asid: asid)
            } else {
                var page = low
                while page < high {
                    if tablesChanged {
                        machine.invalidateAllLevels(of: page, asid: asid)
                    } else {
                        machine.invalidateLastLevel(of: page, asid: asid)
                    }
                    page = page + Granule.size
                }
            }
            machine.completeInvalidation()
        }
        low = VirtualAddress(1 << Granule.virtualAddressBits)
        high = VirtualAddress(0)
        tablesChanged = false
        while let frame = last.popFirst() { frames.release(frame) }
        while sharedCount > 0 {
            sharedCount -= 1
            frames.release(Frame(adopting: shared[sharedCount]))
        }
    }
}
