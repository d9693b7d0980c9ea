public import MachineAssembly

/// The address space that is installed, and the TLB of all CPUs (Arm ARM D8.13). Every invalidation reaches every CPU.
public enum Translation {
    /// Installs a level-0 table with its ASID; both change at once (TTBR0_EL1).
    @inlinable @inline(__always) public static func install(rootTable: UInt64, asid: UInt64) {
        akuma_write_ttbr0_el1(asid << 48 | rootTable)
        akuma_isb()
    }

    /// TTBR0_EL1: the ASID in bits 63:48, the level-0 table's physical address below.
    @inlinable public static var installed: UInt64 { akuma_read_ttbr0_el1() }

    /// Makes table writes visible to the walkers before what follows (`dsb ishst`).
    @inlinable @inline(__always) public static func orderTableWrites() { akuma_dsb_ishst() }

    /// Invalidates the last-level translation of a page (`tlbi vale1is`).
    @inlinable @inline(__always) public static func invalidateLastLevel(of page: UInt64, asid: UInt64) {
        akuma_tlbi_vale1is(akuma_tlbi_argument(page, asid))
    }

    /// Invalidates the translation of a page and the table descriptors on its path (`tlbi vae1is`).
    @inlinable @inline(__always) public static func invalidateAllLevels(of page: UInt64, asid: UInt64) {
        akuma_tlbi_vae1is(akuma_tlbi_argument(page, asid))
    }

    /// Invalidates everything of an ASID but global entries (`tlbi aside1is`).
    @inlinable @inline(__always) public static func invalidate(asid: UInt64) { akuma_tlbi_aside1is(asid << 48) }

    /// Invalidates everything, global entries too (`tlbi vmalle1is`).
    @inlinable @inline(__always) public static func invalidateAll() { akuma_tlbi_vmalle1is() }

    /// Waits until the invalidations begun before are done on every CPU (`dsb ish`).
    @inlinable @inline(__always) public static func completeInvalidation() { akuma_dsb_ish() }

    /// Bits of an ASID: 16 or 8.
    public static var asidBits: Int { akuma_read_tcr_el1() >> 36 & 1 == 1 ? 16 : 8 }

    /// Lets the hardware turn a clean entry (DBM set) into a dirty one (TCR_EL1.HD); off until somebody asks.
    /// - Returns: whether this CPU does so.
    public static func enableHardwareDirtyState() -> Bool {
        guard akuma_read_id_aa64mmfr1_el1() & 0xf >= 2 else { return false }
        akuma_write_tcr_el1(akuma_read_tcr_el1() | 1 << 40)
        akuma_isb()
        return true
    }
}
