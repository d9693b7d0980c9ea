import MemoryModel

/// One step of a program of operations: what some process or CPU does.
///
/// A new operation is a case here, a rule in ``ModelSpace`` (or ``World``'s models), a line in
/// `World.perform(_:)` and a weight in `Generator`.
enum Operation: Codable {
    /// `mmap` of private anonymous memory.
    case map(Int, Place, length: Address, rights: UInt8, options: UInt32)
    /// `mmap` of an object, from one of its pages on.
    case mapObject(Int, Place, length: Address, rights: UInt8, options: UInt32, object: Int, first: UInt64)
    case unmap(Int, Address, length: Address)
    case protect(Int, Address, length: Address, rights: UInt8)
    /// `madvise(MADV_DONTNEED)`.
    case discard(Int, Address, length: Address)
    /// `mlock`, `madvise`: what becomes of the pages of a range.
    case change(Int, Address, pages: UInt64, Change)
    /// `mprotect` with `PROT_GROWSDOWN`.
    case protectGrowing(Int, Address, length: Address, rights: UInt8)
    /// Gives a page so many names, one after the other, and none in the end: attribute sets come to their limit.
    case wearOutClasses(Int, Address, names: Int)
    /// `mremap`.
    case move(Int, Address, old: Address, new: Address, options: UInt32, to: Address)
    /// `mlockall` with what is there and what will be, or `munlockall`.
    case lockEverything(Int, LockAll)
    /// `madvise(MADV_REMOVE)`.
    case removeContent(Int, Address, pages: UInt64)
    /// `mseal`.
    case seal(Int, Address, pages: UInt64)
    case setBreak(Int, Address)
    /// Gives each page of a range its frame.
    case populate(Int, Address, length: Address)
    /// What the loader does where a segment's zeroes begin within a page of the file.
    case clearRestOfPage(Int, Address)
    /// Clean pages of objects leave the process's entries, so that they can be reclaimed.
    case giveUpCleanPages(Int, sparingUsed: Bool)
    /// A load, store or instruction fetch by EL0 on a CPU, which switches to the process first if need be.
    case access(Int, Address, Kind, cpu: Int, value: UInt64)
    /// A store by the kernel on the process's behalf, through its own mapping.
    case kernelStore(Int, Address, value: UInt64)
    /// Makes `child` a copy of the process.
    case fork(Int, child: Int)
    case exit(Int)
    /// `RLIMIT_STACK`.
    case setStackLimit(Int, pages: UInt64)
    /// How many pages may be mapped (`RLIMIT_AS`) and locked (`RLIMIT_MEMLOCK`).
    case setLimits(Int, mapped: Address, locked: Address)
    /// What the kernel asks before it maps, locks, or makes writable: how much there is in a range, and what may be added.
    case countUsage(Int, Address, pages: UInt64)
    /// The kernel makes an object of so many bytes in a slot of its own, or lets it go.
    /// - Parameter backed: how many of its first bytes come from elsewhere: a file of the initial ramdisk.
    case makeObject(Int, size: Address, backed: Address)
    case releaseObject(Int)
    /// `write` of a word to an object.
    case writeObject(Int, Address, value: UInt64)
    /// `fallocate(FALLOC_FL_KEEP_SIZE)` of a page, beyond the object's end or not.
    case keepRoom(Int, index: UInt64)
    case truncate(Int, size: Address)
    /// `fallocate(FALLOC_FL_PUNCH_HOLE)` of whole pages.
    case punch(Int, first: UInt64, pages: UInt64)
    /// `fcntl(F_ADD_SEALS)`.
    case addSeals(Int, ModelObjects.Seals)
    /// Clean pages that nobody maps go.
    case reclaim(UInt64)
    /// A CPU runs the process from now on, or nobody.
    case run(Int, cpu: Int)
    case idle(cpu: Int)
    /// So many other processes run for a moment, and use up ASIDs.
    case exhaustASIDs(Int)

    enum Place: Codable {
        case anywhere(hint: Address)
        case fixed(Address)
        case fixedNoReplace(Address)

        var placement: Placement {
            switch self {
            case .anywhere(let hint): .anywhere(hint: VirtualAddress(hint.rawValue))
            case .fixed(let start): .fixed(VirtualAddress(start.rawValue))
            case .fixedNoReplace(let start): .fixedNoReplace(VirtualAddress(start.rawValue))
            }
        }

        var address: UInt64 {
            switch self {
            case .anywhere(let address), .fixed(let address), .fixedNoReplace(let address): address.rawValue
            }
        }
    }

    /// What `mlockall` is asked, `munlockall` among it.
    enum LockAll: String, Codable, CaseIterable {
        case current, future, both, currentOnFault, futureOnFault, bothOnFault, nothing

        /// How the module calls the lock of what is mapped already; nil where that stays.
        var now: RangeChange? {
            switch self {
            case .current, .both: .lock
            case .currentOnFault, .bothOnFault: .lockOnFault
            case .nothing: .unlock
            case .future, .futureOnFault: nil
            }
        }

        /// How it calls the lock of what will be mapped.
        var later: RangeChange {
            switch self {
            case .future, .both: .lock
            case .futureOnFault, .bothOnFault: .lockOnFault
            case .current, .currentOnFault, .nothing: .unlock
            }
        }
    }

    /// What `mlock` and `madvise` may be asked for.
    enum Change: String, Codable, CaseIterable {
        case lock, lockOnFault, unlock, discard, discardLocked, free, dontFork, doFork, wipeOnFork, keepOnFork
        case installGuards, removeGuards
        case reclaim, mergeable, unmergeable, dontDump, doDump
        case readNormally, readSequentially, readRandomly, hugePage, noHugePage

        /// How the module calls it.
        var change: RangeChange {
            switch self {
            case .lock: .lock
            case .lockOnFault: .lockOnFault
            case .unlock: .unlock
            case .discard: .discard
            case .discardLocked: .discardLocked
            case .free: .free
            case .dontFork: .dontFork
            case .doFork: .doFork
            case .wipeOnFork: .wipeOnFork
            case .keepOnFork: .keepOnFork
            case .installGuards: .installGuards
            case .removeGuards: .removeGuards
            case .reclaim: .reclaim
            case .mergeable: .mergeable
            case .unmergeable: .unmergeable
            case .dontDump: .dontDump
            case .doDump: .doDump
            case .readNormally: .readNormally
            case .readSequentially: .readSequentially
            case .readRandomly: .readRandomly
            case .hugePage: .hugePage
            case .noHugePage: .noHugePage
            }
        }
    }

    enum Kind: String, Codable {
        case read, write, execute

        var access: Access {
            switch self {
            case .read: .read
            case .write: .write
            case .execute: .execute
            }
        }
    }
}

/// An address or a length, which a listing shows in hexadecimal.
struct Address: Codable, ExpressibleByIntegerLiteral {
    let rawValue: UInt64

    init(_ rawValue: UInt64) { self.rawValue = rawValue }
    init(integerLiteral value: UInt64) { rawValue = value }

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard text.hasPrefix("0x"), let value = UInt64(text.dropFirst(2), radix: 16) else {
            throw Disagreement("an address is written as 0x…, not \(text)")
        }
        rawValue = value
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("0x" + String(rawValue, radix: 16))
    }

    var address: VirtualAddress { VirtualAddress(rawValue) }
    var count: ByteCount { ByteCount(rawValue) }
}

/// The module does otherwise than the model, or breaks a rule of the machine.
struct Disagreement: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension UInt64 {
    var hex: String { "0x" + String(self, radix: 16) }
}
