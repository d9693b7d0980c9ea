import MachineAssembly

/// A virtio console with several named ports (VIRTIO 1.2, 5.3), each a stream of bytes in both directions.
///
/// Nothing waits: a transmission that finds no room is accepted in part, and the caller tries again after an interrupt.
@safe public struct VirtIOConsole: ~Copyable {
    /// A port of the console. Numbers start at 1; port 0 is not used.
    @frozen public struct Port: Equatable, Sendable {
        let number: Int
    }

    /// Ports beyond this number are ignored.
    private static var portLimit: Int { 8 }
    private static var controlBuffers: UInt16 { 32 }
    private static var controlBufferSize: UInt32 { 64 }
    private static var dataBuffers: UInt16 { 4 }
    private static var dataBufferSize: UInt32 { 1024 }

    /// What the device said about a port, and its queues.
    private struct PortState {
        var exists = false
        var isOpenAtHost = false
        var nameLength = 0
        var name = InlineArray<32, UInt8>(repeating: 0)
        var input: VirtQueue?
        var output: VirtQueue?
        /// The buffer that is being read: its number, and what is left of it.
        var pending: (number: Int, offset: UInt32, end: UInt32)?
    }

    /// Events of the control queues (5.3.6.2).
    private enum Event {
        static let deviceReady: UInt16 = 0
        static let portAdd: UInt16 = 1
        static let portRemove: UInt16 = 2
        static let portReady: UInt16 = 3
        static let portOpen: UInt16 = 6
        static let portName: UInt16 = 7
    }

    private let transport: VirtIOTransport
    private var controlInput: VirtQueue
    private var controlOutput: VirtQueue
    private var ports: InlineArray<8, PortState>

    /// Why a console cannot be driven.
    public enum Failure: Error {
        /// The device lacks VIRTIO 1.0 or several ports, or refused what it offered.
        case features
        /// A queue is missing or too small.
        case queues
        /// The caller ran out of pages.
        case memory
    }

    /// Sets the device up; ports become known as it tells of them, see ``port(named:)``.
    /// - Parameter page: called for zeroed pages of RAM, one for control and three for each port, which stay the
    ///   device's for ever.
    public init(_ transport: VirtIOTransport, page: () -> UInt64?) throws(Failure) {
        let needed: UInt64 = 1 << 32 | 1 << 1  // VERSION_1, MULTIPORT
        guard transport.begin(needed: needed) else { throw .features }
        let limit = min(Int(transport.read(VirtIOTransport.Register.configuration + 4)), Self.portLimit)
        guard let control = page() else { throw .memory }
        guard
            let controlInput = VirtQueue(
                transport, index: 2, size: Self.controlBuffers, rings: control, buffers: control + 2048,
                bufferSize: Self.controlBufferSize, isWrittenByDevice: true),
            let controlOutput = VirtQueue(
                transport, index: 3, size: 4, rings: control + 1024, buffers: control + 1536, bufferSize: 8,
                isWrittenByDevice: false)
        else {
            _ = transport.fail()
            throw .queues
        }
        var ports = InlineArray<8, PortState>(repeating: PortState())
        for number in 1..<max(limit, 1) {
            guard let rings = page(), let inputs = page(), let outputs = page() else { throw .memory }
            let index = UInt32(number) * 2 + 2
            ports[number].input = VirtQueue(
                transport, index: index, size: Self.dataBuffers, rings: rings, buffers: inputs,
                bufferSize: Self.dataBufferSize, isWrittenByDevice: true)
            ports[number].output = VirtQueue(
                transport, index: index + 1, size: Self.dataBuffers, rings: rings + 1024, buffers: outputs,
                bufferSize: Self.dataBufferSize, isWrittenByDevice: false)
            guard ports[number].input != nil, ports[number].output != nil else {
                _ = transport.fail()
                throw .queues
            }
        }
        self.transport = transport
        self.controlInput = controlInput
        self.controlOutput = controlOutput
        self.ports = ports
        transport.finish()
        for buffer in 0..<Int(Self.controlBuffers) {
            self.controlInput.lend(buffer, count: Self.controlBufferSize)
        }
        self.controlInput.notify()
        send(Event.deviceReady, port: 0xffff_ffff, value: 1)
        processControl()
    }

    /// Sends a control message. The queue is emptied first; a device that takes nothing loses it.
    private mutating func send(_ event: UInt16, port: UInt32, value: UInt16) {
        var patience = 10_000_000
        while true {
            while controlOutput.takeBack() != nil {}
            if let buffer = controlOutput.freeBuffer {
                let address = controlOutput.buffer(buffer)
                akuma_mmio_write32(address, port)
                akuma_mmio_write16(address + 4, event)
                akuma_mmio_write16(address + 6, value)
                controlOutput.lend(buffer, count: 8)
                controlOutput.notify()
                return
            }
            patience -= 1
            if patience == 0 || controlOutput.isBroken { return }
        }
    }

    /// Reads what the device said about its ports.
    private mutating func processControl() {
        while let (buffer, count) = controlInput.takeBack() {
            let address = controlInput.buffer(buffer)
            if count >= 8 {
                process(
                    event: akuma_mmio_read16(address + 4), port: akuma_mmio_read32(address),
                    value: akuma_mmio_read16(address + 6), name: address + 8, nameLength: Int(count) - 8)
            }
            controlInput.lend(buffer, count: Self.controlBufferSize)
            controlInput.notify()
        }
    }

    private mutating func process(event: UInt16, port: UInt32, value: UInt16, name: UInt64, nameLength: Int) {
        guard port > 0, port < UInt32(Self.portLimit) else { return }
        let number = Int(port)
        guard ports[number].output != nil else { return }
        switch event {
        case Event.portAdd:
            ports[number].exists = true
            send(Event.portReady, port: port, value: 1)
        case Event.portRemove:
            ports[number].exists = false
            ports[number].nameLength = 0
        case Event.portOpen:
            ports[number].isOpenAtHost = value != 0
        case Event.portName:
            var length = 0
            while length < min(nameLength, 32) {
                let byte = akuma_mmio_read8(name + UInt64(length))
                if byte == 0 { break }
                ports[number].name[length] = byte
                length += 1
            }
            ports[number].nameLength = length
        default: break  // console and resize: for terminals
        }
    }

    /// Takes note of an interrupt of the device: call it, then look at the ports again.
    ///
    /// Call it once more after enabling the interrupt, which the device may have raised before: one that is signalled
    /// by its edge would never come again.
    public mutating func handleInterrupt() {
        transport.acknowledgeInterrupt()
        processControl()
    }

    /// The port of a name, once the device has told of it; nil before, or where it has none.
    public mutating func port(named name: StaticString) -> Port? {
        processControl()
        for number in 1..<Self.portLimit where ports[number].exists && matches(number, name) {
            return Port(number: number)
        }
        return nil
    }

    @_addressableSelf private func matches(_ number: Int, _ name: StaticString) -> Bool {
        guard ports[number].nameLength == name.utf8CodeUnitCount else { return false }
        for index in 0..<name.utf8CodeUnitCount where unsafe ports[number].name[index] != name.utf8Start[index] {
            return false
        }
        return true
    }

    /// Opens a port, for receiving too where asked: until then the host keeps what it has for it.
    public mutating func open(_ port: Port, receiving: Bool) {
        if receiving {
            while let buffer = ports[port.number].input?.freeBuffer {
                ports[port.number].input?.lend(buffer, count: Self.dataBufferSize)
            }
        }
        send(Event.portOpen, port: UInt32(port.number), value: 1)
        // Only now: QEMU looks for input of a port when its queue is notified while it is open.
        if receiving { ports[port.number].input?.notify() }
    }

    /// Whether the host's side of a port is connected; what is sent to one that is not is lost.
    @_addressableSelf public func isOpenAtHost(_ port: Port) -> Bool { ports[port.number].isOpenAtHost }

    /// Whether the device broke its promises on a port: nothing more is sent or received there.
    @_addressableSelf public func isBroken(_ port: Port) -> Bool {
        ports[port.number].output?.isBroken != false || ports[port.number].input?.isBroken != false
    }

    /// Sends bytes, as many as there is room for at the moment, at most 4 KiB.
    /// - Returns: the bytes accepted from the front, 0 while the host is slow.
    public mutating func transmit(_ bytes: RawSpan, on port: Port) -> Int {
        collectOutput(port)
        var sent = 0
        while sent < bytes.byteCount, let buffer = ports[port.number].output?.freeBuffer,
            let address = ports[port.number].output?.buffer(buffer)
        {
            let count = min(bytes.byteCount - sent, Int(Self.dataBufferSize))
            unsafe bytes.withUnsafeBytes { source in
                guard let start = source.baseAddress else { return }
                unsafe UnsafeMutableRawPointer(bitPattern: UInt(address))?
                    .copyMemory(from: start + sent, byteCount: count)
            }
            ports[port.number].output?.lend(buffer, count: UInt32(count))
            sent += count
        }
        if sent > 0 { ports[port.number].output?.notify() }
        return sent
    }

    /// Whether everything sent on a port has reached the host.
    public mutating func isDrained(_ port: Port) -> Bool {
        collectOutput(port)
        return ports[port.number].output?.lent == 0
    }

    /// Whether the device interrupts when it has taken something sent on a port. Off at first. After turning it on, try
    /// once more before waiting: what was taken meanwhile makes no interrupt.
    public mutating func setTransmitInterrupts(_ port: Port, enabled: Bool) {
        ports[port.number].output?.setWantsInterrupts(enabled)
    }

    private mutating func collectOutput(_ port: Port) {
        while ports[port.number].output?.takeBack() != nil {}
    }

    /// Copies received bytes to the front of `span`.
    /// - Returns: the bytes copied, 0 where nothing has arrived; at most what `span` holds.
    public mutating func receive(into span: inout MutableRawSpan, from port: Port) -> Int {
        var copied = 0
        while copied < span.byteCount {
            collectInput(port)
            guard let (buffer, offset, end) = ports[port.number].pending,
                let start = ports[port.number].input?.buffer(buffer)
            else { break }
            let count = min(span.byteCount - copied, Int(end - offset))
            unsafe span.withUnsafeMutableBytes { target in
                guard let base = target.baseAddress,
                    let source = unsafe UnsafeRawPointer(bitPattern: UInt(start + UInt64(offset)))
                else { return }
                unsafe (base + copied).copyMemory(from: source, byteCount: count)
            }
            copied += count
            if offset + UInt32(count) == end {
                ports[port.number].pending = nil
                ports[port.number].input?.lend(buffer, count: Self.dataBufferSize)
                ports[port.number].input?.notify()
            } else {
                ports[port.number].pending = (buffer, offset + UInt32(count), end)
            }
        }
        return copied
    }

    /// Finds the next buffer with bytes in it. The device returns buffers of a port in the order that it filled them.
    private mutating func collectInput(_ port: Port) {
        while ports[port.number].pending == nil, let (buffer, count) = ports[port.number].input?.takeBack() {
            if count == 0 {
                ports[port.number].input?.lend(buffer, count: Self.dataBufferSize)
                ports[port.number].input?.notify()
            } else {
                ports[port.number].pending = (buffer, 0, count)
            }
        }
    }
}
