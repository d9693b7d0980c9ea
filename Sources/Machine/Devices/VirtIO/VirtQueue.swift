import MachineAssembly

/// A split virtqueue (VIRTIO 1.2, 2.7) of buffers of one size, each one descriptor: buffer `i` is descriptor `i`.
///
/// The device's half is read with suspicion: an index or a length that cannot be breaks the queue, and a broken queue
/// yields nothing more.
@safe struct VirtQueue {
    private let transport: VirtIOTransport
    private let index: UInt32
    private let descriptors: UInt64
    private let driver: UInt64
    private let device: UInt64
    private let buffers: UInt64
    /// Bytes of a buffer.
    let bufferSize: UInt32
    private let isWrittenByDevice: Bool
    /// Entries of the rings, a power of two up to 32.
    let size: UInt16
    private var nextAvailable: UInt16 = 0
    private var nextUsed: UInt16 = 0
    /// One bit for each buffer that the device has.
    private(set) var lent: UInt32 = 0
    private(set) var isBroken = false

    /// Bytes that the rings of `size` entries take: descriptors, driver's area, device's area.
    static func byteCount(size: UInt64) -> UInt64 { size * 16 + (6 + size * 2 + 3) / 4 * 4 + 6 + size * 8 }

    /// Places a queue.
    /// - Parameters:
    ///   - size: a power of two, at most 32.
    ///   - rings: zeroed RAM, a multiple of 16, of at least ``byteCount(size:)``.
    ///   - buffers: RAM for `size` buffers of `bufferSize` bytes.
    ///   - isWrittenByDevice: the direction.
    /// - Returns: nil where the device has no such queue, or one of fewer entries.
    init?(
        _ transport: VirtIOTransport, index: UInt32, size: UInt16, rings: UInt64, buffers: UInt64, bufferSize: UInt32,
        isWrittenByDevice: Bool
    ) {
        precondition(size.nonzeroBitCount == 1 && size <= 32, "a power of two, one bit each in a word")
        guard transport.maximumSize(ofQueue: index) >= UInt32(size) else { return nil }
        self.transport = transport
        self.index = index
        self.size = size
        self.descriptors = rings
        self.driver = rings + UInt64(size) * 16
        self.device = (self.driver + 6 + UInt64(size) * 2 + 3) & ~3
        self.buffers = buffers
        self.bufferSize = bufferSize
        self.isWrittenByDevice = isWrittenByDevice
        akuma_mmio_write16(driver, isWrittenByDevice ? 0 : 1)
        transport.place(
            queue: index, size: UInt32(size), descriptors: descriptors, driver: driver, device: device)
    }

    /// Where buffer `number` is.
    func buffer(_ number: Int) -> UInt64 { buffers + UInt64(number) * UInt64(bufferSize) }

    /// A buffer that the device does not have; nil where it has them all.
    var freeBuffer: Int? {
        let free = (~lent).trailingZeroBitCount
        return free < Int(size) && !isBroken ? free : nil
    }

    /// Lends buffer `number` to the device: to read `count` bytes of it, or to write as many at most.
    mutating func lend(_ number: Int, count: UInt32) {
        precondition(number < Int(size) && lent & (1 << UInt32(number)) == 0 && count <= bufferSize, "a free buffer")
        let descriptor = descriptors + UInt64(number) * 16
        akuma_mmio_write64(descriptor, buffer(number))
        akuma_mmio_write32(descriptor + 8, count)
        akuma_mmio_write32(descriptor + 12, isWrittenByDevice ? 2 : 0)  // flags: WRITE; no next
        akuma_mmio_write16(driver + 4 + UInt64(nextAvailable & (size - 1)) * 2, UInt16(number))
        lent |= 1 << UInt32(number)
        nextAvailable &+= 1
        akuma_dmb_oshst()
        akuma_mmio_write16(driver + 2, nextAvailable)
    }

    /// Tells the device about lent buffers.
    func notify() { transport.notify(queue: index) }

    /// Takes back a buffer that the device is done with; `count` bytes of it are new. Nil where there is none.
    mutating func takeBack() -> (number: Int, count: UInt32)? {
        guard !isBroken else { return nil }
        let used = akuma_mmio_read16(device + 2)
        guard used != nextUsed else { return nil }
        akuma_dmb_oshld()
        let element = device + 4 + UInt64(nextUsed & (size - 1)) * 8
        let number = akuma_mmio_read32(element)
        let count = akuma_mmio_read32(element + 4)
        guard number < UInt32(size), lent & (1 << number) != 0, count <= bufferSize else {
            isBroken = true
            return nil
        }
        lent &= ~(1 << number)
        nextUsed &+= 1
        return (Int(number), count)
    }

    /// Whether the device interrupts when it is done with a buffer; a hint (NO_INTERRUPT, 2.7.7). Look for such buffers
    /// once more after asking.
    func setWantsInterrupts(_ wanted: Bool) {
        akuma_mmio_write16(driver, wanted ? 0 : 1)
        akuma_dmb_osh()
    }
}
