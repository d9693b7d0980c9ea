import SystemPackage

/// Everything that decides what a machine is and does.
public struct MachineConfiguration: Sendable {
    /// The CPU models that the kernel is tested on.
    public enum CPU: String, CaseIterable, Sendable {
        /// Everything that the emulator can do: PAN, LSE, BTI, hardware access flags …
        case max
        /// An ARMv8.0 CPU: none of these.
        case cortexA72 = "cortex-a72"
    }

    /// What of its work the kernel logs.
    public enum Log: String, CaseIterable, Sendable {
        /// What it always logs.
        case kernel
        /// Each mapping, and the translation entry that it wrote.
        case memory
        /// Each system call.
        case calls
    }

    /// The program that runs, and what it is told.
    public struct Program: Sendable {
        /// The absolute path of its ELF in the guest.
        public var path: String
        /// `argv`, its own name first.
        public var arguments: [String]

        /// A program at a path of the guest with its `argv`.
        public init(path: String, arguments: [String]) {
            self.path = path
            self.arguments = arguments
        }
    }

    /// RAM in bytes.
    public var memory: UInt64 = 256 << 20
    /// The CPU model.
    public var cpu = CPU.max
    /// The version of the interrupt controller: 2 or 3.
    public var gicVersion = 3
    /// Whether time counts instructions, seeds and clock are fixed, and two runs give the same bytes.
    public var isDeterministic = false
    /// How long the machine may run before it is ended, if not for ever.
    public var timeout: Duration?
    /// What the kernel logs.
    public var log = Log.kernel
    /// Whether programs may use the debugging interface.
    public var hasDebuggingInterface = false
    /// Whether programs begin at random places.
    public var randomisesLayout = false
    /// How much memory may be promised: Linux's `vm.overcommit_memory`, 0, 1 or 2.
    public var overcommit = 0
    /// Whether the machine waits for gdb on TCP port 1234 before its first instruction.
    public var waitsForDebugger = false
    /// Further words for the kernel's command line.
    public var kernelArguments: [String] = []
    /// The first program.
    public var program: Program?
    /// Environment strings, `NAME=value`.
    public var environment = ["PATH=/bin", "HOME=/"]

    /// The machine that `./akuma run` starts unless told otherwise.
    public init() {}

    /// The kernel's command line.
    var commandLine: String {
        var words = kernelArguments
        if log != .kernel { words.append("log=\(log.rawValue)") }
        if hasDebuggingInterface { words.append("debug=on") }
        if randomisesLayout { words.append("aslr=on") }
        if overcommit != 0 { words.append("overcommit=\(overcommit)") }
        if isDeterministic { words.append("clock=instructions") }
        return words.joined(separator: " ")
    }

    /// Adds what every machine has to `ramdisk`: `/tmp`, and what the kernel reads at boot, byte-exact files below
    /// `.akuma`.
    ///
    /// `input` is the program's whole standard input when time must not depend on when it arrives.
    func addBootFiles(to ramdisk: inout Ramdisk, input: [UInt8]?) {
        // Programs of any system expect this place for what they need for a while.
        ramdisk.addFolder(at: "tmp", mode: 0o1777)
        if let program {
            ramdisk.add(Array(program.path.utf8), at: ".akuma/path")
            ramdisk.add(Self.terminated(program.arguments), at: ".akuma/argv")
        }
        ramdisk.add(Self.terminated(environment), at: ".akuma/environ")
        var generator = SystemRandomNumberGenerator()
        ramdisk.add(
            (0..<32).map { isDeterministic ? UInt8($0) : UInt8.random(in: .min ... .max, using: &generator) },
            at: ".akuma/seed")
        if let input { ramdisk.add(input, at: ".akuma/stdin") }
    }

    private static func terminated(_ strings: [String]) -> [UInt8] {
        strings.flatMap { Array($0.utf8) + [0] }
    }
}
