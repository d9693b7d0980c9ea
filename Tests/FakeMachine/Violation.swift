import MemoryModel

/// A rule of the architecture or of the design that the code under test broke.
public enum Violation: Hashable, Sendable, CustomStringConvertible {
    /// Why a frame counts as reachable.
    public enum Reach: Hashable, Sendable {
        /// A valid entry of a walkable table names it.
        case mapped
        /// A TLB may still hold a translation to it.
        case translation
        /// It is a table that a CPU can walk.
        case table
        /// It is a removed table that a walk cache may still name.
        case walkCache
    }

    /// A frame was freed while a CPU could reach it.
    case freedWhileReachable(FrameNumber, Reach)
    /// EL0 was given a frame with content that was never cleared or copied since it was taken.
    case publishedUnwritten(FrameNumber, VirtualAddress)
    /// EL0 was given a frame whose content was not cleaned to the point of coherency, or not yet completely.
    case publishedBeforeCleaned(FrameNumber, VirtualAddress)
    /// EL0 was given an executable frame whose last writes are not visible to instruction fetch.
    case publishedUnsynchronisedInstructions(FrameNumber, VirtualAddress)
    /// A translation was changed in size, output address or memory type without break-before-make.
    case breakBeforeMake(VirtualAddress, ASID)
    /// A descriptor named a table before a barrier had ordered the table's content (Arm ARM B2.3.12).
    case publishedUnorderedTable(FrameNumber, VirtualAddress)
    /// A plain store replaced an entry whose flags the walker may set meanwhile.
    case lostHardwareUpdate(PhysicalAddress)
    /// An ASID was given to another table while TLBs may hold entries of its previous owner.
    case asidReused(ASID)
    /// An access beyond RAM.
    case outsideMemory(PhysicalAddress)

    public var description: String {
        func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
        switch self {
        case .freedWhileReachable(let frame, let reach):
            return "frame \(hex(frame.address.rawValue)) was freed while reachable: \(reach)"
        case .publishedUnwritten(let frame, let page):
            return "frame \(hex(frame.address.rawValue)) shows its previous owner's content at \(hex(page.rawValue))"
        case .publishedBeforeCleaned(let frame, let page):
            return "frame \(hex(frame.address.rawValue)) was published at \(hex(page.rawValue)) before it was cleaned"
        case .publishedUnsynchronisedInstructions(let frame, let page):
            return "frame \(hex(frame.address.rawValue)) at \(hex(page.rawValue)) executes stale instructions"
        case .breakBeforeMake(let page, let asid):
            return "translation of \(hex(page.rawValue)) in ASID \(asid.rawValue) changed without break-before-make"
        case .publishedUnorderedTable(let frame, let page):
            return "table \(hex(frame.address.rawValue)) was named for \(hex(page.rawValue)) before its content was ordered"
        case .lostHardwareUpdate(let address):
            return "plain store at \(hex(address.rawValue)) may lose a flag that the walker sets"
        case .asidReused(let asid):
            return "ASID \(asid.rawValue) was reused before it was invalidated"
        case .outsideMemory(let address):
            return "access outside RAM at \(hex(address.rawValue))"
        }
    }
}
