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

    /// The registers that say what this CPU can do (Arm ARM D19.2, `ID_AA64…_EL1`), unfiltered.
    public enum Identification {
        public static var processorFeatures0: UInt64 { akuma_read_id_aa64pfr0_el1() }
        public static var processorFeatures1: UInt64 { akuma_read_id_aa64pfr1_el1() }
        public static var instructions0: UInt64 { akuma_read_id_aa64isar0_el1() }
        public static var instructions1: UInt64 { akuma_read_id_aa64isar1_el1() }
        public static var memoryModel0: UInt64 { akuma_read_id_aa64mmfr0_el1() }
        public static var memoryModel1: UInt64 { akuma_read_id_aa64mmfr1_el1() }
        public static var memoryModel2: UInt64 { akuma_read_id_aa64mmfr2_el1() }
        /// Implementer, variant, part and revision (MIDR_EL1).
        public static var main: UInt64 { akuma_read_midr_el1() }
        /// This CPU's affinity (MPIDR_EL1).
        public static var multiprocessorAffinity: UInt64 { akuma_read_mpidr_el1() }
        /// Line sizes and what publishing instructions needs (CTR_EL0).
        public static var cacheType: UInt64 { akuma_read_ctr_el0() }
    }
}
