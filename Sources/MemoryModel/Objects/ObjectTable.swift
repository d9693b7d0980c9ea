/// The objects of the machine: what has pages that more than one address space, or `read` and `write`, may reach.
///
/// An object's record lies in physical memory, found by its number; so do its pages' frames, in a tree keyed by page
/// index (``page(_:of:)``). This is the page cache: the frame that a mapping shows and the frame that `read` copies from
/// are the same.
///
/// An object lives as long as somebody names it: the kernel by *handles* (an open file, a name in a directory), tables
/// by *mapped pages* (an entry that belongs to a mapping of it counts the pages that it stands for, so that splitting a
/// block changes nothing; those of a table shared since a fork count once). Its number is given out again only
/// afterwards.
///
/// A name for the table, copied freely; it owns nothing. Under the lock that guards the frame allocator.
public struct ObjectTable<M: Hardware> {
    let machine: M
    let frameRecords: FrameTable<M>

    /// The frame where the numbers are given out and the records are found from.
    public let directory: FrameNumber

    /// The frame of zeroes, from which tails are cleared.
    let zeroFrame: FrameNumber

    init(machine: M, records: FrameTable<M>, directory: FrameNumber, zeroFrame: FrameNumber) {
        self.machine = machine
        frameRecords = records
        self.directory = directory
        self.zeroFrame = zeroFrame
    }

    /// The objects that the kernel's mappings name.
    public init(machine: M, kernel: KernelMappings, records: FrameTable<M>) {
        self.init(machine: machine, records: records, directory: kernel.objects, zeroFrame: kernel.zeroFrame)
    }

    // MARK: Records

    /// A word of an object's record.
    enum Word: UInt64 {
        /// Its ``ObjectKind`` in the low bits, its owner above; 0 in a vacant record.
        case kind
        /// References that the kernel holds.
        case handles
        /// Pages that table entries name.
        case mappedPages
        /// Its size in bytes. In a vacant record, the number of the next vacant one.
        case size
        /// The root of its pages' tree.
        case tree
        /// Pages in the tree.
        case residentPages
        case backingStart
        case backingSize
    }

    /// In the word `kind`: the object counts towards the commit limit with all of its size.
    private static var accountedFlag: UInt64 { 1 << 2 }

    /// Records in a frame, and their size.
    private static var recordShift: UInt64 { 6 }
    private static var recordsPerFrame: UInt64 { Granule.size.rawValue >> recordShift }
    private static var recordBits: UInt64 { Granule.shift - recordShift }

    /// Words of the directory.
    private static var nextUnused: Int { 0 }
    private static var firstVacant: Int { 1 }
    private static var liveCount: Int { 2 }
    static var reclaimHand: Int { 3 }
    static var fetchCount: Int { 4 }
    /// One more than ``promisable``; 0 where that is nil.
    private static var promises: Int { 5 }
    private static var firstBranch: Int { 16 }

    /// Numbers are of 20 bits.
    private static var numberLimit: UInt64 { InvalidEntryLayout.object.maximum + 1 }

    func directoryWord(_ index: Int) -> PhysicalAddress { TableGeometry.entry(index, of: directory) }

    /// Where the word of the directory lies that leads to a number's branch, and the index in that branch.
    private func branch(of number: UInt64) -> (PhysicalAddress, Int) {
        let leaf = number >> Self.recordBits
        let branch = Int(truncatingIfNeeded: leaf >> Granule.indexBits)
        return (
            directoryWord(Self.firstBranch + branch), Int(truncatingIfNeeded: leaf & (1 << Granule.indexBits - 1))
        )
    }

    func word(_ word: Word, of object: ObjectNumber) -> PhysicalAddress {
        let (branchWord, index) = branch(of: UInt64(object.rawValue))
        let branch = FrameNumber(machine.load(branchWord))
        let leaf = FrameNumber(machine.load(TableGeometry.entry(index, of: branch)))
        let slot = UInt64(object.rawValue) & (Self.recordsPerFrame - 1)
        return leaf.address + ByteCount(slot << Self.recordShift | word.rawValue << 3)
    }

    func get(_ word: Word, of object: ObjectNumber) -> UInt64 { machine.load(self.word(word, of: object)) }

    func set(_ word: Word, of object: ObjectNumber, to value: UInt64) {
        machine.store(value, at: self.word(word, of: object))
    }

    // MARK: Life

    /// Makes an object without pages in memory, with one handle, the caller's.
    /// - Parameters:
    ///   - size: in bytes.
    ///   - backing: what its first pages hold; the rest are zeroes.
    ///   - isAccounted: whether all of its size counts towards the commit limit, rather than its pages in memory.
    /// - Throws: ``ObjectError/outOfMemory``, having taken nothing.
    public func create(
        _ kind: ObjectKind, size: ByteCount, backing: ObjectBacking? = nil, isAccounted: Bool = false,
        frames: inout FrameAllocator<M>
    ) throws(ObjectError) -> ObjectNumber {
        let number = try takeNumber(&frames)
        set(.kind, of: number, to: kind.rawValue | (isAccounted ? Self.accountedFlag : 0))
        set(.handles, of: number, to: 1)
        set(.mappedPages, of: number, to: 0)
        set(.size, of: number, to: size.rawValue)
        set(.tree, of: number, to: 0)
        set(.residentPages, of: number, to: 0)
        set(.backingStart, of: number, to: backing?.start.rawValue ?? 0)
        set(.backingSize, of: number, to: min(backing?.size ?? .zero, size).rawValue)
        let live = directoryWord(Self.liveCount)
        machine.store(machine.load(live) + 1, at: live)
        return number
    }

    /// A number that nothing names: one that was used before, or the next one.
    private func takeNumber(_ frames: inout FrameAllocator<M>) throws(ObjectError) -> ObjectNumber {
        let vacant = directoryWord(Self.firstVacant)
        let reused = machine.load(vacant)
        if reused != 0 {
            let number = ObjectNumber(UInt32(truncatingIfNeeded: reused))
            machine.store(get(.size, of: number), at: vacant)
            return number
        }
        let unused = directoryWord(Self.nextUnused)
        // 0 is nobody's number.
        let number = max(1, machine.load(unused))
        guard number < Self.numberLimit else { throw .outOfMemory }
        try makeRecord(number, &frames)
        machine.store(number + 1, at: unused)
        return ObjectNumber(UInt32(truncatingIfNeeded: number))
    }

    /// Makes sure that there is a frame for a number's record. The frames of records stay for ever.
    private func makeRecord(_ number: UInt64, _ frames: inout FrameAllocator<M>) throws(ObjectError) {
        let (branchWord, index) = branch(of: number)
        let hasBranch = machine.load(branchWord) != 0
        if hasBranch, machine.load(TableGeometry.entry(index, of: FrameNumber(machine.load(branchWord)))) != 0 { return }
        guard let leaf = frames.takeZeroed(.kernel) else { throw .outOfMemory }
        if !hasBranch {
            guard let branch = frames.takeZeroed(.kernel) else {
                frames.release(leaf)
                throw .outOfMemory
            }
            machine.store(branch.relinquish().rawValue, at: branchWord)
        }
        let leafWord = TableGeometry.entry(index, of: FrameNumber(machine.load(branchWord)))
        machine.store(leaf.relinquish().rawValue, at: leafWord)
    }

    /// The frames that records lie in, the directory apart.
    public var recordFrames: UInt64 {
        let records = machine.load(directoryWord(Self.nextUnused))
        guard records > 0 else { return 0 }
        let leaves = (records - 1) >> Self.recordBits + 1
        return leaves + (leaves - 1) >> Granule.indexBits + 1
    }

    /// Another handle.
    public func retain(_ object: ObjectNumber) {
        precondition(exists(object), "a handle on an object that exists")
        set(.handles, of: object, to: get(.handles, of: object) + 1)
    }

    /// Drops a handle; where nobody names the object any more, its pages and its number go.
    public func release(_ object: ObjectNumber, frames: inout FrameAllocator<M>) {
        let handles = get(.handles, of: object)
        precondition(handles > 0, "a handle that was held")
        set(.handles, of: object, to: handles - 1)
        endIfUnnamed(object, &frames)
    }

    /// Notes that table entries name `count` more of the object's pages.
    func addMappedPages(_ count: UInt64, to object: ObjectNumber) {
        let word = word(.mappedPages, of: object)
        machine.store(machine.load(word) + count, at: word)
    }

    /// Notes that table entries name `count` fewer of the object's pages; where nobody names the object any more, its
    /// pages and its number go.
    func removeMappedPages(_ count: UInt64, from object: ObjectNumber, frames: inout FrameAllocator<M>) {
        let word = word(.mappedPages, of: object)
        let pages = machine.load(word)
        precondition(pages >= count, "mapped pages that were counted")
        machine.store(pages - count, at: word)
        if pages == count { endIfUnnamed(object, &frames) }
    }

    private func endIfUnnamed(_ object: ObjectNumber, _ frames: inout FrameAllocator<M>) {
        guard get(.handles, of: object) == 0, get(.mappedPages, of: object) == 0 else { return }
        dropPages(from: PageIndex(0), of: object, frames: &frames)
        set(.kind, of: object, to: 0)
        let vacant = directoryWord(Self.firstVacant)
        set(.size, of: object, to: machine.load(vacant))
        machine.store(UInt64(object.rawValue), at: vacant)
        let live = directoryWord(Self.liveCount)
        machine.store(machine.load(live) - 1, at: live)
    }

    // MARK: Facts

    /// Whether the number is an object's.
    public func exists(_ object: ObjectNumber) -> Bool {
        let number = UInt64(object.rawValue)
        guard number > 0, number < machine.load(directoryWord(Self.nextUnused)) else { return false }
        return get(.kind, of: object) != 0
    }

    /// The bits of that word that are the kind's, and those that are the owner's.
    private static var kindMask: UInt64 { 3 }
    private static var ownerMask: UInt64 { ~7 }

    /// What the kernel keeps with the object (a file system's own record of it): a multiple of 8, 0 for nothing.
    public func owner(of object: ObjectNumber) -> UInt64 { get(.kind, of: object) & Self.ownerMask }

    /// Keeps a word of the kernel's with the object, a multiple of 8.
    public func setOwner(_ owner: UInt64, of object: ObjectNumber) {
        precondition(owner & ~Self.ownerMask == 0, "an owner's address is a multiple of 8")
        set(.kind, of: object, to: owner | get(.kind, of: object) & ~Self.ownerMask)
    }

    public func kind(of object: ObjectNumber) -> ObjectKind {
        guard let kind = ObjectKind(rawValue: get(.kind, of: object) & Self.kindMask) else {
            preconditionFailure("an object that exists")
        }
        return kind
    }

    /// The pages of objects that count towards the commit limit: all of an object that was accounted when it was made, as
    /// Linux does with shared memory, and of any other those that are in memory and can't be had again (Linux
    /// mm/shmem.c, shmem_acct_size and shmem_acct_block).
    public var accountedPages: UInt64 {
        var pages: UInt64 = 0
        var number: UInt64 = 1
        while number < machine.load(directoryWord(Self.nextUnused)) {
            let object = ObjectNumber(UInt32(truncatingIfNeeded: number))
            let kind = get(.kind, of: object)
            if kind & Self.accountedFlag != 0 {
                pages += pageCount(of: object)
            } else if kind != 0, isPromisedByPage(object) {
                pages += residentPages(of: object)
            }
            number += 1
        }
        return pages
    }

    /// Whether a page of the object counts towards the commit limit from when it gets its frame.
    func isPromisedByPage(_ object: ObjectNumber) -> Bool {
        get(.kind, of: object) & Self.accountedFlag == 0 && get(.backingSize, of: object) == 0
    }

    /// How many pages may be promised to programs where nobody can ask first: by a fault that gives an object's page its
    /// frame or grows a stack. Each takes from it. Nil where nobody counts; what is given back is not added, so 0 says
    /// only that somebody has to count again.
    public var promisable: UInt64? {
        get {
            let word = machine.load(directoryWord(Self.promises))
            return word == 0 ? nil : word - 1
        }
        nonmutating set { machine.store(newValue.map { $0 + 1 } ?? 0, at: directoryWord(Self.promises)) }
    }

    /// Takes `pages` from what may be promised.
    func promise(_ pages: UInt64) {
        if let left = promisable { promisable = left > pages ? left - pages : 0 }
    }

    /// The numbers that were ever given out.
    var numbers: Range<UInt64> { 1..<max(1, machine.load(directoryWord(Self.nextUnused))) }

    /// Objects that exist.
    public var count: UInt64 { machine.load(directoryWord(Self.liveCount)) }

    /// How often a page got its content from its object's backing.
    public var fetchedPages: UInt64 { machine.load(directoryWord(Self.fetchCount)) }

    /// The object's size in bytes.
    public func size(of object: ObjectNumber) -> ByteCount { ByteCount(get(.size, of: object)) }

    /// What its first pages hold that nobody has touched; nil where that is zeroes from the start.
    public func backing(of object: ObjectNumber) -> ObjectBacking? {
        let size = ByteCount(get(.backingSize, of: object))
        return size == .zero ? nil : ObjectBacking(start: PhysicalAddress(get(.backingStart, of: object)), size: size)
    }

    /// The number of pages that its size covers, a partial one included.
    public func pageCount(of object: ObjectNumber) -> UInt64 {
        let size = size(of: object)
        return size.wholePages + (size.isPageMultiple ? 0 : 1)
    }

    /// Pages that have a frame.
    public func residentPages(of object: ObjectNumber) -> UInt64 { get(.residentPages, of: object) }

    /// Pages that table entries name, touched or not: zero where nobody maps the object.
    public func mappedPages(of object: ObjectNumber) -> UInt64 { get(.mappedPages, of: object) }

    /// References that the kernel holds.
    public func handles(of object: ObjectNumber) -> UInt64 { get(.handles, of: object) }

    // MARK: Size

    /// Changes the object's size. What is cut off is gone: it reads as zeroes where the object grows again.
    ///
    /// Where it shrinks, each address space must forget the pages beyond afterwards and before anything else
    /// (``AddressSpace/forget(_:from:frames:)``), and then ``dropPages(from:of:frames:)`` gives their frames back: the
    /// order of Linux mm/truncate.c, `truncate_pagecache`.
    public func setSize(_ size: ByteCount, of object: ObjectNumber) {
        let old = self.size(of: object)
        set(.size, of: object, to: size.rawValue)
        guard size < old else { return }
        let backing = ByteCount(get(.backingSize, of: object))
        if size < backing { set(.backingSize, of: object, to: size.rawValue) }
        // The tail of the last page is zero, to those too who have it mapped.
        let index = PageIndex(UInt32(truncatingIfNeeded: size.wholePages))
        if !size.isPageMultiple, let frame = page(index, of: object) {
            let used = ByteCount(size.rawValue & (Granule.size.rawValue - 1))
            machine.copyBytes(from: zeroFrame.address, to: frame.address + used, count: Granule.size - used)
            machine.clean(frame)
            machine.completeCleaning()
            markDirty(frame)
        }
    }
}
