import MemoryModel

/// Locks on everything, rights of a stack, and holes in what is mapped.
extension ModelSpace {
    /// `mlockall` and `munlockall`: everything that is mapped, and what will be (mm/mlock.c, `apply_mlockall_flags`).
    mutating func lockEverything(_ lock: Operation.LockAll) {
        let locks: AttributeSet = .locked | .lockedOnFault
        // MCL_CURRENT and MCL_FUTURE, each with MCL_ONFAULT; nil for what stays.
        let (now, later): (AttributeSet?, AttributeSet) =
            switch lock {
            case .current: (.locked, .none)
            case .future: (nil, .locked)
            case .both: (.locked, .locked)
            case .currentOnFault: (locks, .none)
            case .futureOnFault: (nil, locks)
            case .bothOnFault: (locks, locks)
            case .nothing: (AttributeSet.none, .none)
            }
        if let now {
            for (number, page) in pages { pages[number]?.attributes = page.attributes.subtracting(locks) | now }
        }
        futureLock = later
    }

    /// `mprotect` with `PROT_GROWSDOWN`: from where the first mapping in the range begins, which grows down.
    mutating func protectGrowing(_ start: UInt64, _ length: UInt64, _ protection: Protection) throws(MapError) {
        let region = (Self.low(start / pageSize) ? Self.layout.low : Self.layout.high).pageNumbers
        guard let numbers = Self.pageNumbers(start, length),
            var first = numbers.clamped(to: region).first(where: { pages[$0] != nil }), let page = pages[first]
        else { throw .outOfMemory }
        guard page.attributes.contains(.growsDown) else { throw .invalidArgument }
        while first > region.lowerBound, pages[first - 1]?.attributes == page.attributes { first -= 1 }
        try protect(first * pageSize, numbers.upperBound * pageSize - first * pageSize, protection)
    }

    /// `madvise(MADV_REMOVE)`: the object's pages become holes, up to the first page that refuses. Holes in the range are
    /// told of at the end.
    /// - Parameter punch: takes a page out of its object.
    func removeContent(
        _ numbers: Range<UInt64>, _ punch: (Source) throws(MapError) -> Void
    ) throws(MapError) {
        var isWhole = true
        for number in numbers {
            guard let page = pages[number] else {
                isWhole = false
                continue
            }
            guard let source = page.source, !page.attributes.contains(.locked) else { throw .invalidArgument }
            guard page.attributes.contains(.shared | .mayWrite) else { throw .accessDenied }
            try punch(source)
        }
        if !isWhole { throw .outOfMemory }
    }
}
