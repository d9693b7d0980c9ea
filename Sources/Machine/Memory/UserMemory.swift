import MachineAssembly

/// A program's memory, reached only with the program's own rights.
public enum UserMemory {
    /// Where a user-copy routine goes on when the instruction at `instruction` faults for good; nil for any other code.
    static func landing(for instruction: UInt64) -> UInt64? {
        let start = akuma_address_of_fixups_start()
        let end = akuma_address_of_fixups_end()
        var entry = start
        while entry < end {
            let from = relative(entry)
            if from == instruction { return relative(entry + 4) }
            entry += 8
        }
        return nil
    }

    /// The address that a self-relative word names.
    private static func relative(_ address: UInt64) -> UInt64 {
        address &+ UInt64(bitPattern: Int64(Int32(bitPattern: akuma_load32(address))))
    }
}
