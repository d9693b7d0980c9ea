import MachineAssembly

/// The translation tables of the kernel itself (Arm ARM D8.3). An entry goes from invalid to valid, and in the window
/// back; it never changes size.
enum KernelTables {
    /// Attributes of a page or block: access flag, inner shareable, EL1 only, never executable (UXN, PXN).
    private static let common: UInt64 = 1 << 54 | 1 << 53 | 1 << 10 | 3 << 8

    /// A page of memory that the kernel reads and writes.
    static let pageData: UInt64 = common | 3
    /// The same as a block.
    static let blockData: UInt64 = common | 1
    /// A page of device registers: attribute 1, Device-nGnRE.
    static let device: UInt64 = common | 1 << 2 | 3

    /// The address of the entry that translates `address` at `level`, making the tables above it where there is none.
    /// - Parameters:
    ///   - table: a table of level `start`.
    ///   - makeTable: a zeroed page, or nil.
    /// - Returns: nil where a table was needed and there was none, or where a block is in the way.
    static func entry(
        of address: UInt64, level: UInt64, below table: UInt64, from start: UInt64, table makeTable: () -> UInt64?
    ) -> UInt64? {
        var table = table
        var current = start
        while true {
            let slot = table + (address >> (39 - 9 * current) & 511) * 8
            if current == level { return slot }
            let descriptor = akuma_load(slot)
            switch descriptor & 3 {
            case 3:
                table = descriptor & 0x0000_FFFF_FFFF_F000
            case 0:
                guard let new = makeTable() else { return nil }
                akuma_dmb_ishst()
                akuma_store_release(slot, new | 3)
                table = new
            default:
                return nil
            }
            current += 1
        }
    }
}
