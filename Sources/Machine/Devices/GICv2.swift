import MachineAssembly

/// Arm's Generic Interrupt Controller, version 2 (Arm IHI 0048).
@safe public struct GICv2: Sendable {
    let distributor: InterruptRegisters
    private let interface: UInt64
    /// This CPU's bit in the targets of an interrupt.
    private let target: UInt32

    private enum Register {
        static let control: UInt64 = 0x00
        static let priorityMask: UInt64 = 0x04
        static let binaryPoint: UInt64 = 0x08
        static let acknowledge: UInt64 = 0x0c
        static let end: UInt64 = 0x10
    }

    /// Resets the controller at two physical addresses, all interrupts disabled; nil where they cannot be mapped.
    public init?(distributor: UInt64, cpuInterface: UInt64) {
        guard let distributor = DeviceMap.map(distributor, size: 0x1000),
            let interface = DeviceMap.map(cpuInterface, size: 0x1000)
        else { return nil }
        let registers = InterruptRegisters(base: distributor)
        self.distributor = registers
        self.interface = interface
        registers.write(InterruptRegisters.Register.control, 0)
        registers.reset(from: 0, to: registers.interruptCount)
        let targets = registers.read(InterruptRegisters.Register.targets) & 0xff  // 0 on a machine with one CPU
        target = targets == 0 ? 1 : targets
        registers.write(InterruptRegisters.Register.control, 1)
        akuma_mmio_write32(interface + Register.priorityMask, 0xf0)
        akuma_mmio_write32(interface + Register.binaryPoint, 0)
        akuma_mmio_write32(interface + Register.control, 1)
    }

    func enable(_ interrupt: UInt64, _ trigger: InterruptTrigger) {
        distributor.configure(interrupt, trigger)
        if interrupt >= 32 {
            akuma_mmio_write8(distributor.base + InterruptRegisters.Register.targets + interrupt, UInt8(target))
        }
        distributor.enable(interrupt)
    }

    func acknowledge() -> UInt64 { UInt64(akuma_mmio_read32(interface + Register.acknowledge) & 0x3ff) }

    func end(_ interrupt: UInt64) {
        akuma_dsb_sy()  // what silenced the device comes first
        akuma_mmio_write32(interface + Register.end, UInt32(interrupt))
    }
}
