import MemoryModel

/// Builds an ELF file field by field, right or wrong, as a test asks.
struct ELFBuilder {
    struct Header {
        var type: UInt32 = 1
        var flags: UInt32 = 5
        var offset: UInt64 = 0
        var address: UInt64 = 0x40_0000
        var fileSize: UInt64 = 0x1000
        var memorySize: UInt64 = 0x1000
        var alignment: UInt64 = 0x1000
    }

    var type: UInt16 = 2
    var machine: UInt16 = 183
    var width: UInt8 = 2
    var encoding: UInt8 = 1
    var version: UInt32 = 1
    var entry: UInt64 = 0x40_0100
    var tableOffset: UInt64 = 64
    var entrySize: UInt16 = 56
    var count: UInt16?
    var headers: [Header]
    var size = 0x8000
    /// Bytes put into the file over everything else.
    var contents: [(offset: Int, bytes: [UInt8])] = []

    init(_ headers: Header...) { self.headers = headers }

    /// A program with text and data, as linkers make them.
    static var typical: ELFBuilder {
        ELFBuilder(
            Header(fileSize: 0x1800, memorySize: 0x1800),
            Header(flags: 6, offset: 0x2000, address: 0x40_2000, fileSize: 0x123, memorySize: 0x2345))
    }

    var bytes: [UInt8] {
        var file = [UInt8](repeating: 0, count: size)
        func put(_ number: some FixedWidthInteger, at offset: Int) {
            let bytes = (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
            for (index, byte) in bytes.enumerated() where offset + index < file.count { file[offset + index] = byte }
        }
        for (index, byte) in [0x7f, 0x45, 0x4c, 0x46, width, encoding, 1].enumerated() where index < file.count {
            file[index] = byte
        }
        put(type, at: 16)
        put(encoding == 2 ? machine.byteSwapped : machine, at: 18)
        put(version, at: 20)
        put(entry, at: 24)
        put(tableOffset, at: 32)
        put(UInt16(64), at: 52)
        put(entrySize, at: 54)
        put(count ?? UInt16(headers.count), at: 56)
        if tableOffset < 1 << 32 {
            for (index, header) in headers.enumerated() {
                let start = Int(tableOffset) + index * 56
                put(header.type, at: start)
                put(header.flags, at: start + 4)
                put(header.offset, at: start + 8)
                put(header.address, at: start + 16)
                put(header.address, at: start + 24)
                put(header.fileSize, at: start + 32)
                put(header.memorySize, at: start + 40)
                put(header.alignment, at: start + 48)
            }
        }
        for content in contents {
            file.replaceSubrange(content.offset..<content.offset + content.bytes.count, with: content.bytes)
        }
        return file
    }

    func plan() throws(ProgramError) -> LoadPlan {
        let bytes = bytes
        return try LoadPlan(bytes.span)
    }

    /// Why the file is refused, or nil.
    var error: ProgramError? {
        do throws(ProgramError) {
            _ = try plan()
            return nil
        } catch { return error }
    }

    func with(_ change: (inout ELFBuilder) -> Void) -> ELFBuilder {
        var copy = self
        change(&copy)
        return copy
    }

    /// This program with one more header.
    func adding(_ header: Header) -> ELFBuilder { with { $0.headers.append(header) } }

    /// This program with a note of one segment at 0x6000.
    func adding(note bytes: [UInt8], alignment: UInt64 = 4, type: UInt32 = 4) -> ELFBuilder {
        with {
            $0.contents.append((0x6000, bytes))
            $0.headers.append(
                Header(
                    type: type, flags: 4, offset: 0x6000, address: 0, fileSize: UInt64(bytes.count),
                    memorySize: UInt64(bytes.count), alignment: alignment))
        }
    }
}

extension ELFBuilder {
    /// This program with a segment of properties (`PT_GNU_PROPERTY`) at 0x6000.
    func adding(properties bytes: [UInt8]) -> ELFBuilder { adding(note: bytes, alignment: 8, type: 0x6474_e553) }
}

/// A note of properties.
func properties(_ description: [UInt8]) -> [UInt8] { note("GNU", type: 5, description, alignment: 4) }

func note(_ name: String, type: UInt32, _ description: [UInt8], alignment: Int = 4) -> [UInt8] {
    let name = Array(name.utf8) + [0]
    var bytes = words(UInt32(name.count), UInt32(description.count), type) + name
    while bytes.count % alignment != 0 { bytes.append(0) }
    bytes += description
    while bytes.count % alignment != 0 { bytes.append(0) }
    return bytes
}

func words(_ words: UInt32...) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
}

/// A small repeatable generator (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct ProgramMutations: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

extension LoadPlan {
    /// The plan carried out: every mapped byte, by page, and the rights of each page.
    func image(of file: [UInt8]) -> [UInt64: (bytes: [UInt8], rights: UInt8)] {
        var pages: [UInt64: (bytes: [UInt8], rights: UInt8)] = [:]
        func map(_ range: VirtualRange, _ rights: SegmentRights, fileOffset: UInt64?) {
            for page in 0..<range.pageCount {
                let address = range.start.rawValue + page * 4096
                precondition(pages[address] == nil, "a page is mapped once")
                var bytes = [UInt8](repeating: 0, count: 4096)
                if let offset = fileOffset.map({ Int($0 + page * 4096) }) {
                    for place in 0..<4096 where offset + place < file.count { bytes[place] = file[offset + place] }
                }
                pages[address] = (bytes, rights.rawValue)
            }
        }
        for index in segments.indices {
            let segment = segments[index]
            map(segment.filePages, segment.rights, fileOffset: segment.firstFilePage * 4096)
            map(segment.zeroPages, segment.zeroRights, fileOffset: nil)
            guard let tail = segment.zeroedTail else { continue }
            for place in Int(tail.rawValue & 4095)..<4096 { pages[tail.rawValue & ~4095]?.bytes[place] = 0 }
        }
        return pages
    }

    /// The mappings, as `/proc/PID/maps` tells them: rights, and the offset in the file where they have one.
    var mappingTexts: [String] {
        func text(_ range: VirtualRange, _ rights: SegmentRights, _ offset: UInt64?) -> [String] {
            if range.isEmpty { return [] }
            let letters =
                (rights.isReadable ? "r" : "-") + (rights.isWritable ? "w" : "-") + (rights.isExecutable ? "x" : "-")
            let place = offset.map { " " + String($0, radix: 16) } ?? ""
            return [
                String(range.start.rawValue, radix: 16) + "-" + String(range.end.rawValue, radix: 16) + " " + letters + place
            ]
        }
        return segments.indices.flatMap {
            let segment = segments[$0]
            return text(segment.filePages, segment.rights, segment.firstFilePage * 4096)
                + text(segment.zeroPages, segment.zeroRights, nil)
        }
    }
}
