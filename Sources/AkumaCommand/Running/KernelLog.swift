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
        for line in report.split(separator: "\n", omittingEmptySubsequences: false) {
            result += line + "\n"
            guard let address = codeAddress(in: line),
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

    /// The address that a line of a backtrace or `pc` is about: the line's word that starts with 0x, if it is one that
    /// the kernel's code can have.
    private static func codeAddress(in line: Substring) -> String? {
        let isAboutCode = ["#", "pc", "lr", "elr"].contains { mark in
            line.trimmingPrefix { $0 == " " }.lowercased().hasPrefix(mark)
        }
        guard isAboutCode else { return nil }
        let words = line.split { !($0.isHexDigit || $0 == "x") }
        guard let word = words.first(where: { $0.hasPrefix("0x") }) else { return nil }
        return String(word)
    }
}
