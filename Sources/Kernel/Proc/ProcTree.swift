import Formats
import LinuxABI
import Machine

// The names below /proc. They are names like others, which the kernel makes: those of the system at boot, a process's
// when somebody looks for them, and it takes a process's away with the process.

/// Makes `/proc`. ENOMEM.
func makeProcTree() throws(Errno) {
    let proc = try makeProcDirectory(("proc" as StaticString).bytes, in: fileSystem.root, .processList)
    let files = ProcNode.Kind.ofSystem
    for index in files.indices { try makeProcFile(files[index], in: proc, of: 0) }
    let settings = try makeProcDirectory(("sys" as StaticString).bytes, in: proc, .kernel)
    let memory = try makeProcDirectory(("vm" as StaticString).bytes, in: settings, .kernel)
    try makeProcFile(.overcommitMemory, in: memory, of: 0)
    try makeProcFile(.overcommitRatio, in: memory, of: 0)
}

/// Makes a directory, or takes over the ramdisk's own.
private func makeProcDirectory(
    _ name: Span<UInt8>, in parent: Handle<Inode>, _ source: DirectorySource
) throws(Errno) -> Handle<Inode> {
    if let entry = fileSystem.entry(name, in: parent), entry.value.inode.value.isDirectory {
        entry.value.inode.value.directory.source = source
        return entry.value.inode
    }
    var directory = Directory()
    directory.source = source
    return try insertFile(name, in: parent, FileMode(.directory, permissions: 0o555), .directory(directory))
}

private func makeProcFile(_ kind: ProcNode.Kind, in directory: Handle<Inode>, of process: UInt64) throws(Errno) {
    _ = try insertFile(kind.name.bytes, in: directory, kind.mode, .proc(ProcNode(kind, of: process)))
}

// MARK: Processes

extension Handle where T == Inode {
    /// Whether the kernel alone makes and removes this directory's names.
    var isKernelsDirectory: Bool {
        guard case .directory(let directory) = value.content else { return false }
        return directory.source != .programs
    }

    /// Whether it is `/proc/sys`, or lies below it.
    var isSettingsDirectory: Bool {
        guard case .directory(let directory) = value.content else { return false }
        return directory.source == .kernel
    }

    /// Whether it lies below `/proc`, or is it.
    var isProc: Bool {
        if case .proc = value.content { return true }
        return isKernelsDirectory
    }

    /// ESRCH in the directory of a process that is no more, where somebody may still be or have it open: no name is looked
    /// up in there (fs/proc/base.c, proc_pid_permission), and nothing made.
    func checkProcess() throws(Errno) {
        if case .process = value.directory.source, isDeleted { throw .noSuchProcess }
    }

    /// Makes the entries that the directory has and nobody asked for yet: all of them before it is read. ENOMEM, ESRCH.
    func fill() throws(Errno) {
        switch value.directory.source {
        case .programs, .kernel: return
        case .processList: while try addNextProcess() {}
        case .process(let process, let isFilled): if !isFilled { try fill(with: process) }
        }
    }

    /// Makes the entry of a name, where the directory has one that nobody asked for yet. ENOMEM, ESRCH.
    func fill(for name: Span<UInt8>) throws(Errno) {
        switch value.directory.source {
        case .programs, .kernel: return
        case .processList:
            guard let id = name.processNumber, let process = kernel.processes.process(id) else { return }
            try addDirectory(of: process)
        case .process(let process, let isFilled): if !isFilled { try fill(with: process) }
        }
    }

    /// Adds the process with the lowest number that has no directory yet.
    /// - Returns: whether there was one.
    private func addNextProcess() throws(Errno) -> Bool {
        var lowest: Handle<Process>?
        kernel.processes.forEach { process in
            guard process.value.procDirectory == nil else { return }
            if let known = lowest, known.value.id < process.value.id { return }
            lowest = process
        }
        guard let lowest else { return false }
        try addDirectory(of: lowest)
        return true
    }

    private func addDirectory(of process: Handle<Process>) throws(Errno) {
        guard process.value.procDirectory == nil else { return }
        let name = DecimalText(UInt64(process.value.id))
        var directory = Directory()
        directory.source = .process(process.value.serial, isFilled: false)
        process.value.procDirectory = try insertFile(
            name.bytes, in: self, FileMode(.directory, permissions: 0o555), .directory(directory))
    }

    private func fill(with process: UInt64) throws(Errno) {
        try checkProcess()
        let files = ProcNode.Kind.ofProcess
        for index in files.indices where fileSystem.entry(files[index].name.bytes, in: self) == nil {
            try makeProcFile(files[index], in: self, of: process)
        }
        value.directory.source = .process(process, isFilled: true)
    }
}

/// Takes a process's directory away: the process is no more.
func removeProcDirectory(of process: Handle<Process>) {
    guard let directory = process.value.procDirectory.take() else { return }
    while let entry = directory.value.directory.first { removeName(entry) }
    guard let name = directory.value.name else { fatalError("a process's directory has a name") }
    removeName(name)
}

extension Span where Element == UInt8 {
    /// The number of a process that is written so: digits without a leading zero.
    fileprivate var processNumber: Int32? {
        guard count > 0, count <= 10, self[0] != UInt8(ascii: "0") else { return nil }
        var number: Int64 = 0
        for index in indices {
            guard self[index] >= UInt8(ascii: "0"), self[index] <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int64(self[index] - UInt8(ascii: "0"))
        }
        return Int32(exactly: number)
    }
}

// MARK: Links

/// Where a link below `/proc` leads; nil for one that is a text, which is followed like others.
enum ProcTarget {
    /// To a file, whatever its path (fs/proc/base.c, proc_pid_get_link).
    case file(Handle<Inode>)
    /// To a name in the link's directory: a process's number.
    case number(Int32)
}

extension ProcNode {
    /// What a link leads to. ENOENT where the process has it no more.
    func target() throws(Errno) -> ProcTarget {
        if kind == .ownProcess { return .number(Process.current.value.id) }
        guard let process = kernel.processes.process(serial: process) else { throw .noSuchFileOrDirectory }
        switch kind {
        case .program:
            guard let program = process.value.program else { throw .noSuchFileOrDirectory }
            return .file(program)
        case .workingDirectory:
            guard let directory = process.value.workingDirectory else { throw .noSuchFileOrDirectory }
            return .file(directory)
        case .root:
            guard process.value.workingDirectory != nil else { throw .noSuchFileOrDirectory }
            return .file(fileSystem.root)
        default:
            fatalError("the node is a link")
        }
    }
}

/// A number's decimal digits.
struct DecimalText {
    private var digits = InlineArray<20, UInt8>(repeating: 0)
    private let start: Int

    init(_ number: UInt64) {
        var position = 20
        var rest = number
        repeat {
            position -= 1
            digits[position] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        start = position
    }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { digits.span.extracting(start..<20) }
    }
}
