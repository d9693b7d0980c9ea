import MachineAssembly

/// Device registers, mapped through TTBR1 at 0xFFFF_0000_0000_0000 + their physical address: never in a program's
/// address range, never executable, Device-nGnRE.
public enum DeviceMap {
    /// Maps the pages of `size` bytes of device registers. Mapping them again is harmless.
    /// - Parameter physical: below 2⁴⁸.
    /// - Returns: the address to use them at; nil where no page for a table is left.
    public static func map(_ physical: UInt64, size: UInt64) -> UInt64? {
        precondition(physical < 1 << 48 && size > 0 && size <= (1 << 48) - physical, "a bus address has 48 bits")
        var page = physical & ~4095
        while page < physical + size {
            guard
                let entry = KernelTables.entry(
                    of: page, level: 3, below: Boot.state.value.device_root_table, from: 0, table: Boot.takeTable)
            else { return nil }
            if akuma_load(entry) == 0 {
                akuma_store_release(entry, page | KernelTables.device)
            }
            page += 4096
        }
        akuma_dsb_ishst()
        akuma_isb()
        return physical | 0xFFFF_0000_0000_0000
    }
}
