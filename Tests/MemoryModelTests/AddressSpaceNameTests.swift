import FakeMachine
import MemoryModel
import Testing

@Suite(.leakLedger) struct AddressSpaceNameTests {
    @Test("a name has 79 characters at most, and only those that do not confuse a reader of maps")
    func characters() {
        var name = MappingName()
        for byte in UInt8.min...UInt8.max {
            let isPlain = (0x20...0x7E).contains(byte) && !"$`[]\\".utf8.contains(byte)
            var one = MappingName()
            #expect(one.append(byte) == isPlain, "\(byte)")
        }
        for index in 0..<79 {
            let isAppended = name.append(UInt8(0x61 + index % 26))
            #expect(isAppended)
        }
        let isAppended = name.append(0x61)
        #expect(!isAppended && name.count == 79)
    }

    @Test("names split and join what maps tells as one mapping", arguments: [0, 1, 7, 8, 9, 16, 79])
    func splitting(length: Int) throws {
        var test = try TestSpace()
        let start = try test.map(8 * page)
        let name = String(repeating: "n", count: length)
        try test.name(start + 2 * page, 3 * page, name)
        #expect(test.names() == ["2 -", "3 \(name)", "3 -"])
        try test.name(start + 4 * page, 2 * page, "\(name.dropLast())x")
        #expect(test.names() == ["2 -", "2 \(name)", "2 \(name.dropLast())x", "2 -"])
        try test.name(start + 2 * page, 4 * page, name)
        #expect(test.names() == ["2 -", "4 \(name)", "2 -"])
        try test.name(start, 8 * page, nil)
        #expect(test.names() == ["8 -"])
        try test.finish()
    }

    @Test("a name stays through touching, rights, advice and moving, and goes with what is mapped anew")
    func staying() throws {
        var test = try TestSpace()
        let start = try test.map(8 * page)
        try test.write(1, at: start + page)
        try test.name(start, 4 * page, "heap")
        try test.write(2, at: start)
        try test.protect(start, 4 * page, .none)
        try test.protect(start, 4 * page, .readWrite)
        try test.space.discard(VirtualAddress(start), length: Granule.size, frames: &test.frames)
        #expect(test.names() == ["4 heap", "4 -"])
        #expect(try test.read(start) == 0 && test.read(start + page) == 1)
        let moved = try test.space.move(
            MoveRequest(
                VirtualAddress(start), oldLength: ByteCount.pages(4), newLength: ByteCount.pages(6), options: .mayMove),
            frames: &test.frames)
        #expect(test.names() == ["4 -", "6 heap"])
        #expect(try test.read(moved.start.rawValue + page) == 1)
        try test.map(fixed: moved.start.rawValue, 2 * page)
        #expect(test.names() == ["6 -", "4 heap"])
        try test.finish()
    }

    @Test("a child has its parent's names, and each gives its own afterwards")
    func forking() throws {
        var test = try TestSpace()
        let start = try test.map(64 * page)
        for index in 0..<64 as Range<UInt64> { try test.write(index, at: start + index * page) }
        try test.name(start, 64 * page, "before")
        var child = try test.space.fork(frames: &test.frames)
        try test.name(start, 64 * page, "parent's")
        try child.setName(
            mappingName("child's"), of: VirtualAddress(start + page), length: Granule.size, frames: &test.frames)
        #expect(test.names() == ["64 parent's"])
        #expect(names(in: child) == ["1 before", "1 child's", "62 before"])
        try child.validate()
        child.destroy(frames: &test.frames)
        try test.finish()
    }

    @Test("the errors are Linux's, in its order")
    func errors() throws {
        var test = try TestSpace()
        let start = try test.map(4 * page)
        #expect(throws: MapError.invalidArgument) { try test.name(start + 1, page, "n") }
        #expect(throws: MapError.invalidArgument) { try test.name(start, .max, "n") }
        #expect(throws: MapError.invalidArgument) { try test.name(start, 0 &- page, "n") }
        try test.name(start, 0, "n")
        #expect(test.names() == ["4 -"])
        // Holes are passed over and told of; a tag is not taken off.
        try test.unmap(start + page, page)
        #expect(throws: MapError.outOfMemory) { try test.name(start, 4 * page, "n") }
        #expect(test.names() == ["1 n", "2 n"])
        #expect(throws: MapError.outOfMemory) { try test.name(1 << 56 | start, page, "m") }
        try test.finish()
    }

    @Test("an object's memory has no name, shared or copied; what lies before it gets one")
    func objects() throws {
        let family = try Family()
        let object = try family.makeObject(pages: 1)
        let start: UInt64 = 0x2000_0000
        for isShared in [true, false] {
            _ = try family.first.space!.map(
                MapRequest(length: .pages(3), protection: .readWrite, placement: .fixed(VirtualAddress(start))),
                frames: &family.frames)
            try family.map(family.first, object, at: start + page, pages: 1, shared: isShared)
            try family.write(family.first, 1, at: start + page)
            do throws(MapError) {
                try family.first.space!.setName(
                    mappingName("n"), of: VirtualAddress(start), length: .pages(3), frames: &family.frames)
                Issue.record("named")
            } catch {
                #expect(error == .badFile)
            }
            #expect(MemoryModelTests.names(in: family.first.space!) == ["1 n", "1 -", "1 -"])
        }
        family.release(object)
        try family.finish()
    }

    @Test("there is room for so many names, and for as many again when the first are gone")
    func room() throws {
        var test = try TestSpace()
        let start = try test.map(100 * page)
        func long(_ index: Int) -> String { String(("\(index)" + String(repeating: "-", count: 79)).prefix(79)) }
        for round in 0..<50 {
            var given = 0
            do throws(MapError) {
                while true {
                    try test.name(start + UInt64(given) * page, page, long(round * 100 + given))
                    given += 1
                }
            } catch {
                #expect(error == .outOfMemory)
            }
            #expect(given == 25, "ten words each of 256")
            #expect(test.names().count == 26 && test.names().first == "1 \(long(round * 100))")
            // One that is there needs no room, and short ones fit where long ones do not.
            try test.name(start + 90 * page, page, long(round * 100 + 24))
            try test.name(start + 92 * page, page, "short")
            try test.name(start, 100 * page, nil)
            #expect(test.names() == ["100 -"])
        }
        try test.finish()
    }

    @Test("names that are kept are still themselves when others between them were swept")
    func sweeping() throws {
        var test = try TestSpace()
        let start = try test.map(400 * page)
        let kept = (0..<20).map { "kept \($0) " + String(repeating: "k", count: $0) }
        for index in 0..<20 as Range<Int> {
            try test.name(start + UInt64(index) * page, page, kept[index])
            try test.name(start + 300 * page, page, "gone \(index)")
        }
        for index in 0..<500 { try test.name(start + 301 * page, page, "gone too \(index)") }
        try test.name(start + 300 * page, 2 * page, nil)
        #expect(test.names() == kept.map { "1 \($0)" } + ["380 -"])
        try test.finish()
    }
}

private func mappingName(_ text: String) -> MappingName {
    var name = MappingName()
    for byte in text.utf8 {
        let isAppended = name.append(byte)
        #expect(isAppended, "a name that is one")
    }
    return name
}

/// Each run: its pages, and its name.
private func names(in space: borrowing AddressSpace<FakeHardware>) -> [String] {
    var lines: [String] = []
    var end = VirtualAddress(0)
    while let run = space.run(from: end) {
        var text = "-"
        if let name = space.name(of: run) {
            text = String(decoding: (0..<name.count).map { name[$0] }, as: UTF8.self)
        }
        lines.append("\(run.pageCount) \(text)")
        end = run.end
    }
    return lines
}

extension TestSpace {
    fileprivate mutating func name(_ start: UInt64, _ length: UInt64, _ text: String?) throws(MapError) {
        try space.setName(
            text.map(mappingName), of: VirtualAddress(start), length: ByteCount(length), frames: &frames)
    }

    fileprivate func names() -> [String] { MemoryModelTests.names(in: space) }
}
