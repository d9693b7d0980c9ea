import FakeMachine
import MemoryModel

extension World {
    /// Performs one operation on both sides. What names a process that is not there does nothing.
    /// - Throws: ``Disagreement`` where the two sides differ.
    func perform(_ operation: Operation) throws {
        result = "done"
        try performUncounted(operation)
        counts.add(operation.name, result)
    }

    private func performUncounted(_ operation: Operation) throws {
        switch operation {
        case .map(let slot, let place, let length, let rights, let options):
            guard let process = processes[slot] else { return }
            let request = MapRequest(
                length: length.count, protection: Protection(rawValue: rights), placement: place.placement,
                options: MapOptions(rawValue: options))
            _ = try compare(process, outOfMemory: MapError.outOfMemory) { (space, frames) throws(MapError) in
                try space.map(request, frames: &frames).rawValue
            } model: { (model) throws(MapError) in
                try model.map(request)
            }
        case .mapObject(let slot, let place, let length, let rights, let options, let held, let first):
            guard let process = processes[slot], let object = self.held[held] else { return }
            // Never executable: who executes what others write has to synchronise it himself.
            var request = MapRequest(
                length: length.count, protection: Protection(rawValue: rights & 3), placement: place.placement,
                options: MapOptions(rawValue: options),
                object: MappedObject(objectNumbers[object], firstPage: PageIndex(UInt32(first))))
            request.grantable = .readWrite
            guard obeysSeals(of: object, &request) else { return }
            _ = try compare(process, outOfMemory: MapError.outOfMemory) { (space, frames) throws(MapError) in
                try space.map(request, frames: &frames).rawValue
            } model: { (model) throws(MapError) in
                try model.map(request, ModelSpace.Source(object: object, index: first))
            }
        case .unmap(let slot, let start, let length):
            try change(slot) { (space, frames) throws(MapError) in
                try space.unmap(start.address, length: length.count, frames: &frames)
            } model: { (model) throws(MapError) in
                try model.unmap(start.rawValue, length.rawValue)
            }
        case .protect(let slot, let start, let length, let rights):
            let protection = Protection(rawValue: rights)
            try change(slot) { (space, frames) throws(MapError) in
                try space.protect(start.address, length: length.count, protection, frames: &frames)
            } model: { (model) throws(MapError) in
                try model.protect(start.rawValue, length.rawValue, protection)
            }
        case .protectGrowing(let slot, let start, let length, let rights):
            guard let range = VirtualRange(start.address, length: length.count), !range.isEmpty else { return }
            let protection = Protection(rawValue: rights)
            try change(slot) { (space, frames) throws(MapError) in
                let first = try space.startOfGrowingMapping(in: range)
                try space.protect(first, length: range.end - first, protection, frames: &frames)
            } model: { (model) throws(MapError) in
                try model.protectGrowing(range.start.rawValue, range.length.rawValue, protection)
            }
        case .wearOutClasses(let slot, let address, let names):
            guard let process = processes[slot] else { return }
            try wearOutClasses(process, address.rawValue, names)
        case .move(let slot, let start, let old, let new, let options, let target):
            guard let process = processes[slot] else { return }
            var request = MoveRequest(
                start.address, oldLength: old.count, newLength: new.count, options: MoveOptions(rawValue: options & 7),
                destination: target.address)
            request.mayAccount = options & 8 == 0
            request.mayAddData = options & 16 == 0
            _ = try compare(process, outOfMemory: MapError.outOfMemory) { (space, frames) throws(MapError) in
                let result = try space.move(request, frames: &frames)
                return ModelSpace.Moved(
                    start: result.start.rawValue, lockedGrowth: result.lockedGrowth.map(\.pageNumbers))
            } model: { (model) throws(MapError) in
                try model.move(request)
            }
        case .lockEverything(let slot, let lock):
            try change(slot) { (space, frames) throws(MapError) in
                if let now = lock.now { try space.lockEverything(now, frames: &frames) }
                space.setFutureLock(lock.later)
            } model: { (model) throws(MapError) in
                model.lockEverything(lock)
            }
        case .removeContent(let slot, let start, let pages):
            try removeContent(slot, VirtualRange(start.address, to: start.address + .pages(pages)))
        case .discard(let slot, let start, let length):
            try change(slot) { (space, frames) throws(MapError) in
                try space.discard(start.address, length: length.count, frames: &frames)
            } model: { (model) throws(MapError) in
                try model.discard(start.rawValue, length.rawValue)
            }
        case .change(let slot, let start, let pages, let kind):
            let range = VirtualRange(start.address, to: start.address + .pages(pages))
            let advice = Advice(kind)
            try change(slot, shortage: advice.shortage) { (space, frames) throws(MapError) in
                try space.apply(kind.change, over: range, frames: &frames)
            } model: { (model) throws(MapError) in
                try model.advise(advice, range.pageNumbers)
            }
        case .seal(let slot, let start, let pages):
            let range = VirtualRange(start.address, to: start.address + .pages(pages))
            try change(slot) { (space, frames) throws(MapError) in
                try space.seal(range, frames: &frames)
            } model: { (model) throws(MapError) in
                try model.seal(range.pageNumbers)
            }
        case .setBreak(let slot, let address):
            try change(slot) { (space, frames) throws(MapError) in
                try space.setBreak(to: address.address, frames: &frames)
            } model: { (model) throws(MapError) in
                try model.setBreak(to: address.rawValue)
            }
        case .populate(let slot, let start, let length):
            let range = VirtualRange(start.address, to: start.address + length.count)
            // Nothing that a program could find out, but for how old a private copy of an object's page is.
            let hasCopies = range.pageNumbers.contains { number in
                guard let page = processes[slot]?.model.pages[number], page.source != nil else { return false }
                return !page.attributes.contains(.shared)
            }
            if !hasCopies { processes[slot]?.space!.populate(range, frames: &frames) }
        case .giveUpCleanPages(let slot, let sparingUsed):
            try giveUpCleanPages(slot, sparingUsed: sparingUsed)
        case .access(let slot, let address, let kind, let cpu, let value):
            guard let process = processes[slot] else { return }
            run(slot, on: cpu)
            try access(process, address.rawValue, kind, on: machine.cpus[cpu], value)
        case .kernelStore(let slot, let address, let value):
            guard let process = processes[slot] else { return }
            try kernelStore(process, address.rawValue, value)
        case .clearRestOfPage(let slot, let address):
            guard let process = processes[slot] else { return }
            try clearRestOfPage(process, address.rawValue)
        case .fork(let slot, let child):
            try fork(slot, to: child)
        case .exit(let slot):
            exit(slot)
        case .setStackLimit(let slot, let pages):
            processes[slot]?.space!.setStackLimit(ByteCount.pages(pages))
            processes[slot]?.model.stackLimit = pages
        case .setLimits(let slot, let mapped, let locked):
            setLimits(slot, mapped: mapped.rawValue, locked: locked.rawValue)
        case .countUsage(let slot, let start, let pages):
            guard let process = processes[slot] else { return }
            try compareLimits(process, VirtualRange(start.address, to: start.address + .pages(pages)))
        case .makeObject(let slot, let size, let backed):
            try makeObject(slot, size.rawValue, backed: backed.rawValue)
        case .releaseObject(let slot):
            releaseObject(slot)
        case .writeObject(let slot, let place, let value):
            try writeObject(slot, place.rawValue, value)
        case .keepRoom(let slot, let index):
            try keepRoom(slot, index)
        case .truncate(let slot, let size):
            truncate(slot, size.rawValue)
        case .punch(let slot, let first, let pages):
            guard let object = held[slot], modelObjects[object].seals.isDisjoint(with: [.write, .futureWrite]) else {
                result = "nothing"
                return
            }
            punch(object, first..<first + pages)
        case .addSeals(let slot, let seals):
            try addSeals(slot, seals)
        case .reclaim(let count):
            _ = objects.reclaim(count, frames: &frames)
        case .run(let slot, let cpu):
            run(slot, on: cpu)
        case .idle(let cpu):
            idle(cpu)
        case .exhaustASIDs(let count):
            try exhaustASIDs(count)
        }
    }

    /// Compares a call that returns nothing.
    private func change(
        _ slot: Int, shortage: MapError = .outOfMemory, real: (inout Space, inout Frames) throws(MapError) -> Void,
        model: (inout ModelSpace) throws(MapError) -> Void
    ) throws {
        guard let process = processes[slot] else { return }
        _ = try compare(process, outOfMemory: shortage) { (space, frames) throws(MapError) in
            try real(&space, &frames)
            return true
        } model: { (space) throws(MapError) in
            try model(&space)
            return true
        }
    }

    /// An access by EL0, its faults resolved as the kernel does.
    private func access(
        _ process: Process, _ address: UInt64, _ kind: Operation.Kind, on cpu: FakeCPU, _ value: UInt64
    ) throws {
        let wanted: FakeCPU.Access = kind == .read ? .read : kind == .write ? .write : .execute
        var seen: UInt64 = 0
        let result = try compare(process, outOfMemory: FaultError.outOfMemory) { (space, frames) throws(FaultError) in
            // A stale TLB entry may fault once more, never for ever.
            for _ in 0..<4 {
                if let physical = try? cpu.access(VirtualAddress(address), wanted) {
                    if kind == .read { seen = self.machine.peek(PhysicalAddress(physical.rawValue & ~7)) }
                    if kind == .write { try? cpu.write(value, at: VirtualAddress(address & ~7)) }
                    return true
                }
                _ = try space.resolveFault(at: VirtualAddress(address), access: kind.access, frames: &frames)
            }
            return false
        } model: { (model) throws(FaultError) in
            try model.access(address, kind.access)
            return true
        }
        guard case .success = result else { return }
        if kind == .write { process.model.write(value, at: address & ~7) }
        guard kind == .read else { return }
        let expected = process.model.word(at: address & ~7)
        guard seen == expected else {
            throw Disagreement("a read of \(address.hex) finds \(seen.hex), and should find \(expected.hex)")
        }
    }

    private func kernelStore(_ process: Process, _ address: UInt64, _ value: UInt64) throws {
        let result = try compare(process, outOfMemory: FaultError.outOfMemory) { (space, frames) throws(FaultError) in
            let frame = try space.writableFrame(for: VirtualAddress(address & ~(pageSize - 1)), frames: &frames)
            self.machine.hardware.store(value, at: frame.address + ByteCount(address % pageSize & ~7))
            // As the loader does: no CPU may have walked to the page yet, and it may be one of code.
            self.machine.hardware.publishInstructions(in: frame)
            return true
        } model: { (model) throws(FaultError) in
            try model.access(address & ~(pageSize - 1), .write)
            return true
        }
        if case .success = result { process.model.write(value, at: address & ~7) }
    }

    private func clearRestOfPage(_ process: Process, _ address: UInt64) throws {
        let result = try compare(process, outOfMemory: FaultError.outOfMemory) { (space, frames) throws(FaultError) in
            try space.clearRestOfPage(from: VirtualAddress(address), frames: &frames)
            return true
        } model: { (model) throws(FaultError) in
            try model.access(address & ~(pageSize - 1), .write)
            return true
        }
        if case .success = result { process.model.clearRestOfPage(from: address) }
    }

    private func fork(_ slot: Int, to child: Int) throws {
        guard let parent = processes[slot], processes[child] == nil else { return }
        machine.forgetScarcity()
        do throws(MapError) {
            processes[child] = Process(try parent.space!.fork(frames: &frames), parent.model.forked())
        } catch {
            guard error == .outOfMemory, machine.leastFreeFrames == 0 else {
                throw Disagreement("fork says \(error) with \(machine.leastFreeFrames) frames left")
            }
            failures += 1
            result = "ENOMEM"
        }
    }
}
