import FakeMachine
import MemoryModel

/// What a CPU does on the stage, step by step.
extension Stage {
    func perform(_ action: Scenario.Action, on cpu: Int, value: UInt64) {
        guard let slot = running[cpu], let process = processes[slot] else { return }
        switch action {
        case .read(let page):
            access(.read, page, value: 0, cpu: cpu)
        case .write(let page):
            access(.write, page, value: value, cpu: cpu)
        case .protect(let pages, let protection):
            // Nothing before the first hole counts as changed where there is one: the model asks the module.
            change(process, pages, unlessHole: true, { $0.rights = [protection] }) { (space, frames, range) throws(MapError) in
                try space.protect(range.start, length: range.length, protection, frames: &frames)
            }
        case .unmap(let pages):
            change(process, pages, { $0.rights = [nil] }) { (space, frames, range) throws(MapError) in
                try space.unmap(range.start, length: range.length, frames: &frames)
            }
        case .unmapTable:
            change(process, 0..<Self.pages, { $0.rights = [nil] }) { (space, frames, range) throws(MapError) in
                try space.unmap(range.start, length: .pages(512), frames: &frames)
            }
        case .map(let pages):
            change(process, pages, { $0 = PageModel(rights: .readWrite) }) { (space, frames, range) throws(MapError) in
                _ = try space.map(
                    MapRequest(length: range.length, protection: .readWrite, placement: .fixed(range.start)),
                    frames: &frames)
            }
        case .discard(let pages):
            change(process, pages, { $0.values = [0] }) { (space, frames, range) throws(MapError) in
                try space.discard(range.start, length: range.length, frames: &frames)
            }
        case .fork:
            lock { try? fork(slot, into: 2 + cpu) }
        case .exit:
            exit(slot, on: cpu)
        }
    }

    // MARK: The lock

    private func lock(_ body: () -> Void) {
        watch.scheduler?.step(.lock)
        isChanging = true
        body()
        isChanging = false
        check()
        watch.scheduler?.step(.unlock)
    }

    /// An operation that changes pages of a process, under the lock. Whoever looks meanwhile may see what was or what
    /// will be.
    private func change(
        _ process: Process, _ pages: Range<Int>, unlessHole: Bool = false, _ model: (inout PageModel) -> Void,
        _ operation: (inout Space, inout FrameAllocator<SteppingHardware>, VirtualRange) throws(MapError) -> Void
    ) {
        lock {
            let before = process.pages
            let hole = unlessHole ? pages.first { before[$0].rights == [nil] } ?? pages.upperBound : pages.upperBound
            let changed = pages.lowerBound..<hole
            for index in changed {
                var after = before[index]
                model(&after)
                process.pages[index].rights.formUnion(after.rights)
                if after.values != before[index].values || after.rights == [nil] {
                    process.pages[index].values.formUnion(after.values)
                    process.pages[index].valuesAfter = after.values
                }
            }
            let start = VirtualAddress(Self.base + UInt64(pages.lowerBound) * pageSize)
            let range = VirtualRange(start, to: start + .pages(UInt64(pages.count)))
            var isDone = true
            do throws(MapError) {
                try operation(&process.space!, &frames, range)
            } catch {
                // A hole is told of when what lies before it has changed, or all that is mapped.
                isDone = pages.contains { before[$0].rights == [nil] }
            }
            for index in changed {
                let during = process.pages[index]
                process.pages[index].valuesAfter = nil
                guard isDone else {
                    process.pages[index].rights = before[index].rights
                    continue
                }
                var after = during
                model(&after)
                if let values = during.valuesAfter { after.values = values }
                process.pages[index] = after
                process.pages[index].valuesAfter = nil
            }
        }
    }

    func fork(_ slot: Int, into child: Int) throws {
        guard let parent = processes[slot], processes[child] == nil else { return }
        let space = try parent.space!.fork(frames: &frames)
        // What the parent wrote until now shows in the child.
        processes[child] = Process(space, parent.pages)
    }

    private func exit(_ slot: Int, on cpu: Int) {
        guard let process = processes[slot] else { return }
        watch.scheduler?.step(.plain)
        watch.scheduler?.note(writes: [SteppingHardware.translations])
        machine.cpus[cpu].uninstall()
        running[cpu] = nil
        process.users -= 1
        guard process.users == 0 else { return }
        lock {
            processes[slot] = nil
            process.space.take()!.destroy(frames: &frames)
        }
    }

    // MARK: Accesses

    /// A load or store by the program, with the faults that it takes.
    func access(_ access: Access, _ page: Int, value: UInt64, cpu: Int) {
        guard let slot = running[cpu], let process = processes[slot] else { return }
        let address = VirtualAddress(Self.base + UInt64(page) * pageSize)
        for _ in 0..<8 {
            watch.scheduler?.step(.plain)
            if tryAccess(access, address, process, page, value: value, machine.cpus[cpu]) { return }
            var hasEnded = false
            lock { hasEnded = !resolve(access, address, process, page) }
            if hasEnded { return }
        }
        fail("the same access faults for ever: \(access) \(page)")
    }

    /// - Returns: whether the hardware lets the access through.
    private func tryAccess(
        _ access: Access, _ address: VirtualAddress, _ process: Process, _ page: Int, value: UInt64, _ cpu: FakeCPU
    ) -> Bool {
        let path = words(on: address, from: process.space!.root())
        let before = path.last.map { machine.peek(PhysicalAddress($0)) }
        let physical = try? cpu.access(address, access == .read ? .read : .write)
        watch.scheduler?.note(reads: path + [SteppingHardware.translations])
        if let leaf = path.last, machine.peek(PhysicalAddress(leaf)) != before { watch.scheduler?.note(writes: [leaf]) }
        guard let physical else { return false }
        if !process.pages[page].mayAllow(access) { fail("a program may \(access) page \(page)") }
        if access == .read {
            watch.scheduler?.note(reads: [physical.rawValue])
            let found = machine.peek(physical)
            if !process.pages[page].values.contains(found) {
                fail("page \(page) shows \(found), not one of \(process.pages[page].values)")
            }
        } else {
            watch.scheduler?.note(writes: [physical.rawValue])
            try? cpu.write(value, at: address)
            process.pages[page].values = process.pages[page].valuesAfter.map { $0.union([value]) } ?? [value]
        }
        return true
    }

    /// - Returns: whether the program goes on.
    private func resolve(_ access: Access, _ address: VirtualAddress, _ process: Process, _ page: Int) -> Bool {
        do throws(FaultError) {
            _ = try process.space!.resolveFault(at: address, access: access, frames: &frames)
        } catch {
            if error != .outOfMemory && process.pages[page].mayAllow(access) { fail("\(access) \(page) is refused: \(error)") }
            return false
        }
        if !process.pages[page].mayAllow(access) { fail("\(access) \(page) is made possible") }
        return true
    }

    /// The descriptors that a walk reads.
    private func words(on address: VirtualAddress, from root: FrameNumber) -> [UInt64] {
        var words: [UInt64] = []
        var table = root
        for level in Granule.firstLevel...Granule.lastLevel {
            let word = TableGeometry.entry(TableGeometry.index(of: address, at: level), of: table)
            words.append(word.rawValue)
            let descriptor = Descriptor(rawValue: machine.peek(word))
            guard descriptor.isTable(at: level) else { break }
            table = descriptor.frame
        }
        return words
    }

    // MARK: What always holds

    /// No TLB lets a program do what it may neither do before nor after the operation in progress. Where there is none,
    /// nobody writes what others see.
    func check() {
        if let violation = machine.violations.first { fail("\(violation)") }
        for process in processes {
            guard let process, let asid = process.asid else { continue }
            for (index, page) in process.pages.enumerated() {
                let address = VirtualAddress(Self.base + UInt64(index) * pageSize)
                for found in machine.allPossibleTranslations(address, asid: asid) {
                    if found.el0Read && !page.mayAllow(.read) { fail("a TLB may let EL0 read page \(index)") }
                    guard found.el0Write else { continue }
                    if !page.mayAllow(.write) { fail("a TLB may let EL0 write page \(index)") }
                    if !isChanging && records.count(of: found.frame(for: address)) != 1 {
                        fail("a TLB may let EL0 write what others see at page \(index)")
                    }
                }
            }
        }
    }
}
