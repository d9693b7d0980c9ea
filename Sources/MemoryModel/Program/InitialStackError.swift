/// Why a program can't be given its arguments.
public enum InitialStackError: Error, Equatable, Sendable {
    /// Strings and pointers together exceed the limit (`E2BIG`).
    case tooLarge(size: UInt64, limit: UInt64)
    /// A string exceeds 128 KiB with its NUL (`E2BIG`).
    case stringTooLong
    /// The last string has no NUL: a mistake of the caller's.
    case unterminated

    /// The reason as one English clause.
    public var reason: StaticString {
        switch self {
        case .tooLarge: "the arguments and the environment are too large"
        case .stringTooLong: "an argument or a string of the environment is too long"
        case .unterminated: "the arguments or the environment do not end with a NUL"
        }
    }
}
