import MemoryModel

/// An address space that CPUs may translate with: a root table under an ASID.
struct WalkContext: Hashable {
    let asid: UInt16
    let root: FrameNumber
}

/// One way in which a frame serves as a translation table.
struct TableUse: Hashable {
    let context: WalkContext
    let level: Int
    /// The first address that the table translates.
    let base: UInt64
    /// What the descriptors above it forbid.
    let path: Restrictions
    /// Where the descriptor that names the table lies; nil for a root.
    let parent: PhysicalAddress?

    /// Bytes that the table translates.
    var span: UInt64 { WalkDescriptor.span(level: level) << Granule.indexBits }

    func address(ofEntry index: Int) -> UInt64 { base + UInt64(index) * WalkDescriptor.span(level: level) }

    func covers(_ address: UInt64) -> Bool { address &- base < span }
}

/// A translation whose entry has changed, and which TLBs may still hold.
struct StaleLeaf: Hashable {
    let context: WalkContext
    let translation: Translation
    /// Memory type and shareability, which may not change without break-before-make either.
    let attributes: UInt64
    /// When the entry changed, in table writes.
    let changed: UInt64
}

/// A table whose descriptor has changed, and which walk caches may still name.
struct StaleUse: Hashable {
    let frame: FrameNumber
    let use: TableUse
    let changed: UInt64
}

/// An invalidation that was begun.
struct PendingInvalidation {
    enum Scope {
        case page(UInt64, asid: UInt16, allLevels: Bool)
        case asid(UInt16)
        case everything
    }
    let scope: Scope
    /// The last table write that the walkers are sure to see: later ones may be refetched as they were before.
    let upTo: UInt64
}

/// All that TLBs and walk caches may hold.
final class TableTracker {
    var contexts: [UInt16: WalkContext] = [:]
    private var uses: FrameIndexed<[TableUse]>
    /// Whether a frame has a use: asked of each word that is read or written.
    private var isUsed: FrameIndexed<Bool>
    /// The frames that have a use in each context.
    private var frames: [WalkContext: Set<FrameNumber>] = [:]
    var staleUses: [StaleUse] = []
    private var staleLeaves: [LeafPlace: [StaleLeaf]] = [:]
    /// How many of these places have each digest: nearly always none, which spares looking.
    private var stalePlaces = [Int32](repeating: 0, count: 1024)
    /// Valid entries of walkable tables that name a frame, identity mappings apart.
    private var mapped: FrameIndexed<Int>
    /// Table writes so far.
    var clock: UInt64 = 0
    /// The clock at the last barrier that orders table writes.
    private(set) var ordered: UInt64 = 0
    /// How many such barriers there were, and after how many of them each frame was written last: plus one.
    private var barriers: UInt64 = 1
    private var written: FrameIndexed<UInt64>
    /// After how many a valid entry went out of each frame last: plus one.
    private var emptied: FrameIndexed<UInt64>
    var pending: [PendingInvalidation] = []

    init(first: FrameNumber, count: UInt64) {
        uses = FrameIndexed(first: first, count: count, otherwise: [])
        isUsed = FrameIndexed(first: first, count: count, otherwise: false)
        mapped = FrameIndexed(first: first, count: count, otherwise: 0)
        written = FrameIndexed(first: first, count: count, otherwise: 0)
        emptied = FrameIndexed(first: first, count: count, otherwise: 0)
    }

    /// The ways in which a frame serves as a table.
    func uses(of frame: FrameNumber) -> [TableUse] { uses[frame] }

    /// A barrier: table writes until now come before those that follow.
    func order() {
        ordered = clock
        barriers += 1
    }

    func wrote(_ frame: FrameNumber) { written[frame] = barriers }

    func tookEntry(outOf frame: FrameNumber) { emptied[frame] = barriers }

    /// Whether a frame was written since the last barrier.
    func isUnordered(_ frame: FrameNumber) -> Bool { written[frame] == barriers }

    /// Whether a valid entry went out of a frame since the last barrier.
    func mayShowRemoved(in frame: FrameNumber) -> Bool { emptied[frame] == barriers }

    /// Whether a frame serves as a table.
    @inline(__always) func isTable(_ frame: FrameNumber) -> Bool { isUsed[frame] }

    /// Whether walk caches may name the frame as a table.
    func hasStaleUse(of frame: FrameNumber) -> Bool {
        !staleUses.isEmpty && staleUses.contains { $0.frame == frame }
    }

    /// Whether a valid entry of a walkable table names the frame, identity mappings apart.
    func isMapped(_ frame: FrameNumber) -> Bool { mapped[frame] != 0 }

    func countMapping(of frame: FrameNumber, by change: Int) { mapped[frame] += change }

    /// Where a leaf is in an address space: its first address, which is a page's, and its level.
    private struct LeafPlace: Hashable {
        let rawValue: UInt64

        init(base: UInt64, level: Int) { rawValue = base | UInt64(level) }

        /// 0 to 1023.
        @inline(__always) var digest: Int {
            Int((rawValue >> 12 &+ rawValue >> 21 &+ rawValue >> 30 &+ rawValue & 3) & 1023)
        }
    }

    func add(_ use: TableUse, of frame: FrameNumber) {
        uses[frame].append(use)
        isUsed[frame] = true
        frames[use.context, default: []].insert(frame)
    }

    func remove(_ use: TableUse, of frame: FrameNumber) {
        uses[frame].removeAll { $0 == use }
        if uses[frame].isEmpty { isUsed[frame] = false }
        if !uses[frame].contains(where: { $0.context == use.context }) { frames[use.context]?.remove(frame) }
    }

    func tables(of context: WalkContext) -> [FrameNumber] { frames[context, default: []].sorted() }

    /// Calls `body` with each place that covers an address, but for some where there is nothing.
    @inline(__always) private func forEachPlace(covering address: UInt64, _ body: (LeafPlace) -> Void) {
        for level in 1...Granule.lastLevel {
            let place = LeafPlace(base: address & ~(WalkDescriptor.span(level: level) - 1), level: level)
            if stalePlaces[place.digest] > 0 { body(place) }
        }
    }

    func addStale(_ leaf: StaleLeaf) {
        let place = LeafPlace(base: leaf.translation.base.rawValue, level: leaf.translation.level)
        // The same translation that changed again later: the later change decides what invalidation covers it.
        guard staleLeaves[place] != nil else {
            staleLeaves[place] = [leaf]
            stalePlaces[place.digest] += 1
            return
        }
        staleLeaves[place]?.removeAll { $0.context == leaf.context && $0.translation == leaf.translation }
        staleLeaves[place]?.append(leaf)
    }

    /// Whether TLBs or walk caches may hold anything for this address that a walk would not find; seldom true where they
    /// do not.
    func mayHaveStale(_ address: UInt64) -> Bool {
        if !staleUses.isEmpty { return true }
        var mayHave = false
        forEachPlace(covering: address) { _ in mayHave = true }
        return mayHave
    }

    /// What TLBs may hold for this address, the longest stale first.
    func staleLeaves(covering address: UInt64) -> [StaleLeaf] {
        guard !staleLeaves.isEmpty else { return [] }
        var leaves: [StaleLeaf] = []
        forEachPlace(covering: address) { if let found = staleLeaves[$0] { leaves += found } }
        return leaves.count > 1 ? leaves.sorted { $0.changed < $1.changed } : leaves
    }

    /// What TLBs may hold for any address in a range of one entry's span.
    func staleLeaves(overlapping base: UInt64, level: Int) -> [StaleLeaf] {
        guard !staleLeaves.isEmpty else { return [] }
        let span = WalkDescriptor.span(level: level)
        let inside =
            level == Granule.lastLevel
            ? [] : staleLeaves.values.joined().filter { $0.translation.base.rawValue &- base < span }
        return inside + staleLeaves(covering: base)
    }

    func hasStaleLeaf(where matches: (StaleLeaf) -> Bool) -> Bool {
        staleLeaves.values.contains { $0.contains(where: matches) }
    }

    /// Whether a TLB may hold a translation to the frame, the identity mapping apart.
    func hasStaleTranslation(to frame: FrameNumber) -> Bool {
        hasStaleLeaf { leaf in
            let (base, output) = (leaf.translation.base.rawValue, leaf.translation.output.rawValue)
            return frame.address.rawValue &- output < WalkDescriptor.span(level: leaf.translation.level)
                && base != output
        }
    }

    /// The first addresses of what TLBs may hold of an address space though its entry has changed.
    func staleAddresses(asid: UInt16) -> [UInt64] {
        staleLeaves.values.joined().filter { $0.context.asid == asid }.map(\.translation.base.rawValue)
    }

    /// Whether any TLB or walk cache may hold anything that a walk would not find.
    var hasStale: Bool { !staleLeaves.isEmpty || !staleUses.isEmpty }

    func removeStaleLeaves(where covered: (StaleLeaf) -> Bool) {
        for place in Array(staleLeaves.keys) { removeStaleLeaves(at: place, where: covered) }
    }

    private func removeStaleLeaves(at place: LeafPlace, where covered: (StaleLeaf) -> Bool) {
        staleLeaves[place]?.removeAll(where: covered)
        if staleLeaves[place]?.isEmpty == true {
            staleLeaves[place] = nil
            stalePlaces[place.digest] -= 1
        }
    }

    /// Removes what the invalidations cover: what changed before the walkers were made to see the change.
    func applyPending() {
        for invalidation in pending {
            switch invalidation.scope {
            case .page(let address, let asid, let allLevels):
                forEachPlace(covering: address) { place in
                    removeStaleLeaves(at: place) {
                        $0.changed <= invalidation.upTo && ($0.translation.isGlobal || $0.context.asid == asid)
                    }
                }
                guard allLevels else { continue }
                staleUses.removeAll {
                    $0.changed <= invalidation.upTo && $0.use.covers(address) && $0.use.context.asid == asid
                }
            case .asid(let asid):
                removeStaleLeaves {
                    $0.changed <= invalidation.upTo && !$0.translation.isGlobal && $0.context.asid == asid
                }
                staleUses.removeAll { $0.changed <= invalidation.upTo && $0.use.context.asid == asid }
            case .everything:
                removeStaleLeaves { $0.changed <= invalidation.upTo }
                staleUses.removeAll { $0.changed <= invalidation.upTo }
            }
        }
        pending.removeAll(keepingCapacity: true)
    }
}
