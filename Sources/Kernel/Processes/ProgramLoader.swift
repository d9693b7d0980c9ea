import Formats
import LinuxABI
import Machine
import MachineAssembly
import MemoryModel

/// Why a program could not be made ready to run.
enum LoadError: Error {
    case program(ProgramError)
    case stack(InitialStackError)
    case memory(MapError)

    /// What `execve` returns (fs/binfmt_elf.c, fs/exec.c).
    var errno: Errno {
        switch self {
        case .program(.unreadableProperties): .ioError
        case .program: .execFormatError
        case .stack: .argListTooLong
        case .memory(let error): Errno(error)
        }
    }

    /// The reason in words, for the log.
    var reason: StaticString {
        switch self {
        case .program(let error): error.reason
        case .stack(let error): error.reason
        case .memory(.outOfMemory): "does not fit into memory"
        case .memory: "can't be mapped"
        }
    }
}

/// A program in an address space of its own, ready for its first instruction.
struct LoadedProgram {
    /// Whoever gets the program has its one use of the space.
    let space: Handle<ProgramSpace>
    let entry: VirtualAddress
    let stackPointer: VirtualAddress
    /// What its thread is called.
    let name: InlineArray<16, UInt8>

    /// The registers of a program's first moment: all zero but SP and PC (System V ABI for the Arm 64-bit Architecture).
    var registers: TrapFrame {
        var frame = TrapFrame()
        frame.sp_el0 = stackPointer.rawValue
        frame.elr = entry.rawValue
        return frame
    }
}

/// A program file's bytes before it is mapped, read through a copy of those around the last place.
private struct ProgramFileBytes: ProgramBytes {
    private struct Window: BitwiseCopyable {
        /// Where in the file the bytes are from.
        var start: UInt64
        var bytes: InlineArray<2048, UInt8>
    }

    private let inode: Handle<Inode>
    private let window: Handle<Window>
    let byteCount: UInt64

    /// - Parameter page: the address of a frame that is lent for the window.
    init(_ inode: Handle<Inode>, page: UInt64) {
        self.inode = inode
        window = unsafe Handle(unsafeAddress: page)
        byteCount = inode.fileSize
        window.value.start = .max
    }

    func littleEndian(at offset: UInt64, size: UInt64) -> UInt64? {
        guard contains(offset, size: size) else { return nil }
        var number: UInt64 = 0
        for place in 0..<size { number |= UInt64(byte(at: offset + place)) << (8 * place) }
        return number
    }

    private func byte(at offset: UInt64) -> UInt8 {
        let start = offset & ~2047
        if window.value.start != start {
            // It lies within one page.
            inode.copyBytes(from: start, count: 2048, to: window.address + 8)
            window.value.start = start
        }
        return window.value.bytes[Int(offset & 2047)]
    }
}

/// Makes an address space that holds a program and its initial stack.
///
/// - Parameters:
///   - inode: the program's file, which nobody writes meanwhile.
///   - arguments: the strings of argv, each ended by a NUL; `environment` likewise.
///   - path: what the program was started as (`AT_EXECFN`).
///   - personality: may ask for addresses that are not randomised.
///   - stackLimit: how far its stack may grow; it bounds its arguments and environment too.
/// - Throws: ``LoadError``, with every frame given back.
func load(
    _ inode: Handle<Inode>, arguments: Span<UInt8>, environment: Span<UInt8>, path: Span<UInt8>,
    personality: Personality = .none, stackLimit: ByteCount = AddressSpaceLayout.standard.stackLimit
) throws(LoadError) -> LoadedProgram {
    let layout = makeLayout(personality, stackLimit: stackLimit)
    // The plan has a frame of its own: it is too large for a kernel stack.
    guard let page = KernelPages.take() else { throw .memory(.outOfMemory) }
    defer { KernelPages.giveBack(page) }
    let plan = try makePlan(for: inode, layout, at: page)
    let object: ObjectNumber
    do throws(Errno) { object = try inode.fileObject() } catch { throw .memory(.outOfMemory) }
    return try load(object, by: plan, layout, arguments: arguments, environment: environment, path: path)
}

/// Reads what a program's file says of how it is loaded.
/// - Parameter page: where the plan is put.
private func makePlan(
    for inode: Handle<Inode>, _ layout: AddressSpaceLayout, at page: UInt64
) throws(LoadError) -> Handle<LoadPlan> {
    guard let window = KernelPages.take() else { throw .memory(.outOfMemory) }
    defer { KernelPages.giveBack(window) }
    do throws(ProgramError) {
        return Handle.place(try LoadPlan(ProgramFileBytes(inode, page: window), layout: layout), at: page)
    } catch {
        throw .program(error)
    }
}

private func load(
    _ object: ObjectNumber, by plan: Handle<LoadPlan>, _ layout: AddressSpaceLayout, arguments: Span<UInt8>,
    environment: Span<UInt8>, path: Span<UInt8>
) throws(LoadError) -> LoadedProgram {
    let stack: InitialStack
    do throws(InitialStackError) {
        stack = try InitialStack(
            arguments: arguments, environment: environment, executablePath: path, top: layout.stackTop,
            limit: layout.stackLimit)
    } catch {
        throw .stack(error)
    }
    let space = try makeSpace(layout, for: plan)
    do throws(MapError) {
        try map(plan, of: object, in: space)
        try write(stack, plan, in: space)
    } catch {
        releaseSpace(space)
        throw .memory(error)
    }
    space.value.strings = ProgramSpace.Strings(
        stackPointer: stack.stackPointer, arguments: stack.argumentStart, environment: stack.environmentStart,
        end: stack.environmentEnd)
    if kernel.options.logsMemory { logSegments(of: plan, in: space) }
    return LoadedProgram(
        space: space, entry: plan.value.entry, stackPointer: stack.stackPointer, name: threadName(ofProgram: path))
}

/// Where a new program has what: where DESIGN promises it, or at random places where the machine was asked for that
/// (`aslr=on`) and the process did not refuse it.
private func makeLayout(_ personality: Personality, stackLimit: ByteCount) -> AddressSpaceLayout {
    var layout = AddressSpaceLayout.standard
    if kernel.options.randomisesLayout && !personality.contains(.noRandomization) { layout = makeRandomLayout() }
    layout.stackLimit = stackLimit
    return layout
}

private func makeRandomLayout() -> AddressSpaceLayout {
    let random = kernel.random.nextBlock()
    func word(_ index: Int) -> UInt64 {
        var word: UInt64 = 0
        for byte in 0..<8 { word = word << 8 | UInt64(random[index * 8 + byte]) }
        return word
    }
    return .randomised(image: word(0), heap: word(1), map: word(2), stack: word(3))
}

private func makeSpace(
    _ layout: AddressSpaceLayout, for plan: Handle<LoadPlan>
) throws(LoadError) -> Handle<ProgramSpace> {
    let text = plan.hull { $0.isExecutable }
    let image = plan.hull { _ in true }
    // Room first: an address space must not be dropped for want of a slot.
    do throws(Errno) { try kernel.spaces.makeRoom() } catch { throw .memory(.outOfMemory) }
    do throws(MapError) {
        let memory = try kernel.frames.withLock { (frames) throws(MapError) in
            try AddressSpace(machine: kernel.machine, layout: layout, kernel: kernel.mappings, frames: &frames)
        }
        let space = kernel.spaces.place(
            ProgramSpace(
                memory: memory, text: text, image: image, data: plan.value.data,
                refusesWritableAndExecutable: plan.value.refusesWritableAndExecutable))
        guard let space else { fatalError("there was room for an address space") }
        return space
    } catch {
        throw .memory(error)
    }
}

/// Maps a program's segments from its file, and zeroes for what the file does not have of them.
private func map(
    _ plan: Handle<LoadPlan>, of object: ObjectNumber, in space: Handle<ProgramSpace>
) throws(MapError) {
    let isGuarded = plan.value.identifiesBranchTargets && Processor.identifiesBranchTargets
    for index in plan.value.segments.indices {
        let segment = plan.value.segments[index]
        // A segment lies within its file, whose pages have indices of 32 bits.
        let firstPage = PageIndex(UInt32(truncatingIfNeeded: segment.firstFilePage))
        // Only what comes from the file is guarded (arch/arm64/kernel/process.c, arch_elf_adjust_prot).
        let guards = isGuarded && segment.rights.isExecutable
        let rights = guards ? segment.rights | .branchTargets : segment.rights
        try map(segment.filePages, rights, of: MappedObject(object, firstPage: firstPage), in: space)
        try map(segment.zeroPages, segment.zeroRights, of: nil, in: space)
        if let tail = segment.zeroedTail { try clearRestOfPage(from: tail, in: space) }
    }
    // An image that lies above where heaps end has none; brk then always says no.
    if let start = space.value.memory.layout.heapBase {
        space.value.memory.setHeapStart(start)
    } else if plan.value.breakStart <= space.value.memory.layout.heapLimit {
        space.value.memory.setHeapStart(plan.value.breakStart)
    }
}

private func map(
    _ pages: VirtualRange, _ rights: SegmentRights, of object: MappedObject?, in space: Handle<ProgramSpace>
) throws(MapError) {
    if pages.isEmpty { return }
    let request = MapRequest(
        length: pages.length, protection: rights, placement: .fixed(pages.start), object: object)
    try kernel.frames.withLock { (frames) throws(MapError) in
        _ = try space.value.memory.map(request, frames: &frames)
    }
}

private func clearRestOfPage(from address: VirtualAddress, in space: Handle<ProgramSpace>) throws(MapError) {
    do throws(FaultError) {
        try kernel.frames.withLock { (frames) throws(FaultError) in
            try space.value.memory.clearRestOfPage(from: address, frames: &frames)
        }
    } catch {
        // The page is one of the file, and may be written.
        throw .outOfMemory
    }
}

/// Maps the stack and writes what the program finds there.
private func write(
    _ stack: borrowing InitialStack, _ plan: Handle<LoadPlan>, in space: Handle<ProgramSpace>
) throws(MapError) {
    let protection: MemoryModel.Protection = plan.value.hasExecutableStack ? .all : .read | .write
    try kernel.frames.withLock { (frames) throws(MapError) in
        _ = try space.value.memory.mapStack(protection: protection, frames: &frames)
    }
    let random = kernel.random.nextBlock()
    var words = InlineArray<2, UInt64>(repeating: 0)
    for index in 0..<16 { words[index / 8] |= UInt64(random[index]) << UInt64(8 * (index % 8)) }
    // AT_MINSIGSTKSZ: Linux's signal frame without SVE (arch/arm64/kernel/signal.c, minsigstksz_setup).
    let facts = ProgramFacts(
        random: words, hardwareCapabilities: Processor.capabilities, hardwareCapabilities2: Processor.capabilities2,
        minimumSignalStack: ByteCount(4720))
    var writer = ProgramWriter(space: space)
    try stack.write(plan.value, facts, to: &writer)
}

/// Writes a program's memory through the kernel's mapping of its frames, before the program runs.
private struct ProgramWriter: InitialStackMemory {
    let space: Handle<ProgramSpace>
    /// The page that was written last, and its frame.
    private var last: (page: VirtualAddress, frame: FrameNumber)?

    init(space: Handle<ProgramSpace>) { self.space = space }

    mutating func write(word: UInt64, at address: VirtualAddress) throws(MapError) {
        PhysicalWord.store(word, at: try place(of: address).rawValue)
    }

    mutating func write(_ bytes: Span<UInt8>, at address: VirtualAddress) throws(MapError) {
        if bytes.isEmpty { return }
        KernelBytes.copy(bytes, to: try place(of: address).rawValue)
    }

    private mutating func place(of address: VirtualAddress) throws(MapError) -> PhysicalAddress {
        let page = address.roundedDownToPage
        if let last, last.page == page { return last.frame.address + (address - page) }
        do throws(FaultError) {
            let frame = try kernel.frames.withLock { (frames) throws(FaultError) in
                try space.value.memory.writableFrame(for: page, frames: &frames)
            }
            last = (page, frame)
            return frame.address + (address - page)
        } catch {
            throw .outOfMemory
        }
    }
}

extension Handle where T == LoadPlan {
    /// The smallest range that holds every segment of whose rights `isMeant` holds; empty where there is none.
    fileprivate func hull(_ isMeant: (SegmentRights) -> Bool) -> VirtualRange {
        var start: VirtualAddress?
        var end = VirtualAddress(0)
        for index in value.segments.indices where isMeant(value.segments[index].rights) {
            start = start ?? value.segments[index].pages.start
            end = value.segments[index].pages.end
        }
        guard let start else { return VirtualRange(VirtualAddress(0), to: VirtualAddress(0)) }
        return VirtualRange(start, to: end)
    }
}
