import FakeMachine
import MemoryModel
import Testing

private let base: UInt64 = 0x2000_0000
private let tableSpan = 2 * megabyte

@Suite(.leakLedger) struct AddressSpaceMoveTests {
    @Test("pages move with their frames: nothing is copied, and the old addresses are free on every CPU")
    func moves() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 8 * page)
        for index in 0..<8 as Range<UInt64> where index != 3 {
            try test.write(index + 1, at: base + index * page, cpu: Int(index & 1))
        }
        let frames = (0..<8 as Range<UInt64>).map { test.frame(of: base + $0 * page) }
        let free = test.frames.freeFrames
        let target = base + 0x10_0000
        #expect(try test.move(base, 8 * page, 8 * page, .mayMove | .fixed, to: target) == target)
        let after = test.frames.freeFrames
        #expect(after == free)
        for index in 0..<8 as Range<UInt64> {
            #expect(test.frame(of: target + index * page) == frames[Int(index)])
            #expect(try test.read(target + index * page, cpu: Int(index & 1)) == (index == 3 ? 0 : index + 1))
            #expect(throws: FaultError.notMapped) { try test.read(base + index * page, cpu: 1) }
        }
        try test.write(9, at: target, cpu: 1)
        #expect(try test.read(target) == 9)
        try test.finish()
    }

    @Test("a length that shrinks beyond the last address is no trap: what lies there is unmapped, which is nothing")
    func wraps() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 2 * page)
        #expect(try test.move(base, 0 &- page, 0 &- 2 * page) == base)
        #expect(throws: MapError.invalidArgument) { try test.move(base, 0 &- page, page << 40) }
        try test.write(1, at: base + page)
        try test.finish()
    }

    @Test("pages that are added where the source's table was are as many as were asked for", arguments: [21, 512] as [UInt64])
    func growsWhereItWas(added: UInt64) throws {
        // Ten pages alone in their table, or alone below a level-1 entry, go just before it; what is added lies in it.
        let region: UInt64 = added == 512 ? 0x80_4000_0000 : 0x80_0020_0000
        let source = region + (added == 512 ? 4 * megabyte : 0x2_9000)
        var test = try TestSpace()
        try test.map(fixed: source, 10 * page)
        try test.write(7, at: source)
        let target = region - 10 * page
        #expect(try test.move(source, 10 * page, (10 + added) * page, .mayMove | .fixed, to: target) == target)
        let mapped = test.space.statistics.mappedPages
        #expect(mapped == 10 + added)
        #expect(test.isMapped(source) == false)
        #expect(test.isMapped(region + (added - 1) * page) == true)
        #expect(test.isMapped(region + added * page) == false)
        #expect(try test.read(target) == 7)
        try test.finish()
    }

    @Test("a mapping grows in place where the pages behind it are free, and moves where they are not")
    func grows() throws {
        var test = try TestSpace()
        let start = try test.map(2 * page)
        try test.write(1, at: start + page)
        #expect(try test.move(start, 2 * page, 600 * page) == start)
        try test.write(2, at: start + 599 * page)
        #expect(throws: FaultError.notMapped) { try test.read(start + 600 * page) }
        try test.map(fixed: start + 600 * page, page, .read)
        #expect(throws: MapError.outOfMemory) { try test.move(start, 600 * page, 601 * page) }
        let moved = try test.move(start, 600 * page, 700 * page, .mayMove)
        #expect(moved != start)
        #expect(try test.read(moved + page) == 1)
        #expect(try test.read(moved + 599 * page) == 2)
        #expect(try test.read(moved + 699 * page) == 0)
        #expect(throws: FaultError.notMapped) { try test.read(start) }
        // A part in the middle of a mapping has no room behind it.
        let part = try test.move(moved + page, page, 2 * page, .mayMove)
        #expect(try test.read(part) == 1)
        #expect(throws: FaultError.notMapped) { try test.read(moved + page) }
        try test.finish()
    }

    @Test("shrinking unmaps the rest, whatever is there, and never moves")
    func shrinks() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 4 * page)
        try test.map(fixed: base + 5 * page, page, .read)
        #expect(try test.move(base, 6 * page, page) == base)
        let left = (0..<6 as Range<UInt64>).map { test.isMapped(base + $0 * page) }
        #expect(left == [true, false, false, false, false, false])
        #expect(try test.move(base, page, page) == base)
        #expect(try test.move(base, 1, 4096) == base)
        try test.map(fixed: base, 4 * page)
        try test.write(7, at: base)
        #expect(try test.move(base, 4 * page, page, .mayMove | .fixed, to: base + tableSpan) == base + tableSpan)
        #expect(try test.read(base + tableSpan) == 7)
        let rest = (0..<4 as Range<UInt64>).map { test.isMapped(base + $0 * page) }
        #expect(rest == [false, false, false, false])
        try test.finish()
    }

    @Test("what was at a fixed destination goes, and its frames with it")
    func replaces() throws {
        var test = try TestSpace(frames: 4000)
        try test.map(fixed: base, 600 * page)
        for index in 0..<600 as Range<UInt64> { try test.write(index, at: base + index * page) }
        let target = base + 3 * tableSpan + 5 * page
        try test.map(fixed: target - 10 * page, 700 * page, .readExecute)
        for index in 0..<700 as Range<UInt64> { _ = try test.access(target - 10 * page + index * page, .execute) }
        #expect(try test.move(base, 600 * page, 650 * page, .mayMove | .fixed, to: target) == target)
        for index in 0..<650 as Range<UInt64> {
            #expect(try test.read(target + index * page, cpu: 1) == (index < 600 ? index : 0))
        }
        try test.write(1, at: target + 649 * page)
        #expect(throws: FaultError.accessDenied) { try test.write(1, at: target - page) }
        #expect(throws: FaultError.accessDenied) { try test.write(1, at: target + 650 * page) }
        try test.finish()
    }

    @Test("DONTUNMAP leaves the source mapped and empty")
    func keepsSource() throws {
        var test = try TestSpace()
        let start = try test.map(4 * page)
        try test.write(5, at: start + page)
        let moved = try test.move(start, 4 * page, 4 * page, .mayMove | .dontUnmap)
        #expect(moved != start)
        #expect(try test.read(moved + page) == 5)
        #expect(try test.read(start + page) == 0)
        try test.write(6, at: start + page)
        #expect(try test.read(moved + page, cpu: 1) == 5)
        // The destination is a hint, followed where it is free.
        #expect(try test.move(moved, 4 * page, 4 * page, .mayMove | .dontUnmap, to: base) == base)
        #expect(try test.move(moved, 4 * page, 4 * page, .mayMove | .dontUnmap, to: base) != base)
        #expect(try test.read(base + page) == 5)
        // A whole table.
        try test.map(fixed: base + tableSpan, tableSpan)
        for index in stride(from: 0 as UInt64, to: 512, by: 100) {
            try test.write(index, at: base + tableSpan + index * page)
        }
        _ = try test.move(base + tableSpan, tableSpan, tableSpan, .mayMove | .dontUnmap, to: base + 4 * tableSpan)
        #expect(try test.read(base + tableSpan + 100 * page) == 0)
        #expect(try test.read(base + 4 * tableSpan + 100 * page) == 100)
        try test.finish()
    }

    @Test("pages whose tables lie alike move as tables, at no cost in frames and with one invalidation")
    func movesTables() throws {
        var test = try TestSpace(frames: 4000)
        let length = 3 * tableSpan
        try test.map(fixed: base, length)
        for index in stride(from: 0 as UInt64, to: 3 * 512, by: 7) { try test.write(index, at: base + index * page) }
        let words = test.machine.maintenance.wordAccesses
        let invalidations = test.machine.maintenance.invalidations
        let target = base + 8 * tableSpan
        let free = test.frames.freeFrames
        #expect(try test.move(base, length, length, .mayMove | .fixed, to: target) == target)
        let used = test.machine.maintenance.wordAccesses - words
        // Looking at the 1,536 entries is all.
        #expect(used < 2_500)
        #expect(test.machine.maintenance.invalidations == invalidations + 1)
        let after = test.frames.freeFrames
        #expect(after == free)
        for index in stride(from: 0 as UInt64, to: 3 * 512, by: 7) {
            #expect(try test.read(target + index * page, cpu: 1) == index)
        }
        #expect(throws: FaultError.notMapped) { try test.read(base, cpu: 1) }
        try test.finish()
    }

    @Test("a table that moves is in order before it is named again, though nobody waited for what was noted in it")
    func movesTableInOrder() throws {
        var test = try TestSpace()
        try test.map(fixed: base, tableSpan)
        try test.write(42, at: base)
        // Which attributes a page has is nothing to the walkers.
        try test.space.lockEverything(.lock, frames: &test.frames)
        let target = base + 8 * tableSpan
        try test.move(base, tableSpan, tableSpan, .mayMove | .fixed, to: target)
        #expect(try test.read(target, cpu: 1) == 42)
        try test.finish()
    }

    @Test("untouched memory moves as the few entries that reserve it")
    func movesReservations() throws {
        var test = try TestSpace()
        let start: UInt64 = 0x100_0000_0000
        try test.map(fixed: start, 600 * gigabyte, .none)
        let tables = test.space.statistics.tables
        let moved = try test.move(start, 600 * gigabyte, 600 * gigabyte, .mayMove | .fixed, to: 2 * start + page)
        #expect(moved == 2 * start + page)
        #expect(test.space.statistics.mappedPages == 600 * gigabyte / page)
        let after = test.space.statistics.tables
        #expect(after == 8 && tables == 3)
        #expect(throws: FaultError.accessDenied) { try test.read(moved + 600 * gigabyte - page) }
        #expect(throws: FaultError.notMapped) { try test.read(moved + 600 * gigabyte) }
        try test.unmap(moved, 600 * gigabyte)
        #expect(test.space.statistics.mappedPages == 0)
        try test.finish()
    }

    @Test("the error that wins is Linux's, and nothing has changed")
    func errors() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 4 * page)
        try test.map(fixed: base + 4 * page, 2 * page, .read)
        try test.map(fixed: base + 8 * page, page)
        for index in [0, 1, 2, 3, 8] as [UInt64] { try test.write(index + 1, at: base + index * page) }
        let far = base + 0x10_0000
        let cases: [(UInt64, UInt64, UInt64, MoveOptions, UInt64, MapError)] = [
            // What is asked makes no sense, whatever is mapped.
            (base, page, page, .fixed, far, .invalidArgument),
            (base, page, page, .dontUnmap, far, .invalidArgument),
            (base, page, 2 * page, .mayMove | .dontUnmap, far, .invalidArgument),
            (base, 1, page, .mayMove | .dontUnmap, far, .invalidArgument),
            (base + 1, page, page, .mayMove, 0, .invalidArgument),
            (base, page, 0, .mayMove, 0, .invalidArgument),
            (base, page, .max, .mayMove, 0, .invalidArgument),
            // Nothing is mapped there.
            (base + 6 * page, page, 2 * page, .mayMove, 0, .badAddress),
            (base + 6 * page, page, page, .none, 0, .badAddress),
            (0, page, page, .mayMove | .fixed, 1, .badAddress),
            (0x4000_0000, page, 2 * page, .mayMove, 0, .badAddress),
            (1 << 60, page, 2 * page, .mayMove, 0, .badAddress),
            // The destination.
            (base, page, page, .mayMove | .fixed, far + 1, .invalidArgument),
            (base, page, page, .mayMove | .fixed, base, .invalidArgument),
            (base, 4 * page, page, .mayMove | .fixed, base + 3 * page, .invalidArgument),
            (base + page, page, 2 * page, .mayMove | .fixed, base, .invalidArgument),
            (base, page, page, .mayMove | .fixed, 1 << 48, .invalidArgument),
            (base, page, 1 << 49, .mayMove | .fixed, far, .invalidArgument),
            (base, 1 << 50, page, .mayMove | .fixed, far, .invalidArgument),
            (base, page, page, .mayMove | .fixed, 1 << 60 | far, .invalidArgument),
            // No pages to be duplicated: private memory.
            (base, 0, page, .mayMove, 0, .invalidArgument),
            (base, 0, page, .none, 0, .invalidArgument),
            (base, 0, page, .mayMove | .fixed, far, .invalidArgument),
            // Not one mapping.
            (base, 5 * page, 6 * page, .mayMove, 0, .badAddress),
            (base, 5 * page, 6 * page, .none, 0, .badAddress),
            (base + 5 * page, 2 * page, 3 * page, .mayMove, 0, .badAddress),
            (base, 6 * page, 6 * page, .mayMove | .fixed, base + 8 * page, .badAddress),
            (base, 1 << 50, 1 << 51, .mayMove, 0, .badAddress),
            (base, page, page, .mayMove | .fixed, 0x1000, .notPermitted),
            (base, page, page, .mayMove | .fixed, 0x4000_0000, .outOfMemory),
            // No room.
            (base, page, 2 * page, .none, 0, .outOfMemory),
            (base + 8 * page, page, 1 << 48, .none, 0, .outOfMemory),
            (base + 8 * page, page, 1 << 62, .mayMove, 0, .outOfMemory),
        ]
        for (number, (source, old, new, options, target, error)) in cases.enumerated() {
            #expect(throws: error, "case \(number)") { try test.move(source, old, new, options, to: target) }
        }
        for index in [0, 1, 2, 3, 8] as [UInt64] { #expect(try test.read(base + index * page) == index + 1) }
        #expect(test.space.statistics.mappedPages == 7)
        try test.finish()
    }

    @Test("pages without access, pages that nobody touched and read-only ones move as they are")
    func movesStates() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 20 * page)
        for index in 0..<10 as Range<UInt64> { try test.write(index + 1, at: base + index * page) }
        try test.protect(base, 20 * page, .none)
        let target = base + tableSpan - 5 * page
        try test.move(base, 20 * page, 20 * page, .mayMove | .fixed, to: target)
        #expect(throws: FaultError.accessDenied) { try test.read(target) }
        try test.protect(target, 20 * page, .read)
        for index in 0..<20 as Range<UInt64> {
            #expect(try test.read(target + index * page) == (index < 10 ? index + 1 : 0))
        }
        #expect(throws: FaultError.accessDenied) { try test.write(1, at: target) }
        try test.move(target, 20 * page, 20 * page, .mayMove | .fixed, to: base)
        try test.protect(base, 20 * page, .readWrite)
        for index in 0..<20 as Range<UInt64> {
            #expect(try test.read(base + index * page) == (index < 10 ? index + 1 : 0))
            try test.write(index + 100, at: base + index * page)
        }
        try test.finish()
    }

    @Test("what moves out of, and into, tables that a child shares leaves the child's pages where they are")
    func afterFork() throws {
        var test = try TestSpace(frames: 4000)
        try test.map(fixed: base, tableSpan)
        try test.map(fixed: base + 2 * tableSpan, 100 * page)
        for index in 0..<512 as Range<UInt64> { try test.write(index + 1, at: base + index * page) }
        for index in 0..<100 as Range<UInt64> { try test.write(1000 + index, at: base + 2 * tableSpan + index * page) }
        var child = try test.space.fork(frames: &test.frames)
        try test.move(base, 64 * page, 64 * page, .mayMove | .fixed, to: base + 2 * tableSpan + 10 * page)
        for index in 0..<100 as Range<UInt64> {
            let expected = (10..<74).contains(index) ? index - 9 : 1000 + index
            let address = base + 2 * tableSpan + index * page
            #expect(try test.read(address, cpu: 1) == expected)
            try test.write(7, at: address)
            let frame = try child.writableFrame(for: VirtualAddress(address), frames: &test.frames)
            #expect(test.machine.peek(frame.address) == 1000 + index)
        }
        let frame = try child.writableFrame(for: VirtualAddress(base), frames: &test.frames)
        #expect(test.machine.peek(frame.address) == 1)
        try child.validate()
        child.destroy(frames: &test.frames)
        try test.finish()
    }

    @Test(
        "where a frame is lacking nothing has changed, whichever allocation fails",
        arguments: [
            (base + 100 * page, 300 * page, 300 * page, base + 5 * tableSpan + 300 * page),
            (base, tableSpan, 2 * tableSpan, 0x80_4000_0000),
            (base + page, 700 * page, 800 * page, 0x100_0000_0000 - 300 * page),
            (base, tableSpan, tableSpan, base + 2 * tableSpan),
        ] as [(UInt64, UInt64, UInt64, UInt64)])
    func outOfMemory(source: UInt64, old: UInt64, new: UInt64, target: UInt64) throws {
        var test = try TestSpace(frames: 4000)
        try test.map(fixed: base, 2 * tableSpan)
        try test.map(fixed: base + 2 * tableSpan, tableSpan / 2, .readExecute)
        for index in stride(from: 0 as UInt64, to: 1024, by: 3) { try test.write(index, at: base + index * page) }
        for index in 0..<100 as Range<UInt64> { _ = try test.read(base + 2 * tableSpan + index * page) }
        let child = try test.space.fork(frames: &test.frames)
        var failures = 0
        while true {
            let withheld = test.frames.withhold(leaving: UInt64(failures))
            var outcome: MapError?
            do throws(MapError) {
                try test.move(source, old, new, .mayMove | .fixed, to: target)
            } catch {
                outcome = error
            }
            test.frames.restore(withheld)
            try test.space.validate()
            guard let outcome else { break }
            #expect(outcome == .outOfMemory)
            failures += 1
            for index in stride(from: 0 as UInt64, to: 1024, by: 3) {
                #expect(try test.read(base + index * page) == index)
            }
            #expect(throws: FaultError.accessDenied) { try test.write(1, at: base + 2 * tableSpan) }
        }
        #expect(failures > 0)
        for address in stride(from: source, to: source + old, by: Int(page)) {
            let index = (address - base) / page
            let expected = index % 3 == 0 ? index : 0
            #expect(try test.read(target + (address - source)) == expected)
            #expect(throws: FaultError.notMapped) { try test.read(address, cpu: 1) }
        }
        try child.validate()
        child.destroy(frames: &test.frames)
        try test.finish()
    }

    @Test("what may not be promised does not grow, but shrinks and moves")
    func promises() throws {
        var test = try TestSpace()
        for (protection, isAccounted) in [(Protection.readWrite, true), (.read, false)] {
            for (old, new, options) in [
                (2, 3, MoveOptions.none), (1, 2, .mayMove), (2, 2, .mayMove | .dontUnmap), (2, 2, .mayMove | .fixed),
            ] as [(UInt64, UInt64, MoveOptions)] {
                try test.map(fixed: base, 2 * page, protection)
                var request = MoveRequest(
                    VirtualAddress(base), oldLength: .pages(old), newLength: .pages(new), options: options,
                    destination: VirtualAddress(base + 64 * page))
                request.mayAccount = false
                var refusal: MapError?
                do throws(MapError) {
                    _ = try test.space.move(request, frames: &test.frames)
                } catch {
                    refusal = error
                }
                let isRefused = isAccounted && options != .mayMove | .fixed
                #expect(refusal == (isRefused ? .outOfMemory : nil))
                try test.unmap(0, 1 << 30)
            }
        }
        try test.map(fixed: base, 2 * page)
        var request = MoveRequest(
            VirtualAddress(base), oldLength: .pages(2), newLength: .pages(3), options: .mayMove | .fixed,
            destination: VirtualAddress(page))
        request.mayAccount = false
        #expect(throws: MapError.notPermitted, "that the place is forbidden comes first") {
            try test.space.move(request, frames: &test.frames)
        }
        try test.finish()
    }

    @Test("a mapping that grows down keeps growing where it has moved to")
    func movesStack() throws {
        var test = try TestSpace()
        try test.map(fixed: base, 2 * page, options: .growsDown)
        try test.write(3, at: base)
        let moved = try test.move(base, 2 * page, 3 * page, .mayMove | .fixed, to: base + 0x80_0000)
        #expect(try test.read(moved) == 3)
        try test.write(4, at: moved - 2 * page)
        #expect(try test.read(moved - page) == 0)
        try test.finish()
    }
}

/// Without a look at the caches: the tests write to objects' pages as no kernel does.
@Suite struct AddressSpaceMoveObjectTests {
    @Test("an object's pages move with their content and their place in the object, and growth goes on in it")
    func movesObjects() throws {
        let family = try Family()
        let first = family.first
        let object = try family.makeObject(pages: 2000)
        for index in stride(from: 0 as UInt64, to: 2000, by: 50) { family.poke(index, object, UInt32(index)) }
        try family.map(first, object, at: base + page, pages: 1500, from: 10, shared: true)
        _ = try family.read(first, base + page + 40 * page)
        try family.write(first, 777, at: base + page + 60 * page)
        let target = base + 8 * tableSpan + 3 * page
        #expect(try family.move(first, base + page, 1500 * page, 1900 * page, .mayMove | .fixed, to: target) == target)
        #expect(family.objects.mappedPages(of: object) == 1900)
        for index in stride(from: 50 as UInt64, to: 1900, by: 50) where index != 70 {
            #expect(try family.read(first, target + (index - 10) * page, cpu: 1) == index)
        }
        #expect(try family.read(first, target + 60 * page) == 777)
        #expect(family.peek(object, 70) == 777)
        // In place, and with the source kept.
        #expect(try family.move(first, target, 1900 * page, 1910 * page) == target)
        #expect(try family.read(first, target + 1890 * page) == 1900)
        let kept = try family.move(first, target, 1910 * page, 1910 * page, .mayMove | .dontUnmap)
        #expect(family.objects.mappedPages(of: object) == 3820)
        for index in stride(from: 50 as UInt64, to: 1900, by: 250) {
            #expect(try family.read(first, target + (index - 10) * page) == index)
            #expect(try family.read(first, kept + (index - 10) * page) == index)
        }
        // No old pages: the same memory a second time.
        let again = try family.move(first, kept + 40 * page, 0, 3 * page, .mayMove)
        #expect(try family.read(first, again) == 50)
        try family.write(first, 51, at: again, cpu: 1)
        #expect(try family.read(first, kept + 40 * page) == 51)
        #expect(family.objects.mappedPages(of: object) == 3823)
        // Neighbours that do not continue each other are two mappings.
        try family.map(first, object, at: base, pages: 2, from: 5, shared: true)
        try family.map(first, object, at: base + 2 * page, pages: 2, from: 9, shared: true)
        #expect(throws: MapError.badAddress) { try family.move(first, base, 4 * page, 5 * page, .mayMove) }
        #expect(throws: MapError.invalidArgument) { try family.move(first, base, page, 1 << 44, .mayMove) }
        try first.validate()
        try family.unmap(first, base, 1 << 30)
        family.release(object)
        try family.finish()
    }

    @Test("an object's untouched blocks move over other mappings, and the counts hold")
    func movesObjectBlocks() throws {
        let family = try Family(frames: 4000)
        let first = family.first
        let object = try family.makeObject(pages: 4 << 18)
        let start: UInt64 = 0x100_0000_0000
        try family.map(first, object, at: start, pages: 3 << 18, shared: false)
        try family.map(first, object, at: 2 * start, pages: 2 << 18, shared: true)
        for (options, target) in [
            (MoveOptions.none, 2 * start + 5 * page), (.none, 3 * start), (.dontUnmap, 3 * start + tableSpan / 2 * 2048 * 3),
        ] {
            let source = target == 2 * start + 5 * page ? start : target == 3 * start ? 2 * start + 5 * page : 3 * start
            try family.write(first, 5, at: source + 700 * page)
            try family.move(first, source, 3 * gigabyte, 3 * gigabyte, .mayMove | .fixed | options, to: target)
            #expect(try family.read(first, target + 700 * page, cpu: 1) == 5)
            family.poke(9, object, 2 << 18)
            #expect(try family.read(first, target + 2 * gigabyte) == 9)
            try first.validate()
        }
        #expect(try family.read(first, 3 * start + 2 * gigabyte) == 9)
        #expect(family.objects.mappedPages(of: object) == 6 << 18 | 5)
        family.release(object)
        try family.finish()
    }
}

extension TestSpace {
    @discardableResult mutating func move(
        _ source: UInt64, _ old: UInt64, _ new: UInt64, _ options: MoveOptions = .none, to target: UInt64 = 0
    ) throws(MapError) -> UInt64 {
        try space.move(
            MoveRequest(
                VirtualAddress(source), oldLength: ByteCount(old), newLength: ByteCount(new), options: options,
                destination: VirtualAddress(target)),
            frames: &frames
        ).start.rawValue
    }
}

extension Family {
    @discardableResult func move(
        _ member: Member, _ source: UInt64, _ old: UInt64, _ new: UInt64, _ options: MoveOptions = .none,
        to target: UInt64 = 0
    ) throws(MapError) -> UInt64 {
        try member.space!.move(
            MoveRequest(
                VirtualAddress(source), oldLength: ByteCount(old), newLength: ByteCount(new), options: options,
                destination: VirtualAddress(target)),
            frames: &frames
        ).start.rawValue
    }
}
