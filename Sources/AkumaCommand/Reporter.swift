import Foundation
import SystemPackage

/// Lines of progress on standard error, so that standard output belongs to the program that runs.
public struct Reporter: Sendable {
    private let hasColour: Bool

    /// A reporter in colour when standard error is a terminal that can show it.
    public init() {
        let variables = ProcessInfo.processInfo.environment
        hasColour =
            isatty(FileDescriptor.standardError.rawValue) != 0 && variables["NO_COLOR"] == nil
            && variables["TERM"] != "dumb"
    }

    /// Says what begins now.
    public func step(_ sentence: String) {
        Reporter.write((hasColour ? "\u{1b}[36makuma:\u{1b}[0m " : "akuma: ") + sentence + "\n")
    }

    /// Writes `text` to standard error as it is.
    public static func write(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(Array(text.utf8))
    }
}
