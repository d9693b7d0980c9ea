/// A set of flags in a word. Not an `OptionSet`: that one's literals are arrays, and the kernel has no heap.
public protocol FlagSet: Hashable, Sendable {
    associatedtype Bits: FixedWidthInteger
    var rawValue: Bits { get }
    init(rawValue: Bits)
}

extension FlagSet {
    /// The empty set.
    @inlinable public static var none: Self { Self(rawValue: 0) }

    @inlinable public var isEmpty: Bool { rawValue == 0 }

    /// Whether every flag of `other` is in this set.
    @inlinable public func contains(_ other: Self) -> Bool { other.rawValue & ~rawValue == 0 }

    /// Whether every flag of this set is in `other`.
    @inlinable public func isSubset(of other: Self) -> Bool { other.contains(self) }

    /// Whether no flag is in both sets.
    @inlinable public func isDisjoint(with other: Self) -> Bool { rawValue & other.rawValue == 0 }

    @inlinable public mutating func insert(_ other: Self) { self = self | other }

    /// The flags in either set.
    @inlinable public static func | (left: Self, right: Self) -> Self { Self(rawValue: left.rawValue | right.rawValue) }

    /// This set without the flags of `other`.
    @inlinable public func subtracting(_ other: Self) -> Self { Self(rawValue: rawValue & ~other.rawValue) }
}
