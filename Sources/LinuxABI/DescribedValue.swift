#if hasFeature(Embedded)
/// The base of ``DescribedValue``: in a program or the kernel, nobody lists all values.
public protocol ListedValue {}
#else
/// The base of ``DescribedValue``: on the host, all values can be listed.
public typealias ListedValue = CaseIterable
#endif

/// One value among several that an argument may have, each with its name in Linux's headers and its treatment.
public protocol DescribedValue: RawRepresentable, ListedValue, Sendable where RawValue: FixedWidthInteger {
    /// The value's row of the table.
    var entry: (name: StaticString, treatment: Treatment) { get }

    /// What becomes of a number that is no described value's.
    static var unknownValue: Treatment { get }
}

extension DescribedValue {
    /// The value's name in Linux's headers.
    @inlinable public var name: StaticString { entry.name }

    /// What the kernel does with the value.
    @inlinable @inline(__always)
    public var treatment: Treatment { entry.treatment }

    /// The value of a number.
    /// - Returns: nil for a value without effect.
    /// - Throws: the error with which the value is refused.
    @inlinable @inline(__always)
    public static func checked(_ number: RawValue) throws(Errno) -> Self? {
        guard let value = Self(rawValue: number) else {
            if let error = unknownValue.error { throw error }
            return nil
        }
        switch value.treatment {
        case .honoured: return value
        case .acceptedWithoutEffect: return nil
        case .refused(let error, _), .notBuilt(let error): throw error
        }
    }
}
