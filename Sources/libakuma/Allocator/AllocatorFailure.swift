/// A mistake of the program's that the allocator found, with the address that it passed.
enum AllocatorFailure {
    /// The block is free already.
    case freedTwice(UInt)
    /// A block is there, but it starts elsewhere.
    case insideBlock(UInt)
    /// No block is there: freed already and given back, or never allocated.
    case notAllocated(UInt)
}

/// Ends the program with SIGABRT, after a line on the standard error stream. Allocates nothing.
func fail(_ failure: AllocatorFailure) -> Never {
    StandardOutput.flush()
    StandardError.append(static: "libakuma: ")
    switch failure {
    case .freedTwice(let address):
        StandardError.append(static: "double free of ")
        StandardError.append(hexadecimal: address)
    case .insideBlock(let address):
        StandardError.append(static: "wild free of ")
        StandardError.append(hexadecimal: address)
        StandardError.append(static: ", which is inside a block and not its start")
    case .notAllocated(let address):
        StandardError.append(static: "wild free of ")
        StandardError.append(hexadecimal: address)
        StandardError.append(static: ", where no block is: freed before, or never allocated")
    }
    StandardError.append(static: "\n")
    StandardError.flush()
    abort()
}
