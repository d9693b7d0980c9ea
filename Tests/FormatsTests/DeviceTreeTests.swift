import Formats
import Testing

@Suite("A flattened device tree")
struct DeviceTreeTests {
    @Test("gives its nodes in order, with depth")
    func nodes() throws {
        var builder = TreeBuilder()
        builder.node("") { root in
            root.node("a@1") { $0.node("b") { _ in } }
            root.node("c") { _ in }
        }
        let bytes = builder.bytes()
        let tree = try DeviceTree(bytes.span)
        var nodes = tree.nodes
        var seen: [String] = []
        while let node = nodes.next() { seen.append("\(node.depth):\(text(tree.bytes(at: node.name)))") }
        #expect(seen == ["0:", "1:a@1", "2:b", "1:c"])
        #expect(tree.root.depth == 0)
    }

    @Test("finds a node by path, with or without unit address, and none below the wrong parent")
    func paths() throws {
        var builder = TreeBuilder()
        builder.node("") { root in
            root.node("bus@1") { $0.node("uart@10") { _ in } }
            root.node("bus2") { $0.node("rtc@20") { _ in } }
        }
        let bytes = builder.bytes()
        let tree = try DeviceTree(bytes.span)
        func name(_ path: String) -> String? {
            let path = Array(path.utf8)
            return tree.node(atPath: path.span).map { text(tree.bytes(at: $0.name)) }
        }
        #expect(name("/bus@1/uart@10") == "uart@10")
        #expect(name("/bus/uart") == "uart@10")
        #expect(name("/bus@1/rtc@20") == nil)
        #expect(name("/bus2/rtc@20") == "rtc@20")
        #expect(name("/bus@1/uart@1") == nil)
        #expect(name("/") == "")
        #expect(name("bus") == nil)
        #expect(name("") == nil)
    }

    @Test("gives properties, cells and lists of strings")
    func properties() throws {
        var builder = TreeBuilder()
        builder.node("") {
            $0.token(4)
            $0.property("flag")
            $0.property("numbers", cells: 1, 2, 3)
            $0.property("one", cells: 0xfedc_ba98)
            $0.property("compatible", strings: "arm,pl011", "arm,primecell")
            $0.property("unended", [65, 66])
            $0.property("status", strings: "disabled")
        }
        let bytes = builder.bytes()
        let tree = try DeviceTree(bytes.span)
        let root = tree.root
        #expect(tree.property("flag", of: root)?.isEmpty == true)
        #expect(tree.property("fla", of: root) == nil)
        #expect(tree.property("flags", of: root) == nil)
        #expect(tree.cell("one", of: root) == 0xfedc_ba98)
        #expect(tree.cell("numbers", of: root) == nil)
        let numbers = try required(tree.property("numbers", of: root))
        #expect(tree.cell(at: 2, of: numbers) == 3)
        #expect(tree.cell(at: 3, of: numbers) == nil)
        #expect(tree.cell(at: -1, of: numbers) == nil)
        #expect(tree.number(at: 1, cells: 2, of: numbers) == 0x2_0000_0003)
        #expect(tree.number(at: 0, cells: 3, of: numbers) == nil)
        #expect(tree.isCompatible(root, with: "arm,primecell") == true)
        #expect(tree.isCompatible(root, with: "arm,prime") == false)
        #expect(tree.string("unended", of: root) == nil)
        #expect(tree.isEnabled(root) == false)
    }

    @Test("is found within more bytes, and at any alignment")
    func surroundings() throws {
        let bytes = [7] + TreeBuilder.machine().bytes() + [1, 2, 3]
        let tree = try DeviceTree(bytes.span.extracting(1...))
        #expect(tree.byteCount == bytes.count - 4)
    }

    @Test("with a wrong header is refused, with the reason")
    func headers() {
        let good = TreeBuilder.machine().bytes()
        let size = UInt32(good.count)
        #expect(error([]) == .tooSmall(byteCount: 0))
        #expect(error(Array(good.prefix(39))) == .tooSmall(byteCount: 39))
        #expect(error(good.replacing(word: 1, at: 0)) == .notADeviceTree(magic: 1))
        #expect(error(good.replacing(word: 16, at: 20)) == .unsupportedVersion(version: 16, lastCompatible: 16))
        #expect(error(good.replacing(word: 18, at: 24)) == .unsupportedVersion(version: 17, lastCompatible: 18))
        #expect(
            error(good.replacing(word: size + 1, at: 4)) == .wrongTotalSize(stated: size + 1, byteCount: good.count))
        #expect(error(good.replacing(word: 39, at: 4)) == .wrongTotalSize(stated: 39, byteCount: good.count))
        #expect(error(good.replacing(word: .max, at: 4)) == .wrongTotalSize(stated: .max, byteCount: good.count))
        #expect(error(good.replacing(word: 57, at: 8)) == .blockMisaligned(.structure, offset: 57))
        #expect(error(good.replacing(word: 44, at: 16)) == .blockMisaligned(.reservations, offset: 44))
        for (field, block) in [(8, DeviceTreeBlock.structure), (12, .strings), (16, .reservations)] {
            for offset: UInt32 in [.max, size, 0] {
                guard case .blockOutside(block, offset, _) = error(good.replacing(word: offset, at: field)) else {
                    Issue.record("\(block) at \(offset) was accepted")
                    continue
                }
            }
        }
        for field in [32, 36] {
            guard case .blockOutside = error(good.replacing(word: .max, at: field)) else {
                Issue.record("a block of 4 GiB was accepted")
                continue
            }
        }
    }

    @Test("with a wrong structure is refused, with the reason")
    func structures() {
        func build(finished: Bool = true, _ body: (inout TreeBuilder) -> Void) -> DeviceTreeError? {
            var builder = TreeBuilder()
            body(&builder)
            return error(builder.bytes(finished: finished))
        }
        #expect(build { _ in } == .wrongNesting(offset: 56))
        #expect(build { $0.begin("") } == .wrongNesting(offset: 64))
        #expect(build { $0.end() } == .wrongNesting(offset: 56))
        #expect(build { $0.property("a") } == .wrongNesting(offset: 56))
        #expect(
            build {
                $0.node("") { _ in }
                $0.node("") { _ in }
            } == .wrongNesting(offset: 68))
        #expect(build { $0.token(7) } == .unknownToken(7, offset: 56))
        #expect(build(finished: false) { $0.node("") { _ in } } == .truncatedStructure(offset: 68))
        #expect(build(finished: false) { $0.token(1) } == .truncatedStructure(offset: 56))
        #expect(build(finished: false) { $0.token(3) } == .truncatedStructure(offset: 56))
        #expect(
            build {
                $0.begin("")
                $0.node("a") { _ in }
                $0.property("b")
                $0.end()
            } == .misplacedProperty(offset: 76))
        #expect(
            build { b in
                for _ in 0..<17 { b.begin("") }
                for _ in 0..<17 { b.end() }
            }
                == .tooDeep(offset: 56 + 16 * 8))
        #expect(
            build { b in
                for _ in 0..<16 { b.begin("") }
                for _ in 0..<16 { b.end() }
            } == nil)
        // A property whose value, and one whose name, is said to be beyond the end.
        #expect(
            build {
                $0.begin("")
                $0.token(3)
                $0.token(.max)
                $0.token(0)
            } == .truncatedStructure(offset: 64))
        #expect(
            build {
                $0.begin("")
                $0.token(3)
                $0.token(0)
                $0.token(5)
            } == .nameOutside(offset: 64))
    }

    @Test("with reservations that never end is refused")
    func reservations() {
        var builder = TreeBuilder()
        builder.node("") { $0.property("#address-cells", cells: 2) }
        var bytes = builder.bytes()
        // The reservations begin where the tree has only non-zero bytes up to its end.
        bytes.append(contentsOf: [UInt8](repeating: 1, count: 64 - bytes.count % 8))
        bytes = bytes.replacing(word: UInt32(bytes.count), at: 4).replacing(word: UInt32(bytes.count - 32), at: 16)
        #expect(error(bytes) == .unendingReservations)
    }

    private func error(_ bytes: [UInt8]) -> DeviceTreeError? {
        do throws(DeviceTreeError) {
            _ = try DeviceTree(bytes.span)
            return nil
        } catch {
            #expect(error.reason.utf8CodeUnitCount > 0)
            return error
        }
    }
}

func text(_ bytes: ByteSpan) -> String {
    String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
}
