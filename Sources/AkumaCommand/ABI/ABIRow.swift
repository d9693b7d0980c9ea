import LinuxABI

/// One row of the printed table: a flag, a value or a call.
struct ABIRow: Encodable, Equatable {
    /// As in Linux's headers; nil for all that has no row of its own.
    let name: String?
    /// Nil for all that has no row of its own.
    let value: UInt64?
    let treatment: Kind
    /// What a call with it fails with, as in `EINVAL`.
    let error: String?
    /// Where Linux has the rule.
    let source: String?

    /// The kinds of ``Treatment``.
    enum Kind: String, Encodable {
        case honoured
        case refused
        case withoutEffect = "accepted without effect"
        case notBuilt = "not built"
    }

    init(_ name: StaticString?, _ value: UInt64?, _ treatment: Treatment) {
        self.name = name.map { "\($0)" }
        self.value = value
        error = treatment.error.map { "\($0.name)" }
        switch treatment {
        case .honoured: (self.treatment, source) = (.honoured, nil)
        case .refused(_, let source): (self.treatment, self.source) = (.refused, "\(source)")
        case .acceptedWithoutEffect(let source): (self.treatment, self.source) = (.withoutEffect, "\(source)")
        case .notBuilt: (self.treatment, source) = (.notBuilt, nil)
        }
    }

    /// What is done, in words.
    var outcome: String { error.map { "\(treatment.rawValue): \($0)" } ?? treatment.rawValue }
}

/// What an argument of a call may be, or which calls there are.
struct ABISection: Encodable {
    /// The calls that take the argument.
    let calls: String
    /// The argument's name in Linux's manual; nil for the calls themselves.
    let argument: String?
    /// What the values are, for a heading.
    let title: String
    let rows: [ABIRow]
    /// What becomes of every value or bit that has no row.
    let others: ABIRow
    /// Whether the values are bits that are combined.
    let areFlags: Bool

    /// A section of flags.
    init<Flags: DescribedFlags>(_ calls: String, _ argument: String, _ flags: Flags.Type, _ title: String) {
        var reader = RowReader<Flags>()
        Flags.describe(to: &reader)
        (self.calls, self.argument, self.title) = (calls, argument, title)
        rows = reader.rows
        others = ABIRow(nil, nil, Flags.unknownBits)
        areFlags = true
    }

    /// A section of values of which there is one at a time.
    init<Value: DescribedValue>(_ calls: String, _ argument: String?, _ values: Value.Type, _ title: String) {
        (self.calls, self.argument, self.title) = (calls, argument, title)
        rows = Value.allCases.map { ABIRow($0.name, UInt64($0.rawValue), $0.treatment) }
        others = ABIRow(nil, nil, Value.unknownValue)
        areFlags = false
    }

    /// Collects the rows of a table of flags.
    private struct RowReader<Flags: FlagSet>: FlagReader {
        var rows: [ABIRow] = []

        mutating func read(_ flag: Flags, _ name: StaticString, _ treatment: Treatment) {
            rows.append(ABIRow(name, UInt64(flag.rawValue), treatment))
        }
    }
}
