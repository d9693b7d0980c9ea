/// A flattened device tree (Devicetree Specification 0.4, chapter 5) over bytes that the caller lends.
///
/// Creating one checks the whole structure; what comes after can't meet malformed bytes. Nodes and values are places
/// (``DeviceTreeNode``, ``ByteRange``) in those bytes.
public struct DeviceTree: ~Escapable {
    /// Nodes within nodes, the root included, that are accepted.
    public static var maximumDepth: Int { 16 }

    /// The tree, cut to the size that its header states.
    public let bytes: ByteSpan
    let structure: ByteRange
    let strings: ByteRange
    let reservationsOffset: Int

    /// The CPU that firmware started on, `boot_cpuid_phys`.
    public let bootCPU: UInt32

    /// Reads the header and checks every token.
    /// - Parameter bytes: begins with the header; may be longer than the tree. Any alignment.
    /// - Throws: any ``DeviceTreeError`` down to `tooDeep`.
    @_lifetime(copy bytes)
    public init(_ bytes: ByteSpan) throws(DeviceTreeError) {
        let header = try DeviceTreeHeader(bytes)
        self.bytes = bytes.bytes(at: ByteRange(offset: 0, count: header.totalSize))
        structure = header.structure
        strings = header.strings
        reservationsOffset = header.reservationsOffset
        bootCPU = header.bootCPU
        try checkReservations()
        try checkStructure()
    }

    /// The size in bytes that the header states.
    public var byteCount: Int { bytes.count }

    /// The root node.
    public var root: DeviceTreeNode {
        var nodes = nodes
        return nodes.next() ?? DeviceTreeNode(offset: structure.offset, name: ByteRange(offset: 0, count: 0), depth: 0)
    }

    /// Every node, parents before their children, in the tree's order.
    public var nodes: DeviceTreeNodes {
        @_lifetime(copy self) get { DeviceTreeNodes(tree: self) }
    }

    /// The bytes at `range`.
    @_lifetime(copy self)
    public func bytes(at range: ByteRange) -> ByteSpan { bytes.bytes(at: range) }

    // MARK: Tokens

    enum Token {
        case beginNode(name: ByteRange)
        case endNode
        case property(name: ByteRange, value: ByteRange)
        case nop
        case end
    }

    /// The token at `offset`, which is then moved beyond it, always by at least four bytes.
    @inline(never) func token(at offset: inout Int) throws(DeviceTreeError) -> Token {
        let start = offset
        guard start <= structure.end - 4, let number = bytes.bigEndian32(at: start) else {
            throw .truncatedStructure(offset: start)
        }
        offset += 4
        switch number {
        case 1:
            guard let name = bytes.terminatedString(at: offset), name.end < structure.end else {
                throw .truncatedStructure(offset: start)
            }
            offset = (name.end + 1 + 3) & ~3
            return .beginNode(name: name)
        case 2:
            return .endNode
        case 3:
            guard offset <= structure.end - 8, let length = bytes.bigEndian32(at: offset),
                let nameOffset = bytes.bigEndian32(at: offset + 4)
            else { throw .truncatedStructure(offset: start) }
            let value = ByteRange(offset: offset + 8, count: Int(length))
            guard value.end <= structure.end else { throw .truncatedStructure(offset: start) }
            guard let name = bytes.terminatedString(at: strings.offset + Int(nameOffset)), name.end < strings.end else {
                throw .nameOutside(offset: start)
            }
            offset = (value.end + 3) & ~3
            return .property(name: name, value: value)
        case 4:
            return .nop
        case 9:
            return .end
        default:
            throw .unknownToken(number, offset: start)
        }
    }

    private func checkStructure() throws(DeviceTreeError) {
        var offset = structure.offset
        var depth = 0
        var propertiesAllowed = false
        var rootEnded = false
        while true {
            let start = offset
            switch try token(at: &offset) {
            case .beginNode:
                if rootEnded { throw .wrongNesting(offset: start) }
                depth += 1
                if depth > Self.maximumDepth { throw .tooDeep(offset: start) }
                propertiesAllowed = true
            case .endNode:
                if depth == 0 { throw .wrongNesting(offset: start) }
                depth -= 1
                rootEnded = depth == 0
                propertiesAllowed = false
            case .property:
                if depth == 0 { throw .wrongNesting(offset: start) }
                if !propertiesAllowed { throw .misplacedProperty(offset: start) }
            case .nop:
                continue
            case .end:
                if !rootEnded { throw .wrongNesting(offset: start) }
                return
            }
        }
    }

    private func checkReservations() throws(DeviceTreeError) {
        var offset = reservationsOffset
        while true {
            guard let address = bytes.bigEndian64(at: offset), let size = bytes.bigEndian64(at: offset + 8) else {
                throw .unendingReservations
            }
            if address == 0 && size == 0 { return }
            offset += 16
        }
    }
}

/// A node: its place in a ``DeviceTree``.
@frozen public struct DeviceTreeNode: Equatable, Sendable {
    /// Where its begin token is, in bytes from the start of the tree. Names the node.
    public let offset: Int
    /// Its name with the unit address, `memory@40000000`; empty for the root.
    public let name: ByteRange
    /// 0 for the root.
    public let depth: Int
}

/// The nodes of a tree, in order.
public struct DeviceTreeNodes: ~Escapable {
    let tree: DeviceTree
    private var offset: Int
    private var depth = 0

    @_lifetime(copy tree)
    init(tree: DeviceTree) {
        self.tree = tree
        offset = tree.structure.offset
    }

    /// The next node, or nil at the end.
    @_lifetime(self: copy self)
    public mutating func next() -> DeviceTreeNode? {
        while true {
            let start = offset
            // The structure was checked as a whole: an error can't occur, and would end the walk.
            guard let token = try? tree.token(at: &offset) else { return nil }
            switch token {
            case .beginNode(let name):
                depth += 1
                return DeviceTreeNode(offset: start, name: name, depth: depth - 1)
            case .endNode:
                depth -= 1
            case .property, .nop:
                continue
            case .end:
                offset = start
                return nil
            }
        }
    }
}
