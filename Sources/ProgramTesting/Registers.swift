internal import ProgramTestingAssembly

/// A way into the kernel and back.
public enum Way: Sendable {
    /// `svc #0`.
    case call
    /// A load from the address in x9.
    case load
    /// A store to the address in x9.
    case store
    /// A loop that counts x10 down to zero, to be interrupted.
    case spin
}

/// All the registers that the kernel owes a program, as 100 words: x0 … x30, NZCV, FPCR, FPSR, TPIDR_EL0, SP, v0 … v31.
public enum Registers {
    /// Sets all registers, goes the way, and returns what they are then.
    public static func across(_ way: Way, _ before: [UInt64]) -> [UInt64] {
        var after = [UInt64](repeating: 0, count: 100)
        precondition(before.count == after.count, "there are 100 words")
        unsafe before.withUnsafeBytes { before in
            unsafe after.withUnsafeMutableBytes { after in
                let before = unsafe before.baseAddress!.assumingMemoryBound(to: akuma_registers.self)
                let after = unsafe after.baseAddress!.assumingMemoryBound(to: akuma_registers.self)
                switch way {
                case .call: unsafe akuma_registers_across_call(before, after)
                case .load: unsafe akuma_registers_across_load(before, after)
                case .store: unsafe akuma_registers_across_store(before, after)
                case .spin: unsafe akuma_registers_across_spin(before, after)
                }
            }
        }
        return after
    }
}
