/// Flags of an argument, each with its treatment.
///
/// The description is read rather than stored: a reader is shown one flag after the other. Inlined into a reader that
/// collects a mask, the whole table folds into one constant, so that consulting it costs an instruction.
public protocol DescribedFlags: FlagSet {
    /// Shows the reader each flag once. Where several are refused, the error of the first wins.
    static func describe(to reader: inout some FlagReader<Self>)

    /// What becomes of bits that are no described flag's.
    static var unknownBits: Treatment { get }
}

/// Somebody who reads a table of flags.
public protocol FlagReader<Flags> {
    associatedtype Flags: FlagSet

    /// - Parameter name: the flag's name in Linux's headers.
    mutating func read(_ flag: Flags, _ name: StaticString, _ treatment: Treatment)
}

extension FlagReader {
    /// Reads a flag that another set has the bits of.
    @inlinable @inline(__always)
    public mutating func read<Other: FlagSet>(_ flag: Other, _ name: StaticString, _ treatment: Treatment) {
        read(Flags(rawValue: Flags.RawValue(truncatingIfNeeded: flag.rawValue)), name, treatment)
    }
}

extension DescribedFlags {
    /// The flags that have an effect.
    @inlinable @inline(__always)
    public static var honoured: Self { sorted.honoured }

    /// The flags that are accepted without effect. Unknown bits are not among them.
    @inlinable @inline(__always)
    public static var withoutEffect: Self { sorted.withoutEffect }

    /// The bits that make a call fail, unknown ones included where they do.
    @inlinable @inline(__always)
    public static var refused: Self {
        let flags = sorted
        if unknownBits.error == nil { return flags.refused }
        return Self(rawValue: ~(flags.honoured | flags.withoutEffect).rawValue)
    }

    /// Those of these flags that have an effect.
    /// - Throws: the error of the first refused flag among them; that of unknown bits where there is none.
    @inlinable @inline(__always)
    public func checked() throws(Errno) -> Self {
        if intersects(.refused) { throw refusal }
        return intersection(.honoured)
    }

    /// The error that refused flags among these make a call fail with.
    @inlinable @inline(never)
    public var refusal: Errno {
        var reader = RefusalReader(asked: self)
        Self.describe(to: &reader)
        return reader.error ?? Self.unknownBits.error ?? .invalidArgument
    }

    @inlinable @inline(__always)
    static var sorted: TreatmentReader<Self> {
        var reader = TreatmentReader<Self>()
        describe(to: &reader)
        return reader
    }
}

/// Sorts a table's flags by their treatment.
@usableFromInline
struct TreatmentReader<Flags: FlagSet>: FlagReader {
    @usableFromInline var honoured = Flags.none
    @usableFromInline var withoutEffect = Flags.none
    @usableFromInline var refused = Flags.none

    @inlinable init() {}

    @inlinable @inline(__always)
    mutating func read(_ flag: Flags, _ name: StaticString, _ treatment: Treatment) {
        switch treatment {
        case .honoured: honoured = honoured | flag
        case .acceptedWithoutEffect: withoutEffect = withoutEffect | flag
        case .refused, .notBuilt: refused = refused | flag
        }
    }
}

/// Finds the first refused flag among some.
@usableFromInline
struct RefusalReader<Flags: FlagSet>: FlagReader {
    @usableFromInline let asked: Flags
    @usableFromInline var error: Errno?

    @inlinable init(asked: Flags) { self.asked = asked }

    @inlinable
    mutating func read(_ flag: Flags, _ name: StaticString, _ treatment: Treatment) {
        if error == nil, asked.intersects(flag) { error = treatment.error }
    }
}
