import MachineAssembly

/// An Arm PL011 serial line (Arm DDI 0183), used for the kernel's log: transmit only, without interrupts.
@safe public struct SerialPort: Sendable {
    private let registers: UInt64

    private enum Register {
        static let data: UInt64 = 0x00
        static let flags: UInt64 = 0x18
        static let lineControl: UInt64 = 0x2c
        static let control: UInt64 = 0x30
        static let interruptMask: UInt64 = 0x38
    }

    /// The device whose registers are at `physical`; nil where they cannot be mapped.
    public init?(physical: UInt64) {
        guard let registers = DeviceMap.map(physical, size: 0x1000) else { return nil }
        self.registers = registers
        akuma_mmio_write32(registers + Register.interruptMask, 0)
        akuma_mmio_write32(registers + Register.lineControl, 0x70)  // 8 bits, FIFO on
        akuma_mmio_write32(registers + Register.control, 0x101)  // UART on, transmit on
    }

    /// Set once the line did not drain: nobody waits for it again, so that a panic always ends.
    nonisolated(unsafe) private static var isStuck = false

    /// Sends a byte. Waits while the device is full, but not for ever: a line that does not drain loses it.
    public func send(_ byte: UInt8) {
        var patience = unsafe Self.isStuck ? 0 : 1_000_000
        while akuma_mmio_read32(registers + Register.flags) & 0x20 != 0 {
            guard patience > 0 else {
                unsafe Self.isStuck = true
                return
            }
            patience -= 1
        }
        akuma_mmio_write32(registers + Register.data, UInt32(byte))
    }
}
