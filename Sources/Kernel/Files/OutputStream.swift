import LinuxABI
import Machine

/// A stream of bytes to the host.
enum OutputStream {
    case output
    case error

    /// Copies a program's bytes to the host, and waits until the host has them: what a program wrote is out when its
    /// call returns.
    /// - Returns: bytes written. EFAULT where none could be read, ENOMEM, EIO where the host takes no more.
    func write(from buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        let asked = buffer.count
        while buffer.count > 0 {
            let limit = min(buffer.count, UInt64(OutputBlock.capacity))
            let count = try withScratch(OutputBlock.self) { (block) throws(Errno) in
                let count = buffer.read(to: block.address, limit: limit)
                try send(KernelBytes.reading(at: block.address, count: Int(count)))
                return count
            }
            guard count == limit else {
                if buffer.count == asked { throw .badAddress }
                break
            }
            // Nobody is left to write the rest for.
            if Thread.current.value.hasFatalSignal { break }
        }
        return asked - buffer.count
    }

    private func send(_ bytes: RawSpan) throws(Errno) {
        var sent = 0
        while sent < bytes.byteCount {
            // A port that is broken counts as drained: there is nothing to wait for, and nothing goes out.
            if kernel.console.isBroken(self) { throw .ioError }
            sent += kernel.console.transmit(bytes.extracting(sent..<bytes.byteCount), to: self)
            if !kernel.console.isDrained(self) {
                waitUninterrupted(on: .output) { kernel.console.isDrained(self) }
            }
        }
    }
}

/// A frame's worth of bytes on their way out.
private struct OutputBlock: BitwiseCopyable {
    static var capacity: Int { 4096 }
    var bytes: InlineArray<4096, UInt8>
}
