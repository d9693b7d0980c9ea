import MemoryModel

/// How much of what a program has, and how much more it may have: counted page by page.
struct Usage: Equatable {
    /// What `RLIMIT_AS` counts.
    var mapped: UInt64 = 0
    /// What `RLIMIT_DATA` counts: private, writable, no stack (mm/internal.h, `is_data_mapping`).
    var data: UInt64 = 0
    /// What would become data by being writable.
    var notYetData: UInt64 = 0
    /// What `RLIMIT_MEMLOCK` counts.
    var locked: UInt64 = 0
    /// What counts towards the commit limit, and what would by being writable.
    var accounted: UInt64 = 0
    var notYetAccounted: UInt64 = 0

    mutating func add(_ attributes: AttributeSet) {
        mapped += 1
        if attributes.contains(.locked) { locked += 1 }
        let isOwn = !attributes.contains(.shared)
        if isOwn && !attributes.contains(.growsDown) {
            if attributes.contains(.write) { data += 1 } else { notYetData += 1 }
        }
        if attributes.contains(.accounted) {
            accounted += 1
        } else if isOwn && !attributes.contains(.noReserve) {
            notYetAccounted += 1
        }
    }
}

extension ModelSpace {
    /// The lowest page of what grows down below the top of the stack.
    var stackStart: UInt64 {
        var start = Self.layout.stackTop.pageNumber
        while pages[start - 1]?.attributes.contains(.growsDown) == true { start -= 1 }
        return start
    }

    var usage: Usage {
        var usage = Usage()
        for page in pages.values { usage.add(page.attributes) }
        return usage
    }

    func usage(of numbers: Range<UInt64>) -> Usage {
        var usage = Usage()
        for number in mapped(in: numbers) {
            if let page = pages[number] { usage.add(page.attributes) }
        }
        return usage
    }

    /// Whether so many more pages may be mapped (mm/mmap.c, `may_expand_vm`).
    func mayMap(_ count: UInt64) -> Bool { UInt64(pages.count) + count <= pageLimit }

    /// Whether so many more pages may be locked (mm/mmap.c, `mlock_future_check`).
    func mayLock(_ count: UInt64) -> Bool { usage.locked + count <= lockLimit }

    /// Whether all of a range may be locked, of which some may be so already (mm/mlock.c, `do_mlock`).
    func mayLock(all numbers: Range<UInt64>) -> Bool {
        let total = usage.locked + UInt64(numbers.count)
        return total <= lockLimit || total - usage(of: numbers).locked <= lockLimit
    }
}
