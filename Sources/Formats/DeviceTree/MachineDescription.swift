/// The machine as its device tree describes it: what a kernel must know before it can do anything.
///
/// A value of fixed size (below 4 KiB), so it can be taken on a boot stack and kept. Addresses are physical, sizes are
/// in bytes. Nothing has a default: what the tree does not say is nil or empty.
public struct MachineDescription: Sendable {
    /// RAM, ascending; regions that touch or overlap are merged.
    public internal(set) var memory = BoundedList<16, PhysicalRegion>(filler: PhysicalRegion(start: 0, size: 0))
    /// What of it to leave alone: the memory reservation block, then /reserved-memory, in the tree's order.
    public internal(set) var reservations = BoundedList<32, Reservation>(
        filler: Reservation(region: PhysicalRegion(start: 0, size: 0), isUnmapped: false))

    /// The kernel's command line within the tree, without its NUL.
    public internal(set) var bootArguments: ByteRange?
    /// The initial ramdisk.
    public internal(set) var initialRamdisk: PhysicalRegion?
    /// Where the tree holds random bytes for the kernel, `/chosen/rng-seed`.
    public internal(set) var randomSeed: ByteRange?
    /// Where the tree holds a random number of 8 bytes, `/chosen/kaslr-seed`.
    public internal(set) var layoutSeed: ByteRange?

    /// The PL011 that `/chosen/stdout-path` names, otherwise the first one.
    public internal(set) var uart: Device?
    /// The first PL031 real-time clock.
    public internal(set) var realTimeClock: Device?
    public internal(set) var interruptController: InterruptController?
    public internal(set) var timer: TimerInterrupts?
    public internal(set) var powerControl: PowerControl?

    /// virtio-mmio transports, in the tree's order (QEMU's `virt` lists them by descending address). Those beyond the
    /// capacity are only counted, in ``unlistedTransportCount``.
    public internal(set) var transports = BoundedList<48, Device>(
        filler: Device(registers: PhysicalRegion(start: 0, size: 0), interrupt: nil))
    public internal(set) var unlistedTransportCount = 0

    /// `MPIDR_EL1` affinities of the CPUs, in the tree's order. Those beyond the capacity are only in ``cpuCount``.
    public internal(set) var cpus = BoundedList<64, UInt64>(filler: 0)
    /// All CPUs that the tree lists as usable.
    public internal(set) var cpuCount = 0

    /// A description that says nothing yet.
    public init() {}
}

/// A range of physical addresses that does not wrap.
@frozen public struct PhysicalRegion: Equatable, Sendable {
    /// The first address.
    public let start: UInt64
    /// Bytes.
    public let size: UInt64

    @inlinable public init(start: UInt64, size: UInt64) {
        self.start = start
        self.size = size
    }

    /// The address beyond the last byte.
    @inlinable public var end: UInt64 { start + size }
}

/// Memory that is not for allocation.
public struct Reservation: Equatable, Sendable {
    public let region: PhysicalRegion
    /// Whether it may not even be mapped (`no-map`).
    public let isUnmapped: Bool
}

/// An interrupt of the GIC.
public struct Interrupt: Equatable, Sendable {
    /// INTID: 16–31 for private ones (PPI), 32–1019 for shared ones (SPI).
    public let identifier: UInt32
    /// Whether an edge raises it, rather than a level.
    public let isEdgeTriggered: Bool

    public init(identifier: UInt32, isEdgeTriggered: Bool) {
        self.identifier = identifier
        self.isEdgeTriggered = isEdgeTriggered
    }
}

/// A device with one range of registers.
public struct Device: Equatable, Sendable {
    public let registers: PhysicalRegion
    /// Its first interrupt, or nil where it has none at the GIC.
    public let interrupt: Interrupt?

    public init(registers: PhysicalRegion, interrupt: Interrupt?) {
        self.registers = registers
        self.interrupt = interrupt
    }
}

/// The Generic Interrupt Controller.
public enum InterruptController: Sendable {
    /// GICv1 or GICv2: a distributor, and the CPU interface as memory.
    case version2(distributor: PhysicalRegion, cpuInterface: PhysicalRegion)
    /// GICv3 or GICv4: a distributor, and ranges of redistributors, `stride` bytes apart (0: the architecture's
    /// 128 KiB, or 256 KiB where `GICR_TYPER.VLPIS` is set). The CPU interface is in system registers.
    case version3(distributor: PhysicalRegion, redistributors: BoundedList<8, PhysicalRegion>, stride: UInt64)
}

/// The interrupts of the Arm generic timer. Nil where the tree leaves one out.
public struct TimerInterrupts: Equatable, Sendable {
    public let securePhysical: Interrupt?
    public let physical: Interrupt?
    public let virtual: Interrupt?
    public let hypervisorPhysical: Interrupt?
}

/// How PSCI is called.
public struct PowerControl: Equatable, Sendable {
    public enum Conduit: Sendable { case hypervisorCall, secureMonitorCall }

    public let conduit: Conduit
    /// The function that starts a CPU.
    public let cpuOn: UInt32
    /// The function that ends the calling CPU.
    public let cpuOff: UInt32
    /// Whether this is PSCI 0.2 or later, which has SYSTEM_OFF and SYSTEM_RESET at fixed numbers.
    public let hasSystemFunctions: Bool
}
