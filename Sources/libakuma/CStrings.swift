// Strings as the kernel wants them. The pointers live only as long as the closure runs.

/// Lends a string's bytes, ended by NUL.
///
/// - Throws: `Errno.invalidArgument` if the string itself contains a NUL, which would cut it short.
func withCString<Result>(
    _ string: String, _ body: (UnsafePointer<UInt8>) throws(Errno) -> Result
) throws(Errno) -> Result {
    var bytes = Array(string.utf8)
    if bytes.contains(0) { throw .invalidArgument }
    bytes.append(0)
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    defer { unsafe buffer.deallocate() }
    _ = unsafe buffer.initialize(from: bytes)
    return try unsafe body(UnsafePointer(buffer.baseAddress!))
}

/// Lends an array of NUL-ended strings that a null pointer ends, as `execve` wants it.
///
/// - Throws: `Errno.invalidArgument` if a string contains a NUL.
func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafeRawPointer) throws(Errno) -> Result
) throws(Errno) -> Result {
    var bytes: [UInt8] = []
    var starts: [Int] = []
    for string in strings {
        starts.append(bytes.count)
        for byte in string.utf8 {
            if byte == 0 { throw .invalidArgument }
            bytes.append(byte)
        }
        bytes.append(0)
    }
    let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(bytes.count, 1))
    let pointers = UnsafeMutableBufferPointer<UInt>.allocate(capacity: starts.count + 1)
    defer {
        unsafe text.deallocate()
        unsafe pointers.deallocate()
    }
    _ = unsafe text.initialize(from: bytes)
    for (index, start) in starts.enumerated() {
        unsafe pointers[index] = UInt(bitPattern: text.baseAddress! + start)
    }
    unsafe pointers[starts.count] = 0
    return try unsafe body(UnsafeRawPointer(pointers.baseAddress!))
}

/// The string that starts at an address and ends before the first NUL; invalid UTF-8 is repaired.
func string(at start: UnsafePointer<UInt8>) -> String {
    var count = 0
    while unsafe start[count] != 0 { count += 1 }
    return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
}
