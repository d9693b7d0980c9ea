internal import ProgramAssembly

/// Single accesses at any address, whatever is there: for programs whose subject is memory. The compiler neither drops
/// nor moves them, as it may with a pointer that it knows to be wrong.
@unsafe public enum RawAccess {
    /// Loads a byte.
    @discardableResult
    public static func load(_ address: UInt) -> UInt8 { akuma_load(UInt64(address)) }

    /// Stores a byte.
    public static func store(_ address: UInt, _ value: UInt8) { akuma_store(UInt64(address), value) }

    /// Calls the code there, as a C function without arguments.
    @discardableResult
    public static func execute(_ address: UInt) -> UInt64 { akuma_execute(UInt64(address)) }
}
