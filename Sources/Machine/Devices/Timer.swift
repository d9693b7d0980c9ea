public import MachineAssembly

/// The generic timer's virtual counter and its comparator (Arm ARM D12).
public enum Timer {
    /// Ticks a second (CNTFRQ_EL0).
    @inlinable public static var frequency: UInt64 { akuma_read_cntfrq_el0() }

    /// The counter, in ticks. Never goes back.
    @inlinable public static var now: UInt64 { akuma_read_cntvct() }

    /// Asks for an interrupt at `deadline`, in ticks of ``now``, at once if that is past. One at a time: the last
    /// counts. The interrupt stays asserted until the deadline is moved or cancelled.
    @inlinable public static func interrupt(at deadline: UInt64) {
        akuma_write_cntv_cval_el0(deadline)
        akuma_write_cntv_ctl_el0(1)
        akuma_isb()
    }

    /// Asks for no interrupt.
    @inlinable public static func cancel() {
        akuma_write_cntv_ctl_el0(0)
        akuma_isb()
    }
}
