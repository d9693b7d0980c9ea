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
        12, 1, 1, 2, 2, 1, 2, 1, 1, 1,
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
            switch below(13) {
            case 0: story = writtenByHardware(slot, world)
            case 1: story = movedBelowItself(slot)
            case 2: story = runOnBoth(slot, world)
            case 3: story = lockedFile(slot)
            case 4: story = writtenNeighbour(slot, world)
            case 5: story = sideBySide(slot)
            case 6: story = sweptSets(slot)
            case 7: story = unmappedAtThePointer(slot, world)
            case 8: story = growthAtTheGap(slot, world)
            case 9: story = movedTable(slot)
            case 10: story = keptBeyondTheEnd(slot)
            case 11: story = writableLater(slot)
            default: story = growthAtALimit(slot, world)
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
        case 9: return .kernelStore(slot, Address(somePage(of: slot, in: world) + word()), value: random.next())
        case 10: return fork(slot, world)
        case 11: return exit(slot, world)
        case 12: return .setStackLimit(slot, pages: pick([0, 16, 24, 48, 80]))
        case 13: return .run(slot, cpu: below(World.cpus))
        case 14: return .idle(cpu: below(World.cpus))
        case 15: return .exhaustASIDs(pick([1, 3, 40, 255]))
        case 16: return mapObject(slot)
        case 17:
            let backed = pick([0, 0, 2, World.backingPages]) * pageSize
            return .makeObject(
                below(World.objectSlots), size: objectSize(), backed: Address(backed - min(backed, pick([0, 8, 1001]))))
        case 18: return .releaseObject(below(World.objectSlots))
        case 19:
            let place = UInt64(below(pick([70, 1300]))) * pageSize + word()
            return .writeObject(below(World.objectSlots), Address(place), value: random.next() | 1)
        case 20: return .truncate(below(World.objectSlots), size: objectSize())
        case 21: return .reclaim(UInt64(below(60)))
        case 22: return .clearRestOfPage(slot, Address(somePage(of: slot, in: world) &+ pick([0, 8, 2048, 4001])))
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
        case 33: return limits(slot, world)
        case 34:
            return .countUsage(slot, Address(somePage(of: slot, in: world)), pages: pick([1, 3, 30, 600]))
        default:
            return .addSeals(below(World.objectSlots), ModelObjects.Seals(rawValue: pick([1, 1, 2, 2, 4, 8])))
        }
    }

    // MARK: Parts of operations

    /// A process that is there.
    mutating func slot(_ world: World) -> Int {
        pick(world.processes.indices.filter { world.processes[$0] != nil })
    }

    /// A page where mappings go.
    mutating func window() -> UInt64 {
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
        let options: UInt32 = pick([0, 1, 1, 1, 3, 3, 3, 5, 5, 7, 2, 4]) | pick([0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 16])
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
    mutating func exit(_ slot: Int, _ world: World) -> Operation {
        let alone = world.processes.count { $0 != nil } == 1
        return alone ? fork(slot, world) : .exit(slot)
    }

    private mutating func programBreak() -> Address {
        Address(0x1000_0000 - 128 * pageSize + UInt64(below(134 * 8)) * 512 - (below(20) == 0 ? 5 * pageSize : 0))
    }

    private mutating func access(_ slot: Int, _ world: World) -> Operation {
        let kind: Operation.Kind = pick([.read, .read, .write, .write, .write, .execute])
        // Below the stack, to have it grow.
        let page = below(24) == 0 ? 0x3FFF_0000 - UInt64(below(60)) * pageSize : somePage(of: slot, in: world)
        return .access(slot, Address(page + place()), kind, cpu: below(World.cpus), value: random.next() | 1)
    }

    /// Where in a page: its ends more often than what lies between.
    mutating func place() -> UInt64 { pick([0, 0, 4, pageSize - 8, pageSize - 1, UInt64(below(Int(pageSize)))]) }

    /// The same at a word's beginning.
    mutating func word() -> UInt64 { place() & ~7 }

    /// Limits that are soon met, or none.
    private mutating func limits(_ slot: Int, _ world: World) -> Operation {
        let usage = world.processes[slot]?.model.usage ?? Usage()
        return .setLimits(
            slot, mapped: Address(pick([.max, .max, usage.mapped + UInt64(below(40))])),
            locked: Address(pick([.max, 0, usage.locked + UInt64(below(40))])))
    }
}
