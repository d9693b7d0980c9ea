import MemoryModel

/// What two CPUs do at the same time, and where they begin.
struct Scenario {
    /// How the two processes came to be.
    enum Origin: String, CaseIterable {
        /// Both CPUs run the same process.
        case alone
        /// The second CPU runs a child, and both share a table.
        case sharing
        /// The second CPU runs a child whose small table was copied.
        case copied
        /// The second CPU runs another thread of the parent, which shares its table with a child.
        case threads
    }

    /// Something that a CPU does. Pages are numbered: 0 was written, 1 was read, 2 was never touched.
    enum Action: CustomStringConvertible {
        case read(Int)
        case write(Int)
        case protect(Range<Int>, Protection)
        case unmap(Range<Int>)
        /// All that the table of the pages could hold, so that a shared one is dropped instead of copied.
        case unmapTable
        case map(Range<Int>)
        case discard(Range<Int>)
        case fork
        case exit

        var description: String {
            switch self {
            case .read(let page): "read \(page)"
            case .write(let page): "write \(page)"
            case .protect(let pages, let protection): "protect \(pages) \(protection.rawValue)"
            case .unmap(let pages): "unmap \(pages)"
            case .unmapTable: "unmap the table"
            case .map(let pages): "map \(pages)"
            case .discard(let pages): "discard \(pages)"
            case .fork: "fork"
            case .exit: "exit"
            }
        }
    }

    var origin: Origin
    /// What each CPU does, one after the other.
    var actions: [[Action]]
    /// Whether the walker sets access and dirty flags.
    var hasHardwareFlags: Bool
    /// Whether a CPU uses the stalest translation that it may have, or walks each time.
    var isStale: Bool

    var description: String {
        "\(origin.rawValue): \(actions[0]) beside \(actions[1])"
            + (hasHardwareFlags ? ", hardware flags" : "") + (isStale ? ", stale translations" : "")
    }

    /// The operations of which every two are explored together.
    static let operations: [[Action]] = [
        [.read(0)], [.write(0)], [.write(1)], [.read(2)], [.write(2)],
        [.write(0), .read(0)], [.read(2), .write(2)], [.read(0), .write(0)],
        [.protect(0..<3, .read)], [.protect(0..<2, .none)], [.protect(0..<1, .read), .protect(0..<1, .readWrite)],
        [.unmap(0..<1)], [.unmap(0..<3)], [.unmapTable], [.map(0..<2)], [.discard(0..<3)],
        [.fork], [.fork, .write(0)], [.exit],
    ]

    static var all: [Scenario] {
        var all: [Scenario] = []
        for origin in Origin.allCases {
            // Two CPUs of one process are alike: what TLBs may hold is kept by address space, not by CPU.
            let isSymmetric = origin == .alone || origin == .threads
            for (index, first) in operations.enumerated() {
                for second in operations[(isSymmetric ? index : 0)...] {
                    for flags in [false, true] {
                        for stale in [false, true] {
                            all.append(
                                Scenario(
                                    origin: origin, actions: [first, second], hasHardwareFlags: flags, isStale: stale))
                        }
                    }
                }
            }
        }
        return all
    }
}
