import LinuxABI
import Machine
import MemoryModel

extension Errno {
    /// The one translation from the memory model's errors to the program's.
    init(_ error: MapError) {
        self =
            switch error {
            case .invalidArgument: .invalidArgument
            case .outOfMemory: .noMemory
            case .exists: .fileExists
            case .notPermitted: .notPermitted
            case .accessDenied: .permissionDenied
            case .overflow: .overflow
            case .badAddress: .badAddress
            case .tryAgain: .resourceTemporarilyUnavailable
            case .badFile: .badFileDescriptor
            }
    }
}

extension MemoryModel.Protection {
    /// The rights that a program's `prot` asks for, of bits that were checked. PROT_BTI counts where the CPU has it
    /// (arch/arm64/include/asm/mman.h, arch_calc_vm_prot_bits).
    fileprivate init(_ bits: UInt64) {
        self.init(rawValue: UInt8(truncatingIfNeeded: bits & 7))
        if bits & LinuxABI.Protection.branchTargets.rawValue != 0, Processor.identifiesBranchTargets {
            insert(.branchTargets)
        }
    }

    /// With what the process's personality adds: what may be read may be executed (mm/mmap.c, do_mmap).
    @inline(__always) var implied: MemoryModel.Protection {
        contains(.read) && Process.current.value.personality.contains(.readImpliesExecute) ? self | .execute : self
    }
}

/// Changes the running process's memory map, with the frame allocator at hand.
@inline(__always)
func withMemory<Result>(
    _ body: (inout AddressSpace<RealMachine>, inout FrameAllocator<RealMachine>) throws(MapError) -> Result
) throws(Errno) -> Result {
    let space = Process.current.value.memory
    do throws(MapError) {
        return try kernel.frames.withLock { (frames) throws(MapError) in try body(&space.value.memory, &frames) }
    } catch {
        throw Errno(error)
    }
}

/// `mmap`. Which error wins follows Linux (mm/mmap.c, ksys_mmap_pgoff and do_mmap).
func mapMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = MapFlags(rawValue: call.fourth)
    // The offset must be whole pages, whatever it is an offset in (arch/arm64/kernel/sys.c).
    guard ByteCount(call.sixth).isPageMultiple else { throw .invalidArgument }
    if !flags.contains(.anonymous) { return try mapFile(call, flags) }
    guard call.second != 0 else { throw .invalidArgument }
    if flags.sharing == MapSharing.shared.rawValue { return try mapSharedMemory(call, flags) }
    guard flags.sharing == MapSharing.private.rawValue else { try refuseSharing(call, flags) }
    return try map(try mapRequest(call, flags))
}

/// Refuses a type that memory without a file can't have, after the errors of its place (do_mmap). Huge pages are a
/// file's: of those there are too few for a type that a file may have (ksys_mmap_pgoff, hugetlb_file_setup).
@inline(never)
private func refuseSharing(_ call: SystemCallArguments, _ flags: MapFlags) throws(Errno) -> Never {
    let isOfFile = flags.sharing == MapSharing.sharedValidate.rawValue
    try refuseLockingBeyondLimit(try mapRequest(call, isOfFile ? flags : flags.subtracting(.hugePages)))
    throw .invalidArgument
}

/// Makes a mapping that nothing is known against but what the memory map itself says.
@inline(__always)
func map(_ request: MapRequest) throws(Errno) -> UInt64 {
    try refuseWritableAndExecutable(request.protection)
    if request.options.contains(.populate) || Process.current.value.memory.value.memory.locksMappings {
        return try mapAndPopulate(request)
    }
    try refuseSize(request)
    let address = try withMemory { (space, frames) throws(MapError) in try space.map(request, frames: &frames) }
    if kernel.options.logsMemory { logMapping("mmap", address, request.length) }
    return address.rawValue
}

/// ENOMEM for a mapping of more than may be promised, or beyond the limits on memory.
@inline(__always)
private func refuseSize(_ request: MapRequest) throws(Errno) {
    if request.isAccounted && request.isAligned { try admit(request.pages) }
    if Process.current.value.limits.limitMemory { try refuseBeyondLimits(request) }
}

/// Makes a mapping whose pages get their frames at once, in pieces, as far as that is possible.
@inline(never)
private func mapAndPopulate(_ request: MapRequest) throws(Errno) -> UInt64 {
    // Before the other limits (mm/mmap.c, do_mmap).
    try refuseLockingBeyondLimit(request)
    try refuseSize(request)
    let isPopulated = request.options.contains(.populate) || Process.current.value.memory.value.memory.populatesMappings
    var unpopulated = request
    unpopulated.options = request.options.subtracting(.populate)
    let address = try withMemory { [unpopulated] (space, frames) throws(MapError) in
        try space.map(unpopulated, frames: &frames)
    }
    if isPopulated, let range = VirtualRange(address, length: request.length) { populateAsFarAsPossible(range) }
    if kernel.options.logsMemory { logMapping("mmap", address, request.length) }
    return address.rawValue
}

func mapRequest(_ call: SystemCallArguments, _ flags: MapFlags) throws(Errno) -> MapRequest {
    if flags.contains(.hugePages) { try refuseHugePages(call, flags) }
    let flags = try flags.checked()
    let address = VirtualAddress(call.first)
    let placement: Placement
    if flags.contains(.fixedNoReplace) {
        placement = .fixedNoReplace(address)
    } else if flags.contains(.fixed) {
        placement = .fixed(address)
    } else {
        placement = .anywhere(hint: address)
    }
    var options = MapOptions.none
    // Who promises no more than there is promises nothing for free (mm/mmap.c, do_mmap).
    if flags.contains(.noReserve) && kernel.overcommit != .never { options.insert(.noReserve) }
    if flags.contains(.growsDown) { options.insert(.growsDown) }
    // MAP_NONBLOCK makes MAP_POPULATE do nothing (mmap(2)).
    if flags.contains(.populate) && !flags.contains(.nonBlock) { options.insert(.populate) }
    if flags.contains(.locked) { options.insert(.populate | .locked) }
    return MapRequest(
        length: ByteCount(call.second),
        protection: MemoryModel.Protection(try MapProtection(rawValue: call.third).checked().rawValue).implied,
        placement: placement, options: options)
}

/// What is wrong with a mapping of huge pages before there turn out to be none (fs/hugetlbfs/inode.c,
/// hugetlb_get_unmapped_area and hugetlbfs_file_mmap): EINVAL for a size that there is not, and for a fixed place or an
/// offset that is no multiple of it.
@inline(never)
private func refuseHugePages(_ call: SystemCallArguments, _ flags: MapFlags) throws(Errno) -> Never {
    guard let shift = HugePageSize.shift(of: flags.hugePageSize) else { throw .invalidArgument }
    try refuseHugePages(of: 1 << shift, call, flags)
}

/// The same for pages of that many bytes.
func refuseHugePages(of size: UInt64, _ call: SystemCallArguments, _ flags: MapFlags) throws(Errno) -> Never {
    let mask = size - 1
    let isPlaced = flags.contains(.fixed) || flags.contains(.fixedNoReplace)
    guard !isPlaced || call.first & mask == 0, call.sixth & mask == 0 else { throw .invalidArgument }
    try refuseLockingBeyondLimit(ByteCount((call.second &- 1) | mask), isLocked: flags.contains(.locked))
    throw .noMemory
}

/// EACCES for pages both writable and executable, to a program whose note asked for that (as a Linux security module
/// answers, security/selinux/hooks.c, file_map_prot_check).
@inline(__always)
private func refuseWritableAndExecutable(_ protection: MemoryModel.Protection) throws(Errno) {
    if protection.contains(.write | .execute), Process.current.value.memory.value.refusesWritableAndExecutable {
        throw .permissionDenied
    }
}

extension MapRequest {
    /// The address is one that a mapping can be at; the memory model refuses the others, before anything runs out.
    fileprivate var isAligned: Bool {
        switch placement {
        case .anywhere: true
        case .fixed(let address), .fixedNoReplace(let address): address.isPageAligned
        }
    }
}

extension MapRequest {
    /// Pages, rounded up; one more than any machine has where that is beyond 64 bits.
    @inline(__always) fileprivate var pages: UInt64 { (length.roundedUpToPages ?? ByteCount(.max)).wholePages }
}

/// Admits what of a range counts only from now on, since its program may write it.
@inline(never)
private func admitWriting(
    _ start: VirtualAddress, _ length: ByteCount, _ protection: MemoryModel.Protection
) throws(Errno) {
    guard let range = VirtualRange(start, length: length), !range.isEmpty else { return }
    try admit(Process.current.value.memory.value.memory.pagesToAccount(in: range, for: protection))
}

func unmapMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let start = VirtualAddress(call.first).untagged
    let length = ByteCount(call.second)
    try withMemory { (space, frames) throws(MapError) in try space.unmap(start, length: length, frames: &frames) }
    if kernel.options.logsMemory { logMapping("munmap", start, length) }
    return 0
}

/// `mprotect`. Which error wins follows Linux (mm/mprotect.c, do_mprotect_pkey).
func protectMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    var start = VirtualAddress(call.first).untagged
    let asked = LinuxABI.Protection(rawValue: call.third)
    let growing = asked.intersection(.growsDown | .growsUp)
    guard start.isPageAligned, !growing.contains(.growsDown | .growsUp) else { throw .invalidArgument }
    guard call.second > 0 else { return 0 }
    var length = ByteCount(call.second)
    guard let range = VirtualRange(start, length: length) else { throw .noMemory }
    let known = try asked.subtracting(growing).checked()
    // arch/arm64/include/asm/mman.h, arch_validate_prot
    if known.contains(.branchTargets), !Processor.identifiesBranchTargets { throw .invalidArgument }
    let protection = MemoryModel.Protection(known.rawValue).implied
    if !growing.isEmpty {
        start = try startOfGrowingMapping(in: range, growing)
        length = range.end - start
    }
    try refuseWritableAndExecutable(protection)
    let whole = length
    if protection.contains(.write), Process.current.value.limits.limitMemory {
        length = lengthWithinDataLimit(start, length)
        if length == .zero { throw .noMemory }
    }
    if protection.contains(.write), length.wholePages > kernel.totalFrames || kernel.overcommit == .never {
        try admitWriting(start, length, protection)
    }
    try withMemory { [start, length] (space, frames) throws(MapError) in
        try space.protect(start, length: length, protection, frames: &frames)
    }
    if kernel.options.logsMemory { logMapping("mprotect", start, length) }
    if length < whole { throw .noMemory }
    return 0
}

/// Where a range begins that reaches to the start of a mapping that grows down; nothing grows up on this architecture.
@inline(never)
private func startOfGrowingMapping(
    in range: VirtualRange, _ growing: LinuxABI.Protection
) throws(Errno) -> VirtualAddress {
    let space = Process.current.value.memory
    do throws(MapError) {
        if growing.contains(.growsUp) {
            let first = VirtualRange(range.start, to: range.start + Granule.size)
            throw space.value.memory.isMapped(first) ? .invalidArgument : .outOfMemory
        }
        return try space.value.memory.startOfGrowingMapping(in: range)
    } catch {
        throw Errno(error)
    }
}

/// Populates what the heap, which is locked, has grown by: the pages that it did not reach into before (mm/mmap.c, brk).
@inline(never)
private func populateHeap(from old: VirtualAddress, to end: VirtualAddress) {
    guard Process.current.value.memory.value.memory.programBreak == end else { return }
    let start = old.isPageAligned ? old : old.roundedDownToPage + Granule.size
    guard start < end else { return }
    if let range = VirtualRange(start, length: end - start) { populateAsFarAsPossible(range) }
}

/// What the heap would grow by, in pages: none within its last page (mm/mmap.c, brk).
@inline(__always)
func heapGrowth(to end: VirtualAddress) -> ByteCount {
    let space = Process.current.value.memory
    let (start, old) = (space.value.memory.heapStart, space.value.memory.programBreak)
    guard end > old, let new = (end - start).roundedUpToPages, let present = (old - start).roundedUpToPages else {
        return .zero
    }
    return new - present
}

/// `brk` never fails: it returns where the program break is, which is elsewhere than asked where it could not be moved.
func setProgramBreak(_ call: SystemCallArguments) -> UInt64 {
    let wanted = VirtualAddress(call.first)
    let space = Process.current.value.memory
    // A heap ends where the mmap region begins, so there is no obvious overcommit to refuse but on tiny machines.
    let old = space.value.memory.programBreak
    let growth = heapGrowth(to: wanted)
    let locksMappings = growth > .zero && space.value.memory.locksMappings
    let isLimited = wanted >= space.value.memory.heapStart && Process.current.value.limits.limitMemory
    let protection = MemoryModel.Protection.readWrite.implied
    if growth == .zero || (try? admit(growth.wholePages)) != nil, (try? refuseWritableAndExecutable(protection)) != nil,
        !isLimited || isBreakWithinLimits(wanted), !locksMappings || space.value.memory.mayLock(growth)
    {
        try? withMemory { (space, frames) throws(MapError) in
            try space.setBreak(to: wanted, protection: protection, frames: &frames)
        }
    }
    if growth > .zero && space.value.memory.populatesMappings { populateHeap(from: old, to: wanted) }
    if kernel.options.logsMemory, space.value.memory.programBreak == wanted {
        logMapping("brk", space.value.memory.heapStart, wanted - space.value.memory.heapStart)
    }
    return space.value.memory.programBreak.rawValue
}
