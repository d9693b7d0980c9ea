import FakeMachine
import MemoryModel
import Testing

extension TestSpace {
    /// How many of `count` pages from `start` on have a frame.
    fileprivate func resident(_ start: UInt64, _ count: UInt64) -> UInt64 {
        var found: UInt64 = 0
        for index in 0..<count where frame(of: start + index * page) != nil { found += 1 }
        return found
    }
}

@Suite(.leakLedger) struct FaultWindowTests {
    @discardableResult private func fault(
        _ test: inout TestSpace, _ address: UInt64, _ access: Access = .write
    ) throws(FaultError) -> FaultOutcome {
        try test.space.resolveFault(at: VirtualAddress(address), access: access, frames: &test.frames)
    }

    @Test("each fault of a walk fills twice as many pages, 64 KiB at most, with adjacent frames")
    func doubles() throws {
        for access in [Access.write, .read] {
            var test = try TestSpace()
            let start = try test.map(128 * page)
            let free = test.frames.freeFrames
            var filled: UInt64 = 0
            for window: UInt64 in [1, 2, 4, 8, 16, 16, 16] {
                try fault(&test, start + filled * page + 8, access)
                filled += window
                #expect(test.resident(start, 128) == filled)
                #expect(test.frame(of: start + filled * page) == nil)
            }
            #expect(test.frames.freeFrames == free - (access == .write ? filled : 0))
            // Adjacent, but where one free block ended and another began: a small machine's memory is in small blocks.
            var breaks = 0
            for index in 1..<filled {
                guard let frame = test.frame(of: start + index * page),
                    let before = test.frame(of: start + (index - 1) * page)
                else { continue }
                if access == .write && frame != before.advanced(by: 1) { breaks += 1 }
            }
            #expect(breaks <= 12)
            for index in 0..<filled { #expect(try test.read(start + index * page, cpu: 1) == 0) }
            try test.finish()
        }
    }

    @Test("touches that are no walk fill one page each")
    func random() throws {
        var test = try TestSpace()
        let start = try test.map(128 * page)
        for index: UInt64 in [64, 0, 3, 2, 5, 66, 7] { try fault(&test, start + index * page) }
        #expect(test.resident(start, 128) == 7)
        // A walk that is left and taken up elsewhere begins with one page again.
        try fault(&test, start + 8 * page)
        try fault(&test, start + 100 * page)
        #expect(test.resident(start + 100 * page, 28) == 1)
        try test.finish()
    }

    @Test("a window ends with its mapping, before other attributes, and before what is resident")
    func bounds() throws {
        var test = try TestSpace()
        let start = try test.map(32 * page)
        try fault(&test, start)
        try fault(&test, start + page)
        try fault(&test, start + 3 * page)
        #expect(test.resident(start, 32) == 7)
        try test.protect(start + 9 * page, page, .read)
        try fault(&test, start + 7 * page)
        #expect(test.resident(start, 32) == 9)
        try test.write(5, at: start + 20 * page)
        try fault(&test, start + 19 * page)
        try fault(&test, start + 10 * page)
        try fault(&test, start + 11 * page)
        try fault(&test, start + 13 * page)
        try fault(&test, start + 17 * page)
        #expect(test.resident(start + 10 * page, 11) == 11)
        #expect(test.resident(start + 21 * page, 11) == 0)
        #expect(try test.read(start + 20 * page) == 5)
        try test.unmap(start + 24 * page, 8 * page)
        for index in 21..<24 as Range<UInt64> { try fault(&test, start + index * page) }
        #expect(test.state(start + 24 * page) == .free)
        try test.finish()
    }

    @Test("a walk goes on in the next table with the window that it had")
    func crossesTables() throws {
        var test = try TestSpace()
        let start = try test.map(4 * megabyte)
        let border = start + 2 * megabyte
        for index: UInt64 in [0, 1, 3, 7] { try fault(&test, border - 20 * page + index * page) }
        #expect(test.resident(border - 20 * page, 40) == 15)
        try fault(&test, border - 5 * page)
        #expect(test.resident(border - 20 * page, 40) == 20)
        // The entry beyond stands for 2 MiB: its first fault makes the table, and fills one page.
        try fault(&test, border)
        #expect(test.resident(border, 40) == 1)
        try fault(&test, border + page)
        #expect(test.resident(border, 40) == 17)
        try test.finish()
    }

    @Test("where frames are short only the page that is needed gets one, and the last frame goes to who needs it")
    func scarcity() throws {
        var test = try TestSpace()
        let start = try test.map(64 * page)
        for index: UInt64 in [0, 1, 3] { try fault(&test, start + index * page) }
        var taken = FrameList(test.frames.table)
        while test.frames.freeFrames > test.frames.totalFrames / 32, let frame = test.frames.take(.kernel) {
            taken.push(frame)
        }
        try fault(&test, start + 7 * page)
        #expect(test.resident(start, 64) == 8)
        while let frame = test.frames.take(.kernel) { taken.push(frame) }
        #expect(throws: FaultError.outOfMemory) { try fault(&test, start + 8 * page) }
        while let frame = taken.popFirst() { test.frames.release(frame) }
        try test.finish()
    }

    @Test("memory that grows down and memory to execute get what is touched alone")
    func special() throws {
        var test = try TestSpace()
        let top = try test.space.mapStack(frames: &test.frames).rawValue
        let bottom = top - 15 * page
        for index in 0..<4 as Range<UInt64> { try fault(&test, bottom + index * page) }
        #expect(test.resident(bottom, 15) == 4)
        let code = try test.map(32 * page, .all)
        for index in 0..<4 as Range<UInt64> { try fault(&test, code + index * page, .execute) }
        #expect(test.resident(code, 32) == 4)
        try test.finish()
    }

    @Test("MAP_POPULATE fills what was asked for, in whatever state the pages ahead are")
    func populates() throws {
        var test = try TestSpace()
        let start = try test.map(40 * page)
        for index: UInt64 in [8, 9, 11, 15] { try fault(&test, start + index * page) }
        try test.unmap(start + 10 * page, 20 * page)
        try test.map(fixed: start + 7 * page, 3 * page, options: .populate)
        #expect(test.resident(start + 7 * page, 3) == 3)
        try test.map(fixed: start + 10 * page, 20 * page)
        try test.map(fixed: start, 40 * page, .read)
        test.space.populate(
            VirtualRange(VirtualAddress(start), to: VirtualAddress(start + 40 * page)), frames: &test.frames)
        #expect(test.resident(start, 40) == 40)
        try test.finish()
    }
}
