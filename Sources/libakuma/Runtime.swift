// What Swift's runtime asks of the platform besides memory: randomness for hashing.

/// Fills a buffer from the kernel's random numbers; a machine without them ends the program.
@c(arc4random_buf)
func fillRandomly(_ buffer: UnsafeMutableRawPointer?, _ count: UInt) {
    var filled: UInt = 0
    while filled < count {
        let result = unsafe systemCall(.getrandom, UInt(bitPattern: buffer) + filled, count - filled, 0)
        precondition(result > 0, "the kernel gave no random numbers")
        filled += UInt(result)
    }
}
