/// What Linux divides root's power into, where Akuma knows a use for it. Source: Linux `include/uapi/linux/capability.h`.
public enum Capability: UInt64 {
    case changeOwner = 0
    case overrideAccess = 1
    case overrideSearch = 2
    case actAsOwner = 3
    case keepSetID = 4
    case kill = 5
    case lockMemory = 14
    case rawInputOutput = 17
    case administration = 21
    case niceness = 23
    case resources = 24

    /// The highest number of Linux 6.1.
    public static var last: UInt64 { 40 }

    /// The capabilities of every process of Akuma, a bit each by number: root's over files and processes, and no other.
    ///
    /// Without `lockMemory` and `resources` limits bind, without `rawInputOutput` nothing can be mapped at address 0,
    /// without `administration` no memory is kept back for a program; `niceness` is what `process_madvise` asks for.
    public static var ofPrograms: UInt64 {
        changeOwner.bit | overrideAccess.bit | overrideSearch.bit | actAsOwner.bit | keepSetID.bit | kill.bit
            | niceness.bit
    }

    /// The capability in a set.
    public var bit: UInt64 { 1 << rawValue }
}
