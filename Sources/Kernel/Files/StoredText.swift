import Formats
import LinuxABI
import Machine
import MemoryModel

/// A name or a link's target, of at most 4,095 bytes, in the kernel's memory. A value that owns what it names: whoever
/// drops one for good gives it to ``TextStore/discard(_:)``.
struct StoredText {
    /// Where the bytes lie, and so how they are given back.
    fileprivate enum Place: UInt8 {
        /// In the initial ramdisk, which stays.
        case archive
        case small
        case medium
        case large
        case page
    }

    fileprivate let address: UInt64
    fileprivate let length: UInt16
    fileprivate let place: Place

    fileprivate init(address: UInt64, length: UInt16, place: Place) {
        self.address = address
        self.length = length
        self.place = place
    }

    /// Bytes of the initial ramdisk, at most 4,095.
    init(inArchive address: UInt64, count: Int) {
        precondition(count < 4096, "a text has at most 4,095 bytes")
        self.init(address: address, length: UInt16(count), place: .archive)
    }

    var count: Int { Int(length) }

    var bytes: Span<UInt8> {
        @_lifetime(immortal) get { KernelMemory.bytes(at: address, count: UInt64(length)) }
    }
}

/// Room for a short text.
private struct TextBlock<let size: Int>: BitwiseCopyable {
    var bytes = InlineArray<size, UInt8>(repeating: 0)
}

/// Where texts lie: in blocks of three sizes, and the longest in a frame each.
struct TextStore: ~Copyable {
    private var small = KernelPool<TextBlock<32>>()
    private var medium = KernelPool<TextBlock<96>>()
    private var large = KernelPool<TextBlock<256>>()

    init() {}

    /// Keeps a copy of at most 4,095 bytes; ENOMEM.
    mutating func keep(_ bytes: Span<UInt8>) throws(Errno) -> StoredText {
        precondition(bytes.count < 4096, "a text has at most 4,095 bytes")
        let address: UInt64
        let place: StoredText.Place
        if bytes.count <= 32 {
            address = try small.make(TextBlock()).address
            place = .small
        } else if bytes.count <= 96 {
            address = try medium.make(TextBlock()).address
            place = .medium
        } else if bytes.count <= 256 {
            address = try large.make(TextBlock()).address
            place = .large
        } else {
            guard let page = KernelPages.take() else { throw .noMemory }
            address = page
            place = .page
        }
        KernelBytes.copy(bytes, to: address)
        return StoredText(address: address, length: UInt16(bytes.count), place: place)
    }

    /// Keeps bytes behind a text, at most 256 in all; ENOMEM.
    mutating func keep(_ bytes: Span<UInt8>, behind text: StaticString) throws(Errno) -> StoredText {
        var all = InlineArray<256, UInt8>(repeating: 0)
        var count = 0
        text.forEachByte { byte in
            all[count] = byte
            count += 1
        }
        for index in bytes.indices { all[count + index] = bytes[index] }
        return try keep(all.span.extracting(0..<count + bytes.count))
    }

    /// Keeps a number in decimal digits behind a text of at most 40 bytes; ENOMEM.
    mutating func keep(decimal number: UInt64, behind text: StaticString) throws(Errno) -> StoredText {
        var bytes = InlineArray<64, UInt8>(repeating: 0)
        var count = 0
        text.forEachByte { byte in
            bytes[count] = byte
            count += 1
        }
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes[count] = UInt8(ascii: "0") + UInt8(number / divisor % 10)
            count += 1
            divisor /= 10
        }
        return try keep(bytes.span.extracting(0..<count))
    }

    /// Gives back a text's memory. Nobody uses it afterwards.
    mutating func discard(_ text: StoredText) {
        switch text.place {
        case .archive: break
        // The pool's own, as `keep` had it from there.
        case .small: small.destroy(unsafe Handle(unsafeAddress: text.address))
        case .medium: medium.destroy(unsafe Handle(unsafeAddress: text.address))
        case .large: large.destroy(unsafe Handle(unsafeAddress: text.address))
        case .page: KernelPages.giveBack(text.address)
        }
    }
}
