/// How an address selects an entry at each level of translation: arithmetic on the granule, nothing else.
public enum TableGeometry {
    /// log2 of the bytes that one entry of a table at `level` stands for. Levels are the kernel's own: nothing overflows.
    @inlinable @inline(__always) public static func shift(at level: Int) -> UInt64 {
        Granule.shift &+ Granule.indexBits &* UInt64(truncatingIfNeeded: Granule.lastLevel &- level)
    }

    /// The bytes that one entry of a table at `level` stands for.
    @inlinable @inline(__always) public static func span(at level: Int) -> ByteCount {
        ByteCount(1 &<< shift(at: level))
    }

    /// The index that `address` selects in a table at `level`.
    @inlinable @inline(__always) public static func index(of address: VirtualAddress, at level: Int) -> Int {
        Int(truncatingIfNeeded: (address.rawValue &>> shift(at: level)) & (1 << Granule.indexBits - 1))
    }

    /// The first address that the same entry at `level` stands for as for `address`.
    @inlinable @inline(__always) public static func start(of address: VirtualAddress, at level: Int) -> VirtualAddress {
        VirtualAddress(address.rawValue & ~(span(at: level).rawValue - 1))
    }

    /// Whether an entry at `level` starts at `address`.
    @inlinable @inline(__always) public static func isBoundary(_ address: VirtualAddress, at level: Int) -> Bool {
        address.rawValue & (span(at: level).rawValue - 1) == 0
    }

    /// The addresses that the table at `level` on the path of `address` stands for.
    @inlinable @inline(__always) public static func tableRange(of address: VirtualAddress, at level: Int)
        -> VirtualRange
    {
        guard level > Granule.firstLevel else {
            return VirtualRange(VirtualAddress(0), to: VirtualAddress(1 << Granule.virtualAddressBits))
        }
        let start = start(of: address, at: level - 1)
        return VirtualRange(start, to: start + span(at: level - 1))
    }

    /// The bytes of one entry.
    @inlinable public static var entrySize: ByteCount { ByteCount(8) }

    /// Which entry of its table lies at `entry`.
    @inlinable @inline(__always) public static func index(ofEntryAt entry: PhysicalAddress) -> Int {
        Int(truncatingIfNeeded: (entry.rawValue & (Granule.size.rawValue &- 1)) / entrySize.rawValue)
    }

    /// The address of entry `index` of `table`.
    @inlinable @inline(__always) public static func entry(_ index: Int, of table: FrameNumber) -> PhysicalAddress {
        table.address + ByteCount(UInt64(truncatingIfNeeded: index) &* entrySize.rawValue)
    }
}

extension PhysicalAddress {
    /// The entry behind the one at this address.
    @inlinable @inline(__always) var nextEntry: PhysicalAddress { entry(behind: 1) }

    /// The entry `count` behind the one at this address. Tables lie in RAM: nothing overflows.
    @inlinable @inline(__always) func entry(behind count: UInt64) -> PhysicalAddress {
        PhysicalAddress(rawValue &+ count &* TableGeometry.entrySize.rawValue)
    }
}
