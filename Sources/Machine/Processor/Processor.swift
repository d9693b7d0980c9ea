public import MachineAssembly

/// The CPU that runs this code.
public enum Processor {
    /// Its own state.
    @inlinable @inline(__always) public static var current: Handle<CPU> { unsafe Handle(akuma_current_cpu()) }

    /// Waits for an interrupt, and lets the handler have it, if one is due.
    ///
    /// The only place where the kernel is interrupted: call it when nothing is half done.
    @inlinable public static func waitForInterrupt() {
        akuma_dsb_sy()
        akuma_wfi()
        akuma_unmask_interrupts()
        akuma_isb()
        akuma_mask_interrupts()
    }

    /// An interrupt is due that is masked (ISR_EL1.I).
    @inlinable public static var hasPendingInterrupt: Bool { akuma_read_isr_el1() & 1 << 7 != 0 }

    /// A hint that this is a loop that waits for another CPU.
    @inlinable public static func spinHint() { akuma_spin_hint() }
}
