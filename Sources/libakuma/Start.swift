// What the kernel left on the stack: argc, argv…, 0, envp…, 0, pairs of the auxiliary vector, 0.

/// Where the kernel put argc; set by the first instructions, before anything else runs.
nonisolated(unsafe) private var initialStack: UnsafePointer<UInt>?

/// Called by `_start`, with SP as the kernel left it.
@c(akuma_program_start)
func programStart(_ stack: UnsafePointer<UInt>) {
    unsafe initialStack = stack
}

/// Called by `_start` when the top-level code came to its end.
@c(akuma_program_end)
func programEnd(_ status: Int32) -> Never {
    exit(status)
}

/// Ends the program: what was printed is written first. The parent sees the low eight bits of `status`.
public func exit(_ status: Int32) -> Never {
    StandardOutput.flush()
    StandardError.flush()
    while true { unsafe systemCall(.exitGroup, UInt(argument: status)) }
}

/// Ends the program by SIGABRT. What was printed is written first.
public func abort() -> Never {
    StandardOutput.flush()
    let process = UInt(bitPattern: unsafe systemCall(.getpid))
    let thread = UInt(bitPattern: unsafe systemCall(.gettid))
    while true { unsafe systemCall(.tgkill, process, thread, UInt(Signal.abort.rawValue)) }
}

/// What the program was started with.
public enum Program {
    /// The command line; the first element is by custom the program's name.
    public static var arguments: [String] {
        guard let stack = unsafe initialStack else { return [] }
        return unsafe strings(from: stack + 1)
    }

    /// The environment as it came, each element `NAME=VALUE`.
    public static var environmentStrings: [String] {
        guard let stack = unsafe initialStack else { return [] }
        return unsafe strings(from: stack + 2 + Int(stack[0]))
    }

    /// The environment as a dictionary; of several values of one name, the first.
    public static var environment: [String: String] {
        var result: [String: String] = [:]
        for entry in environmentStrings {
            guard let equals = entry.firstIndex(of: "=") else { continue }
            let name = String(entry[..<equals])
            if result[name] == nil { result[name] = String(entry[entry.index(after: equals)...]) }
        }
        return result
    }

    /// A value of the auxiliary vector, by which the kernel tells a program about itself and the machine.
    public static func auxiliaryValue(_ type: AuxiliaryType) -> UInt? {
        guard let stack = unsafe initialStack else { return nil }
        var word = unsafe stack + 2 + Int(stack[0])
        while unsafe word.pointee != 0 { unsafe word += 1 }
        unsafe word += 1
        while unsafe word.pointee != AuxiliaryType.end.rawValue {
            if unsafe word.pointee == type.rawValue { return unsafe word[1] }
            unsafe word += 2
        }
        return nil
    }

    /// The path that this program was executed by; its name if the kernel does not tell.
    public static var path: String {
        let name = unsafe auxiliaryValue(.executableName).flatMap { unsafe UnsafePointer<UInt8>(bitPattern: $0) }
        guard let name = unsafe name else { return arguments.first ?? "" }
        return unsafe string(at: name)
    }

    /// Whether the stack lies where Akuma's memory layout has it (DESIGN §1): elsewhere on Linux.
    public static var isOnAkuma: Bool {
        let address = unsafe UInt(bitPattern: initialStack)
        return address >= 0x3000_0000 && address < 0x4000_0000
    }

    /// Bytes in a page, as the kernel says; a power of two.
    public static var pageSize: Int { auxiliaryValue(.pageSize).map { Int(bitPattern: $0) } ?? 4096 }

    /// This process's number.
    public static var processID: ProcessID {
        ProcessID(rawValue: Int32(truncatingIfNeeded: unsafe systemCall(.getpid)))
    }

    private static func strings(from first: UnsafePointer<UInt>) -> [String] {
        var result: [String] = []
        var word = unsafe first
        while let start = unsafe UnsafePointer<UInt8>(bitPattern: word.pointee) {
            unsafe result.append(string(at: start))
            unsafe word += 1
        }
        return result
    }
}
