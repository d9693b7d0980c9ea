import MachineAssembly

/// How the machine ends.
public enum Power {
    /// Ends the machine with an exit status, 0 to 255, by semihosting (SYS_EXIT_EXTENDED); where no debugger listens,
    /// by PSCI and without one.
    public static func end(status: UInt8) -> Never { akuma_end_machine(UInt64(status)) }

    /// Ends the machine without a status, by PSCI through whichever conduit answers.
    public static func off() -> Never { akuma_power_off() }
}

/// The firmware that ends the machine: PSCI (Arm DEN 0022).
public enum Firmware: Sendable {
    /// Reached by `hvc`, the device tree's method `hvc`.
    case hypervisorCall
    /// Reached by `smc`, the device tree's method `smc`.
    case secureMonitorCall

    private func call(_ function: UInt64, _ a: UInt64 = 0, _ b: UInt64 = 0, _ c: UInt64 = 0) -> Int64 {
        switch self {
        case .hypervisorCall: Int64(bitPattern: akuma_hvc(function, a, b, c))
        case .secureMonitorCall: Int64(bitPattern: akuma_smc(function, a, b, c))
        }
    }

    /// PSCI's version, major in bits 31:16.
    public var version: UInt32 { UInt32(truncatingIfNeeded: call(0x8400_0000)) }

    /// Ends the machine (SYSTEM_OFF).
    public func off() -> Never {
        _ = call(0x8400_0008)
        Power.off()
    }

    /// Starts the machine anew (SYSTEM_RESET).
    public func reset() -> Never {
        _ = call(0x8400_0009)
        Power.off()
    }
}
