internal import ProgramAssembly

/// Starts a program as a new process.
///
/// - Parameters:
///   - path: the program's file; not looked up in any list of folders.
///   - arguments: its command line after its name.
///   - name: its own name, the first element of its command line; the path unless given.
///   - environment: elements `NAME=VALUE`; this program's own unless given.
///   - input: what becomes its descriptor 0; likewise `output` 1 and `error` 2.
/// - Throws: what `clone` or `execve` says, such as `Errno.noSuchFileOrDirectory` or `Errno.execFormatError`. On an
///   emulator whose vfork does not share memory (qemu-aarch64), a failed `execve` is an exit status of 127 instead.
public func spawn(
    _ path: String, _ arguments: [String] = [], as name: String? = nil, environment: [String]? = nil,
    input: FileDescriptor = .standardInput, output: FileDescriptor = .standardOutput,
    error: FileDescriptor = .standardError
) throws(Errno) -> ProcessID {
    StandardOutput.flush()
    let childStack = 4096
    let stack = UnsafeMutableRawPointer.allocate(byteCount: childStack, alignment: 16)
    defer { unsafe stack.deallocate() }
    return try unsafe withCString(path) { (path) throws(Errno) in
        try unsafe withCStrings([name ?? string(at: path)] + arguments) { (arguments) throws(Errno) in
            try unsafe withCStrings(environment ?? Program.environmentStrings) { (environment) throws(Errno) in
                var plan = unsafe akuma_spawn_plan(
                    path: UnsafeRawPointer(path).assumingMemoryBound(to: CChar.self), arguments: arguments,
                    environment: environment, child_stack: stack + childStack,
                    descriptors: (input.rawValue, output.rawValue, error.rawValue), error: 0)
                let result = try checked(unsafe Int(akuma_spawn(&plan)))
                return ProcessID(rawValue: Int32(truncatingIfNeeded: result))
            }
        }
    }
}

/// Starts this program again as a child, with other arguments.
///
/// Where the environment names a runner in `AKUMA_RUNNER`, such as `/usr/bin/qemu-aarch64` on a machine that cannot
/// execute the program itself, that is started with the program's path.
public func spawnSelf(_ arguments: [String]) throws(Errno) -> ProcessID {
    if let runner = Program.environment["AKUMA_RUNNER"] {
        return try spawn(runner, ["-0", Program.arguments.first ?? Program.path, Program.path] + arguments)
    }
    return try spawn(Program.path, arguments, as: Program.arguments.first)
}

/// Waits for a child process to end, and returns how it did. Nothing of it remains afterwards.
///
/// - Throws: `Errno.noChildProcess`, `Errno.interrupted`.
@discardableResult
public func wait(for process: ProcessID) throws(Errno) -> WaitStatus {
    try waitForAny(process.rawValue).status
}

/// Waits for any child process to end, and returns which one and how.
public func waitForAnyChild() throws(Errno) -> (process: ProcessID, status: WaitStatus) { try waitForAny(-1) }

private func waitForAny(_ which: Int32) throws(Errno) -> (process: ProcessID, status: WaitStatus) {
    var word: UInt32 = 0
    let result = unsafe withUnsafeMutablePointer(to: &word) { word in
        unsafe systemCall(.wait4, UInt(argument: which), UInt(bitPattern: word), 0, 0)
    }
    let process = try checked(result)
    return (ProcessID(rawValue: Int32(truncatingIfNeeded: process)), WaitStatus(rawValue: word))
}

/// Sends a signal to a process.
public func kill(_ process: ProcessID, _ signal: Signal) throws(Errno) {
    try checked(unsafe systemCall(.kill, UInt(argument: process.rawValue), UInt(signal.rawValue)))
}

/// Lets another process run, if one is waiting to.
public func yield() { unsafe systemCall(.schedYield) }
