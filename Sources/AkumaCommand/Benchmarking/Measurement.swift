import Foundation

/// One figure of a benchmark, beside what it may be and what Linux needs.
struct Measurement: Encodable {
    /// As in `Benchmarks/linux.json`.
    let name: String
    /// Guest instructions, unless the name says bytes.
    let value: Int
    /// The most that it may be, if that is laid down.
    let limit: Int?
    /// What Linux needs, if that is known.
    let linux: Int?

    /// Whether it costs more than it may.
    var isOverBudget: Bool { limit.map { value > $0 } ?? false }

    /// The figures that the program `bench` prints, a name and a number on each line.
    static func figures(in output: String) throws -> [(name: String, value: Int)] {
        try output.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            guard words.count == 2, let value = Int(words[1]) else {
                throw Failure("the benchmark wrote a line that is no figure: \(line)")
            }
            return (String(words[0]), value)
        }
    }

    /// How many instructions the kernel needed until its first program ran, as its log says.
    static func instructionsToFirstProgram(in log: String) -> Int? {
        for line in log.split(whereSeparator: \.isNewline) {
            guard let range = line.range(of: "first user instruction after ") else { continue }
            return Int(line[range.upperBound...].prefix { $0.isNumber })
        }
        return nil
    }

    /// All of them as a table for people.
    static func table(of measurements: [Measurement]) -> String {
        let head = ["", "Akuma", "budget", "Linux", "Linux/Akuma"]
        let rows = measurements.map { one in
            [
                one.name, number(one.value), one.limit.map(number) ?? "", one.linux.map(number) ?? "",
                one.linux.map { String(format: "%.1f", Double($0) / Double(max(one.value, 1))) } ?? "",
            ] + (one.isOverBudget ? ["OVER BUDGET"] : [])
        }
        let widths = (0..<5).map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            row.enumerated().map { column, text in
                guard column < 5 else { return "  " + text }
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + padding : "  " + padding + text
            }.joined()
        }.joined(separator: "\n") + "\n"
    }

    /// 1234567 as 1,234,567.
    private static func number(_ value: Int) -> String {
        var groups: [Substring] = []
        var digits = String(value)[...]
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits = digits.dropLast(3)
        }
        return ([digits] + groups).joined(separator: ",")
    }
}
