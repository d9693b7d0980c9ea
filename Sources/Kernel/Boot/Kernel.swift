import Formats
import LinuxABI
import Machine
import MemoryModel

/// Everything that the kernel knows, in one place that is filled at boot and never moves. There is no heap behind it, and
/// nothing in it is made on first use.
struct Kernel: ~Copyable {
    let machine = RealMachine()
    let options: BootOptions
    let clock: Clock
    let ramdisk: Ramdisk
    /// What every address space has in common: the kernel's own part of the tables.
    let mappings: KernelMappings
    /// RAM, from its lowest to its highest address.
    let memoryHull: PhysicalRegion
    /// Frames that were free at boot.
    let totalFrames: UInt64

    var frames: RankedLock<FramesRank, FrameAllocator<RealMachine>>
    var identifiers: RankedLock<IdentifiersRank, ASIDAllocator>
    var scheduler: RankedLock<SchedulerRank, Scheduler>
    var random: RandomGenerator

    var window: WindowSpace
    var threads = KernelPool<Thread>()
    var processPool = KernelPool<Process>()
    var spaces = KernelPool<ProgramSpace>()
    /// Nil until boot has unpacked the ramdisk; everything else uses ``fileSystem``.
    var fileSystemPlace: Handle<FileSystem>?
    var openFiles = KernelPool<OpenFile>()
    var procReaders = KernelPool<ProcReader>()
    var pipes = KernelPool<Pipe>()
    var fileTables = KernelPool<FileTable>()
    var signalActions = KernelPool<SignalActions>()
    var processorStates = KernelPool<ProcessorState>()

    /// Counts how often some file's readiness may have changed.
    var readinessChanges: UInt64 = 0

    /// The faults of processes that are gone.
    var endedFaults = FaultCounts()
    /// Pages that reclaim gave back, and processes that were ended for want of memory.
    var reclaimedPages: UInt64 = 0
    var outOfMemoryKills: UInt64 = 0
    /// How many pages in use reclaim took from programs last, and how many had been fetched ever by then.
    var takenFromUse: (pages: UInt64, fetched: UInt64) = (0, 0)
    /// The running process has asked that allocations fail (`akuma_shortage`).
    var isShortOnPurpose = false

    /// How much memory may be promised (`vm.overcommit_memory`, `vm.overcommit_ratio`).
    var overcommit: OvercommitMode
    var overcommitRatio: Int32 = 50

    var processes = ProcessTable()
    /// The program that the machine was started for; the machine ends with it.
    var firstProcess: Handle<Process>?

    let interrupts: Machine.InterruptController
    let timerInterrupt: UInt64
    let console: HostConsole
    var input: InputStream
}

extension Kernel {
    /// log2 of the frames that hold the kernel's state.
    static var blockOrder: UInt64 { 2 }
}

/// The kernel's state. Its address is kept where each CPU finds it without a lock or a test.
var kernel: Kernel {
    @inline(__always) _read { yield Processor.kernelObject(1, Kernel.self).value }
    @inline(__always) _modify { yield &Processor.kernelObject(1, Kernel.self).value }
}

/// The file system, which is there before the first process is.
var fileSystem: FileSystem {
    @inline(__always) _read { yield place(ofFileSystem: kernel.fileSystemPlace).value }
    @inline(__always) _modify { yield &place(ofFileSystem: kernel.fileSystemPlace).value }
}

@inline(__always)
private func place(ofFileSystem place: Handle<FileSystem>?) -> Handle<FileSystem> {
    guard let place else { fatalError("the file system is made at boot") }
    return place
}
