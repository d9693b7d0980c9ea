import LinuxABI
import Machine
import MemoryModel

/// How far a process is through its life.
enum ProcessState: UInt8 {
    case alive
    /// Ended; only its status is left, until its parent waits for it.
    case zombie
}

/// One process: an address space, open files, and a thread. Lives in a pool slot; named by `Handle<Process>`.
struct Process: ~Copyable {
    let id: Int32
    /// Which of all processes there ever were, since ids are given out again: what a descriptor of a process, and
    /// a file below `/proc/PID`, mean.
    var serial: UInt64 = 0
    var state: ProcessState = .alive

    /// Nil for the first process, and for one whose parent ended before it.
    var parent: Handle<Process>?
    var firstChild: Handle<Process>?
    var nextSibling: Handle<Process>?
    /// Next in the list of all processes.
    var nextProcess: Handle<Process>?

    /// Nil from the moment that the process has ended.
    var space: Handle<ProgramSpace>?
    /// Nil from the moment that the process has ended.
    var thread: Handle<Thread>?
    var files: Handle<FileTable>?

    /// The program file that runs, for `/proc/self/exe`; nobody may write it meanwhile. Nil from the moment that the
    /// process has ended.
    var program: Handle<Inode>?
    /// Nil from the moment that the process has ended.
    var workingDirectory: Handle<Inode>?
    var fileCreationMask: UInt32 = 0o022

    /// What happens at each signal; nil where nothing was ever changed.
    var signalActions: Handle<SignalActions>?

    /// What the parent is told, once the process is a zombie.
    var status = WaitStatus(exited: 0)
    /// The signal that the parent is sent at the end; 0 for none.
    var exitSignal: UInt8 = Signal.child.rawValue
    /// How often the process has executed a program, and how often its parent had when it made this one.
    var executions: UInt64 = 0
    var parentExecutions: UInt64 = 0

    /// The `CLONE_VFORK` child that this process waits for, until that executes or ends. Kept here, since the child may
    /// be gone when its parent goes on.
    var holder: Handle<Process>?

    var limits = ResourceLimits.initial
    var personality = Personality.none
    /// `PR_SET_THP_DISABLE`.
    var refusesHugePages = false
    /// The files below `/proc` that tell of the process; nil as long as nobody looked.
    var procDirectory: Handle<Inode>?
    /// The name that the thread had, once the process has ended.
    var name = InlineArray<16, UInt8>(repeating: 0)
    /// Counter value when the process began.
    let startTicks = Timer.now

    /// Faults that were resolved, its own and those of children that were waited for.
    var faults = FaultCounts()
    var childFaults = FaultCounts()

    /// Counter ticks that ended threads and waited-for children ran.
    var ownTicks: UInt64 = 0
    var childTicks: UInt64 = 0

    init(id: Int32, parent: Handle<Process>?, program: Handle<Inode>?, workingDirectory: Handle<Inode>?) {
        self.id = id
        self.parent = parent
        self.program = program
        self.workingDirectory = workingDirectory
    }
}

/// How many accesses of a program, and of the kernel on its behalf, had to be made possible.
///
/// One fault is one, however many pages it filled (as with Linux's fault-around). What a call populates is none.
struct FaultCounts {
    /// From what was in memory.
    var minor: UInt64 = 0
    /// Those for which a page of a file had to be fetched from where it is kept, the initial ramdisk.
    var major: UInt64 = 0

    static func + (left: FaultCounts, right: FaultCounts) -> FaultCounts {
        FaultCounts(minor: left.minor &+ right.minor, major: left.major &+ right.major)
    }
}

/// An address space and the number of processes that use it: more than one only between `clone(CLONE_VM)` and `execve`.
struct ProgramSpace: ~Copyable {
    /// Where the program found its stack, its arguments and its environment when it started.
    struct Strings {
        var stackPointer = VirtualAddress(0)
        var arguments = VirtualAddress(0)
        /// Where the arguments end, too.
        var environment = VirtualAddress(0)
        var end = VirtualAddress(0)
    }

    var memory: AddressSpace<RealMachine>
    var users: UInt32 = 1
    /// The executable segments' hull, for the debugging interface's overlap check.
    let text: VirtualRange
    /// The whole image's hull.
    let image: VirtualRange
    /// What its last segment has from the file (fs/binfmt_elf.c, start_data and end_data).
    let data: (start: VirtualAddress, end: VirtualAddress)
    var strings = Strings()
    /// The most pages that were mapped, and the most bytes resident, whenever somebody looked.
    var peakSize: UInt64 = 0
    var peakResident: UInt64 = 0
    /// The program's note asks that no page ever be both writable and executable.
    let refusesWritableAndExecutable: Bool

    init(
        memory: consuming AddressSpace<RealMachine>, text: VirtualRange, image: VirtualRange,
        data: (start: VirtualAddress, end: VirtualAddress), refusesWritableAndExecutable: Bool
    ) {
        self.memory = memory
        self.text = text
        self.image = image
        self.data = data
        self.refusesWritableAndExecutable = refusesWritableAndExecutable
    }
}
