import MachineAssembly

/// The registers of a virtio device on the memory bus (VIRTIO 1.2, 4.2.2), of the modern layout only.
@safe public struct VirtIOTransport: Sendable {
    private let registers: UInt64

    /// What is at an address where the device tree says `virtio,mmio`.
    public enum Probe: Sendable {
        /// A slot without a device, or something else altogether.
        case empty
        /// A device of the layout before VIRTIO 1.0, which this kernel does not drive; QEMU has the modern one with
        /// `-global virtio-mmio.force-legacy=false`.
        case legacy(deviceType: UInt32)
        /// A device to drive.
        case device(VirtIOTransport, deviceType: UInt32)
    }

    /// The device type of a console (VIRTIO 1.2, 5.3).
    public static let consoleType: UInt32 = 3

    enum Register {
        static let magic: UInt64 = 0x000
        static let version: UInt64 = 0x004
        static let deviceType: UInt64 = 0x008
        static let deviceFeatures: UInt64 = 0x010
        static let deviceFeaturesSelect: UInt64 = 0x014
        static let driverFeatures: UInt64 = 0x020
        static let driverFeaturesSelect: UInt64 = 0x024
        static let queueSelect: UInt64 = 0x030
        static let queueSizeMaximum: UInt64 = 0x034
        static let queueSize: UInt64 = 0x038
        static let queueReady: UInt64 = 0x044
        static let queueNotify: UInt64 = 0x050
        static let interruptStatus: UInt64 = 0x060
        static let interruptAcknowledge: UInt64 = 0x064
        static let status: UInt64 = 0x070
        static let queueDescriptors: UInt64 = 0x080
        static let queueDriver: UInt64 = 0x090
        static let queueDevice: UInt64 = 0x0a0
        static let configuration: UInt64 = 0x100
    }

    /// Bits of the status register (2.1).
    enum Status {
        static let acknowledge: UInt32 = 1
        static let driver: UInt32 = 2
        static let driverReady: UInt32 = 4
        static let featuresAccepted: UInt32 = 8
        static let failed: UInt32 = 128
    }

    /// Looks at the 512 bytes of registers at `physical`.
    public static func probe(physical: UInt64) -> Probe {
        guard let registers = DeviceMap.map(physical, size: 0x200) else { return .empty }
        let transport = VirtIOTransport(registers: registers)
        let type = transport.read(Register.deviceType)
        guard transport.read(Register.magic) == 0x7472_6976, type != 0 else { return .empty }
        return transport.read(Register.version) == 2
            ? .device(transport, deviceType: type) : .legacy(deviceType: type)
    }

    func read(_ register: UInt64) -> UInt32 { akuma_mmio_read32(registers + register) }

    func write(_ register: UInt64, _ value: UInt32) { akuma_mmio_write32(registers + register, value) }

    private func write64(_ register: UInt64, _ value: UInt64) {
        write(register, UInt32(truncatingIfNeeded: value))
        write(register + 4, UInt32(truncatingIfNeeded: value >> 32))
    }

    /// Resets the device and agrees on features (3.1.1): all of `needed`, or nothing.
    func begin(needed: UInt64) -> Bool {
        write(Register.status, 0)
        var patience = 1_000_000
        while read(Register.status) != 0 {
            patience -= 1
            if patience == 0 { return false }
        }
        write(Register.status, Status.acknowledge)
        write(Register.status, Status.acknowledge | Status.driver)
        write(Register.deviceFeaturesSelect, 0)
        let low = UInt64(read(Register.deviceFeatures))
        write(Register.deviceFeaturesSelect, 1)
        let offered = low | UInt64(read(Register.deviceFeatures)) << 32
        guard offered & needed == needed else { return fail() }
        write(Register.driverFeaturesSelect, 0)
        write(Register.driverFeatures, UInt32(truncatingIfNeeded: needed))
        write(Register.driverFeaturesSelect, 1)
        write(Register.driverFeatures, UInt32(truncatingIfNeeded: needed >> 32))
        write(Register.status, Status.acknowledge | Status.driver | Status.featuresAccepted)
        return read(Register.status) & Status.featuresAccepted != 0 ? true : fail()
    }

    /// Tells the device that the driver is ready: queues live from here.
    func finish() {
        write(
            Register.status, Status.acknowledge | Status.driver | Status.featuresAccepted | Status.driverReady)
    }

    /// Gives the device up.
    func fail() -> Bool {
        write(Register.status, Status.failed)
        return false
    }

    /// The number of entries that queue `index` may have; 0 where there is no such queue or it is in use.
    func maximumSize(ofQueue index: UInt32) -> UInt32 {
        write(Register.queueSelect, index)
        return read(Register.queueReady) != 0 ? 0 : read(Register.queueSizeMaximum)
    }

    /// Tells the device where queue `index` is.
    func place(queue index: UInt32, size: UInt32, descriptors: UInt64, driver: UInt64, device: UInt64) {
        write(Register.queueSelect, index)
        write(Register.queueSize, size)
        write64(Register.queueDescriptors, descriptors)
        write64(Register.queueDriver, driver)
        write64(Register.queueDevice, device)
        akuma_dmb_oshst()
        write(Register.queueReady, 1)
    }

    /// Tells the device that queue `index` has new buffers.
    func notify(queue index: UInt32) {
        akuma_dmb_oshst()
        write(Register.queueNotify, index)
    }

    /// Takes note of what the device interrupted for, which silences it.
    func acknowledgeInterrupt() {
        write(Register.interruptAcknowledge, read(Register.interruptStatus))
    }
}
