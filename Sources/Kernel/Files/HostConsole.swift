import Formats
import Machine
import MemoryModel

/// The byte streams between the first program and the host: three named ports of one virtio console.
struct HostConsole {
    /// In a frame of its own, like what the device itself reads and writes.
    private let device: Handle<VirtIOConsole>
    private let inputPort: VirtIOConsole.Port
    private let outputPort: VirtIOConsole.Port
    private let errorPort: VirtIOConsole.Port
    /// The device's interrupt.
    let interrupt: UInt64

    /// Looks for the console among the transports that the device tree lists, and opens its ports.
    /// - Parameter page: a zeroed page that stays the device's for ever.
    /// - Returns: nil where there is no console, or it lacks a port; the log says which.
    init?(_ description: Handle<MachineDescription>, page: () -> UInt64?) {
        for index in description.value.transports.indices {
            let transport = description.value.transports[index]
            guard case .device(let found, VirtIOTransport.consoleType) = VirtIOTransport.probe(
                physical: transport.registers.start), let interrupt = transport.interrupt
            else { continue }
            do throws(VirtIOConsole.Failure) {
                guard let place = page() else { return nil }
                device = Handle.place(try VirtIOConsole(found, page: page), at: place)
                guard let input = device.value.port(named: "akuma.stdin"),
                    let output = device.value.port(named: "akuma.stdout"),
                    let error = device.value.port(named: "akuma.stderr")
                else {
                    Console.log("boot: the virtio console lacks a port")
                    return nil
                }
                device.value.open(output, receiving: false)
                device.value.open(error, receiving: false)
                device.value.open(input, receiving: true)
                inputPort = input
                outputPort = output
                errorPort = error
                self.interrupt = UInt64(interrupt.identifier)
                return
            } catch {
                Console.log("boot: the virtio console can't be driven")
                return nil
            }
        }
        return nil
    }

    /// Takes note of what the device interrupted for.
    func handleInterrupt() { device.value.handleInterrupt() }

    /// Sends bytes, as many as there is room for at the moment.
    /// - Returns: bytes accepted, 0 while the host is slow.
    func transmit(_ bytes: RawSpan, to stream: OutputStream) -> Int {
        device.value.transmit(bytes, on: port(of: stream))
    }

    /// Whether everything sent to a stream has reached the host. Asks for an interrupt when it has not.
    func isDrained(_ stream: OutputStream) -> Bool {
        let port = port(of: stream)
        if device.value.isDrained(port) || device.value.isBroken(port) {
            device.value.setTransmitInterrupts(port, enabled: false)
            return true
        }
        device.value.setTransmitInterrupts(port, enabled: true)
        return device.value.isDrained(port)
    }

    /// Whether a stream takes nothing any more.
    func isBroken(_ stream: OutputStream) -> Bool { device.value.isBroken(port(of: stream)) }

    /// Copies bytes that have arrived from the host.
    /// - Returns: bytes copied, 0 where there are none yet.
    func receive(into span: inout MutableRawSpan) -> Int { device.value.receive(into: &span, from: inputPort) }

    private func port(of stream: OutputStream) -> VirtIOConsole.Port {
        switch stream {
        case .output: outputPort
        case .error: errorPort
        }
    }
}
