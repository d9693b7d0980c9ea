internal import ProgramAssembly

/// Asks the kernel, and returns what it said: a value, or an error number negated.
///
/// Unsafe because some calls write where an argument points.
@unsafe @discardableResult
public func systemCall(
    _ number: UInt64, _ a0: UInt = 0, _ a1: UInt = 0, _ a2: UInt = 0, _ a3: UInt = 0, _ a4: UInt = 0, _ a5: UInt = 0
) -> Int {
    Int(
        akuma_system_call(number, UInt64(a0), UInt64(a1), UInt64(a2), UInt64(a3), UInt64(a4), UInt64(a5)))
}

/// Asks the kernel by a call's name, and returns what it said: a value, or an error number negated.
@unsafe @discardableResult
public func systemCall(
    _ number: SystemCallNumber,
    _ a0: UInt = 0, _ a1: UInt = 0, _ a2: UInt = 0, _ a3: UInt = 0, _ a4: UInt = 0, _ a5: UInt = 0
) -> Int {
    unsafe systemCall(number.rawValue, a0, a1, a2, a3, a4, a5)
}

/// The result of a system call as Swift has it: a value, or a thrown error.
@discardableResult
func checked(_ result: Int) throws(Errno) -> Int {
    if let error = Errno(result: result) { throw error }
    return result
}

extension UInt {
    /// An argument that the kernel takes as a signed number, such as a descriptor.
    public init(argument: Int32) { self = UInt(bitPattern: Int(argument)) }
}
