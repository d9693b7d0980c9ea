import Foundation
import SystemPackage

/// How much of a folder's code the tests ran, from the JSON that `llvm-cov export` writes.
struct Coverage {
    /// Lines that could run.
    let lines: Int
    /// Lines that ran.
    let covered: Int

    /// The share that ran, in percent; 0 where there is nothing.
    var percent: Double { lines == 0 ? 0 : 100 * Double(covered) / Double(lines) }

    /// The coverage of the files below `folder`.
    init(of folder: FilePath, in report: [UInt8]) throws {
        let files = try JSONDecoder().decode(Report.self, from: Data(report)).data.flatMap(\.files)
        let counts = files.filter { FilePath($0.filename).starts(with: folder) }.map(\.summary.lines)
        lines = counts.reduce(0) { $0 + $1.count }
        covered = counts.reduce(0) { $0 + $1.covered }
    }

    private struct Report: Decodable {
        struct Export: Decodable { let files: [File] }
        struct File: Decodable {
            let filename: String
            let summary: Summary
        }
        struct Summary: Decodable { let lines: Lines }
        struct Lines: Decodable {
            let count: Int
            let covered: Int
        }
        let data: [Export]
    }
}
