extension DeviceTree {
    /// The value of a node's property, or nil where the node has none of that name. An empty value is not nil.
    @inline(never) public func property(_ name: StaticString, of node: DeviceTreeNode) -> ByteRange? {
        findProperty(of: node) { $0.equals(name) }
    }

    /// The value of a node's property whose name is given as bytes.
    public func property(named name: ByteSpan, of node: DeviceTreeNode) -> ByteRange? {
        findProperty(of: node) { $0.equals(name) }
    }

    private func findProperty(of node: DeviceTreeNode, matching matches: (ByteSpan) -> Bool) -> ByteRange? {
        var offset = node.offset
        guard let first = try? token(at: &offset), case .beginNode = first else { return nil }
        while let next = try? token(at: &offset) {
            switch next {
            case .property(let name, let value):
                if matches(bytes.bytes(at: name)) { return value }
            case .nop:
                continue
            case .beginNode, .endNode, .end:
                return nil
            }
        }
        return nil
    }

    /// A property of exactly one cell, or nil where it is absent or has another size.
    public func cell(_ name: StaticString, of node: DeviceTreeNode) -> UInt32? {
        guard let value = property(name, of: node), value.count == 4 else { return nil }
        return cell(at: 0, of: value)
    }

    /// The cell at `index` of a value, or nil beyond its end.
    public func cell(at index: Int, of value: ByteRange) -> UInt32? {
        guard index >= 0, index < value.count / 4 else { return nil }
        return bytes.bigEndian32(at: value.offset + index * 4)
    }

    /// The number in `count` cells from `index` on; nil beyond the value's end or 64 bits. No cells are zero.
    public func number(at index: Int, cells count: Int, of value: ByteRange) -> UInt64? {
        var number: UInt64 = 0
        for place in 0..<count {
            guard let cell = cell(at: index + place, of: value), number >> 32 == 0 else { return nil }
            number = number << 32 | UInt64(cell)
        }
        return number
    }

    /// Whether a property that is a list of strings, such as `compatible`, holds `text`.
    public func list(_ name: StaticString, of node: DeviceTreeNode, contains text: StaticString) -> Bool {
        indexInList(name, of: node, text: text) != nil
    }

    /// The position of `text` in a property that is a list of strings, or nil where it is not there.
    @inline(never) public func indexInList(_ name: StaticString, of node: DeviceTreeNode, text: StaticString) -> Int? {
        guard let value = property(name, of: node) else { return nil }
        let list = bytes.bytes(at: value)
        var offset = 0
        var index = 0
        while let item = list.terminatedString(at: offset) {
            if list.bytes(at: item).equals(text) { return index }
            offset = item.end + 1
            index += 1
        }
        return nil
    }

    /// Whether a node is compatible with a binding, given by its `compatible` string.
    public func isCompatible(_ node: DeviceTreeNode, with binding: StaticString) -> Bool {
        list("compatible", of: node, contains: binding)
    }

    /// A property that is one string, without its NUL; nil where it is absent or not ended.
    public func string(_ name: StaticString, of node: DeviceTreeNode) -> ByteRange? {
        guard let value = property(name, of: node),
            let string = bytes.bytes(at: value).terminatedString(at: 0)
        else { return nil }
        return ByteRange(offset: value.offset, count: string.count)
    }

    /// Whether the node's `status` lets it be used: absent, `okay` or `ok`.
    public func isEnabled(_ node: DeviceTreeNode) -> Bool {
        guard let status = property("status", of: node) else { return true }
        guard let text = bytes.bytes(at: status).terminatedString(at: 0) else { return false }
        let word = bytes.bytes(at: ByteRange(offset: status.offset, count: text.count))
        return word.equals("okay") || word.equals("ok")
    }

    /// Whether the node's name, its unit address left aside, is `name`.
    public func node(_ node: DeviceTreeNode, isNamed name: StaticString) -> Bool {
        let bytes = bytes.bytes(at: node.name)
        return bytes.starts(with: name)
            && (bytes.count == name.utf8CodeUnitCount || bytes[name.utf8CodeUnitCount] == UInt8(ascii: "@"))
    }

    /// The node at an absolute path such as `/pl011@9000000`. A component without unit address matches any.
    public func node(atPath path: ByteSpan) -> DeviceTreeNode? {
        guard path.count > 0, path[0] == UInt8(ascii: "/") else { return nil }
        var found = root
        var offset = 1
        while offset < path.count {
            var end = offset
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            if end > offset {
                guard let child = child(of: found, named: path.extracting(offset..<end)) else { return nil }
                found = child
            }
            offset = end + 1
        }
        return found
    }

    private func child(of parent: DeviceTreeNode, named wanted: ByteSpan) -> DeviceTreeNode? {
        var nodes = nodes
        while let node = nodes.next() {
            if node.offset <= parent.offset { continue }
            if node.depth <= parent.depth { return nil }
            if node.depth == parent.depth + 1, name(of: node, matches: wanted) { return node }
        }
        return nil
    }

    private func name(of node: DeviceTreeNode, matches wanted: ByteSpan) -> Bool {
        let name = bytes.bytes(at: node.name)
        if name.equals(wanted) { return true }
        return name.count > wanted.count && name[wanted.count] == UInt8(ascii: "@")
            && name.extracting(0..<wanted.count).equals(wanted)
    }

    /// Calls `body` with each entry of the memory reservation block: a physical address and a size in bytes.
    public func forEachReservation<Failure: Error>(
        _ body: (_ address: UInt64, _ size: UInt64) throws(Failure) -> Void
    ) throws(Failure) {
        var offset = reservationsOffset
        while let address = bytes.bigEndian64(at: offset), let size = bytes.bigEndian64(at: offset + 8) {
            if address == 0 && size == 0 { return }
            try body(address, size)
            offset += 16
        }
    }
}
