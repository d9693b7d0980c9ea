import MachineAssembly

/// An Arm PL031 real-time clock (Arm DDI 0224).
@safe public struct RealTimeClock: Sendable {
    private let registers: UInt64

    /// The device whose registers are at `physical`; nil where they cannot be mapped.
    public init?(physical: UInt64) {
        guard let registers = DeviceMap.map(physical, size: 0x1000) else { return nil }
        self.registers = registers
    }

    /// Seconds since 1970 (RTCDR).
    public var now: UInt64 { UInt64(akuma_mmio_read32(registers)) }
}
