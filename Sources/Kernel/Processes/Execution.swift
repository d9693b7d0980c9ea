import Formats
import LinuxABI
import Machine
import MachineAssembly
import MemoryModel

/// `execve`: replaces the running process's program. Nothing is changed unless it succeeds. The strings are looked at
/// before the file is (fs/exec.c, do_execveat_common).
func execute(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try withPath(call.first) { _, _ in }
    let strings = try ProgramStrings(path: call.first, arguments: call.second, environment: call.third)
    defer { strings.giveBack() }
    try strings.refuseBeyondLimits(of: Process.current)
    return try execute(call, with: strings)
}

private func execute(_ call: SystemCallArguments, with strings: ProgramStrings) throws(Errno) -> UInt64 {
    let process = Process.current
    let inode = try withPath(call.first) { (path, count) throws(Errno) in
        try resolve(path, count: count, from: process.value.directory, followsLast: true)
    }
    guard inode.value.type == .regular, inode.value.mode.permissions & 0o111 != 0 else { throw .permissionDenied }
    guard inode.value.writers <= 0, !inode.isMappedWritably else { throw .textFileBusy }
    // The process's own strings are copied below, and a fault meanwhile must not find the file gone.
    inode.retainProgram()
    let program: LoadedProgram
    do throws(Errno) {
        program = try load(inode, strings)
    } catch {
        inode.releaseProgram()
        throw error
    }

    do throws(Errno) {
        try refuseBeyondLimits(program.space)
        // The last thing that can fail: a program that can't be executed goes on with the descriptors that it shares.
        try unshareFiles(of: process)
    } catch {
        releaseSpace(program.space)
        inode.releaseProgram()
        throw error
    }

    // From here on nothing fails. The old memory goes, or is given back to the parent that lent it.
    clearChildID(of: Thread.current)
    leaveAddressSpace(of: process)
    process.value.space = program.space
    process.value.limits.bind(program.space)
    // arch/arm64/include/asm/elf.h, SET_PERSONALITY.
    process.value.personality = process.value.personality.subtracting(.readImpliesExecute)
    install(program.space)
    if let previous = process.value.program { previous.releaseProgram() }
    process.value.program = inode
    fileSystem.sweepOrphans()
    closeFilesOnExec(of: process)
    process.value.signalActions?.value.forgetHandlers()
    // fs/exec.c: what the old program's parent asked for, and what the old program asked of its children, ends with it.
    process.value.exitSignal = Signal.child.rawValue
    process.value.executions += 1
    Thread.current.value.name = program.name
    Thread.current.value.signalStack = .none
    Thread.current.value.clearChildID = 0
    Machine.Thread.threadPointer = 0
    Machine.Thread.loadVectors(from: freshContext())
    call.frame.value = program.registers
    return 0
}

/// Loads a program with the strings that its caller passes.
private func load(_ inode: Handle<Inode>, _ strings: ProgramStrings) throws(Errno) -> LoadedProgram {
    // A large argument list has the new stack grow.
    if kernel.overcommit == .never { countPromisable() }
    do throws(LoadError) {
        return try load(
            inode, arguments: strings.arguments, environment: strings.environment, path: strings.path,
            personality: Process.current.value.personality, stackLimit: Process.current.value.limits.stack)
    } catch {
        Console.log("exec: pid \(Int(Process.current.value.id)): \(error.reason)")
        throw error.errno
    }
}

/// ENOMEM for a program that the running process may not have in its own program's place: beyond its limits, or beyond
/// what may be promised where no more is than there is.
private func refuseBeyondLimits(_ space: Handle<ProgramSpace>) throws(Errno) {
    let process = Process.current
    if process.value.limits.limitMemory {
        guard space.value.memory.statistics.mappedPages <= process.value.limits.pages,
            space.value.memory.dataPages <= process.value.limits.dataPages
        else { throw .noMemory }
    }
    guard kernel.overcommit == .never else { return }
    let new = space.value.memory.accountedPages
    let old = process.value.memory.value.users == 1 ? process.value.memory.value.memory.accountedPages : 0
    if new > old { try admit(new - old) }
}

/// Gives a process whose table is shared one of its own: what closes on exec stays open for the others (fs/exec.c,
/// begin_new_exec; fs/file.c, unshare_files).
private func unshareFiles(of process: Handle<Process>) throws(Errno) {
    let shared = process.value.openFiles
    guard shared.value.users > 1 else { return }
    // Room first: a copy holds references, and must not be dropped for want of a slot.
    try kernel.fileTables.makeRoom()
    process.value.files = try kernel.fileTables.make(shared.value.copy())
    release(shared)
}

private func closeFilesOnExec(of process: Handle<Process>) {
    let files = process.value.openFiles
    while let file = files.value.removeAny(closingOnExecOnly: true) { release(file) }
}

/// The running thread's saved context with zeroed vector registers: it runs, so nothing in there is of use.
private func freshContext() -> Handle<Context> {
    let context = Thread.current.context
    context.value = Context()
    return context
}

/// A copy of the strings that a program is started with, which the kernel holds meanwhile.
struct ProgramStrings {
    private let buffer: KernelBuffer
    private let argumentSize: UInt64
    private let environmentSize: UInt64
    private let pathSize: UInt64

    var arguments: Span<UInt8> {
        @_lifetime(immortal) get { KernelMemory.bytes(at: buffer.start, count: argumentSize) }
    }
    var environment: Span<UInt8> {
        @_lifetime(immortal) get {
            KernelMemory.bytes(at: buffer.start + argumentSize, count: environmentSize)
        }
    }
    /// Without its NUL.
    var path: Span<UInt8> {
        @_lifetime(immortal) get {
            KernelMemory.bytes(at: buffer.start + argumentSize + environmentSize, count: pathSize)
        }
    }

    /// Copies from the running program: twice as seen from the program, which might change its strings in between; the
    /// second time counts, and must fit into what the first one found.
    ///
    /// - Throws: EFAULT, E2BIG, ENOMEM.
    init(path: UInt64, arguments: UInt64, environment: UInt64) throws(Errno) {
        let limit = InitialStack.maximumLimit
        var size: UInt64 = 0
        try measure(arguments, limit: limit, total: &size)
        try measure(environment, limit: limit, total: &size)
        try measureString(path, limit: limit, total: &size)
        let buffer = try KernelBuffer(atLeast: size)
        do throws(Errno) {
            var position: UInt64 = 0
            try copyStrings(arguments, to: buffer, position: &position)
            argumentSize = position
            try copyStrings(environment, to: buffer, position: &position)
            environmentSize = position - argumentSize
            pathSize = try copyString(path, to: buffer, position: &position)
        } catch {
            buffer.giveBack()
            throw error
        }
        self.buffer = buffer
    }

    func giveBack() { buffer.giveBack() }

    /// E2BIG for strings that the stack may not grow for: Linux puts them there first (fs/exec.c, get_arg_page).
    func refuseBeyondLimits(of process: Handle<Process>) throws(Errno) {
        let size = argumentSize + environmentSize + pathSize + 1 + 8
        let pages = (size + Granule.size.rawValue - 1) >> Granule.shift
        let limits = process.value.limits
        // The stack begins with a page, whatever the limits are.
        guard pages == 1 || pages <= min(limits.stack.wholePages, limits.pages) else { throw .argListTooLong }
    }
}

/// The strings of an array of pointers that ends with null; a null array has none (fs/exec.c, get_user_arg_ptr).
private func forEachString(_ array: UInt64, _ body: (UInt64) throws(Errno) -> Void) throws(Errno) {
    if array == 0 { return }
    var index: UInt64 = 0
    while true {
        let pointer = try UserPointer(array).advanced(by: index, of: UInt64.self).load(UInt64(0))
        if pointer == 0 { return }
        try body(pointer)
        index += 1
    }
}

private func measure(_ array: UInt64, limit: UInt64, total: inout UInt64) throws(Errno) {
    try forEachString(array) { (pointer) throws(Errno) in
        try measureString(pointer, limit: limit, total: &total)
        // The pointer on the new stack counts too, so an endless array is refused.
        total += 8
    }
}

/// Adds a string's bytes and NUL to the total; E2BIG beyond the limit.
private func measureString(_ pointer: UInt64, limit: UInt64, total: inout UInt64) throws(Errno) {
    var position = pointer
    while true {
        guard let byte = UserMemory.load8(position) else { throw .badAddress }
        total += 1
        guard total <= limit else { throw .argListTooLong }
        if byte == 0 { return }
        position &+= 1
    }
}

private func copyStrings(_ array: UInt64, to buffer: KernelBuffer, position: inout UInt64) throws(Errno) {
    try forEachString(array) { (pointer) throws(Errno) in
        _ = try copyString(pointer, to: buffer, position: &position)
    }
}

/// Copies one string with its NUL.
/// - Returns: its length without the NUL. E2BIG where it has become longer since it was measured.
private func copyString(_ pointer: UInt64, to buffer: KernelBuffer, position: inout UInt64) throws(Errno) -> UInt64 {
    var room = KernelBytes.changing(at: buffer.start + position, count: Int(buffer.size - position))
    switch UserMemory.copyInString(from: pointer, to: &room) {
    case .ended(let length):
        position += UInt64(length) + 1
        return UInt64(length)
    case .tooLong: throw .argListTooLong
    case .fault: throw .badAddress
    }
}
