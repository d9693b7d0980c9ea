import MachineAssembly

/// Arm's Generic Interrupt Controller, version 3 (Arm IHI 0069), through its system registers.
@safe public struct GICv3: Sendable {
    private let distributor: InterruptRegisters
    /// The second frame of this CPU's redistributor: interrupts below 32.
    private let own: InterruptRegisters

    /// This CPU's affinity, as `GICD_IROUTER` has it.
    private static var affinity: UInt64 { akuma_read_mpidr_el1() & 0xff_00ff_ffff }

    /// Resets the controller, all interrupts disabled.
    /// - Parameters:
    ///   - distributor: physical address.
    ///   - redistributors: physical address of the first redistributor of a region.
    ///   - size: bytes of that region; this CPU's redistributor is looked for in it.
    /// - Returns: nil where the registers cannot be mapped, or none is this CPU's.
    public init?(distributor: UInt64, redistributors: UInt64, size: UInt64) {
        guard let base = DeviceMap.map(distributor, size: 0x1_0000),
            let own = Self.ownRedistributor(redistributors, size)
        else { return nil }
        let registers = InterruptRegisters(base: base)
        self.distributor = registers
        self.own = InterruptRegisters(base: own + 0x1_0000)

        // Affinity routing first, then the groups (IHI 0069 12.9.4, GICD_CTLR).
        registers.write(InterruptRegisters.Register.control, 0)
        Self.waitForWrites(registers)
        registers.reset(from: 32, to: registers.interruptCount)
        registers.setGroup1(from: 32, to: registers.interruptCount)
        registers.write(InterruptRegisters.Register.control, 0x10)
        registers.write(InterruptRegisters.Register.control, 0x13)
        Self.waitForWrites(registers)

        // Wake the redistributor: GICR_WAKER.ProcessorSleep, ChildrenAsleep.
        akuma_mmio_write32(own + 0x14, akuma_mmio_read32(own + 0x14) & ~2)
        var patience = 1_000_000
        while akuma_mmio_read32(own + 0x14) & 4 != 0 && patience > 0 { patience -= 1 }
        self.own.reset(from: 0, to: 32)
        self.own.setGroup1(from: 0, to: 32)

        akuma_write_icc_sre_el1(akuma_read_icc_sre_el1() | 1)
        akuma_isb()
        akuma_write_icc_ctlr_el1(0)
        akuma_write_icc_bpr1_el1(0)
        akuma_write_icc_pmr_el1(0xf0)
        akuma_write_icc_igrpen1_el1(1)
        akuma_isb()
    }

    /// Waits until the distributor has taken what was written (GICD_CTLR.RWP), but not for ever.
    private static func waitForWrites(_ registers: InterruptRegisters) {
        var patience = 1_000_000
        while registers.read(InterruptRegisters.Register.control) >> 31 != 0 && patience > 0 { patience -= 1 }
    }

    /// The redistributor whose GICR_TYPER names this CPU. A frame pair is 128 KiB, twice that with virtual LPIs.
    private static func ownRedistributor(_ start: UInt64, _ size: UInt64) -> UInt64? {
        let packed = affinity & 0xff_ffff | affinity >> 8 & 0xff00_0000
        var offset: UInt64 = 0
        while offset + 0x2_0000 <= size {
            guard let frame = DeviceMap.map(start + offset, size: 0x2_0000) else { return nil }
            let type = akuma_mmio_read64(frame + 8)
            if type >> 32 == packed { return frame }
            if type & 0x10 != 0 { return nil }  // Last
            offset += type & 2 != 0 ? 0x4_0000 : 0x2_0000
        }
        return nil
    }

    /// The registers that hold an interrupt's enable bit.
    func registers(of interrupt: UInt64) -> InterruptRegisters { interrupt < 32 ? own : distributor }

    func enable(_ interrupt: UInt64, _ trigger: InterruptTrigger) {
        let registers = registers(of: interrupt)
        registers.configure(interrupt, trigger)
        if interrupt >= 32 {
            akuma_mmio_write64(registers.base + InterruptRegisters.Register.router + interrupt * 8, Self.affinity)
        }
        registers.enable(interrupt)
    }

    static func acknowledge() -> UInt64 {
        let interrupt = akuma_read_icc_iar1_el1() & 0xff_ffff
        akuma_dsb_sy()  // the acknowledgement is complete before the device is asked (IHI 0069 4.1.1)
        return interrupt
    }

    static func end(_ interrupt: UInt64) {
        akuma_dsb_sy()  // what silenced the device comes first
        akuma_write_icc_eoir1_el1(interrupt)
        akuma_isb()
    }
}
