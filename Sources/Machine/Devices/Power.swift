import MachineAssembly

/// How the machine ends, and how its other CPUs start.
public enum Power {
    /// Ends the machine with an exit status, 0 to 255, by semihosting; without a debugger, by PSCI and without one.
    public static func end(status: UInt8) -> Never { akuma_end_machine(UInt64(status)) }
}
