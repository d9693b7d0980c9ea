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

    /// Where objects are found, and of one of them the pages that entries named.
    private let objectDirectory: FrameNumber
    private let zeroFrame: FrameNumber
    private var object = ObjectNumber(0)
    private var unmappedPages: UInt64 = 0

    /// The pages to invalidate lie in `low ..< high`; none where `low >= high`.
    private var low: VirtualAddress
    private var high: VirtualAddress
    private var tablesChanged = false

    /// Pages that are invalidated one by one; for more, the whole address space is.
    static var addressBound: UInt64 { 64 }

    /// Whether the tables that were changed may belong to other address spaces too: every ASID is invalidated then.
    private let isForAll: Bool

    @inline(__always) init(
        machine: M, records: FrameTable<M>, kernel: KernelMappings, asid: ASID?, isForAll: Bool = false
    ) {
        self.machine = machine
        objectDirectory = kernel.objects
        zeroFrame = kernel.zeroFrame
        self.asid = asid
        self.isForAll = isForAll
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

    /// Notes that translations of `count` pages from `page` on were restricted, or extended.
    @inline(__always) mutating func invalidate(_ page: VirtualAddress, count: UInt64) {
        low = min(low, page)
        high = max(high, page + ByteCount.pages(count))
    }

    /// Takes over the references of an entry that translated `page` with `rights`, exchanged before.
    @inline(__always) mutating func retire(
        _ frame: consuming Frame, of page: VirtualAddress, _ rights: HardwareRights, frames: inout FrameAllocator<M>
    ) {
        invalidate(page)
        keep(frame, rights, frames: &frames)
    }

    /// Takes over the only reference on anonymous memory from an entry that translated `page`, exchanged before.
    @inline(__always) mutating func retireOnly(_ frame: consuming Frame, of page: VirtualAddress) {
        invalidate(page)
        last.push(frame)
    }

    /// Takes over the references of an entry that no TLB can hold; the frame may still be reached through others.
    /// - Parameters:
    ///   - rights: what the entry let the program do: a page that it could write may be dirty.
    ///   - staysMapped: whether the page goes on to be one of its object, whose reference the entry keeps then.
    @inline(__always) mutating func keep(
        _ frame: consuming Frame, _ rights: HardwareRights, staysMapped: Bool = false, frames: inout FrameAllocator<M>
    ) {
        if frames.table.isOnlyAnonymous(frame.number) {
            last.push(frame)
        } else {
            keepOther(frame, rights, staysMapped, frames: &frames)
        }
    }

    /// A frame that others hold too, or that is a page of an object.
    @inline(never) private mutating func keepOther(
        _ frame: consuming Frame, _ rights: HardwareRights, _ staysMapped: Bool, frames: inout FrameAllocator<M>
    ) {
        let number = frame.number
        let kind = frames.record(of: number).kind
        if kind.hasOrigin {
            if kind == .cachedFilePage && rights.contains(.write) { objects.markDirty(number) }
            if !staysMapped { unmap(1, of: ObjectNumber(frames.table.origin(of: number).object), frames: &frames) }
        }
        if frames.isSoleOwner(number) {
            last.push(frame)
        } else {
            keepShared(frame, frames: &frames)
        }
    }

    /// Takes over the reference of entries that named `pages` pages of an object.
    @inline(never) mutating func unmap(
        _ pages: UInt64, of object: ObjectNumber, frames: inout FrameAllocator<M>
    ) {
        if self.object != object && unmappedPages > 0 { flush(frames: &frames) }
        self.object = object
        unmappedPages += pages
    }

    private var objects: ObjectTable<M> {
        ObjectTable(machine: machine, records: last.table, directory: objectDirectory, zeroFrame: zeroFrame)
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
        guard low < high || !last.isEmpty || sharedCount > 0 || unmappedPages > 0 else { return }
        flush(frames: &frames)
    }

    @inline(never) private mutating func flush(frames: inout FrameAllocator<M>) {
        if low < high, isForAll {
            machine.orderTableWrites()
            machine.invalidateAll()
            machine.completeInvalidation()
        } else if low < high, let asid {
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
        if unmappedPages > 0 {
            let pages = unmappedPages
            unmappedPages = 0
            objects.removeMappedPages(pages, from: object, frames: &frames)
        }
    }
}

/// What a batch does for pages that need no owner, or for one, without the batch.
extension AddressSpace {
    /// Invalidates the translations of `range`, whose entries were changed before, and waits.
    @inline(__always) func invalidate(_ range: VirtualRange) {
        guard let asid else { return }
        machine.orderTableWrites()
        if range.pageCount > InvalidationBatch<M>.addressBound {
            machine.invalidate(asid: asid)
        } else {
            var page = range.start
            while page < range.end {
                machine.invalidateLastLevel(of: page, asid: asid)
                page = page + Granule.size
            }
        }
        machine.completeInvalidation()
    }

    /// Invalidates the translation of one page, whose entry was exchanged before, and waits.
    @inline(__always) func invalidate(_ page: VirtualAddress) {
        guard let asid else { return }
        machine.orderTableWrites()
        machine.invalidateLastLevel(of: page, asid: asid)
        machine.completeInvalidation()
    }

    /// Takes over the reference of an entry that translated `page`, exchanged before, and drops it when no TLB can reach
    /// the frame any more.
    @inline(__always) func retire(_ frame: consuming Frame, of page: VirtualAddress, frames: inout FrameAllocator<M>) {
        invalidate(page)
        frames.release(frame)
    }
}
