import LinuxABI
import Machine

/// All processes, alive and zombie, and the numbers that name them and their threads.
struct ProcessTable: ~Copyable {
    private(set) var first: Handle<Process>?
    private(set) var count: UInt64 = 0
    private var lastID: Int32 = 0
    private var lastSerial: UInt64 = 0

    /// Linux's PID_MAX_LIMIT on 64 bits (include/linux/threads.h).
    private static var maximumID: Int32 { 4 << 20 }

    init() {}

    /// A number that no process has. Numbers go up, and start again at the end.
    mutating func makeID() -> Int32 {
        repeat {
            lastID = lastID >= ProcessTable.maximumID ? 1 : lastID + 1
        } while process(lastID) != nil
        return lastID
    }

    mutating func insert(_ process: Handle<Process>) {
        lastSerial += 1
        process.value.serial = lastSerial
        process.value.nextProcess = first
        first = process
        count += 1
    }

    mutating func remove(_ process: Handle<Process>) {
        if first == process {
            first = process.value.nextProcess
        } else {
            var previous = first
            while let candidate = previous, candidate.value.nextProcess != process {
                previous = candidate.value.nextProcess
            }
            previous?.value.nextProcess = process.value.nextProcess
        }
        process.value.nextProcess = nil
        count -= 1
    }

    /// Visits every process, zombies included. `body` may take the one that it is given out of the table.
    func forEach<Failure: Error>(_ body: (Handle<Process>) throws(Failure) -> Void) throws(Failure) {
        var candidate = first
        while let process = candidate {
            candidate = process.value.nextProcess
            try body(process)
        }
    }

    /// Visits every process that has a certain address space.
    func forEach<Failure: Error>(
        in space: Handle<ProgramSpace>, _ body: (Handle<Process>) throws(Failure) -> Void
    ) throws(Failure) {
        try forEach { (process) throws(Failure) in
            if process.value.space == space { try body(process) }
        }
    }

    /// The process of a number, zombies included; nil where there is none.
    func process(_ id: Int32) -> Handle<Process>? {
        var candidate = first
        while let process = candidate, process.value.id != id { candidate = process.value.nextProcess }
        return candidate
    }

    /// The process of a serial, zombies included; nil once it is no more, for ever.
    func process(serial: UInt64) -> Handle<Process>? {
        var candidate = first
        while let process = candidate, process.value.serial != serial { candidate = process.value.nextProcess }
        return candidate
    }
}

extension Process {
    /// The process of the running thread.
    static var current: Handle<Process> { Thread.current.value.process }

    /// The table of a process that is alive.
    var openFiles: Handle<FileTable> {
        guard let files else { fatalError("a process that makes a call has a file table") }
        return files
    }

    /// The working directory of a process that is alive.
    var directory: Handle<Inode> {
        guard let workingDirectory else { fatalError("a process that makes a call has a working directory") }
        return workingDirectory
    }

    /// The address space of a process that is alive.
    var memory: Handle<ProgramSpace> {
        guard let space else { fatalError("a process that makes a call has an address space") }
        return space
    }
}

extension Handle where T == Process {
    /// Takes references for a new process: to its working directory and to the program that it runs.
    func retainFiles() {
        if let directory = value.workingDirectory { fileSystem.retain(directory) }
        if let program = value.program { program.retainProgram() }
    }

    /// Drops them, with the process's end.
    func releaseFiles() {
        if let directory = value.workingDirectory.take() { fileSystem.release(directory) }
        if let program = value.program.take() { program.releaseProgram() }
    }
}

extension Handle where T == Inode {
    /// A process runs the file: it stays, and is not written.
    func retainProgram() {
        fileSystem.retain(self)
        value.writers -= 1
    }

    func releaseProgram() {
        value.writers += 1
        fileSystem.release(self)
    }
}
