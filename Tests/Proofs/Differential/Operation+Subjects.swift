extension Operation {
    /// Whether it keeps no frame where it fails. A fault, or a change in two places, may have split a reservation or made
    /// a table its process's own before it fails, which nobody notices.
    var isAtomic: Bool {
        switch self {
        case .access, .kernelStore, .clearRestOfPage, .populate, .discard, .change, .lockEverything, .move, .wearOutClasses:
            false
        default: true
        }
    }

    /// The processes that it is about, and addresses near which something changed.
    var subjects: (slots: [Int], addresses: [UInt64]) {
        func ends(_ start: UInt64, _ length: UInt64) -> [UInt64] {
            let (end, overflow) = start.addingReportingOverflow(length)
            guard !overflow, length > 0 else { return [start] }
            return [start, start &+ length / 2, end &- 1, end, start &- 1]
        }
        switch self {
        case .map(let slot, let place, let length, _, _):
            return ([slot], ends(place.address, length.rawValue))
        case .mapObject(let slot, let place, let length, _, _, _, _):
            return ([slot], ends(place.address, length.rawValue))
        case .unmap(let slot, let start, let length), .protect(let slot, let start, let length, _),
            .discard(let slot, let start, let length), .populate(let slot, let start, let length),
            .protectGrowing(let slot, let start, let length, _):
            return ([slot], ends(start.rawValue, length.rawValue))
        case .move(let slot, let start, let old, let new, _, let target):
            return (
                [slot], ends(start.rawValue, old.rawValue) + ends(start.rawValue, new.rawValue)
                    + ends(target.rawValue, new.rawValue))
        case .change(let slot, let start, let pages, _), .seal(let slot, let start, let pages),
            .removeContent(let slot, let start, let pages), .countUsage(let slot, let start, let pages):
            return ([slot], ends(start.rawValue, pages * pageSize))
        case .setBreak(let slot, let address): return ([slot], [address.rawValue, address.rawValue &+ pageSize])
        case .access(let slot, let address, _, _, _), .kernelStore(let slot, let address, _),
            .clearRestOfPage(let slot, let address), .wearOutClasses(let slot, let address, _):
            return ([slot], [address.rawValue])
        case .fork(let slot, let child): return ([slot, child], [])
        case .exit(let slot), .setStackLimit(let slot, _), .setLimits(let slot, _, _), .run(let slot, _),
            .giveUpCleanPages(let slot, _), .lockEverything(let slot, _):
            return ([slot], [])
        case .idle, .exhaustASIDs, .makeObject, .releaseObject, .writeObject, .keepRoom, .truncate, .punch, .addSeals,
            .reclaim:
            return ([], [])
        }
    }

    /// What it is called where operations are counted: the call, and more where one call has several cases here.
    var name: String {
        switch self {
        case .map(_, .fixedNoReplace, _, _, _): "mmap_noreplace"
        case .map: "mmap"
        case .mapObject: "mmap_object"
        case .unmap: "munmap"
        case .protect: "mprotect"
        case .protectGrowing: "mprotect_grows"
        case .wearOutClasses: "names"
        case .move: "mremap"
        case .lockEverything: "mlockall"
        case .discard: "dontneed"
        case .change(_, _, _, let change): change.rawValue
        case .removeContent: "madvise_remove"
        case .seal: "mseal"
        case .setBreak: "brk"
        case .populate: "populate"
        case .clearRestOfPage: "clear_rest"
        case .giveUpCleanPages: "give_up_clean"
        case .access(_, _, let kind, _, _): kind.rawValue
        case .kernelStore: "kernel_store"
        case .fork: "fork"
        case .exit: "exit"
        case .setStackLimit: "stack_limit"
        case .setLimits: "limits"
        case .countUsage: "count_usage"
        case .makeObject: "make_object"
        case .releaseObject: "release_object"
        case .writeObject: "write_object"
        case .keepRoom: "keep_room"
        case .truncate: "truncate"
        case .punch: "punch"
        case .addSeals: "add_seals"
        case .reclaim: "reclaim_pages"
        case .run: "run"
        case .idle: "idle"
        case .exhaustASIDs: "exhaust_asids"
        }
    }
}
