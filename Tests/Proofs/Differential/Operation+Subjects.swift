extension Operation {
    /// Whether it keeps no frame where it fails. A fault, or a change in two places, may have split a reservation or made
    /// a table its process's own before it fails, which nobody notices.
    var isAtomic: Bool {
        switch self {
        case .access, .kernelStore, .populate, .discard, .change, .lockEverything, .move: false
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
            .mapImage(let slot, let start, let length), .protectGrowing(let slot, let start, let length, _):
            return ([slot], ends(start.rawValue, length.rawValue))
        case .move(let slot, let start, let old, let new, _, let target):
            return (
                [slot], ends(start.rawValue, old.rawValue) + ends(start.rawValue, new.rawValue)
                    + ends(target.rawValue, new.rawValue))
        case .change(let slot, let start, let pages, _), .seal(let slot, let start, let pages),
            .removeContent(let slot, let start, let pages):
            return ([slot], ends(start.rawValue, pages * pageSize))
        case .setBreak(let slot, let address): return ([slot], [address.rawValue, address.rawValue &+ pageSize])
        case .access(let slot, let address, _, _, _), .kernelStore(let slot, let address, _):
            return ([slot], [address.rawValue])
        case .fork(let slot, let child): return ([slot, child], [])
        case .exit(let slot), .setStackLimit(let slot, _), .run(let slot, _), .giveUpCleanPages(let slot, _),
            .lockEverything(let slot, _):
            return ([slot], [])
        case .idle, .exhaustASIDs, .makeObject, .releaseObject, .writeObject, .truncate, .punch, .addSeals, .reclaim:
            return ([], [])
        }
    }
}
