/// Builds a flattened device tree token by token, right or wrong, as a test asks.
struct TreeBuilder {
    private(set) var structure: [UInt8] = []
    private(set) var strings: [UInt8] = []
    var reservations: [(UInt64, UInt64)] = []

    mutating func token(_ number: UInt32) { structure += bigEndian(number) }

    mutating func begin(_ name: String) {
        token(1)
        structure += Array(name.utf8) + [0]
        pad()
    }

    mutating func end() { token(2) }

    mutating func node(_ name: String, _ body: (inout TreeBuilder) -> Void) {
        begin(name)
        body(&self)
        end()
    }

    mutating func property(_ name: String, _ value: [UInt8] = []) {
        token(3)
        structure += bigEndian(UInt32(value.count)) + bigEndian(UInt32(strings.count)) + value
        pad()
        strings += Array(name.utf8) + [0]
    }

    mutating func property(_ name: String, cells: UInt32...) { property(name, cells.flatMap(bigEndian)) }

    mutating func property(_ name: String, strings: String...) {
        property(name, strings.flatMap { Array($0.utf8) + [0] })
    }

    private mutating func pad() { while structure.count % 4 != 0 { structure.append(0) } }

    /// The tree: header, reservations, structure, strings.
    func bytes(finished: Bool = true) -> [UInt8] {
        let structure = finished ? structure + bigEndian(9) : structure
        let reserved = reservations.flatMap { bigEndian64($0.0) + bigEndian64($0.1) } + [UInt8](repeating: 0, count: 16)
        let structureOffset = UInt32(40 + reserved.count)
        let stringsOffset = structureOffset + UInt32(structure.count)
        let fields: [UInt32] = [
            0xd00d_feed, stringsOffset + UInt32(strings.count), structureOffset, stringsOffset, 40, 17, 16, 0,
            UInt32(strings.count), UInt32(structure.count),
        ]
        return fields.flatMap(bigEndian) + reserved + structure + strings
    }

    /// A tree whose root asks for two cells each and holds 1 GiB of memory at 1 GiB, and what `body` adds.
    static func machine(_ body: (inout TreeBuilder) -> Void = { _ in }) -> TreeBuilder {
        var builder = TreeBuilder()
        builder.node("") { root in
            root.property("#address-cells", cells: 2)
            root.property("#size-cells", cells: 2)
            root.property("interrupt-parent", cells: 1)
            root.node("memory@40000000") {
                $0.property("device_type", strings: "memory")
                $0.property("reg", cells: 0, 0x4000_0000, 0, 0x4000_0000)
            }
            body(&root)
        }
        return builder
    }
}

func bigEndian(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
func bigEndian64(_ number: UInt64) -> [UInt8] {
    bigEndian(UInt32(number >> 32)) + bigEndian(UInt32(truncatingIfNeeded: number))
}

extension Array where Element == UInt8 {
    func replacing(word: UInt32, at offset: Int) -> [UInt8] {
        var copy = self
        copy.replaceSubrange(offset..<offset + 4, with: bigEndian(word))
        return copy
    }
}

struct Absent: Error {}

/// As `#require`, whose macro can't take apart a call on a value that may not escape.
func required<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Absent() }
    return value
}
