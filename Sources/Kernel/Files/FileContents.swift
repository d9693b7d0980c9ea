import Formats
import LinuxABI
import Machine
import MemoryModel

/// What a page of a file holds at the moment, for reading it.
private enum PageSource {
    /// A frame, with a reference that the reader drops: nothing takes the frame away while it is copied from.
    case frame(FrameNumber)
    /// The initial ramdisk has the bytes, at this address; so many of the page, and zeroes behind them.
    case archive(UInt64, count: UInt64)
    /// Zeroes: a hole.
    case hole
}

/// A regular file's content. What a program passes has been checked: offsets lie below 2⁶³.
extension Handle where T == Inode {
    /// The first byte that no file reaches: an object's pages have indices of 32 bits.
    static var maximumFileSize: UInt64 { 1 << (32 + Granule.shift) }

    private static var pageMask: UInt64 { Granule.size.rawValue - 1 }

    /// The file's size in bytes.
    var fileSize: UInt64 {
        let file = value.file
        guard let object = file.object else { return file.size }
        return withObjects { objects, _ in objects.size(of: object).rawValue }
    }

    /// The object that has the file's content, made where it has none yet; ENOMEM.
    func fileObject() throws(Errno) -> ObjectNumber {
        var file = value.file
        if let object = file.object { return object }
        let backing: ObjectBacking? =
            file.archiveSize == 0
            ? nil
            : ObjectBacking(start: PhysicalAddress(file.archiveAddress), size: ByteCount(file.archiveSize))
        do throws(ObjectError) {
            let object = try withObjects { (objects, frames) throws(ObjectError) in
                let object = try objects.create(.file, size: ByteCount(file.size), backing: backing, frames: &frames)
                objects.setOwner(address, of: object)
                return object
            }
            file.object = object
            value.file = file
            return object
        } catch {
            throw .noMemory
        }
    }

    // MARK: Reading

    /// Copies from the file to a program.
    /// - Returns: bytes copied, 0 at or beyond the end. EFAULT where none of them could be.
    func readFile(from start: UInt64, into buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        let asked = buffer.count
        var position = start
        while buffer.count > 0 {
            let inPage = position & Self.pageMask
            let (source, size) = pageSource(of: position)
            let available = position < size ? min(Granule.size.rawValue - inPage, size - position) : 0
            let wanted = min(buffer.count, available)
            let copied = copy(wanted, at: inPage, from: source, to: &buffer)
            position += copied
            if copied < wanted {
                if buffer.count == asked { throw .badAddress }
                break
            }
            if wanted == 0 { break }
            // Others have their turn, now and then.
            if position & 0xF_FFFF == 0 { giveTurnIfOver() }
        }
        return asked - buffer.count
    }

    /// Where the page around a position has its bytes, and the file's size.
    private func pageSource(of position: UInt64) -> (PageSource, size: UInt64) {
        let file = value.file
        let page = position & ~Self.pageMask
        guard let object = file.object else {
            guard page < file.archiveSize else { return (.hole, file.size) }
            return (.archive(file.archiveAddress + page, count: file.archiveSize - page), file.size)
        }
        return withObjects { objects, frames in
            let size = objects.size(of: object).rawValue
            guard position < size else { return (.hole, size) }
            let index = PageIndex(UInt32(truncatingIfNeeded: page >> Granule.shift))
            if let frame = objects.page(index, of: object), let shared = try? frames.share(frame) {
                return (.frame(shared.relinquish()), size)
            }
            guard let backing = objects.backing(of: object), ByteCount(page) < backing.size else { return (.hole, size) }
            return (.archive(backing.start.rawValue + page, count: backing.size.rawValue - page), size)
        }
    }

    private func copy(_ count: UInt64, at offset: UInt64, from source: PageSource, to buffer: inout UserBuffer) -> UInt64 {
        switch source {
        case .frame(let frame):
            let copied = buffer.write(KernelMemory.bytes(at: frame.address.rawValue + offset, count: count))
            kernel.frames.withLock { $0.release(Frame(adopting: frame)) }
            return copied
        case .archive(let address, let available):
            let held = offset < available ? min(count, available - offset) : 0
            let copied = buffer.write(KernelMemory.bytes(at: address + offset, count: held))
            guard copied == held else { return copied }
            return copied + buffer.writeZeroes(upTo: count - held)
        case .hole:
            return buffer.writeZeroes(upTo: count)
        }
    }

    /// Copies bytes of one page to the kernel's own memory; zeroes behind the end.
    func copyBytes(from position: UInt64, count: UInt64, to destination: UInt64) {
        let inPage = position & Self.pageMask
        switch pageSource(of: position).0 {
        case .frame(let frame):
            PhysicalPage.copyBytes(from: frame.address.rawValue + inPage, to: destination, count: count)
            kernel.frames.withLock { $0.release(Frame(adopting: frame)) }
        case .archive(let address, let available):
            let held = inPage < available ? min(count, available - inPage) : 0
            PhysicalPage.copyBytes(from: address + inPage, to: destination, count: held)
            clear(count - held, at: destination + held)
        case .hole:
            clear(count, at: destination)
        }
    }

    // MARK: Writing

    /// Runs `body` alone among those that change the content or size: a long write is one write, though others have
    /// their turn meanwhile (Linux's `i_rwsem`).
    func withContentLocked<Result>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
        // Its last name may go while this waits, or others have their turn.
        fileSystem.retain(self)
        defer { fileSystem.release(self) }
        return try withSleepingLock(body)
    }

    /// Copies from a program into the file, which grows where the bytes go beyond its end. Under the content's lock.
    /// - Returns: bytes written; fewer where memory runs out or the program's own ends. EFBIG, ENOSPC, EPERM for what a
    ///   seal forbids, EFAULT: where nothing was written. EINVAL for a file of huge pages.
    func writeFile(at start: UInt64, from buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        if value.file.hugePageSize > 0 { throw .invalidArgument }
        if buffer.count == 0 { return 0 }
        guard start < Self.maximumFileSize else { throw .fileTooLarge }
        var position = start
        var left = min(buffer.count, Self.maximumFileSize - start)
        do throws(Errno) {
            while left > 0 {
                let inPage = position & Self.pageMask
                let wanted = min(left, Granule.size.rawValue - inPage)
                let copied = try writePage(at: position, count: wanted, from: &buffer)
                position += copied
                left -= copied
                // Where a part was copied the rest is tried again: the file has grown, and with it what maps it
                // (mm/filemap.c, generic_perform_write).
                if copied == 0 {
                    if position == start { throw Errno.badAddress }
                    break
                }
                if position & 0xF_FFFF == 0 { giveTurnIfOver() }
            }
        } catch {
            if position == start { throw error }
        }
        value.noteModification()
        return position - start
    }

    /// Writes within one page.
    private func writePage(at position: UInt64, count: UInt64, from buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        // Before anything is refused or made (mm/filemap.c, generic_perform_write: fault_in_iov_iter_readable).
        guard buffer.isReadable else { return 0 }
        let object = try fileObject()
        try checkSeals(forWritingTo: position + count)
        let index = PageIndex(UInt32(truncatingIfNeeded: position >> Granule.shift))
        let frame = try makePage(index, of: object)
        let copied = buffer.read(to: frame.address.rawValue + (position & Self.pageMask), limit: count)
        let end = ByteCount(position + copied)
        withObjects { objects, frames in
            if copied > 0 {
                if objects.size(of: object) < end { objects.setSize(end, of: object) }
            } else if UInt64(index.rawValue) >= objects.pageCount(of: object) {
                // A page behind the end, where nothing could be written.
                objects.dropPages(from: index, of: object, frames: &frames)
            }
        }
        return copied
    }

    /// The frame of a page, behind the end too, which gets one where it has none; it is marked as written. ENOSPC.
    private func makePage(_ index: PageIndex, of object: ObjectNumber) throws(Errno) -> FrameNumber {
        while true {
            do throws(ObjectError) {
                return try findOrMakePage(index, of: object)
            } catch {
                // What programs run on is not given up for a file: they would fetch it again, and the file never be full.
                guard error == .overcommitted ? countPromisable() : reclaimUnmapped() else { throw .noSpace }
            }
        }
    }

    private func findOrMakePage(_ index: PageIndex, of object: ObjectNumber) throws(ObjectError) -> FrameNumber {
        try withObjects { (objects, frames) throws(ObjectError) in
            if let frame = objects.page(index, of: object) {
                objects.markDirty(frame)
                return frame
            }
            guard frames.freeFrames > FileSystem.reservedFrames else { throw .outOfMemory }
            let frame = try objects.makePageEvenBeyondEnd(index, of: object, frames: &frames)
            objects.markDirty(frame)
            return frame
        }
    }

    /// EPERM for a write that a seal forbids (mm/shmem.c, shmem_write_begin).
    private func checkSeals(forWritingTo end: UInt64) throws(Errno) {
        let seals = value.file.seals
        if seals.isEmpty { return }
        if seals.intersects(.write | .futureWrite) { throw .notPermitted }
        if seals.contains(.grow), end > fileSize { throw .notPermitted }
    }

    /// Runs `body` as one who writes the file: it can't be made to run as a program meanwhile, though `body` waits for its
    /// turn at the content (fs/open.c, vfs_truncate). ETXTBSY where it runs.
    func withWriteAccess<Result>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
        guard value.writers >= 0 else { throw .textFileBusy }
        fileSystem.retain(self)
        value.writers += 1
        defer {
            value.writers -= 1
            fileSystem.release(self)
        }
        return try body()
    }

    // MARK: Size

    /// Changes the file's size; what is added is a hole. Under the content's lock. EFBIG, EPERM for what a seal forbids,
    /// EINVAL for what is no number of huge pages, where the file is of those (fs/hugetlbfs/inode.c, hugetlbfs_setattr).
    func setFileSize(_ size: UInt64) throws(Errno) {
        guard size <= Self.maximumFileSize else { throw .fileTooLarge }
        let hugePageSize = value.file.hugePageSize
        if hugePageSize > 0, size & (hugePageSize - 1) != 0 { throw .invalidArgument }
        let old = fileSize
        let seals = value.file.seals
        if size < old && seals.contains(.shrink) || size > old && seals.contains(.grow) { throw .notPermitted }
        value.noteModification()
        guard let object = value.file.object else {
            value.file.size = size
            value.file.archiveSize = min(value.file.archiveSize, size)
            return
        }
        withObjects { objects, _ in objects.setSize(ByteCount(size), of: object) }
        guard size <= old else { return }
        // Pages beyond the end go, those too that were set aside there (mm/shmem.c, shmem_setattr).
        let first = (size + Self.pageMask) >> Granule.shift
        dropPages(from: first, to: Self.maximumFileSize >> Granule.shift, of: object, includingCopies: true)
    }

    /// Takes pages away, by index.
    private func dropPages(from first: UInt64, to end: UInt64, of object: ObjectNumber, includingCopies: Bool) {
        guard first < end else { return }
        // The index beyond the last possible page is none.
        takePages(
            from: PageIndex(UInt32(truncatingIfNeeded: first)), to: UInt32(exactly: end).map { PageIndex($0) }, of: object,
            includingCopies: includingCopies)
    }

    /// Gives each page of a range a frame (`fallocate`). Under the content's lock. ENOSPC, with nothing changed: at once
    /// where it is seen at once, otherwise what this call added goes again (mm/shmem.c, shmem_fallocate).
    func allocate(from start: UInt64, to end: UInt64, keepsSize: Bool) throws(Errno) {
        let size = fileSize
        if end > size, value.file.seals.contains(.grow) { throw .notPermitted }
        // fs/hugetlbfs/inode.c, hugetlbfs_fallocate: none to give it.
        if value.file.hugePageSize > 0 { throw .noSpace }
        let object = try fileObject()
        let first = start >> Granule.shift
        let last = (end + Self.pageMask) >> Granule.shift
        if isHopeless(from: first, to: last, of: object) { throw .noSpace }
        var added = AddedPages(from: first)
        defer { added.giveBack() }
        do throws(Errno) {
            for index in first..<last {
                try added.makeRoom()
                let page = PageIndex(UInt32(truncatingIfNeeded: index))
                let isThere = withObjects { objects, _ in objects.page(page, of: object) != nil }
                _ = try makePage(page, of: object)
                added.append(!isThere)
                if index & 0xFF == 0 { giveTurnIfOver() }
            }
        } catch {
            added.forEachRun { takeBack($0, of: object) }
            throw error
        }
        if end > size, !keepsSize {
            withObjects { objects, _ in objects.setSize(ByteCount(end), of: object) }
            value.noteModification()
        }
    }

    /// Takes pages away again that were set aside, by index. What somebody has mapped meanwhile stays, and what somebody
    /// has written who had it mapped (mm/shmem.c, shmem_undo_range, leaves what was used).
    private func takeBack(_ pages: Range<UInt64>, of object: ObjectNumber) {
        for index in pages {
            let page = PageIndex(UInt32(truncatingIfNeeded: index))
            withObjects { objects, frames in
                guard let frame = objects.page(page, of: object), frames.isSoleOwner(frame),
                    holdsFirstContent(frame, page, objects.backing(of: object))
                else { return }
                objects.dropPages(from: page, to: UInt32(exactly: index + 1).map { PageIndex($0) }, of: object, frames: &frames)
            }
            if index & 0xF == 0 { giveTurnIfOver() }
        }
    }

    /// Whether a frame holds what its page has that nobody has written to.
    private func holdsFirstContent(_ frame: FrameNumber, _ page: PageIndex, _ backing: ObjectBacking?) -> Bool {
        let offset = ByteCount.pages(UInt64(page.rawValue))
        var backed = ByteCount.zero
        if let backing, offset < backing.size {
            backed = min(backing.size - offset, Granule.size)
            guard isEqual(backed, at: frame.address, backing.start + offset) else { return false }
        }
        return isEqual(Granule.size - backed, at: frame.address + backed, kernel.mappings.zeroFrame.address)
    }

    private func isEqual(_ count: ByteCount, at address: PhysicalAddress, _ other: PhysicalAddress) -> Bool {
        KernelMemory.bytes(at: address.rawValue, count: count.rawValue)
            .equals(KernelMemory.bytes(at: other.rawValue, count: count.rawValue))
    }

    /// Whether there are fewer frames for files than pages of a range have none.
    private func isHopeless(from first: UInt64, to end: UInt64, of object: ObjectNumber) -> Bool {
        withObjects { objects, frames in
            let room = frames.freeFrames - min(FileSystem.reservedFrames, frames.freeFrames)
            guard end - first > room else { return false }
            if end - first > room + objects.residentPages(of: object) { return true }
            var missing = end - first
            var next = objects.nextPage(from: PageIndex(UInt32(truncatingIfNeeded: first)), of: object)
            while let found = next, UInt64(found.index.rawValue) < end {
                missing -= 1
                guard found.index.rawValue < .max else { break }
                next = objects.nextPage(from: PageIndex(found.index.rawValue + 1), of: object)
            }
            return missing > room
        }
    }

    /// Makes a hole of a range (`fallocate` with `FALLOC_FL_PUNCH_HOLE`): its bytes are zeroes, and whole pages go.
    /// Under the content's lock, by who has a handle on the object. EPERM for what a seal forbids, ENOSPC, EINTR for a fatal
    /// signal.
    func punchHole(from start: UInt64, to end: UInt64) throws(Errno) {
        if value.file.seals.intersects(.write | .futureWrite) { throw .notPermitted }
        // Of a partial page the bytes are cleared; whole pages go, those too that were set aside beyond the end.
        let object = try fileObject()
        let backed = withObjects { objects, _ in objects.backing(of: object)?.size.rawValue ?? 0 }
        var position = start
        while position < end {
            let inPage = position & Self.pageMask
            let count = min(end - position, Granule.size.rawValue - inPage)
            let index = PageIndex(UInt32(truncatingIfNeeded: position >> Granule.shift))
            if position & ~Self.pageMask < backed {
                // The page would have the ramdisk's bytes again.
                let frame = try makePage(index, of: object)
                clear(count, of: frame, at: inPage)
            } else if count < Granule.size.rawValue {
                if let frame = withObjects({ objects, _ in objects.page(index, of: object) }) {
                    _ = try makePage(index, of: object)
                    clear(count, of: frame, at: inPage)
                }
            } else {
                dropPages(
                    from: position >> Granule.shift, to: end >> Granule.shift, of: object, includingCopies: false)
                position = end & ~Self.pageMask
                continue
            }
            position += count
            giveTurnIfOver()
            if Thread.current.value.hasFatalSignal { throw .interrupted }
        }
        value.noteModification()
    }

    private func clear(_ count: UInt64, of frame: FrameNumber, at offset: UInt64) {
        clear(count, at: frame.address.rawValue + offset)
    }

    /// Clears part of a frame, through the kernel's mapping of it.
    private func clear(_ count: UInt64, at address: UInt64) {
        PhysicalPage.copyBytes(from: kernel.mappings.zeroFrame.address.rawValue, to: address, count: count)
    }

    // MARK: Looking

    /// Frames' worth of content: pages with a frame, and those that the initial ramdisk has.
    var filePages: UInt64 {
        let file = value.file
        guard let object = file.object else { return (file.archiveSize + Self.pageMask) >> Granule.shift }
        return withObjects { objects, _ in
            guard let backing = objects.backing(of: object) else { return objects.residentPages(of: object) }
            var pages = (backing.size.rawValue + Self.pageMask) >> Granule.shift
            var next = objects.nextPage(from: PageIndex(UInt32(clamping: pages)), of: object)
            while let found = next, found.index.rawValue < .max {
                pages += 1
                next = objects.nextPage(from: PageIndex(found.index.rawValue + 1), of: object)
            }
            return pages
        }
    }

    /// The first byte from `start` on, below the end, of a page that is content or of one that is not; the end where the
    /// rest is the other. A hole begins there.
    func nextContent(from start: UInt64, isHole wantsHole: Bool) -> UInt64? {
        let size = fileSize
        var position = start
        while position < size {
            let (isHole, next) = extent(at: position)
            if isHole == wantsHole { return position }
            position = next
        }
        return wantsHole ? size : nil
    }

    /// Whether a page is a hole, and where the next page is that may be otherwise.
    private func extent(at position: UInt64) -> (isHole: Bool, next: UInt64) {
        let file = value.file
        let page = position >> Granule.shift
        let after = (page + 1) << Granule.shift
        guard let object = file.object else {
            let end = (file.archiveSize + Self.pageMask) & ~Self.pageMask
            return position < end ? (false, end) : (true, .max)
        }
        return withObjects { objects, _ in
            if let backing = objects.backing(of: object), page << Granule.shift < backing.size.rawValue {
                return (false, after)
            }
            guard let found = objects.nextPage(from: PageIndex(UInt32(truncatingIfNeeded: page)), of: object) else {
                return (true, .max)
            }
            if UInt64(found.index.rawValue) == page { return (false, after) }
            return (true, UInt64(found.index.rawValue) << Granule.shift)
        }
    }
}

extension FileSystem {
    /// Frames that files leave to others: where fewer are free a write is ENOSPC, and what runs goes on.
    static var reservedFrames: UInt64 { kernel.totalFrames / 32 }

    /// Frames that names leave to others. Fewer: names are small, and a disk that is full of content still takes some.
    static var framesReservedFromNames: UInt64 { reservedFrames / 4 * 3 }

    /// Whether more than `reserved` frames are free, once pages of files that nobody maps are given up for it.
    static func hasRoom(leaving reserved: UInt64) -> Bool {
        while kernel.frames.withLock({ $0.freeFrames <= reserved }) {
            guard reclaimUnmapped() else { return false }
        }
        return true
    }
}
