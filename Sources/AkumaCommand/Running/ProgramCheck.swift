/// Whether the kernel would run an ELF, decided before anything is booted.
enum ProgramCheck {
    /// Why `bytes` cannot run, or nil if it can.
    static func reasonNotToRun(_ bytes: [UInt8]) -> String? {
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return "not an ELF file" }
        guard bytes.count >= 64 else { return "a truncated ELF: its header has 64 bytes" }
        guard bytes[4] == 2 else { return "a 32-bit ELF; Akuma runs 64-bit AArch64" }
        guard field(bytes, 18, 2) == 183 else { return "an ELF for another architecture; Akuma runs AArch64" }
        let table = field(bytes, 32, 8)
        let size = field(bytes, 54, 2)
        for index in 0..<field(bytes, 56, 2) {
            let (start, overflow) = table.addingReportingOverflow(index * size)
            guard !overflow, start + 56 <= UInt64(bytes.count) else { return "a truncated ELF" }
            let kind = field(bytes, Int(start), 4)
            if kind == 3 { return "a dynamically linked ELF; Akuma runs static ones (link with -static)" }
            let (end, wraps) = field(bytes, Int(start) + 8, 8).addingReportingOverflow(field(bytes, Int(start) + 32, 8))
            if kind == 1, wraps || end > UInt64(bytes.count) { return "a truncated ELF" }
        }
        return nil
    }

    private static func field(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> UInt64 {
        (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * $1) }
    }
}
