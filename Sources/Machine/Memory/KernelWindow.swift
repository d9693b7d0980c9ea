import MachineAssembly

/// The kernel's window: 1 GiB of addresses, the same in every address space, for stacks with guards below them.
public enum KernelWindow {
    /// The addresses of the window: level-1 slot 511.
    public static let range: Range<UInt64> = 0x7F_C000_0000..<0x80_0000_0000

    /// Maps a page of the window to a frame, for reading and writing by the kernel.
    /// - Parameters:
    ///   - page: an address within ``range``, a multiple of 4096, unmapped.
    ///   - frame: the physical address of the frame.
    ///   - table: a zeroed page for a table where one is needed, or nil. It is never given back.
    /// - Returns: false where `table` was needed and returned nil; nothing is changed then.
    public static func map(_ page: UInt64, to frame: UInt64, table: () -> UInt64?) -> Bool {
        precondition(range.contains(page) && page & 4095 == 0 && frame & 4095 == 0, "whole pages of the window")
        guard
            let entry = KernelTables.entry(
                of: page, level: 3, below: Boot.state.value.window_table, from: 2, table: table)
        else { return false }
        precondition(akuma_load(entry) == 0, "a page of the window is mapped once")
        akuma_store_release(entry, frame | KernelTables.pageData)
        akuma_dsb_ishst()
        akuma_isb()
        return true
    }

    /// Unmaps a page of the window, and waits until no CPU translates it any more.
    /// - Returns: the physical address of the frame, which is the caller's again.
    public static func unmap(_ page: UInt64) -> UInt64 {
        precondition(range.contains(page) && page & 4095 == 0, "whole pages of the window")
        guard
            let entry = KernelTables.entry(
                of: page, level: 3, below: Boot.state.value.window_table, from: 2, table: { nil })
        else { preconditionFailure("the page is mapped") }
        let descriptor = akuma_exchange(entry, 0)
        precondition(descriptor & 3 == 3, "the page is mapped")
        akuma_dsb_ishst()
        akuma_tlbi_vaale1is(page >> 12)
        akuma_dsb_ish()
        akuma_isb()
        return descriptor & 0x0000_FFFF_FFFF_F000
    }
}
