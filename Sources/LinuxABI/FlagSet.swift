/// A set of bits with names.
///
/// Not `OptionSet`: that one brings array literals with it, and this module has no heap.
public protocol FlagSet: RawRepresentable, Hashable, Sendable where RawValue: FixedWidthInteger & UnsignedInteger {
    /// A set of flags from its bits, known or not.
    init(rawValue: RawValue)
}

extension FlagSet {
    /// No flag at all.
    @inlinable public static var none: Self { Self(rawValue: 0) }

    /// Whether no bit is set.
    @inlinable public var isEmpty: Bool { rawValue == 0 }

    /// Whether all bits of `other` are set.
    @inlinable public func contains(_ other: Self) -> Bool { other.rawValue & ~rawValue == 0 }

    /// Whether all bits of this set are set in `other`.
    @inlinable public func isSubset(of other: Self) -> Bool { other.contains(self) }

    /// Whether any bit of `other` is set.
    @inlinable public func intersects(_ other: Self) -> Bool { rawValue & other.rawValue != 0 }

    /// Whether no bit is set in both.
    @inlinable public func isDisjoint(with other: Self) -> Bool { rawValue & other.rawValue == 0 }

    /// Sets the bits of `other` too.
    @inlinable public mutating func insert(_ other: Self) { self = self | other }

    /// The bits that are set here and not in `other`.
    @inlinable public func subtracting(_ other: Self) -> Self { Self(rawValue: rawValue & ~other.rawValue) }

    /// The bits that are set in both.
    @inlinable public func intersection(_ other: Self) -> Self { Self(rawValue: rawValue & other.rawValue) }

    /// The bits that are set in either.
    @inlinable public static func | (a: Self, b: Self) -> Self { Self(rawValue: a.rawValue | b.rawValue) }
}
