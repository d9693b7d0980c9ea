/// Makes a copy of this process, which goes on from here too. Returns the child's number, and nil in the child.
///
/// What was printed and not yet written is written first, so that only one of the two writes it.
public func fork() throws(Errno) -> ProcessID? {
    StandardOutput.flush()
    StandardError.flush()
    let child = try checked(unsafe systemCall(.clone, UInt(Signal.child.rawValue)))
    return child == 0 ? nil : ProcessID(rawValue: Int32(truncatingIfNeeded: child))
}

/// Makes a pipe: what is written to one end is read from the other.
public func pipe() throws(Errno) -> (readEnd: FileDescriptor, writeEnd: FileDescriptor) {
    var ends: (Int32, Int32) = (0, 0)
    let result = unsafe withUnsafeMutablePointer(to: &ends) { ends in
        unsafe systemCall(.pipe2, UInt(bitPattern: ends), 0)
    }
    try checked(result)
    return (FileDescriptor(rawValue: ends.0), FileDescriptor(rawValue: ends.1))
}
