import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("A stream of the guest")
struct GuestStreamTests {
    /// What arrives after each piece that the emulator writes, and at the end.
    private func deliveries(of pieces: [String], by delivery: GuestStream.Delivery) throws -> [String] {
        let (source, emulator) = try FileDescriptor.pipe()
        let (reader, destination) = try FileDescriptor.pipe()
        var stream = GuestStream(from: source, .channel, to: destination, by: delivery, collecting: false)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
        defer { unsafe buffer.deallocate() }
        var delivered: [String] = []
        func deliver() throws {
            unsafe stream.read(into: buffer)
            guard stream.awaitedDestination != nil else { return delivered.append("") }
            let hasReader = stream.deliver()
            #expect(hasReader)
            let count = try unsafe reader.read(into: buffer)
            delivered.append(unsafe String(decoding: buffer.prefix(count), as: UTF8.self))
        }
        for piece in pieces {
            try emulator.writeAll(piece.utf8)
            try deliver()
        }
        try emulator.close()
        try deliver()
        let isFinished = stream.isFinished
        #expect(isFinished)
        for descriptor in [source, reader, destination] { try descriptor.close() }
        return delivered
    }

    @Test("passes on bytes as they come")
    func bytes() throws {
        #expect(try deliveries(of: ["a li", "ne\nand"], by: .bytes) == ["a li", "ne\nand", ""])
    }

    @Test("that shares its destination passes on whole lines, and at the end what is left")
    func lines() throws {
        let delivered = try deliveries(of: ["a li", "ne\nand ano", "ther\nand\n", "an end"], by: .lines)
        #expect(delivered == ["", "a line\n", "and another\nand\n", "", "an end"])
    }
}
