import FakeMachine
import MemoryModel

/// Makes up operations that are likely to meet: a few windows of addresses, each across the border of two tables.
struct Generator {
    var random: SplitMix
    /// Pages that operations were about lately: what meets does so on the same page.
    private var recent: [UInt64] = []
    /// What comes next: stories of several operations that seldom come together by chance.
    private var story: [Operation] = []

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    /// How often each kind of operation comes, in order of the cases of ``next(in:)``.
    private static let weights = [
        44, 6, 6, 1, 8, 10, 4, 3, 2, 2, 4, 3, 1, 3, 1, 1, 6, 2, 1, 3, 2, 4, 1, 3, 8, 1,
        12, 1, 1, 2, 2, 1, 2, 1,
    ]
    private static let total = weights.reduce(0, +)

    /// Which kind comes next.
    private mutating func kind() -> Int {
        var choice = below(Self.total)
        var kind = 0
        while choice >= Self.weights[kind] {
            choice -= Self.weights[kind]
            kind += 1
        }
        return kind
    }

    mutating func next(in world: World) -> Operation {
        let slot = slot(world)
        if !story.isEmpty { return story.removeFirst() }
        if below(150) == 0 {
            switch below(8) {
            case 0: story = writtenByHardware(slot, world)
            case 1: story = movedBelowItself(slot)
            case 2: story = runOnBoth(slot, world)
            case 3: story = lockedFile(slot)
            case 4: story = writtenNeighbour(slot, world)
            case 5: story = sideBySide(slot)
            case 6: story = sweptSets(slot)
            default: story = unmappedAtThePointer(slot, world)
            }
            if !story.isEmpty { return story.removeFirst() }
        }
        switch kind() {
        case 0: return access(slot, world)
        case 1: return mapFixed(slot)
        case 2: return mapAnywhere(slot)
        case 3: return .map(slot, .fixedNoReplace(start(slot, world)), length: length(), rights: rights(), options: 0)
        case 4: return .unmap(slot, start(slot, world), length: length())
        case 5: return .protect(slot, start(slot, world), length: length(), rights: rights())
        case 6: return .discard(slot, start(slot, world), length: length())
        case 7: return .setBreak(slot, programBreak())
        case 8: return .populate(slot, Address(window()), length: Address(pageSize * pick([1, 7, 40])))
        case 9: return .kernelStore(slot, Address(somePage(of: slot, in: world)), value: random.next())
        case 10: return fork(slot, world)
        case 11: return exit(slot, world)
        case 12: return .setStackLimit(slot, pages: pick([0, 16, 24, 48, 80]))
        case 13: return .run(slot, cpu: below(World.cpus))
        case 14: return .idle(cpu: below(World.cpus))
        case 15: return .exhaustASIDs(pick([1, 3, 40, 255]))
        case 16: return mapObject(slot)
        case 17: return .makeObject(below(World.objectSlots), size: objectSize(), backed: pick([0, 0, 2, World.backingPages]))
        case 18: return .releaseObject(below(World.objectSlots))
        case 19: return .writeObject(below(World.objectSlots), index: UInt64(below(pick([70, 1300]))), value: random.next() | 1)
        case 20: return .truncate(below(World.objectSlots), size: objectSize())
        case 21: return .reclaim(UInt64(below(60)))
        case 22: return .clearRestOfPage(slot, Address(somePage(of: slot, in: world) &+ pick([0, 8, 2048])))
        case 23: return .giveUpCleanPages(slot, sparingUsed: below(3) == 0)
        case 24:
            let change = pick(Operation.Change.allCases)
            return .change(slot, Address(somePage(of: slot, in: world)), pages: pick([1, 1, 2, 5, 40]), change)
        case 25: return .seal(slot, Address(somePage(of: slot, in: world)), pages: pick([1, 2]))
        case 26: return move(slot, world)
        case 27: return .lockEverything(slot, below(2) == 0 ? .nothing : pick(Operation.LockAll.allCases))
        case 28: return .removeContent(slot, Address(somePage(of: slot, in: world)), pages: pick([1, 1, 3, 20]))
        case 29: return .punch(below(World.objectSlots), first: UInt64(below(70)), pages: pick([1, 4, 20, 600]))
        case 30:
            return .protectGrowing(
                slot, Address(0x3FFF_0000 - UInt64(below(40)) * pageSize), length: Address(pageSize * pick([1, 3, 30])),
                rights: rights())
        case 31: return .keepRoom(below(World.objectSlots), index: UInt64(below(70)))
        case 32: return .wearOutClasses(slot, Address(somePage(of: slot, in: world)), names: 240 + below(30))
        default:
            return .addSeals(below(World.objectSlots), ModelObjects.Seals(rawValue: pick([1, 1, 2, 2, 4, 8])))
        }
    }

    // MARK: Stories

    /// A page of an object is read, then written, which the hardware alone may notice; then it goes, and what nobody
    /// wrote is reclaimed.
    private mutating func writtenByHardware(_ slot: Int, _ world: World) -> [Operation] {
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

    /// A page that was fetched before is mapped around another one's read, and written, which the hardware alone may notice.
    private mutating func writtenNeighbour(_ slot: Int, _ world: World) -> [Operation] {
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
    private mutating func sideBySide(_ slot: Int) -> [Operation] {
        let object = below(World.objectSlots)
        let start: UInt64 = 0x80_0080_0000
        func part(_ page: UInt64, first: UInt64) -> Operation {
            .mapObject(
                slot, .fixed(Address(start + page * pageSize)), length: Address(pageSize * 3), rights: 3, options: 8,
                object: object, first: first)
        }
        return [
            .writeObject(object, index: 1, value: random.next() | 1), .writeObject(object, index: 7, value: random.next() | 1),
            part(0, first: 0), part(3, first: 6),
            .access(slot, Address(start + UInt64(below(6)) * pageSize), .read, cpu: below(World.cpus), value: 0),
        ]
    }

    /// A page's attributes are the last ones asked for when all sets are swept, and are asked for again.
    private mutating func sweptSets(_ slot: Int) -> [Operation] {
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
    private mutating func movedBelowItself(_ slot: Int) -> [Operation] {
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
    private mutating func unmappedAtThePointer(_ slot: Int, _ world: World) -> [Operation] {
        guard let end = world.processes[slot]?.model.nextFitLow, end > 0x1000_0000 / pageSize + 8 else { return [] }
        let length = Address(pageSize * pick([1, 1, 2, 5]))
        return [
            .unmap(slot, Address(end * pageSize - length.rawValue), length: length),
            .map(slot, .anywhere(hint: 0), length: Address(pageSize * pick([1, 2])), rights: 3, options: 0),
        ]
    }

    /// A process runs on both CPUs while ASIDs run out twice, and one of them runs another in between.
    private mutating func runOnBoth(_ slot: Int, _ world: World) -> [Operation] {
        let other = self.slot(world)
        return [
            .run(slot, cpu: 0), .run(slot, cpu: 1), .exhaustASIDs(255), .idle(cpu: 0), .run(slot, cpu: 0),
            .run(other, cpu: 0), .exhaustASIDs(255), .idle(cpu: 0), .run(slot, cpu: 0),
        ]
    }

    /// Pages of a file are locked while clean ones are given up.
    private mutating func lockedFile(_ slot: Int) -> [Operation] {
        let start = Address(0x80_0080_0000)
        let length = Address(pageSize * 8)
        return [
            .mapObject(slot, .fixed(start), length: length, rights: 1, options: 8, object: below(World.objectSlots), first: 0),
            .access(slot, start, .read, cpu: below(World.cpus), value: 0),
            .change(slot, start, pages: 4, .lock),
            .giveUpCleanPages(slot, sparingUsed: false),
        ]
    }

    // MARK: Parts of operations

    /// A process that is there.
    private mutating func slot(_ world: World) -> Int {
        pick(world.processes.indices.filter { world.processes[$0] != nil })
    }

    /// A page where mappings go.
    private mutating func window() -> UInt64 {
        let base: UInt64 = pick([
            0x1018_0000, 0x1018_0000, 0x1018_0000, 0x1018_0000, 0x1000_0000, 0x1000_0000, 0x80_0018_0000, 0x80_0018_0000,
            0x3FF9_0000, 0x3FF9_0000, 0x1060_0000, 0x1060_0000, 0x80_0060_0000, 0x80_0060_0000, 0x0FF8_0000,
        ])
        return base + UInt64(below(base == 0x3FF9_0000 ? 0x6F : 300)) * pageSize
    }

    /// A page that is mapped, most often: the next one from anywhere.
    private mutating func somePage(of slot: Int, in world: World) -> UInt64 {
        if recent.count == 6, below(3) == 0 { return pick(recent) }
        let page = freshPage(of: slot, in: world)
        recent.append(page)
        if recent.count > 6 { recent.removeFirst() }
        return page
    }

    private mutating func freshPage(of slot: Int, in world: World) -> UInt64 {
        let page = window()
        guard let pages = world.processes[slot]?.model.pages else { return page }
        for number in page / pageSize..<page / pageSize + 64 where pages[number] != nil { return number * pageSize }
        return page
    }

    private mutating func start(_ slot: Int, _ world: World) -> Address {
        let page = below(2) == 0 ? window() : somePage(of: slot, in: world)
        return Address(below(60) == 0 ? page + 8 : page)
    }

    private mutating func length() -> Address {
        let pages: UInt64 = pick([1, 1, 1, 1, 2, 2, 3, 5, 17, 31, 33, 60, 128, 200, 512, 700])
        switch below(64) {
        case 0: return 0
        case 1: return Address(UInt64.max - UInt64(below(9000)))
        case 2: return Address(addressLimit - UInt64(below(3)) * pageSize)
        case 3..<12: return Address(pages * pageSize - 1)
        default: return Address(pages * pageSize)
        }
    }

    /// Where tables of pages begin, within the windows or not far from them.
    private static let tables: [UInt64] = [0x1020_0000, 0x1020_0000, 0x1060_0000, 0x80_0020_0000, 0x80_0060_0000]

    /// `PROT_…`; 13 is executable with `PROT_BTI`.
    private mutating func rights() -> UInt8 { pick([3, 3, 3, 3, 1, 1, 0, 0, 7, 5, 2, 4, 13]) }

    private mutating func mapFixed(_ slot: Int) -> Operation {
        // Now and then more than a whole table of pages.
        if below(30) == 0 {
            return .map(
                slot, .fixed(Address(pick(Self.tables))), length: Address(pageSize * pick([512, 600, 1100])), rights: 3,
                options: 0)
        }
        let start = below(40) == 0 ? pick([0, 4096, 0x4000_0000, 0x3FFF_F000, addressLimit - 4096]) : window()
        return .map(
            slot, .fixed(Address(start)), length: length(), rights: rights(),
            options: pick([0, 0, 0, 0, 1, 2, 16]))
    }

    private mutating func mapAnywhere(_ slot: Int) -> Operation {
        let hint = pick([0, 0, 0, window(), window() + 5])
        // What grows down leaves its gap free everywhere: seldom.
        let options: UInt32 = below(200) == 0 ? 4 : pick([0, 0, 0, 0, 1, 2, 16])
        return .map(slot, .anywhere(hint: Address(hint)), length: length(), rights: rights(), options: options)
    }

    private mutating func mapObject(_ slot: Int) -> Operation {
        // Now and then one with a whole block in it.
        let hasBlock = below(6) == 0
        let start = hasBlock ? 0x1020_0000 : window()
        let place: Operation.Place = hasBlock || below(2) == 0 ? .fixed(Address(start)) : .anywhere(hint: 0)
        return .mapObject(
            slot, place, length: hasBlock ? Address(pageSize * 600) : length(), rights: rights(),
            options: pick([0, 0, 8, 8, 8, 8 | 1, 16, 8 | 16]),
            object: below(World.objectSlots), first: UInt64(below(12)))
    }

    /// What is likely to be one mapping, in each way that there is.
    private mutating func move(_ slot: Int, _ world: World) -> Operation {
        if below(8) == 0 {
            return .move(
                slot, Address(pick(Self.tables)), old: Address(pageSize * pick([512, 512, 600])),
                new: Address(pageSize * pick([512, 512, 600, 1030])), options: pick([3, 3, 1, 5]),
                to: Address(pick(Self.tables) &- pageSize * pick([0, 0, 0, 10])))
        }
        let start = below(30) == 0 ? self.start(slot, world).rawValue : somePage(of: slot, in: world)
        let pages = world.processes[slot]?.model.pages ?? [:]
        // Often all that is alike from there on, or the part of it that lies in a table.
        var alike: UInt64 = 0
        while alike < 600, let page = pages[start / pageSize + alike],
            page.attributes == pages[start / pageSize]?.attributes
        { alike += 1 }
        let old = below(8) == 0 ? length() : Address(pageSize * pick([1, 2, alike, alike, min(alike, 40)]))
        let new = pick([old, old, length(), Address(old.rawValue &+ pageSize * pick([1, 3])), Address(old.rawValue / 2)])
        let options: UInt32 = pick([0, 1, 1, 1, 3, 3, 3, 5, 5, 7, 2, 4]) | (below(12) == 0 ? 8 : 0)
        // Now and then as it lies in its table, so that whole tables go.
        let target = below(4) == 0 ? start &+ 0x20_0000 &* UInt64(1 + below(3)) : window()
        return .move(
            slot, Address(start), old: below(16) == 0 ? 0 : old, new: options & 4 != 0 ? old : new, options: options,
            to: Address(below(4) == 0 && options & 2 == 0 ? 0 : target))
    }

    private mutating func objectSize() -> Address {
        Address(pageSize * pick([0, 1, 3, 10, 40, 70, 1300]) + pick([0, 8, 100, 4088]))
    }

    private mutating func fork(_ slot: Int, _ world: World) -> Operation {
        guard let child = world.processes.firstIndex(where: { $0 == nil }) else { return .exit(slot) }
        return .fork(slot, child: child)
    }

    /// One process is always left.
    private mutating func exit(_ slot: Int, _ world: World) -> Operation {
        let alone = world.processes.count { $0 != nil } == 1
        return alone ? fork(slot, world) : .exit(slot)
    }

    private mutating func programBreak() -> Address {
        Address(0x1000_0000 - 128 * pageSize + UInt64(below(134 * 8)) * 512 - (below(20) == 0 ? 5 * pageSize : 0))
    }

    private mutating func access(_ slot: Int, _ world: World) -> Operation {
        let kind: Operation.Kind = pick([.read, .read, .write, .write, .write, .execute])
        let offset: UInt64 = pick([0, 0, 0, 4, pageSize - 1])
        // Below the stack, to have it grow.
        let page = below(24) == 0 ? 0x3FFF_0000 - UInt64(below(60)) * pageSize : somePage(of: slot, in: world)
        return .access(
            slot, Address(page + (kind == .write ? 0 : offset)), kind, cpu: below(World.cpus), value: random.next() | 1)
    }
}
