// `-no-allocations` checks only specialised code: a generic may allocate unnoticed until somebody instantiates it.
// These functions, never called, instantiate the module's public generic surface over `NullMachine`.
// Compiled only where that flag is: they could not run, and would count as code without a test.

#if hasFeature(Embedded)

/// Instantiates `Frames/`.
func instantiateFrames() {
    let start = FrameNumber(0)
    var allocator = FrameAllocator(
        machine: NullMachine(), records: PhysicalAddress(0), firstFrame: start, frameCount: 1)
    allocator.donate(start, count: 1)
    let table = allocator.table
    var list = FrameList(table)
    var buffer = FrameBuffer()
    if let frame = allocator.take(.anonymous) {
        if let shared = try? allocator.share(frame.number) { buffer.push(shared) }
        list.push(frame)
    }
    if let frame = allocator.takeZeroed(.table) { allocator.release(frame) }
    if let frame = list.popFirst() { allocator.release(frame) }
    if let frame = buffer.popLast() { allocator.release(frame) }
    if let block = allocator.takeBlock(order: 1, .kernel) { allocator.release(block) }
    allocator.mergeFreeFrames()
    var blocks: UInt64 = 0
    allocator.forEachFreeBlock { _, _ in blocks &+= 1 }
    allocator.record(of: start).forEachField { _, value in blocks &+= value }
    table.setKind(.kernel, of: start)
    var record = table.tableRecord(of: start)
    record.entriesInUse &+= record.resident
    table.setTableRecord(record, of: start)
    table.setForkSpecialEntries(table.forkSpecialEntries(of: start), of: start)
    table.setOrigin(table.origin(of: start), of: start)
    _ = table.census()
    _ = allocator.isSoleOwner(start)
    _ = allocator.freeFrames
    allocator.beginShortage(leaving: 1, endsWithFailure: true)
    allocator.endShortage()
}

/// Instantiates `Identifiers/`.
func instantiateIdentifiers() {
    var allocator = ASIDAllocator(bits: 8)
    var context = AddressSpaceContext.none
    allocator.activate(&context, on: 0, NullMachine())
    allocator.deactivate(on: 0)
}

/// Instantiates `Objects/`.
func instantiateObjects(frames: inout FrameAllocator<NullMachine>, kernel: KernelMappings) throws(ObjectError) {
    let objects = ObjectTable(machine: NullMachine(), kernel: kernel, records: frames.table)
    let backing = ObjectBacking(start: PhysicalAddress(0), size: Granule.size)
    let object = try objects.create(.file, size: Granule.size, backing: backing, frames: &frames)
    objects.retain(object)
    _ = try objects.makePage(PageIndex(0), of: object, frames: &frames)
    if let found = objects.nextPage(from: PageIndex(0), of: object) { objects.markDirty(found.frame) }
    _ = try objects.makePageEvenBeyondEnd(PageIndex(1), of: object, frames: &frames)
    objects.setOwner(objects.owner(of: object), of: object)
    _ = objects.backing(of: object)
    objects.setSize(.zero, of: object)
    _ = objects.reclaim(1, frames: &frames)
    _ = objects.kind(of: object)
    _ =
        objects.count + objects.fetchedPages + objects.accountedPages + objects.residentPages(of: object) + objects.mappedPages(of: object)
        + objects.handles(of: object)
    objects.release(object, frames: &frames)
}

/// Instantiates `Translation/` and `AddressSpace/`.
func instantiateAddressSpace(frames: inout FrameAllocator<NullMachine>, asids: inout ASIDAllocator) throws(MapError) {
    let machine = NullMachine()
    let kernel = KernelMappings(
        table: PhysicalAddress(0), slots: 1..<2, zeroFrame: FrameNumber(0), objects: FrameNumber(0))
    var space = try AddressSpace(machine: machine, layout: .standard, kernel: kernel, frames: &frames)
    asids.activate(&space.context, on: 0, machine)
    _ = space.rootAddress
    let page = space.layout.imageBase
    try? space.clearRestOfPage(from: page, frames: &frames)
    space.setHeapStart(page + Granule.size)
    space.setStackLimit(Granule.size)
    space.pageLimit =
        space.dataPages + space.mappedPages(in: space.layout.low) + space.pagesNotYetData(in: space.layout.low)
    _ = try space.mapStack(frames: &frames)
    try space.setBreak(to: space.heapStart, frames: &frames)
    let start = try space.map(
        MapRequest(length: Granule.size, protection: .readWrite, options: .populate), frames: &frames)
    space.populate(VirtualRange(start, to: start + Granule.size), frames: &frames)
    _ = try space.startOfGrowingMapping(in: VirtualRange(start, to: start + Granule.size))
    try space.protect(start, length: Granule.size, .read, frames: &frames)
    try space.apply(.lock, over: VirtualRange(start, to: start + Granule.size), frames: &frames)
    try space.setName(MappingName(), of: start, length: Granule.size, frames: &frames)
    var use = PageUse()
    if let run = space.run(from: start, measuring: &use) { _ = space.name(of: run) }
    if let run = space.run(from: start) { _ = run.pageCount }
    var limit = 1
    var perhaps: PageUse? = use
    if var run = space.run(from: start, entries: &limit, measuring: &perhaps) {
        space.extend(&run, entries: &limit, measuring: &perhaps)
    }
    space.forEachPage(of: VirtualRange(start, to: start + Granule.size)) { use.referenced &+= $0 }
    _ = space.residentLockedPages
    try space.lockEverything(.unlock, frames: &frames)
    space.setFutureLock(.lockOnFault)
    _ = space.populatesMappings || space.locksMappings
    space.lockLimit = space.lockedPages
    _ = space.mayLock(Granule.size) && space.mayLock(all: VirtualRange(start, to: start + Granule.size))
    _ = space.contains(.locked, in: VirtualRange(start, to: start + Granule.size))
    try space.seal(VirtualRange(start, to: start + Granule.size), frames: &frames)
    _ = try? space.populate(
        from: VirtualRange(start, to: start + Granule.size), for: .writing, passingErrors: false, limit: 1,
        frames: &frames)
    _ = space.nextMapped(in: VirtualRange(start, to: start + Granule.size))
    _ = try space.firstRemovable(in: VirtualRange(start, to: start + Granule.size))
    _ = try? space.heldFrame(for: start, access: .read, frames: &frames)
    try space.discard(start, length: Granule.size, frames: &frames)
    _ = space.isMapped(VirtualRange(start, to: start + Granule.size))
    _ = try space.move(MoveRequest(start, oldLength: Granule.size, newLength: Granule.size), frames: &frames)
    try space.unmap(start, length: Granule.size, frames: &frames)
    _ = try? space.resolveFault(at: start, access: .write, frames: &frames)
    _ = try? space.writableFrame(for: start, frames: &frames)
    var child = try space.fork(frames: &frames)
    _ = try? child.resolveFault(at: start, access: .write, frames: &frames)
    child.destroy(frames: &frames)
    _ = space.translate(start)?.last
    _ = space.state(of: start)
    _ = space.statistics
    _ = space.stackStart
    try? space.validate()
    let audit = try FrameAudit(kernel: kernel, frames: &frames)
    audit.count(space)
    try? audit.check(frames)
    audit.giveBack(to: &frames)
    let object = MappedObject(ObjectNumber(1))
    let request = MapRequest(length: Granule.size, protection: .readWrite, options: .shared, object: object)
    try space.checkPlacement(request)
    _ = try space.map(request, frames: &frames)
    space.forget(object.number, from: PageIndex(0), includingCopies: true, frames: &frames)
    _ = space.mapsWritably(object.number)
    _ = space.accountedPages + space.accountedPagesOfChild + space.pagesToAccount(in: space.layout.low, for: .readWrite)
    _ = space.giveUpCleanPages(sparingUsed: true, frames: &frames)
    space.unmapAll(frames: &frames)
    space.destroy(frames: &frames)
}

#endif
