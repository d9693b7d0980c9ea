import LinuxABI
import Machine
import MemoryModel

extension Kernel {
    /// The objects: files' contents and shared memory. Under the lock of the frame allocator that the caller holds.
    func objects(_ frames: borrowing FrameAllocator<RealMachine>) -> ObjectTable<RealMachine> {
        ObjectTable(machine: machine, kernel: mappings, records: frames.table)
    }
}

extension Errno {
    /// What a program is told where an object's page can't be had.
    init(_ error: ObjectError) {
        self =
            switch error {
            case .outOfMemory, .overcommitted: .noMemory
            case .beyondEnd: .badAddress
            }
    }
}

/// `mmap` of memory that is shared with children and without a file: an object of its own, which lives while it is
/// mapped (mm/shmem.c, shmem_zero_setup).
@inline(never)
func mapSharedMemory(_ call: SystemCallArguments, _ flags: MapFlags) throws(Errno) -> UInt64 {
    var request = try mapRequest(call, flags)
    let size = request.length.roundedUpToPages ?? .zero
    guard size > .zero, size <= AddressSpaceLayout.addressLimit - VirtualAddress(0) else { throw .noMemory }
    // The errors of the place and of locks come before those of what is mapped (mm/mmap.c, do_mmap).
    try refuseLockingBeyondLimit(request)
    // What is shared does not grow downwards.
    if flags.contains(.growsDown) { throw .invalidArgument }
    let object = try makeSharedMemory(size, isAccounted: !request.options.contains(.noReserve))
    defer { release(object) }
    request.object = MappedObject(object)
    request.options.insert(.shared)
    return try map(request)
}

/// Fails where the memory map would refuse the place of a mapping: these errors come before those of its kind.
func checkPlacement(_ request: MapRequest) throws(Errno) {
    do throws(MapError) {
        try Process.current.value.memory.value.memory.checkPlacement(request)
    } catch {
        throw Errno(error)
    }
}

/// An object of `size` bytes of zeroes, with a handle.
/// - Parameter isAccounted: whether all of it counts towards the commit limit at once (mm/shmem.c, shmem_acct_size).
private func makeSharedMemory(_ size: ByteCount, isAccounted: Bool) throws(Errno) -> ObjectNumber {
    if isAccounted { try admit(size.wholePages) }
    do throws(ObjectError) {
        return try kernel.frames.withLock { (frames) throws(ObjectError) in
            try kernel.objects(frames).create(
                .sharedMemory, size: size, isAccounted: isAccounted, frames: &frames)
        }
    } catch {
        throw Errno(error)
    }
}

/// Gives up a handle on an object.
func release(_ object: ObjectNumber) {
    kernel.frames.withLock { frames in kernel.objects(frames).release(object, frames: &frames) }
}

/// `mmap` of a file (mm/mmap.c, do_mmap).
@inline(never)
func mapFile(_ call: SystemCallArguments, _ flags: MapFlags) throws(Errno) -> UInt64 {
    let file = try heldFile(call.fifth)
    defer { release(file) }
    if file.value.flags.contains(.path) { throw .badFileDescriptor }
    let hugePageSize = hugePageSize(of: file)
    // Huge pages are of files in hugetlbfs alone (ksys_mmap_pgoff).
    if flags.contains(.hugePages), hugePageSize == 0 { throw .invalidArgument }
    guard call.second != 0 else { throw .invalidArgument }
    var request = try mapRequest(call, flags)
    let pages = request.length.roundedUpToPages ?? .zero
    guard pages > .zero else { throw .noMemory }
    let first = ByteCount(call.sixth).wholePages
    guard !first.addingReportingOverflow(pages.wholePages).overflow else { throw .overflow }
    try refuseLockingBeyondLimit(request)
    // A file's size is at most 2^63 − 1 (mm/mmap.c, file_mmap_ok), its page indices here at most 2^32 − 1.
    guard let firstPage = UInt32(exactly: first), first + pages.wholePages <= 1 << 32 else { throw .overflow }

    switch try MapSharing.checked(flags.sharing) {
    case .shared, .sharedValidate:
        if flags.sharing == MapSharing.sharedValidate.rawValue {
            // That none grows down is found out when the file's rights are known.
            _ = try ValidatedMapFlags(rawValue: flags.subtracting(.growsDown).rawValue & ~0xF).checked()
        }
        if request.protection.contains(.write) && !file.value.isWritable { throw .permissionDenied }
        if !file.value.isWritable { request.grantable = request.grantable.subtracting(.write) }
        request.options.insert(.shared)
    default:
        break
    }
    if !file.value.isReadable { throw .permissionDenied }
    if case .device(.zero) = file.value.kind { return try mapZeroDevice(&request) }
    let object = try mappableObject(of: file)
    defer { release(object) }
    if flags.contains(.growsDown) { throw .invalidArgument }
    request.object = MappedObject(object, firstPage: PageIndex(firstPage))
    try checkSeals(of: file, &request)
    if hugePageSize > 0 { try refuseHugePages(of: hugePageSize, call, flags) }
    if case .inode(let inode) = file.value.kind, request.options.contains(.shared), request.grantable.contains(.write) {
        // Before the mapping is populated, while others have their turn.
        inode.value.file.wasMappedWritably = true
    }
    return try map(request)
}

/// Bytes of the huge pages that a file is of; 0 where it is of pages.
private func hugePageSize(of file: Handle<OpenFile>) -> UInt64 {
    guard case .inode(let inode) = file.value.kind, case .regular(let content) = inode.value.content else { return 0 }
    return content.hugePageSize
}

/// What seals say to a shared mapping: EPERM for one that could write at once; another stays unwritable (include/linux/mm.h,
/// seal_check_write; before the fix that 6.1's stable series has too, F_SEAL_WRITE refused both).
private func checkSeals(of file: Handle<OpenFile>, _ request: inout MapRequest) throws(Errno) {
    guard case .inode(let inode) = file.value.kind else { return }
    try check(inode.value.file.seals, against: &request)
}

/// The same for an object that is mapped already.
func checkSeals(of object: ObjectNumber, _ request: inout MapRequest) throws(Errno) {
    guard let inode = Handle<Inode>(ownerOf: object) else { return }
    try check(inode.value.file.seals, against: &request)
}

private func check(_ seals: FileSeals, against request: inout MapRequest) throws(Errno) {
    guard request.options.contains(.shared), seals.intersects(.write | .futureWrite) else { return }
    if request.protection.contains(.write) { throw .notPermitted }
    request.grantable = request.grantable.subtracting(.write)
}

/// `/dev/zero` is memory without a file: of the program's own, or shared (drivers/char/mem.c, mmap_zero).
private func mapZeroDevice(_ request: inout MapRequest) throws(Errno) -> UInt64 {
    guard request.options.contains(.shared) else { return try map(request) }
    let object = try makeSharedMemory(
        request.length.roundedUpToPages ?? .zero, isAccounted: !request.options.contains(.noReserve))
    defer { release(object) }
    request.object = MappedObject(object)
    return try map(request)
}

/// The object that a file's content is, with a handle for the caller; ENODEV for a file that can't be mapped.
private func mappableObject(of file: Handle<OpenFile>) throws(Errno) -> ObjectNumber {
    guard case .inode(let inode) = file.value.kind, inode.value.type == .regular else {
        // What is of no process says so in another way (fs/proc/inode.c, proc_reg_mmap).
        if case .proc(let reader) = file.value.kind, reader.value.node.isOfSystem { throw .ioError }
        throw .operationNotSupportedByDevice
    }
    let object = try inode.fileObject()
    withObjects { objects, _ in objects.retain(object) }
    if !file.value.flags.contains(.noAccessTime) { inode.value.noteAccess() }
    return object
}
