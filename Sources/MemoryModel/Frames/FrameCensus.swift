/// What RAM is used for at the moment: frames by kind.
@frozen public struct FrameCensus: Hashable, Sendable {
    /// Programs' own memory, private copies of objects' pages among it.
    public internal(set) var anonymous: UInt64 = 0
    /// Translation tables.
    public internal(set) var tables: UInt64 = 0
    /// Objects' pages.
    public internal(set) var cached: UInt64 = 0
    /// Of these: nowhere else, because they were written or have no backing.
    public internal(set) var cachedOnlyHere: UInt64 = 0
    /// Of these: mapped by some program.
    public internal(set) var cachedMapped: UInt64 = 0

    @inlinable public init() {}
}

extension FrameTable {
    /// Counts the frames by kind, at the cost of a look at each record.
    public func census() -> FrameCensus {
        var census = FrameCensus()
        var index: UInt64 = 0
        while index < frameCount {
            let state = machine.load(state(at: index))
            switch UInt8(truncatingIfNeeded: FrameRecord.State.kind.value(in: state)) {
            case FrameKind.anonymous.rawValue, FrameKind.copiedFilePage.rawValue: census.anonymous += 1
            case FrameKind.table.rawValue: census.tables += 1
            case FrameKind.cachedFilePage.rawValue:
                census.cached += 1
                if !FrameRecord.State.isRecoverable(in: state) { census.cachedOnlyHere += 1 }
                // One reference is the object's own.
                if FrameRecord.State.count.value(in: state) > 1 { census.cachedMapped += 1 }
            default: break
            }
            index += 1
        }
        return census
    }
}
