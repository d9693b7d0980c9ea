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

extension Handle where T == Inode {
    /// Lends a program file's bytes: those of the initial ramdisk as long as nothing changed them, otherwise a copy.
    func withProgramBytes<Result>(
        _ body: (Span<UInt8>) throws(LoadError) -> Result
    ) throws(LoadError) -> Result {
        let file = value.file
        let size = fileSize
        if file.object == nil, file.archiveSize == size {
            return try body(KernelMemory.bytes(at: file.archiveAddress, count: size))
        }
        let pages = max(1, (size + Granule.size.rawValue - 1) >> Granule.shift)
        let order = UInt64(64 - (pages - 1).leadingZeroBitCount)
        let block: PhysicalAddress? =
            order > 18 ? nil : kernel.frames.withLock { $0.takeBlock(order: order, .kernel)?.relinquish().address }
        guard let block else { throw .memory(.outOfMemory) }
        defer { kernel.frames.withLock { $0.release(FrameBlock(adopting: block.frame, order: order)) } }
        copyFile(to: block.rawValue, size: size)
        return try body(KernelMemory.bytes(at: block.rawValue, count: size))
    }
}

/// Makes an address space that holds a program and its initial stack.
///
/// - Parameters:
///   - file: the program's bytes.
///   - arguments: the strings of argv, each ended by a NUL; `environment` likewise.
///   - path: what the program was started as (`AT_EXECFN`).
///   - personality: may ask for addresses that are not randomised.
///   - stackLimit: how far its stack may grow; it bounds its arguments and environment too.
/// - Throws: ``LoadError``, with every frame given back.
func load(
    _ file: Span<UInt8>, arguments: Span<UInt8>, environment: Span<UInt8>, path: Span<UInt8>,
    personality: Personality = .none, stackLimit: ByteCount = AddressSpaceLayout.standard.stackLimit
) throws(LoadError) -> LoadedProgram {
    let layout = makeLayout(personality, stackLimit: stackLimit)
    // The plan has a frame of its own: it is too large for a kernel stack.
    guard let page = KernelPages.take() else { throw .memory(.outOfMemory) }
    defer { KernelPages.giveBack(page) }
    let plan: Handle<LoadPlan>
    do throws(ProgramError) { plan = Handle.place(try LoadPlan(file, layout: layout), at: page) } catch {
        throw .program(error)
    }
    return try load(file, by: plan, layout, arguments: arguments, environment: environment, path: path)
}

private func load(
    _ file: Span<UInt8>, by plan: Handle<LoadPlan>, _ layout: AddressSpaceLayout, arguments: Span<UInt8>,
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
        try map(plan, file, in: space)
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
                memory: memory, text: text, image: image,
                refusesWritableAndExecutable: plan.value.refusesWritableAndExecutable))
        guard let space else { fatalError("there was room for an address space") }
        return space
    } catch {
        throw .memory(error)
    }
}

/// Maps a program's segments, copies what the file holds of them, and gives them their rights, which publishes
/// instructions.
private func map(
    _ plan: Handle<LoadPlan>, _ file: Span<UInt8>, in space: Handle<ProgramSpace>
) throws(MapError) {
    var writer = ProgramWriter(space: space)
    for index in plan.value.mappings.indices {
        let pages = plan.value.mappings[index].pages
        try kernel.frames.withLock { (frames) throws(MapError) in
            try space.value.memory.mapImage(pages, frames: &frames)
        }
    }
    for index in plan.value.segments.indices {
        let segment = plan.value.segments[index]
        let start = Int(segment.file.offset)
        try writer.writePages(
            file.extracting(start..<start + Int(segment.file.size.rawValue)), from: segment.address)
    }
    for index in plan.value.mappings.indices {
        let mapping = plan.value.mappings[index]
        try kernel.frames.withLock { (frames) throws(MapError) in
            try space.value.memory.protect(
                mapping.pages.start, length: mapping.pages.length, Protection(rawValue: mapping.rights.rawValue),
                frames: &frames)
        }
    }
    // An image that lies above where heaps end has none; brk then always says no.
    if let start = space.value.memory.layout.heapBase {
        space.value.memory.setHeapStart(start)
    } else if plan.value.breakStart <= space.value.memory.layout.heapLimit {
        space.value.memory.setHeapStart(plan.value.breakStart)
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

    /// Writes bytes that may cross pages.
    mutating func writePages(_ bytes: Span<UInt8>, from start: VirtualAddress) throws(MapError) {
        var offset = 0
        while offset < bytes.count {
            let address = start + ByteCount(UInt64(offset))
            let inPage = Granule.size - (address - address.roundedDownToPage)
            let end = min(bytes.count, offset + Int(inPage.rawValue))
            try write(bytes.extracting(offset..<end), at: address)
            offset = end
        }
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
    /// The smallest range that holds every mapping of which `isMeant` holds; empty where there is none.
    fileprivate func hull(_ isMeant: (SegmentRights) -> Bool) -> VirtualRange {
        var start: VirtualAddress?
        var end = VirtualAddress(0)
        for index in value.mappings.indices where isMeant(value.mappings[index].rights) {
            start = start ?? value.mappings[index].pages.start
            end = value.mappings[index].pages.end
        }
        guard let start else { return VirtualRange(VirtualAddress(0), to: VirtualAddress(0)) }
        return VirtualRange(start, to: end)
    }
}
