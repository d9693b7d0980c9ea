/// What Akuma does with something that a program may ask for: a call, a flag, an advice.
///
/// The kernel consults these descriptions, `./akuma abi` prints them, and `Documentation/abi.md` is generated from them.
@frozen public enum Treatment: Sendable {
    /// Does what Linux 6.1 does.
    case honoured
    /// Fails as on Linux, with this error. The text says where Linux has the rule.
    case refused(Errno, _ source: StaticString)
    /// Accepted, and nothing comes of it, as on Linux. The text says where Linux has the rule.
    case acceptedWithoutEffect(_ source: StaticString)
    /// Linux honours it and Akuma does not yet: fails with this error rather than do something else.
    case notBuilt(Errno)
}

extension Treatment {
    /// Whether the kernel does what was asked.
    @inlinable @inline(__always)
    public var isHonoured: Bool {
        if case .honoured = self { return true }
        return false
    }

    /// Whether nothing comes of it.
    @inlinable @inline(__always)
    public var isWithoutEffect: Bool {
        if case .acceptedWithoutEffect = self { return true }
        return false
    }

    /// What the call fails with; nil where it doesn't fail for this.
    @inlinable @inline(__always)
    public var error: Errno? {
        switch self {
        case .honoured, .acceptedWithoutEffect: nil
        case .refused(let error, _), .notBuilt(let error): error
        }
    }
}
