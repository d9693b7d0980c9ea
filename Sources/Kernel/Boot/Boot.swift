import Formats
import LinuxABI
import Machine
import MachineAssembly
import MemoryModel

/// From the device tree to the first program. In the order in which each step makes the next one possible: log, RAM,
/// frames, kernel objects, interrupts, streams, program.
func bootKernel() -> Never {
    guard let tree = Boot.deviceTree else { panic("there is no device tree; start the kernel as a Linux Image") }
    let treeBytes = KernelMemory.bytes(at: tree.address, count: tree.size)
    let description = readTree(treeBytes)
    if let uart = description.value.uart, let port = SerialPort(physical: uart.registers.start) { Console.use(port) }
    Console.log("Akuma: \(description.value.memory.count) regions of RAM, \(description.value.cpuCount) CPUs")

    let options = BootOptions(treeBytes.bytes(at: description.value.bootArguments ?? ByteRange(offset: 0, count: 0)))
    if options.hasUnknownWord { Console.log("boot: the command line has a word that means nothing to this kernel") }
    guard let ramdiskRegion = description.value.initialRamdisk else { panic("there is no initial ramdisk") }

    var plan = makeMemoryPlan(description, tree: tree, ramdisk: ramdiskRegion)
    mapMemory(description)
    let frames = makeFrames(&plan)
    placeKernel(description, options, ramdiskRegion, plan.hull, frames)
    startInterrupts()
    if options.panicsForTest { panic("asked for by panic=test") }
    if options.overflowsForTest { _ = overflowStack(depth: 0) }
    startFirstProgram()
    idle()
}

/// What the device tree says, in a page of its own: it is too large for the boot stack.
private func readTree(_ bytes: Span<UInt8>) -> Handle<MachineDescription> {
    guard let page = Boot.takeTable() else { panic("no page is left for the machine's description") }
    do throws(DeviceTreeError) {
        let description = Handle.place(MachineDescription(), at: page)
        try description.value.read(DeviceTree(bytes))
        return description
    } catch {
        panic(error.reason)
    }
}

/// Calls itself until the kernel stack is used up, for `panic=overflow`: the guard below it must be noticed.
@inline(never)
private func overflowStack(depth: UInt64) -> UInt64 {
    // What happens after the call keeps it from becoming a loop.
    Timer.now == 0 ? depth : overflowStack(depth: depth + 1) ^ Timer.now
}

/// RAM less the kernel's image, the device tree, the ramdisk, and what the tree reserves.
private func makeMemoryPlan(
    _ description: Handle<MachineDescription>, tree: (address: UInt64, size: UInt64), ramdisk: PhysicalRegion
) -> MemoryPlan {
    guard !description.value.memory.isEmpty else { panic("the device tree lists no RAM") }
    var plan = MemoryPlan(description)
    guard plan.hull.start >= 1 << 30, plan.hull.end <= 511 << 30 else {
        panic("RAM lies outside of 1 GiB to 511 GiB, where this kernel can't map it")
    }
    let image = Image.whole
    plan.take(PhysicalRegion(start: image.start, size: image.end - image.start))
    plan.take(PhysicalRegion(start: tree.address, size: tree.size))
    plan.take(ramdisk)
    return plan
}

/// Maps all RAM to itself, but for what the device tree says must not be mapped.
private func mapMemory(_ description: Handle<MachineDescription>) {
    let mask = Granule.size.rawValue - 1
    for index in description.value.memory.indices {
        let region = description.value.memory[index]
        var position = (region.start + mask) & ~mask
        let end = region.end & ~mask
        while position < end {
            // The next region that must not be mapped, if it begins before the end of this one.
            var holeStart = end
            var holeEnd = end
            for index in description.value.reservations.indices where description.value.reservations[index].isUnmapped {
                let hole = description.value.reservations[index].region
                if hole.end > position && (hole.start & ~mask) < holeStart {
                    holeStart = max(hole.start & ~mask, position)
                    holeEnd = min((hole.end + mask) & ~mask, end)
                }
            }
            if position < holeStart {
                guard IdentityMap.extend(position..<holeStart) else { panic("no page is left for the kernel's tables") }
            }
            position = max(holeEnd, holeStart)
        }
    }
}

/// The frame allocator, with every free frame in it. Its records lie in RAM themselves.
private func makeFrames(_ plan: inout MemoryPlan) -> FrameAllocator<RealMachine> {
    let hull = plan.hull
    let first = PhysicalAddress(hull.start).frame
    let count = (hull.size + Granule.size.rawValue - 1) >> Granule.shift
    let size = FrameTable<RealMachine>.size(frameCount: count)
    guard let records = plan.allocate(size.rawValue) else { panic("there is no room for the frame records") }
    var frames = FrameAllocator(
        machine: RealMachine(), records: PhysicalAddress(records.start), firstFrame: first, frameCount: count)
    plan.forEachFreeRegion { region in
        frames.donate(PhysicalAddress(region.start).frame, count: region.size >> Granule.shift)
    }
    return frames
}

/// Puts the kernel's state where it stays, and the idle thread, which is the one that boots.
private func placeKernel(
    _ description: Handle<MachineDescription>, _ options: BootOptions, _ ramdiskRegion: PhysicalRegion,
    _ hull: PhysicalRegion, _ allocator: consuming FrameAllocator<RealMachine>
) {
    var frames = allocator
    guard let state = frames.takeBlock(order: Kernel.blockOrder, .kernel)?.relinquish(),
        let stackMap = frames.takeZeroed(.kernel)?.relinquish(), let zeroFrame = frames.takeZeroed(.zero)?.relinquish(),
        let objects = frames.takeZeroed(.kernel)?.relinquish()
    else { panic("there is not enough RAM for the kernel's state") }
    RealMachine().completeCleaning()
    let ramdisk: Ramdisk
    do throws(ArchiveError) {
        ramdisk = try Ramdisk(ramdiskRegion)
    } catch {
        panic("the initial ramdisk is no cpio archive in the newc format")
    }
    let date = description.value.realTimeClock.flatMap { RealTimeClock(physical: $0.registers.start)?.now } ?? 0
    guard let timer = description.value.timer?.virtual else { panic("the device tree names no virtual timer") }
    let slots = IdentityMap.kernelSlots
    let console = HostConsole(description) {
        // Its pages are the device's, and it must see zeroes: cleaned to the point of coherency.
        let page = frames.takeZeroed(.kernel)?.relinquish().address.rawValue
        RealMachine().completeCleaning()
        return page
    }
    guard let console else { panic("there is no virtio console with the ports akuma.stdin, akuma.stdout and akuma.stderr") }
    guard let input = makeInput(ramdisk, &frames) else { panic("there is not enough RAM for standard input") }
    frames.reserve = Kernel.reserve(of: frames.totalFrames)
    let value = Kernel(
        options: options, clock: Clock(frequency: Timer.frequency, dateInSeconds: date), ramdisk: ramdisk,
        mappings: KernelMappings(
            table: PhysicalAddress(IdentityMap.levelOneTable), slots: slots, zeroFrame: zeroFrame, objects: objects,
            hardwareTracksDirtyPages: Translation.enableHardwareDirtyState()),
        memoryHull: hull, totalFrames: frames.totalFrames, frames: RankedLock(frames),
        identifiers: RankedLock(ASIDAllocator(bits: UInt64(Translation.asidBits))),
        scheduler: RankedLock(Scheduler(ticksPerSecond: Timer.frequency)),
        random: RandomGenerator(seed: seed(from: ramdisk)), window: WindowSpace(page: stackMap.address.rawValue),
        overcommit: options.overcommit,
        interrupts: makeInterruptController(description), timerInterrupt: UInt64(timer.identifier),
        console: console, input: input)
    Processor.setKernelObject(1, to: Handle<Kernel>.place(value, at: state.address.rawValue))
    do throws(Errno) { try makeFileSystem() } catch { panic("there is not enough RAM for the ramdisk's files") }
    do throws(Errno) { try makeIdleThread() } catch { panic("there is not enough RAM for the idle thread") }
}

/// The file system, with the ramdisk's files in it.
private func makeFileSystem() throws(Errno) {
    guard let page = KernelPages.take() else { throw .noMemory }
    kernel.fileSystemPlace = Handle.place(try FileSystem.make(), at: page)
    var unpacking = Unpacking(kernel.ramdisk)
    try unpacking.run()
    try makeProcTree()
    if unpacking.skipped > 0 {
        Console.log("boot: \(unpacking.skipped) entries of the ramdisk have no place: they are left out")
    }
}

private func makeInput(_ ramdisk: Ramdisk, _ frames: inout FrameAllocator<RealMachine>) -> InputStream? {
    if let preloaded = ramdisk.preloadedInput { return InputStream(preloaded: preloaded) }
    guard let frame = frames.take(.kernel) else { return nil }
    return InputStream(buffer: frame.relinquish().address.rawValue)
}

/// 32 bytes from the host; without them every run has the same random numbers, which the log tells.
private func seed(from ramdisk: Ramdisk) -> InlineArray<32, UInt8> {
    var seed = InlineArray<32, UInt8>(repeating: 0)
    let bytes = ramdisk.seed
    guard bytes.count == 32 else {
        Console.log("boot: the ramdisk has no seed of 32 bytes: random numbers are the same in every run")
        return seed
    }
    for index in 0..<32 { seed[index] = bytes[index] }
    return seed
}

private func makeInterruptController(_ description: Handle<MachineDescription>) -> Machine.InterruptController {
    switch description.value.interruptController {
    case .version2(let distributor, let cpuInterface):
        guard
            let controller = GICv2(
                distributor: distributor.start, cpuInterface: cpuInterface.start)
        else { panic("the interrupt controller can't be used") }
        return .version2(controller)
    case .version3(let distributor, let redistributors, _):
        guard
            let controller = GICv3(
                distributor: distributor.start, redistributors: redistributors[0].start,
                size: redistributors[0].size)
        else { panic("the interrupt controller can't be used") }
        return .version3(controller)
    case nil:
        panic("the device tree names no interrupt controller that this kernel knows")
    }
}

/// The thread that boots goes on as the one that runs when no other can. Its process is none that programs see.
private func makeIdleThread() throws(Errno) {
    let process = try kernel.processPool.make(
        Process(id: 0, parent: nil, program: fileSystem.root, workingDirectory: fileSystem.root))
    let thread = try kernel.threads.make(
        Thread(context: Context(), stack: .boot, id: 0, process: process))
    thread.value.isOnProcessor = true
    let state = try kernel.processorStates.make(ProcessorState(idle: thread))
    Processor.setKernelObject(0, to: state)
}

private func startInterrupts() {
    kernel.interrupts.enable(kernel.timerInterrupt, .level)
    kernel.interrupts.enable(kernel.console.interrupt, .edge)
    // The device may have interrupted before it was let in, and its edge is gone.
    kernel.console.handleInterrupt()
}

/// Starts what the ramdisk's boot configuration names, as the first process.
private func startFirstProgram() {
    let path = kernel.ramdisk.path
    guard !path.isEmpty else {
        panic("the ramdisk does not name a program to start (.akuma/path)")
    }
    do throws(Errno) {
        try startFirstProcess(fileAtBoot(path), path: path)
    } catch {
        Console.log("boot: the first program can't be started: \(error.name)")
        endMachine(WaitStatus(exited: error == .noSuchFileOrDirectory ? 127 : 126))
    }
}

private func fileAtBoot(_ path: Span<UInt8>) throws(Errno) -> Handle<Inode> {
    try withScratch(PathBuffer.self) { (buffer) throws(Errno) in
        guard path.count < 4096 else { throw .fileNameTooLong }
        KernelBytes.copy(path, to: buffer.address)
        return try resolve(buffer, count: path.count, from: fileSystem.root, followsLast: true)
    }
}

private func startFirstProcess(_ inode: Handle<Inode>, path: Span<UInt8>) throws(Errno) {
    let program: LoadedProgram
    do throws(LoadError) {
        program = try load(
            inode, arguments: kernel.ramdisk.arguments, environment: kernel.ramdisk.environment, path: path)
    } catch {
        Console.log("boot: the first program \(error.reason)")
        throw error.errno
    }
    let process = try kernel.processPool.make(
        Process(
            id: kernel.processes.makeID(), parent: nil, program: inode, workingDirectory: fileSystem.root))
    process.retainFiles()
    process.value.space = program.space
    process.value.limits.bind(program.space)
    process.value.files = try makeStandardFiles()
    kernel.processes.insert(process)
    kernel.firstProcess = process
    let thread = try makeThread(of: process, registers: program.registers, threadPointer: 0)
    thread.value.name = threadName(ofProgram: path)
    start(thread)
}

/// Descriptors 0, 1 and 2: the streams of the host's command.
private func makeStandardFiles() throws(Errno) -> Handle<FileTable> {
    let files = try kernel.fileTables.make(FileTable())
    let kinds: InlineArray<3, FileKind> = [.input, .output(.output), .output(.error)]
    for index in 0..<3 {
        let file = try kernel.openFiles.make(OpenFile(kinds[index], flags: index == 0 ? .readOnly : .writeOnly))
        _ = try files.value.add(file, closesOnExec: false)
    }
    return files
}
