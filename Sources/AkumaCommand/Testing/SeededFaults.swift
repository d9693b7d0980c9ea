import Foundation
import SystemPackage

/// A fault that is put into a copy of the memory model to see whether the proofs find it.
struct SeededFault: Equatable {
    /// What is wrong then.
    let title: String
    /// The file, from the project's root.
    let file: FilePath
    /// The text that occurs there exactly once.
    let original: String
    /// The text in its place, in which `MUTANT` is true where this fault is the one that is tried.
    let replacement: String

    /// Where the list is, from the project's root.
    static let list = FilePath("Tests/Mutations/faults.txt")

    /// Reads the list: `== title`, `@@ file`, `--` and the original, `++` and the replacement.
    static func parse(_ text: String) -> [SeededFault] {
        var faults: [SeededFault] = []
        var (title, file, original, replacement) = ("", "", [Substring](), [Substring]())
        var part = Substring()
        func joined(_ lines: [Substring]) -> String { lines.joined(separator: "\n").trimmingSuffix(while: \.isNewline) }
        func finish() {
            guard !title.isEmpty else { return }
            faults.append(
                SeededFault(
                    title: title, file: FilePath(file), original: joined(original), replacement: joined(replacement)))
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("== ") {
                finish()
                (title, original, replacement, part) = (String(line.dropFirst(3)), [], [], "")
            } else if line.hasPrefix("@@ ") {
                file = String(line.dropFirst(3))
            } else if line == "--" || line == "++" {
                part = line
            } else if part == "--" {
                original.append(line)
            } else if part == "++" {
                replacement.append(line)
            }
        }
        finish()
        return faults
    }

    /// How often the original occurs in `text`.
    func occurrences(in text: String) -> Int { text.components(separatedBy: original).count - 1 }

    /// `text` with the fault in it, which is active where the number of the active one is `number`.
    func planted(in text: String, as number: Int) -> String {
        text.replacing(original, with: replacement.replacing("MUTANT", with: "(activeFault == \(number))"))
    }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
        var text = self[...]
        while let last = text.last, isTrimmed(last) { text.removeLast() }
        return String(text)
    }
}
