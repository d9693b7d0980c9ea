/// Why bytes are no usable device tree. Offsets are in bytes from the start of the tree.
public enum DeviceTreeError: Error, Equatable, Sendable {
    /// Fewer bytes than a header has.
    case tooSmall(byteCount: Int)
    /// The first four bytes are not the magic number.
    case notADeviceTree(magic: UInt32)
    /// Neither version 17 nor compatible with it.
    case unsupportedVersion(version: UInt32, lastCompatible: UInt32)
    /// The header states more bytes than there are, or fewer than a header has.
    case wrongTotalSize(stated: UInt32, byteCount: Int)
    /// A block does not lie within the tree.
    case blockOutside(DeviceTreeBlock, offset: UInt32, size: UInt32)
    /// A block does not begin at the alignment that the format asks for.
    case blockMisaligned(DeviceTreeBlock, offset: UInt32)
    /// The list of reservations does not end within the tree.
    case unendingReservations
    /// A number that is no token.
    case unknownToken(UInt32, offset: Int)
    /// The structure ends in the middle of a token, or without its end token.
    case truncatedStructure(offset: Int)
    /// A property's name does not lie within the strings.
    case nameOutside(offset: Int)
    /// A property after a child node: the format puts properties first.
    case misplacedProperty(offset: Int)
    /// Ends without beginnings, beginnings without ends, or more than one root.
    case wrongNesting(offset: Int)
    /// Nodes within nodes beyond ``DeviceTree/maximumDepth``.
    case tooDeep(offset: Int)
    /// A property that must be understood does not have the form its binding gives it.
    case malformedProperty(DeviceTreeProperty, nodeOffset: Int)
    /// A range of addresses goes beyond 64 bits.
    case addressOverflow(nodeOffset: Int)
    /// The tree describes no memory.
    case noMemory
    /// More regions of memory than Akuma keeps.
    case tooManyMemoryRegions(capacity: Int)
    /// More reserved regions than Akuma keeps. Forgetting one could overwrite firmware, so it is an error.
    case tooManyReservations(capacity: Int)

    /// The reason as one English clause, without the numbers.
    public var reason: StaticString {
        switch self {
        case .tooSmall: "the device tree is smaller than its header"
        case .notADeviceTree: "not a device tree: wrong magic number"
        case .unsupportedVersion: "the device tree's version is not 17 nor compatible with it"
        case .wrongTotalSize: "the device tree's header states a wrong size"
        case .blockOutside: "a block of the device tree lies outside of it"
        case .blockMisaligned: "a block of the device tree is not aligned"
        case .unendingReservations: "the device tree's memory reservations have no end"
        case .unknownToken: "the device tree's structure holds an unknown token"
        case .truncatedStructure: "the device tree's structure ends too early"
        case .nameOutside: "a device tree property's name lies outside of the strings"
        case .misplacedProperty: "a device tree property stands after a child node"
        case .wrongNesting: "the device tree's nodes are not properly nested"
        case .tooDeep: "the device tree's nodes are nested too deeply"
        case .malformedProperty: "a device tree property does not have its binding's form"
        case .addressOverflow: "an address range in the device tree goes beyond 64 bits"
        case .noMemory: "the device tree describes no memory"
        case .tooManyMemoryRegions: "the device tree has more memory regions than Akuma keeps"
        case .tooManyReservations: "the device tree has more reserved regions than Akuma keeps"
        }
    }
}

/// The three blocks of a flattened device tree (Devicetree Specification 0.4, section 5.1).
public enum DeviceTreeBlock: Sendable { case reservations, structure, strings }

/// A property that Akuma insists on understanding when it is there.
public enum DeviceTreeProperty: Sendable {
    case cells, registers, ranges, interrupts, initialRamdisk, method, functionIdentifiers
}
