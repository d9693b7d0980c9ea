/// The number of a process.
@frozen public struct ProcessID: RawRepresentable, Equatable, Hashable, Sendable, CustomStringConvertible {
    /// The number; processes have positive ones.
    public let rawValue: Int32

    /// The process of a number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The number as text.
    public var description: String { rawValue.description }
}
