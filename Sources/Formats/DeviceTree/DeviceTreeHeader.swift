/// The header of a flattened device tree, checked (Devicetree Specification 0.4, section 5.2).
struct DeviceTreeHeader {
    static let byteCount = 40
    static let magic: UInt32 = 0xd00d_feed
    static let version: UInt32 = 17

    let totalSize: Int
    let structure: ByteRange
    let strings: ByteRange
    let reservationsOffset: Int
    let bootCPU: UInt32

    init(_ bytes: ByteSpan) throws(DeviceTreeError) {
        guard bytes.count >= Self.byteCount else { throw .tooSmall(byteCount: bytes.count) }
        // Within the count just checked, so the zero is never used.
        func field(_ index: Int) -> UInt32 { bytes.bigEndian32(at: index * 4) ?? 0 }

        guard field(0) == Self.magic else { throw .notADeviceTree(magic: field(0)) }
        guard field(5) >= Self.version, field(6) <= Self.version else {
            throw .unsupportedVersion(version: field(5), lastCompatible: field(6))
        }
        let stated = field(1)
        guard Int(stated) >= Self.byteCount, Int(stated) <= bytes.count else {
            throw .wrongTotalSize(stated: stated, byteCount: bytes.count)
        }
        func block(_ block: DeviceTreeBlock, offset: UInt32, size: UInt32, alignment: UInt32)
            throws(DeviceTreeError) -> ByteRange
        {
            guard Int(offset) >= Self.byteCount, Int(offset) + Int(size) <= Int(stated) else {
                throw .blockOutside(block, offset: offset, size: size)
            }
            guard offset % alignment == 0 else { throw .blockMisaligned(block, offset: offset) }
            return ByteRange(offset: Int(offset), count: Int(size))
        }
        totalSize = Int(stated)
        structure = try block(.structure, offset: field(2), size: field(9), alignment: 4)
        strings = try block(.strings, offset: field(3), size: field(8), alignment: 1)
        reservationsOffset = try block(.reservations, offset: field(4), size: 16, alignment: 8).offset
        bootCPU = field(7)
    }
}
