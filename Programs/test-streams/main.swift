// Copies the standard input, byte by byte as it is, to the standard output, and with each byte inverted to the standard
// error stream, until the input ends.

import libakuma

do throws(Errno) {
    while true {
        var bytes = try FileDescriptor.standardInput.read(upTo: 4096)
        if bytes.isEmpty { break }
        try FileDescriptor.standardOutput.writeAll(bytes)
        for index in bytes.indices { bytes[index] = ~bytes[index] }
        try FileDescriptor.standardError.writeAll(bytes)
    }
} catch {
    exit(1)
}
