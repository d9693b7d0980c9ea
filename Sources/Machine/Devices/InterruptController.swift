import MachineAssembly

/// How a device tells of an interrupt.
public enum InterruptTrigger: Sendable { case level, edge }

/// The interrupt controller, of either generation. Interrupt numbers are the controller's own: 16 to 31 for those of a
/// CPU (device tree: type 1, plus 16), from 32 for those of devices (type 0, plus 32).
///
/// All interrupts have one priority and go to the CPU that enabled them.
@safe public enum InterruptController: Sendable {
    case version2(GICv2)
    case version3(GICv3)

    /// Lets an interrupt in.
    public func enable(_ interrupt: UInt64, _ trigger: InterruptTrigger) {
        switch self {
        case .version2(let controller): controller.enable(interrupt, trigger)
        case .version3(let controller): controller.enable(interrupt, trigger)
        }
    }

    /// Keeps an interrupt out.
    public func disable(_ interrupt: UInt64) {
        switch self {
        case .version2(let controller): controller.distributor.disable(interrupt)
        case .version3(let controller): controller.registers(of: interrupt).disable(interrupt)
        }
    }

    /// Takes the interrupt that is due, which is active from now until ``end(_:)``; nil where there is none any more.
    public func acknowledge() -> UInt64? {
        let interrupt =
            switch self {
            case .version2(let controller): controller.acknowledge()
            case .version3: GICv3.acknowledge()
            }
        return interrupt < 1020 ? interrupt : nil
    }

    /// Ends an interrupt that ``acknowledge()`` returned.
    public func end(_ interrupt: UInt64) {
        switch self {
        case .version2(let controller): controller.end(interrupt)
        case .version3: GICv3.end(interrupt)
        }
    }
}

/// The registers that both generations share: of the distributor, and of a GICv3 redistributor's second frame for the
/// interrupts of its CPU (Arm IHI 0048 4.3, IHI 0069 12.9).
@safe public struct InterruptRegisters: Sendable {
    let base: UInt64

    enum Register {
        static let control: UInt64 = 0x000
        static let type: UInt64 = 0x004
        static let group: UInt64 = 0x080
        static let setEnable: UInt64 = 0x100
        static let clearEnable: UInt64 = 0x180
        static let clearPending: UInt64 = 0x280
        static let priority: UInt64 = 0x400
        static let targets: UInt64 = 0x800
        static let configuration: UInt64 = 0xc00
        static let router: UInt64 = 0x6000
    }

    func read(_ register: UInt64) -> UInt32 { akuma_mmio_read32(base + register) }
    func write(_ register: UInt64, _ value: UInt32) { akuma_mmio_write32(base + register, value) }

    /// The number of interrupts, a multiple of 32.
    var interruptCount: UInt64 { min((UInt64(read(Register.type)) & 31 + 1) * 32, 1020) }

    /// Disables, forgets and gives one priority to all interrupts from `first` to before `end`, multiples of 32.
    func reset(from first: UInt64, to end: UInt64) {
        for word in first / 32..<(end + 31) / 32 {
            write(Register.clearEnable + word * 4, .max)
            write(Register.clearPending + word * 4, .max)
        }
        for word in first / 4..<end / 4 {
            write(Register.priority + word * 4, 0xa0a0_a0a0)
        }
    }

    /// Puts all interrupts from `first` to before `end` in group 1, the group of a kernel such as this.
    func setGroup1(from first: UInt64, to end: UInt64) {
        for word in first / 32..<(end + 31) / 32 { write(Register.group + word * 4, .max) }
    }

    /// Sets how an interrupt is signalled; software-generated ones (below 16) have no choice.
    func configure(_ interrupt: UInt64, _ trigger: InterruptTrigger) {
        guard interrupt >= 16 else { return }
        let register = Register.configuration + interrupt / 16 * 4
        let bit: UInt32 = 2 << UInt32(interrupt % 16 * 2)
        let value = read(register)
        write(register, trigger == .edge ? value | bit : value & ~bit)
    }

    func enable(_ interrupt: UInt64) {
        write(Register.setEnable + interrupt / 32 * 4, 1 << UInt32(interrupt % 32))
    }

    func disable(_ interrupt: UInt64) {
        write(Register.clearEnable + interrupt / 32 * 4, 1 << UInt32(interrupt % 32))
    }
}
