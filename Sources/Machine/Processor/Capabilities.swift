import MachineAssembly

extension Processor {
    /// What programs are told of the CPU in `AT_HWCAP`, by Linux's bits (arch/arm64/include/uapi/asm/hwcap.h).
    ///
    /// Only what needs nothing of a kernel but to leave it alone. Pointer authentication and SVE need state that is not
    /// kept yet; reading identification registers from EL0 is not emulated, so `HWCAP_CPUID` is never told.
    public static var capabilities: UInt64 {
        let isar0 = akuma_read_id_aa64isar0_el1()
        let isar1 = akuma_read_id_aa64isar1_el1()
        let pfr0 = akuma_read_id_aa64pfr0_el1()
        let mmfr2 = akuma_read_id_aa64mmfr2_el1()
        // FP and AdvSIMD: 0b1111 is "not there", 1 adds half precision.
        var bits: UInt64 = 0
        if field(pfr0, 16) != 15 { bits |= 1 << 0 }
        if field(pfr0, 20) != 15 { bits |= 1 << 1 }
        if field(pfr0, 16) == 1 { bits |= 1 << 9 }
        if field(pfr0, 20) == 1 { bits |= 1 << 10 }
        bits |= bit(3, isar0, 4, 1) | bit(4, isar0, 4, 2)  // AES, PMULL
        bits |= bit(5, isar0, 8, 1) | bit(6, isar0, 12, 1) | bit(21, isar0, 12, 2)  // SHA1, SHA2, SHA512
        bits |= bit(7, isar0, 16, 1) | bit(8, isar0, 20, 2)  // CRC32, atomics
        bits |= bit(12, isar0, 28, 1) | bit(17, isar0, 32, 1)  // ASIMDRDM, SHA3
        bits |= bit(18, isar0, 36, 1) | bit(19, isar0, 40, 1)  // SM3, SM4
        bits |= bit(20, isar0, 44, 1) | bit(23, isar0, 48, 1) | bit(27, isar0, 52, 1)  // ASIMDDP, ASIMDFHM, FLAGM
        bits |= bit(16, isar1, 0, 1) | bit(13, isar1, 12, 1) | bit(14, isar1, 16, 1)  // DCPOP, JSCVT, FCMA
        bits |= bit(15, isar1, 20, 1) | bit(26, isar1, 20, 2) | bit(29, isar1, 36, 1)  // LRCPC, ILRCPC, SB
        bits |= bit(25, mmfr2, 32, 1)  // USCAT
        return bits
    }

    /// The same for `AT_HWCAP2`.
    public static var capabilities2: UInt64 {
        let isar0 = akuma_read_id_aa64isar0_el1()
        let isar1 = akuma_read_id_aa64isar1_el1()
        var bits = bit(0, isar1, 0, 2) | bit(7, isar0, 52, 2)  // DCPODP, FLAGM2
        bits |= bit(8, isar1, 32, 1) | bit(13, isar1, 52, 1) | bit(14, isar1, 44, 1)  // FRINT, I8MM, BF16
        if identifiesBranchTargets { bits |= 1 << 17 }
        return bits
    }

    /// Whether the CPU refuses indirect branches that land elsewhere than on branch targets in pages that are guarded
    /// (FEAT_BTI; ID_AA64PFR1_EL1.BT).
    public static var identifiesBranchTargets: Bool { field(akuma_read_id_aa64pfr1_el1(), 0) != 0 }

    /// Four bits of an identification register.
    private static func field(_ register: UInt64, _ shift: UInt64) -> UInt64 { register >> shift & 15 }

    /// The bit `number`, where a field is at least `minimum`.
    private static func bit(_ number: UInt64, _ register: UInt64, _ shift: UInt64, _ minimum: UInt64) -> UInt64 {
        field(register, shift) >= minimum ? 1 << number : 0
    }
}
