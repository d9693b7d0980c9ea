import SystemPackage

/// The kernel's log as text, and what is to be found in it.
public enum KernelLog {
    /// The kernel's last words: every line from the one that says so, or nil if it did not panic.
    public static func panic(in log: String) -> String? {
        var lines = log.split(omittingEmptySubsequences: false) { $0.isNewline }[...]
        while let line = lines.first, !line.contains("kernel panic:") { lines.removeFirst() }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    /// `report` with the function, file and line added to each line that names an address in the kernel's code.
    static func symbolised(_ report: String, symbols: FilePath) async -> String {
        var result = ""
        // Without the registers of a fault, all that is known are return addresses.
        var isReturnAddress = !report.contains("elr ")
        for line in report.split(separator: "\n", omittingEmptySubsequences: false) {
            result += line + "\n"
            guard let address = codeAddress(in: line, isReturnAddress: isReturnAddress) else { continue }
            isReturnAddress = isReturnAddress || line.contains("#0")
            guard
                let names = try? await Tool.toolchain("llvm-symbolizer").run(
                    ["--inlines", "--pretty-print", "--basenames", "--obj=\(symbols)", address]),
                names.succeeded,
                let plain = try? await Tool.toolchain("swift-demangle").run(
                    ["--simplified"], input: names.output), plain.succeeded
            else { continue }
            for name in plain.output.split(separator: "\n") where !name.hasPrefix("??") {
                result += "      \(name.trimmingPrefix { $0 == " " })\n"
            }
        }
        return result
    }

    /// The address of the instruction that a line of a backtrace, `  #n 0x…`, is about: of the call, for a return address.
    private static func codeAddress(in line: Substring, isReturnAddress: Bool) -> String? {
        let words = line.split(separator: " ")
        guard words.count == 2, words[0].hasPrefix("#"), words[1].hasPrefix("0x"),
            let address = UInt64(words[1].dropFirst(2), radix: 16), address >= 4
        else { return nil }
        return "0x" + String(isReturnAddress ? address - 4 : address, radix: 16)
    }
}
