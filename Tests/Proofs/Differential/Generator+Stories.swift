import MemoryModel

/// Stories of several operations that seldom come together by chance.
extension Generator {
    /// A page of an object is read, then written, which the hardware alone may notice; then it goes, and what nobody
    /// wrote is reclaimed.
    mutating func writtenByHardware(_ slot: Int, _ world: World) -> [Operation] {
        let start = Address(0x80_0080_0000)
        let (object, cpu) = (below(World.objectSlots), below(World.cpus))
        let end: Operation = pick([
            .unmap(slot, start, length: Address(pageSize * 4)),
            .map(slot, .fixed(start), length: Address(pageSize * 4), rights: 3, options: 0),
            .discard(slot, start, length: Address(pageSize * 4)),
            exit(slot, world),
        ])
        return [
            .mapObject(
                slot, .fixed(start), length: Address(pageSize * 4), rights: 3, options: 8, object: object, first: 0),
            .access(slot, start, .read, cpu: cpu, value: 0),
            .access(slot, start, .write, cpu: cpu, value: random.next() | 1),
            end, .reclaim(1500),
        ]
    }

    /// A page of an object that was read becomes writable; the hardware alone may notice one CPU's write, and the other CPU
    /// has read it before.
    mutating func writableLater(_ slot: Int) -> [Operation] {
        let start = Address(0x80_0080_0000)
        let length = Address(pageSize * 4)
        let (reader, object) = (below(World.cpus), below(World.objectSlots))
        return [
            .mapObject(slot, .fixed(start), length: length, rights: 1, options: 8, object: object, first: 0),
            .access(slot, start, .read, cpu: reader, value: 0), .protect(slot, start, length: length, rights: 3),
            .access(slot, start, .write, cpu: (reader + 1) % World.cpus, value: random.next() | 1),
            .access(slot, start, .write, cpu: reader, value: random.next() | 1),
        ]
    }

    /// A page that was fetched before is mapped around another one's read, and written, which the hardware alone may notice.
    mutating func writtenNeighbour(_ slot: Int, _ world: World) -> [Operation] {
        let start = Address(0x80_0080_0000)
        let next = Address(start.rawValue + pageSize)
        let length = Address(pageSize * 4)
        let cpu = below(World.cpus)
        return [
            .mapObject(slot, .fixed(start), length: length, rights: 3, options: 8, object: below(World.objectSlots), first: 0),
            .access(slot, next, .read, cpu: cpu, value: 0), .discard(slot, start, length: length),
            .access(slot, start, .read, cpu: cpu, value: 0),
            .access(slot, next, .write, cpu: cpu, value: random.next() | 1),
            .unmap(slot, start, length: length), .reclaim(1500),
        ]
    }

    /// Two parts of an object lie side by side, alike in all but what they show.
    mutating func sideBySide(_ slot: Int) -> [Operation] {
        let object = below(World.objectSlots)
        let start: UInt64 = 0x80_0080_0000
        func part(_ page: UInt64, first: UInt64) -> Operation {
            .mapObject(
                slot, .fixed(Address(start + page * pageSize)), length: Address(pageSize * 3), rights: 3, options: 8,
                object: object, first: first)
        }
        return [
            .writeObject(object, Address(pageSize + word()), value: random.next() | 1),
            .writeObject(object, Address(7 * pageSize + word()), value: random.next() | 1),
            part(0, first: 0), part(3, first: 6),
            .access(slot, Address(start + UInt64(below(6)) * pageSize), .read, cpu: below(World.cpus), value: 0),
        ]
    }

    /// A page's attributes are the last ones asked for when all sets are swept, and are asked for again.
    mutating func sweptSets(_ slot: Int) -> [Operation] {
        let start: UInt64 = 0x80_0080_0000
        func map(_ page: UInt64, _ rights: UInt8, _ options: UInt32) -> Operation {
            .map(
                slot, .fixed(Address(start + page * pageSize)), length: Address(pageSize), rights: rights, options: options)
        }
        let (last, next): (UInt8, UInt8) = (pick([13, 4, 2]), pick([5, 7, 0]))
        return [
            map(0, 3, 0), .wearOutClasses(slot, Address(start), names: 236 + below(20)),
            map(1, last, 16), .unmap(slot, Address(start + pageSize), length: Address(pageSize)),
            map(2, next, 16), map(1, last, 16),
        ]
    }

    /// Pages that are alone in their table go below it, and grow into it.
    mutating func movedBelowItself(_ slot: Int) -> [Operation] {
        let region: UInt64 = 0x80_00A0_0000
        let pages = UInt64(1 + below(30))
        let source = region + UInt64(below(400)) * pageSize
        return [
            .map(slot, .fixed(Address(source)), length: Address(pages * pageSize), rights: 3, options: 0),
            .access(slot, Address(source), .write, cpu: below(World.cpus), value: random.next() | 1),
            .move(
                slot, Address(source), old: Address(pages * pageSize), new: Address(pageSize * (pages + UInt64(1 + below(300)))),
                options: 3, to: Address(region - pages * pageSize)),
            .unmap(slot, Address(region - 40 * pageSize), length: Address(pageSize * 600)),
        ]
    }

    /// What was mapped last goes, and the next mapping takes its place.
    mutating func unmappedAtThePointer(_ slot: Int, _ world: World) -> [Operation] {
        guard let end = world.processes[slot]?.model.nextFitLow, end > 0x1000_0000 / pageSize + 8 else { return [] }
        let length = Address(pageSize * pick([1, 1, 2, 5]))
        return [
            .unmap(slot, Address(end * pageSize - length.rawValue), length: length),
            .map(slot, .anywhere(hint: 0), length: Address(pageSize * pick([1, 2])), rights: 3, options: 0),
        ]
    }

    /// A process runs on both CPUs while ASIDs run out twice, and one of them runs another in between.
    mutating func runOnBoth(_ slot: Int, _ world: World) -> [Operation] {
        let other = self.slot(world)
        return [
            .run(slot, cpu: 0), .run(slot, cpu: 1), .exhaustASIDs(255), .idle(cpu: 0), .run(slot, cpu: 0),
            .run(other, cpu: 0), .exhaustASIDs(255), .idle(cpu: 0), .run(slot, cpu: 0),
        ]
    }

    /// Pages of a file are locked while clean ones are given up.
    mutating func lockedFile(_ slot: Int) -> [Operation] {
        let start = Address(0x80_0080_0000)
        let length = Address(pageSize * 8)
        return [
            .mapObject(slot, .fixed(start), length: length, rights: 1, options: 8, object: below(World.objectSlots), first: 0),
            .access(slot, start, .read, cpu: below(World.cpus), value: 0),
            .change(slot, start, pages: 4, .lock),
            .giveUpCleanPages(slot, sparingUsed: false),
        ]
    }

    /// Pages that are kept beyond an object's end lie in memory beside its last one, which is touched.
    mutating func keptBeyondTheEnd(_ slot: Int) -> [Operation] {
        let start: UInt64 = 0x80_0080_0000
        let object = below(World.objectSlots)
        let last = UInt64(below(4))
        return [
            .makeObject(object, size: Address(pageSize), backed: 0),
            .truncate(object, size: Address(last * pageSize + 8)),
            .writeObject(object, Address(last * pageSize), value: random.next() | 1),
            .keepRoom(object, index: last + 1), .keepRoom(object, index: last + 2),
            .mapObject(
                slot, .fixed(Address(start)), length: Address(pageSize * 8), rights: 3, options: 8, object: object, first: 0),
            .access(slot, Address(start + last * pageSize), .read, cpu: below(World.cpus), value: 0),
            .access(slot, Address(start + (last + 1) * pageSize), .read, cpu: below(World.cpus), value: 0),
        ]
    }

    /// A whole table of pages that a CPU has walked to goes elsewhere, and others come to where it was.
    mutating func movedTable(_ slot: Int) -> [Operation] {
        let source: UInt64 = pick([0x1060_0000, 0x80_0060_0000])
        let target = source + 0x20_0000 * UInt64(1 + below(2))
        let (page, cpu) = (UInt64(below(512)) * pageSize, below(World.cpus))
        let length = Address(512 * pageSize)
        return [
            .map(slot, .fixed(Address(source)), length: length, rights: 3, options: 0),
            .access(slot, Address(source + page), .write, cpu: cpu, value: random.next() | 1),
            .move(slot, Address(source), old: length, new: length, options: 3, to: Address(target)),
            .access(slot, Address(target + page), .read, cpu: cpu, value: 0),
            .map(slot, .fixed(Address(source + page)), length: Address(pageSize), rights: 3, options: 0),
            .access(slot, Address(source + page), .write, cpu: cpu, value: random.next() | 1),
            .unmap(slot, Address(source), length: Address(0x60_0000)),
        ]
    }

    /// A mapping grows down to where the guard gap above its neighbour begins, and to the pages beside that.
    mutating func growthAtTheGap(_ slot: Int, _ world: World) -> [Operation] {
        guard let model = world.processes[slot]?.model else { return [] }
        let gap = ModelSpace.guardGap
        // The stack as it is, or another mapping, low ones among them: seldom, as that leaves gaps everywhere.
        var start = model.stackStart
        var story: [Operation] = [.setStackLimit(slot, pages: 80)]
        if below(6) == 0 {
            let (low, high) = (ModelSpace.layout.low.start.pageNumber, ModelSpace.layout.high.start.pageNumber)
            start = pick([low + UInt64(below(8)), high + UInt64(below(20)), high + 700])
            story.append(mapped(slot, start, pages: pick([1, 3]), options: 4))
        }
        let distance = UInt64(below(12))
        guard start > gap + distance + 20 else {
            return story + (0..<3).map { _ in touch(slot, start - UInt64(1 + below(9))) }
        }
        let end = start - gap - distance
        // Mostly one that keeps its distance; nobody may touch the others, or they grow themselves.
        let neighbour = mapped(slot, end - 3, pages: 3, rights: pick([3, 3, 1, 5, 0]), options: below(40) == 0 ? 4 : 0)
        story += [.unmap(slot, Address((end - 3) * pageSize), length: Address((start - end + 3) * pageSize)), neighbour]
        // Now and then something lies between them that nobody may touch.
        if below(3) == 0 { story.append(mapped(slot, end + UInt64(below(200)), pages: 1, rights: 0)) }
        return story + [gap - 1, gap, gap + 1, gap - 1].map { touch(slot, end + $0) }
    }

    /// A mapping grows by as many pages as a limit leaves it, by one fewer and by one more.
    mutating func growthAtALimit(_ slot: Int, _ world: World) -> [Operation] {
        guard let model = world.processes[slot]?.model else { return [] }
        let (start, top) = (model.stackStart, ModelSpace.layout.stackTop.pageNumber)
        let usage = model.usage
        let left = UInt64(1 + below(5))
        var story: [Operation] = [.setStackLimit(slot, pages: 80)]
        switch below(4) {
        case 0: story = [.setStackLimit(slot, pages: top - start + left)]
        case 1: story.append(.setLimits(slot, mapped: Address(usage.mapped + left), locked: Address(.max)))
        case 2:
            let others = usage.locked - model.usage(of: start..<top).locked
            story += [
                .change(slot, Address(start * pageSize), pages: max(top - start, 1), .lock),
                .setLimits(slot, mapped: Address(.max), locked: Address(others + top - start + left)),
            ]
        default:
            let address = Address(window())
            story += [
                .map(slot, .fixed(address), length: Address(pageSize), rights: 3, options: pick([0, 16])),
                .setLimits(slot, mapped: Address(usage.mapped + 1 + left), locked: Address(usage.locked + 1 + left)),
            ]
            story += [left + 1, left, left - 1].map {
                .move(slot, address, old: Address(pageSize), new: Address((1 + $0) * pageSize), options: 1, to: 0)
            }
        }
        story += [left + 1, left - 1, left, left + 1].map { touch(slot, start - $0) }
        return story + [.setLimits(slot, mapped: Address(.max), locked: Address(.max))]
    }

    private func mapped(
        _ slot: Int, _ start: UInt64, pages: UInt64, rights: UInt8 = 3, options: UInt32 = 0
    ) -> Operation {
        .map(
            slot, .fixed(Address(start * pageSize)), length: Address(pages * pageSize), rights: rights, options: options)
    }

    private mutating func touch(_ slot: Int, _ page: UInt64) -> Operation {
        let kind: Operation.Kind = pick([.read, .write])
        return .access(slot, Address(page * pageSize + place()), kind, cpu: below(World.cpus), value: random.next() | 1)
    }
}
