import FakeMachine
import MemoryModel

extension World {
    /// Checks what the operation was about, in every process: nobody else may have noticed.
    func checkNear(_ operation: Operation) throws {
        try checkMachine()
        let (slots, addresses) = operation.subjects
        for address in addresses {
            for process in processes {
                if let process { try compare(address, of: process) }
            }
        }
        // All counts cost as much as all the rest together.
        if count % 16 == 0, let slot = slots.first, let process = processes[slot] { try compareUsage(of: process) }
        // The operation's range begins with the first address.
        if let slot = slots.first, let process = processes[slot], let first = addresses.first, first < addressLimit {
            let start = VirtualAddress(max(first / pageSize, 2) * pageSize) - .pages(2)
            try compareUsage(of: process, in: VirtualRange(start, to: start + .pages(8)))
        }
        try checkStale()
    }

    /// Checks every page of which a TLB may know what no table says any more, mapped or not: no right may outlive its
    /// revocation, wherever the operation was.
    private func checkStale() throws {
        for process in processes {
            guard let process, let asid = process.asid else { continue }
            for page in machine.stalePages(asid: asid) { try compare(page.rawValue, of: process) }
        }
    }

    /// Checks everything: the module's own invariants, every page of every process, every count.
    func checkAll() throws {
        lastCheck = count
        try checkMachine()
        for process in processes {
            guard let process else { continue }
            do throws(InvariantViolation) {
                try process.space!.validate()
            } catch {
                throw Disagreement("not so at \(error.address.rawValue.hex): \(error.invariant)")
            }
            try compareAll(of: process)
        }
        try checkObjects()
        try checkCounts()
        try checkMachine()
    }

    func compareAll(of process: Process) throws {
        guard process.space!.currentBreak().rawValue == process.model.programBreak else {
            throw Disagreement("the break is not where it should be")
        }
        var entries = EntryReader(process: process, machine: machine)
        var survey = process.asid.map { TranslationSurvey(machine, asid: $0) }
        var resident: UInt64 = 0
        for (number, page) in process.model.pages {
            guard let found = entries.entry(for: number) else { throw Disagreement("no path to \((number * pageSize).hex)") }
            let frame = try compare(number, found, with: page, of: process)
            if frame != nil { resident += 1 }
            let address = VirtualAddress(number * pageSize)
            try survey?.forEachTranslation(of: address) {
                try compare($0, with: found.attributes, of: address, frame: frame, table: found.table)
            }
        }
        try compareUsage(of: process, resident: resident)
    }

    /// Compares one page, mapped or not.
    func compare(_ address: UInt64, of process: Process) throws {
        guard address < addressLimit else { return }
        let number = address / pageSize
        guard let path = process.space!.translate(VirtualAddress(number * pageSize)) else {
            throw Disagreement("no path to \(address.hex)")
        }
        guard ModelSpace.low(number) || ModelSpace.high(number) else { return }
        let found = FoundEntry(
            state: path.state, attributes: path.attributes, table: path.last.table.frame,
            offset: number % TableGeometry.span(at: path.last.level).wholePages)
        let frame = try compare(number, found, with: process.model.pages[number], of: process)
        guard let asid = process.asid else { return }
        let page = VirtualAddress(number * pageSize)
        for translation in machine.allPossibleTranslations(page, asid: asid) {
            try compare(translation, with: found.attributes, of: page, frame: frame, table: found.table)
        }
    }

    /// Compares what was found for a page with what should be there: what is mapped and what it holds.
    /// - Returns: the frame that it shows, if any.
    private func compare(
        _ number: UInt64, _ found: FoundEntry, with expected: ModelSpace.Page?, of process: Process
    ) throws -> FrameNumber? {
        let page = VirtualAddress(number * pageSize)
        let frame: FrameNumber?
        switch found.state {
        case .free, .reserved, .reservedFile: frame = nil
        case .resident(let found, _, _, _), .residentWithoutAccess(let found, _): frame = found
        case nil: throw Disagreement("an entry at \(page.rawValue.hex) that says nothing")
        }
        guard (found.state == .free) == (expected == nil), found.attributes == expected?.attributes ?? .none else {
            throw Disagreement(
                "at \(page.rawValue.hex) is \(found.attributes.rawValue.hex), and should be"
                    + " \(expected?.attributes.rawValue.hex ?? "nothing")")
        }
        if case .reservedFile(_, let object, let first) = found.state {
            guard let source = expected?.source, objectNumbers[source.object] == object,
                UInt64(first.rawValue) + found.offset == source.index
            else { throw Disagreement("another page of an object is mapped at \(page.rawValue.hex)") }
        }
        if frame != nil, let source = expected?.source, source.index >= modelObjects[source.object].pageCount {
            throw Disagreement("at \(page.rawValue.hex) is a page from beyond its object's end")
        }
        if let expected {
            if let frame {
                try compare(frame, with: process.model.content(of: expected)) { "what lies at \(page.rawValue.hex)" }
            } else if expected.own != nil {
                throw Disagreement("what was written at \(page.rawValue.hex) is gone")
            }
        }
        return frame
    }

    /// Compares all of a frame with what should be in it; nil is zeroes.
    func compare(_ frame: FrameNumber, with expected: Content?, _ what: () -> String) throws {
        func fail(_ offset: UInt64) -> Disagreement {
            let (found, wanted) = (machine.peek(frame.address + ByteCount(offset)), expected?.word(at: offset) ?? 0)
            return Disagreement("\(what()) is \(found.hex) at offset \(offset), and should be \(wanted.hex)")
        }
        func isRight(_ offset: UInt64) -> Bool {
            machine.peek(frame.address + ByteCount(offset)) == expected?.word(at: offset) ?? 0
        }
        let offsets = stride(from: 0, to: pageSize, by: 8)
        if let expected, expected.backedBytes > 0 {
            if let wrong = offsets.first(where: { !isRight($0) }) { throw fail(wrong) }
            return
        }
        // The words that were written, and as many that are not zero as there are among them.
        if let wrong = expected?.words.keys.first(where: { !isRight($0) }) { throw fail(wrong) }
        let written = expected?.words.values.count { $0 != 0 } ?? 0
        guard machine.nonzeroWords(of: frame) != written else { return }
        throw fail(offsets.first { !isRight($0) } ?? 0)
    }

    /// No translation that the hardware may use allows more than the program may do, leads elsewhere, or writes what
    /// others see.
    private func compare(
        _ found: Translation, with attributes: AttributeSet, of page: VirtualAddress, frame: FrameNumber?,
        table: FrameNumber
    ) throws {
        func fail(_ what: String) -> Disagreement { Disagreement("a TLB \(what) \(page.rawValue.hex)") }
        let isGuard = attributes.contains(.guardPage)
        guard !found.el1Execute else { throw fail("lets EL1 execute") }
        if found.el0Execute && (isGuard || !attributes.contains(.execute)) { throw fail("lets EL0 execute") }
        guard found.el0Read || found.el0Write else { return }
        guard !isGuard, ModelSpace.isAccessible(attributes) else { throw fail("lets EL0 read") }
        guard found.frame(for: page) == frame else { throw fail("knows another frame for") }
        guard found.el0Write, let frame else { return }
        guard attributes.contains(.write) else { throw fail("lets EL0 write") }
        if attributes.contains(.shared) { return }
        let record = frames.record(of: frame)
        guard record.count == 1, frames.record(of: table).count == 1 else { throw fail("lets EL0 write what others see at") }
    }

    // MARK: Counts

    /// Every reference on every frame is one that can be reached from a root, and the other way round.
    func checkCounts() throws {
        var counting = References(machine)
        var spaces: UInt64 = 0
        for process in processes {
            guard let process else { continue }
            spaces += 1
            try counting.follow(process.space!.root(), kernel: kernel)
        }
        for object in Set(objectNumbers) where objects.exists(object) {
            var pages: UInt64 = 0
            var next = objects.nextPage(from: PageIndex(0), of: object)
            while let found = next {
                _ = try counting.refer(to: found.frame)
                pages += 1
                next = objects.nextPage(from: PageIndex(found.index.rawValue + 1), of: object)
            }
            guard objects.residentPages(of: object) == pages else {
                throw Disagreement("object \(object.rawValue) counts other pages than the \(pages) that it has")
            }
        }
        // The kernel's own: the zero frame, its table, and the attribute sets of each address space.
        _ = try counting.refer(to: kernel.zeroFrame)
        let (kernelFrames, owned) = try counting.compare(with: frames.table)
        // The ramdisk is a block, which counts as one. A table, the directory of objects and their records, and the trees that lead to their pages.
        let expected = spaces + 2 + objects.recordFrames + 1 + withheld
        guard kernelFrames == expected || (kernelFrames > expected && objects.count > 0) else {
            throw Disagreement("\(kernelFrames) frames are the kernel's, and \(expected) should be")
        }
        let free = frames.freeFrames
        guard owned - 1 + Self.backingPages + free == frames.totalFrames else {
            throw Disagreement("\(owned) frames are owned and \(free) free, of \(frames.totalFrames)")
        }
    }
}
