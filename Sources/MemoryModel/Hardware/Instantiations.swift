// `-no-allocations` checks only specialised code: a generic may allocate unnoticed until somebody instantiates it.
// These functions, never called, instantiate the module's public generic surface over `NullMachine`.

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
    _ = allocator.isSoleOwner(start)
    _ = allocator.freeFrames
}

/// Instantiates `Identifiers/`.
func instantiateIdentifiers() {
    var allocator = ASIDAllocator(bits: 8)
    var context = AddressSpaceContext.none
    allocator.activate(&context, on: 0, NullMachine())
    allocator.deactivate(on: 0)
}
