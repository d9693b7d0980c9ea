public import MachineAssembly

/// The CPU that runs this code.
public enum Processor {
    /// Its own state.
    @inlinable public static var current: Handle<CPU> {
        guard let cpu = unsafe akuma_current_cpu() else { preconditionFailure("TPIDR_EL1 is set at boot") }
        return unsafe Handle(cpu)
    }

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

    /// A hint that this is a loop that waits for another CPU.
    @inlinable public static func spinHint() { akuma_spin_hint() }
}
