import MachineAssembly

/// The kernel's view of RAM: every address is its own translation, for EL1 only, the same in every address space.
public enum IdentityMap {
    /// The level-0 table that the kernel runs on with ASID 0.
    public static var rootTable: UInt64 { Boot.state.value.root_table }

    /// The level-1 table below its entry 0: its entries 1 to 511 (RAM and window) are fixed once every ``extend`` is
    /// done, and belong into the level-1 table of every address space.
    public static var levelOneTable: UInt64 { Boot.state.value.level1_table }

    /// The slots of ``levelOneTable`` that are the kernel's: from the first of RAM to the last of the window. The others
    /// among them are empty, and stay so.
    public static var kernelSlots: Range<Int> { 1..<512 }

    /// Maps RAM to itself for reading and writing. Entries only go from invalid to valid: what boot mapped with other
    /// rights (the kernel's image, the device tree) stays as it is, its guards too.
    ///
    /// As large as alignment allows, blocks of 1 GiB and 2 MiB, and pages where boot made a table of pages.
    /// - Parameters:
    ///   - range: multiples of 4096 within 1 GiB ..< 511 GiB.
    ///   - table: a zeroed page for a table, or nil. Asked only when the pool in the kernel's image is used up.
    /// - Returns: false where a table was needed and there was none; a part may be mapped then.
    public static func extend(_ range: Range<UInt64>, table: () -> UInt64? = { nil }) -> Bool {
        precondition(range.lowerBound & 4095 == 0 && range.upperBound & 4095 == 0, "whole pages")
        precondition(range.lowerBound >= 1 << 30 && range.upperBound <= 511 << 30, "RAM lies in 1 GiB ..< 511 GiB")
        let image = Image.whole
        var address = range.lowerBound
        while address < range.upperBound {
            var step: UInt64 = 0
            for level in UInt64(1)...2 {
                let size: UInt64 = 1 << (39 - 9 * level)
                guard
                    let entry = KernelTables.entry(
                        of: address, level: level, below: levelOneTable, from: 1,
                        table: { Boot.takeTable() ?? table() })
                else { return false }
                let descriptor = akuma_load(entry)
                if descriptor & 3 == 1 {
                    step = size - address & (size - 1)
                    break
                }
                if descriptor == 0, address & (size - 1) == 0, range.upperBound - address >= size {
                    akuma_store_release(entry, address | KernelTables.blockData)
                    step = size
                    break
                }
            }
            if step == 0 {
                guard
                    let entry = KernelTables.entry(
                        of: address, level: 3, below: levelOneTable, from: 1,
                        table: { Boot.takeTable() ?? table() })
                else { return false }
                if akuma_load(entry) == 0 && !(image.start..<image.end).contains(address) {
                    akuma_store_release(entry, address | KernelTables.pageData)
                }
                step = 4096
            }
            address += step
        }
        akuma_dsb_ishst()
        akuma_isb()
        return true
    }
}
