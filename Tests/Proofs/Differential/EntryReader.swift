import FakeMachine
import MemoryModel

/// What a page's entry says.
struct FoundEntry {
    var state: PageState?
    var attributes: AttributeSet
    /// The table that the entry is in.
    var table: FrameNumber
    /// Which of the pages that the entry stands for it is.
    var offset: UInt64
}

/// Reads the entries of many pages of a process: walks once for each last-level table, and asks once what a class means.
///
/// Nothing changes meanwhile. It is faster than a walk for each page, of which the checks would otherwise consist.
struct EntryReader {
    private let process: World.Process
    private let machine: FakeMachine

    /// Where the entries of 512 pages are.
    private struct Place {
        var region: UInt64
        var table: FrameNumber
        /// The only entry; nil where each page has one.
        var entry: PhysicalAddress?
        /// How many pages an entry stands for.
        var span: UInt64
        /// Whether a table descriptor on the path lets nobody write.
        var isWriteProtected: Bool
    }

    /// Places by the low bits of their regions' numbers.
    private var places: [Place?] = Array(repeating: nil, count: 32)
    private var classes: [AttributeSet?] = Array(repeating: nil, count: 256)

    init(process: World.Process, machine: FakeMachine) {
        self.process = process
        self.machine = machine
    }

    /// - Returns: nil where there is no path to the page.
    mutating func entry(for number: UInt64) -> FoundEntry? {
        let region = number / UInt64(Granule.entriesPerTable)
        var place: Place
        if let known = places[Int(region % 32)], known.region == region {
            place = known
        } else {
            guard let path = process.space!.translate(VirtualAddress(number * pageSize)) else { return nil }
            let last = path.last
            let entry = last.level == Granule.lastLevel ? nil : TableGeometry.entry(last.index, of: last.table.frame)
            place = Place(
                region: region, table: last.table.frame, entry: entry,
                span: TableGeometry.span(at: last.level).wholePages, isWriteProtected: path.isWriteProtected)
            places[Int(region % 32)] = place
        }
        let index = Int(number % UInt64(Granule.entriesPerTable))
        let descriptor = Descriptor(rawValue: machine.peek(place.entry ?? TableGeometry.entry(index, of: place.table)))
        var state = PageState(descriptor)
        if place.isWriteProtected, case .resident(let frame, let attributes, let rights, let accessed) = state {
            state = .resident(frame, attributes, rights: rights.subtracting(.write), accessed: accessed)
        }
        var attributes = AttributeSet.none
        if let named = state?.attributeClass {
            if let known = classes[Int(named.rawValue)] {
                attributes = known
            } else {
                guard let path = process.space!.translate(VirtualAddress(number * pageSize)) else { return nil }
                attributes = path.attributes
                classes[Int(named.rawValue)] = attributes
            }
        }
        return FoundEntry(state: state, attributes: attributes, table: place.table, offset: number % place.span)
    }
}
