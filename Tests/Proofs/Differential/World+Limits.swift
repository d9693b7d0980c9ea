import FakeMachine
import MemoryModel

/// How much there is of what limits are on.
extension World {
    func setLimits(_ slot: Int, mapped: UInt64, locked: UInt64) {
        guard let process = processes[slot] else { return }
        process.space!.pageLimit = mapped
        process.space!.lockLimit = locked
        process.model.pageLimit = mapped
        process.model.lockLimit = locked
    }

    /// Compares what the kernel asks before it changes `range`.
    func compareLimits(_ process: Process, _ range: VirtualRange) throws {
        try compareUsage(of: process, in: range)
        let numbers = range.pageNumbers
        let (more, all) = (process.space!.mayLock(range.length), process.space!.mayLock(all: range))
        guard more == process.model.mayLock(range.pageCount), all == process.model.mayLock(all: numbers) else {
            throw Disagreement(
                "\(range.pageCount) pages may\(more ? "" : " not") be locked, those at \(range.start.rawValue.hex)"
                    + " may\(all ? "" : " not"), says the module")
        }
    }

    /// Compares what of `range` counts towards limits.
    func compareUsage(of process: Process, in range: VirtualRange) throws {
        let expected = process.model.usage(of: range.pageNumbers)
        let found = process.space!.usage(of: range)
        guard found.mapped == expected.mapped, found.notYetData == expected.notYetData,
            found.accounted == expected.accounted, found.notYetAccounted == expected.notYetAccounted
        else { throw Disagreement("from \(range.start.rawValue.hex) on count \(found), and should \(expected)") }
    }

    /// Compares what of all that is mapped counts towards limits.
    /// - Parameter resident: how many pages have a frame, where each was looked at.
    func compareUsage(of process: Process, resident: UInt64? = nil) throws {
        let (statistics, found) = (process.space!.currentStatistics(), process.space!.currentUsage())
        let expected = process.model.usage
        guard statistics.mappedPages == expected.mapped, found.data == expected.data, found.locked == expected.locked,
            found.accounted == expected.accounted
        else { throw Disagreement("\(statistics.mappedPages) pages are mapped, of them \(found); it should be \(expected)") }
        if let resident, statistics.residentPages != resident {
            throw Disagreement("\(statistics.residentPages) pages are said to be resident, and \(resident) are")
        }
        let start = process.space!.currentStackStart().pageNumber
        guard start == process.model.stackStart else { throw Disagreement("the stack does not begin at page \(start.hex)") }
    }
}

extension AddressSpace {
    fileprivate func currentStackStart() -> VirtualAddress { stackStart }

    /// What the module counts of a range.
    fileprivate func usage(of range: VirtualRange) -> Usage {
        var usage = Usage()
        usage.mapped = mappedPages(in: range)
        usage.notYetData = pagesNotYetData(in: range)
        usage.accounted = accountedPages(in: range)
        usage.notYetAccounted = pagesToAccount(in: range, for: .write)
        return usage
    }
}
