import LinuxABI
import Machine

/// A file or link below `/proc`, whose content is made when it is read: what it tells, and of which process.
struct ProcNode: Equatable {
    let kind: Kind
    /// The process's ``Process/serial``, since its number is given out again; 0 for what belongs to none.
    let process: UInt64
    /// Of a file that is open and tells of memory: which program's of the process, by ``Process/executions``.
    private(set) var execution: UInt64?

    enum Kind: UInt8 {
        // Of a process.
        case maps
        case smaps
        case smapsRollup
        case pageMap
        case status
        case statistics
        case memoryStatistics
        case commandLine
        case name
        case program
        case workingDirectory
        case root
        // Of the system.
        case ownProcess
        case memoryInformation
        case virtualMemoryStatistics
        case uptime
        case systemStatistics
        case version
        case overcommitMemory
        case overcommitRatio
    }

    init(_ kind: Kind, of process: UInt64 = 0) {
        self.kind = kind
        self.process = process
    }

    /// Whether it tells of the system, and is no setting: a file of `/proc` itself.
    var isOfSystem: Bool {
        switch kind {
        case .memoryInformation, .virtualMemoryStatistics, .uptime, .systemStatistics, .version: true
        default: false
        }
    }

    /// The node as an open file has it: what tells of a program's memory tells of no other program's that the process
    /// executes later (fs/proc/task_mmu.c, proc_maps_open and pagemap_open).
    func opened() -> ProcNode {
        var node = self
        switch kind {
        case .maps, .smaps, .smapsRollup, .pageMap:
            node.execution = kernel.processes.process(serial: process)?.value.executions
        default: break
        }
        return node
    }
}

/// Where a directory's entries come from.
enum DirectorySource: Equatable {
    /// Programs make and remove them.
    case programs
    /// The kernel made them once and for all.
    case kernel
    /// The kernel adds one for each process (`/proc`).
    case processList
    /// The kernel makes them when somebody looks at the process of that ``Process/serial`` (`/proc/PID`).
    case process(UInt64, isFilled: Bool)
}

extension ProcNode.Kind {
    /// What it is called in its directory.
    var name: StaticString {
        switch self {
        case .maps: "maps"
        case .smaps: "smaps"
        case .smapsRollup: "smaps_rollup"
        case .pageMap: "pagemap"
        case .status: "status"
        case .statistics, .systemStatistics: "stat"
        case .memoryStatistics: "statm"
        case .commandLine: "cmdline"
        case .name: "comm"
        case .program: "exe"
        case .workingDirectory: "cwd"
        case .root: "root"
        case .ownProcess: "self"
        case .memoryInformation: "meminfo"
        case .virtualMemoryStatistics: "vmstat"
        case .uptime: "uptime"
        case .version: "version"
        case .overcommitMemory: "overcommit_memory"
        case .overcommitRatio: "overcommit_ratio"
        }
    }

    /// Its type and permissions, as on Linux (fs/proc/base.c, tgid_base_stuff; kernel/sysctl.c).
    var mode: FileMode {
        switch self {
        case .program, .workingDirectory, .root, .ownProcess: FileMode(.symbolicLink, permissions: 0o777)
        case .pageMap: FileMode(.regular, permissions: 0o400)
        case .name, .overcommitMemory, .overcommitRatio: FileMode(.regular, permissions: 0o644)
        default: FileMode(.regular, permissions: 0o444)
        }
    }

    /// The files of each process.
    static var ofProcess: InlineArray<12, ProcNode.Kind> {
        [
            .maps, .smaps, .smapsRollup, .pageMap, .status, .statistics, .memoryStatistics, .commandLine, .name, .program,
            .workingDirectory, .root,
        ]
    }

    /// The files of `/proc` itself.
    static var ofSystem: InlineArray<6, ProcNode.Kind> {
        [.ownProcess, .memoryInformation, .virtualMemoryStatistics, .uptime, .systemStatistics, .version]
    }
}
