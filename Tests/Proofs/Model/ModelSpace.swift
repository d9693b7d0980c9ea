import MemoryModel

/// What a program's memory is, obviously: a dictionary from page to state.
///
/// Everything here is written for being right at a glance, page by page, without a table, a frame or a count. The rules
/// are those of Linux's manual and of `AddressSpace`'s documentation; nothing is taken from its code.
struct ModelSpace {
    /// One page: what was asked for it, and what it holds.
    struct Page: Equatable {
        var attributes: AttributeSet
        /// What the page has to itself. Nil as long as nobody wrote to it.
        var own: Content?
        /// The page of an object that it shows otherwise.
        var source: Source?
    }

    /// A page of an object.
    struct Source: Equatable {
        /// Which of ``ModelObjects``.
        var object: Int
        var index: UInt64
    }

    /// What is mapped, by page number.
    var pages: [UInt64: Page] = [:]

    var heapStart: UInt64 = 0
    var programBreak: UInt64 = 0
    /// Where searches for room begin, as page numbers.
    var nextFitLow = layout.mapBase.pageNumber
    var nextFitHigh = layout.high.start.pageNumber
    /// Whether a mapping that grows down was made apart from the stack.
    var hasGrowingMappings = false
    /// The lock of what is mapped from now on (`mlockall(MCL_FUTURE)`).
    var futureLock = AttributeSet.none
    /// How far mappings grow, in pages.
    var stackLimit = initialStackLimit
    /// How many pages may be mapped and locked, where a mapping grows by itself or by `mremap`.
    var pageLimit = UInt64.max
    var lockLimit = UInt64.max

    /// The objects that pages show, of all processes.
    let objects: ModelObjects

    init(_ objects: ModelObjects) { self.objects = objects }

    static let layout = AddressSpaceLayout.standard
    /// How far the stack may grow at first: 8 MiB, in pages.
    static let initialStackLimit = (8 << 20) / pageSize
    /// What stays free below what grows down: 256 pages (mm/mmap.c, `stack_guard_gap`).
    static let guardGap: UInt64 = 256
    /// Where `mmap` looks for room below the kernel: up to the gap below the lowest place that the stack could reach at
    /// first (`mmap_base`).
    static let lowRoom = layout.mapBase.pageNumber..<layout.stackTop.pageNumber - initialStackLimit - guardGap

    // MARK: Pages

    static func low(_ number: UInt64) -> Bool { layout.low.pageNumbers.contains(number) }
    static func high(_ number: UInt64) -> Bool { layout.high.pageNumbers.contains(number) }
    static func isUser(_ numbers: Range<UInt64>) -> Bool {
        layout.low.pageNumbers.contains(numbers) || layout.high.pageNumbers.contains(numbers)
    }

    func isFree(_ numbers: Range<UInt64>) -> Bool { numbers.allSatisfy { pages[$0] == nil } }

    /// The pages that `length` bytes from `start` touch, or nil where there is no such range of addresses.
    static func pageNumbers(_ start: UInt64, _ length: UInt64) -> Range<UInt64>? {
        let (end, overflow) = start.addingReportingOverflow(length)
        let (rounded, wraps) = end.addingReportingOverflow(pageSize - 1)
        guard !overflow, !wraps else { return nil }
        return start / pageSize..<rounded / pageSize
    }

    // MARK: mmap

    /// - Parameter source: what the first page shows of an object; nil for anonymous memory.
    mutating func map(_ request: MapRequest, _ source: Source? = nil) throws(MapError) -> UInt64 {
        let length = request.length.rawValue
        guard length > 0 else { throw .invalidArgument }
        guard length <= addressLimit else { throw .outOfMemory }
        let count = (length + pageSize - 1) / pageSize
        if let source, source.index + count > 1 << 32 { throw .overflow }
        let numbers: Range<UInt64>
        switch request.placement {
        case .anywhere(let hint):
            numbers = try placed(count, hint: hint.rawValue)
        case .fixed(let start):
            numbers = try fixed(start.rawValue, count)
            try refuseSealed(numbers)
        case .fixedNoReplace(let start):
            numbers = try fixed(start.rawValue, count)
            guard isFree(numbers) else { throw .exists }
        }
        var attributes = Self.attributes(request.protection) | futureLock
        if request.grantable.contains(.read) { attributes.insert(.mayRead) }
        if request.grantable.contains(.write) { attributes.insert(.mayWrite) }
        if request.grantable.contains(.execute) { attributes.insert(.mayExecute) }
        if request.options.contains(.locked) { attributes.insert(.locked) }
        if request.options.contains(.shared) { attributes.insert(.shared) }
        if request.options.contains(.noReserve) { attributes.insert(.noReserve) }
        attributes = Self.accounted(attributes)
        if request.options.contains(.growsDown) {
            attributes.insert(.growsDown)
            if numbers.upperBound != Self.layout.stackTop.pageNumber { hasGrowingMappings = true }
        }
        for number in numbers {
            pages[number] = Page(attributes: attributes)
            guard let source else { continue }
            let index = source.index + number - numbers.lowerBound
            pages[number]?.source = Source(object: source.object, index: index)
        }
        return numbers.lowerBound * pageSize
    }

    /// The attributes that `PROT_…` are.
    static func attributes(_ protection: Protection) -> AttributeSet {
        var attributes = AttributeSet.none
        if protection.contains(.read) { attributes.insert(.read) }
        if protection.contains(.write) { attributes.insert(.write) }
        if protection.contains(.execute) { attributes.insert(.execute) }
        if protection.contains(.branchTargets) { attributes.insert(.branchTargets) }
        return attributes
    }

    /// Whether a mapping may have these rights (`VM_MAYREAD` and its kin).
    private static func mayHave(_ protection: Protection, _ attributes: AttributeSet) -> Bool {
        (!protection.contains(.read) || attributes.contains(.mayRead))
            && (!protection.contains(.write) || attributes.contains(.mayWrite))
            && (!protection.contains(.execute) || attributes.contains(.mayExecute))
    }

    /// Whether a program may do anything at all with pages, guards apart (`vma_is_accessible`).
    static func isAccessible(_ attributes: AttributeSet) -> Bool {
        !attributes.isDisjoint(with: .read | .write | .execute)
    }

    /// Private memory counts towards the commit limit from when it may first be written.
    static func accounted(_ attributes: AttributeSet) -> AttributeSet {
        guard attributes.contains(.write), attributes.isDisjoint(with: .shared | .noReserve) else { return attributes }
        return attributes | .accounted
    }

    private func fixed(_ start: UInt64, _ count: UInt64) throws(MapError) -> Range<UInt64> {
        guard start < addressLimit, count * pageSize <= addressLimit - start else { throw .outOfMemory }
        guard start % pageSize == 0 else { throw .invalidArgument }
        guard start >= Self.layout.low.start.rawValue else { throw .notPermitted }
        let numbers = start / pageSize..<start / pageSize + count
        guard Self.isUser(numbers) else { throw .outOfMemory }
        return numbers
    }

    /// At the hint where that is free, or else the first room behind the last mapping that was placed so.
    mutating func placed(_ count: UInt64, hint: UInt64) throws(MapError) -> Range<UInt64> {
        if hint >= pageSize, hint < addressLimit {
            let start = max(hint / pageSize, Self.layout.low.start.pageNumber)
            let wanted = start..<start + count
            if Self.isUser(wanted), isFree(wanted), !isInGuardGap(wanted) { return wanted }
        }
        let room = count + (hasGrowingMappings ? Self.guardGap : 0)
        let low = Self.lowRoom
        let high = Self.layout.high.pageNumbers
        if let start = firstRoom(room, from: nextFitLow, in: low) ?? firstRoom(room, from: low.lowerBound, in: low) {
            nextFitLow = start + count
            return start..<start + count
        }
        let above = firstRoom(room, from: nextFitHigh, in: high) ?? firstRoom(room, from: high.lowerBound, in: high)
        guard let start = above else { throw .outOfMemory }
        nextFitHigh = start + count
        return start..<start + count
    }

    /// Whether the next mapping above grows down and must keep its guard gap.
    private func isInGuardGap(_ numbers: Range<UInt64>) -> Bool {
        let region = Self.low(numbers.lowerBound) ? Self.layout.low : Self.layout.high
        let end = min(region.end.pageNumber, numbers.upperBound + Self.guardGap)
        for number in numbers.upperBound..<end {
            if let page = pages[number] { return page.attributes.contains(.growsDown) }
        }
        return false
    }

    private func firstRoom(_ count: UInt64, from first: UInt64, in region: Range<UInt64>) -> UInt64? {
        guard count <= region.count else { return nil }
        var start = max(first, region.lowerBound)
        var number = start
        while number < region.upperBound {
            if pages[number] != nil {
                start = number + 1
            } else if number - start + 1 == count {
                return start
            }
            number += 1
        }
        return nil
    }

    // MARK: munmap, mprotect, mseal

    mutating func unmap(_ start: UInt64, _ length: UInt64) throws(MapError) {
        guard start % pageSize == 0, length > 0, start <= addressLimit, length <= addressLimit - start,
            let numbers = Self.pageNumbers(start, length)
        else { throw .invalidArgument }
        try refuseSealed(numbers)
        remove(numbers)
    }

    mutating func remove(_ numbers: Range<UInt64>) {
        for number in mapped(in: numbers) { pages[number] = nil }
        fallBack(over: numbers)
    }

    /// A search begins where there is room again.
    mutating func fallBack(over numbers: Range<UInt64>) {
        let low = numbers.clamped(to: Self.layout.low.pageNumbers)
        let high = numbers.clamped(to: Self.layout.high.pageNumbers)
        if low.lowerBound < nextFitLow && nextFitLow <= low.upperBound {
            nextFitLow = max(low.lowerBound, Self.layout.mapBase.pageNumber)
        }
        if high.lowerBound < nextFitHigh && nextFitHigh <= high.upperBound { nextFitHigh = high.lowerBound }
    }

    /// The mapped pages among `numbers`, in no order.
    func mapped(in numbers: Range<UInt64>) -> [UInt64] {
        numbers.count < pages.count * 2 ? numbers.filter { pages[$0] != nil } : pages.keys.filter(numbers.contains)
    }

    /// What lies before the first hole is changed all the same.
    mutating func protect(_ start: UInt64, _ length: UInt64, _ protection: Protection) throws(MapError) {
        guard start % pageSize == 0 else { throw .invalidArgument }
        guard length > 0 else { return }
        guard let numbers = Self.pageNumbers(start, length) else { throw .outOfMemory }
        try refuseSealed(numbers)
        for number in numbers {
            guard let page = pages[number] else { throw .outOfMemory }
            guard Self.mayHave(protection, page.attributes) else { throw .accessDenied }
            let rights: AttributeSet = .read | .write | .execute | .branchTargets
            let attributes = page.attributes.subtracting(rights) | Self.attributes(protection)
            pages[number]?.attributes = Self.accounted(attributes)
        }
    }

    mutating func seal(_ numbers: Range<UInt64>) throws(MapError) {
        guard numbers.allSatisfy({ pages[$0] != nil }) else { throw .outOfMemory }
        for number in numbers { pages[number]?.attributes.insert(.sealed) }
    }

    func refuseSealed(_ numbers: Range<UInt64>) throws(MapError) {
        for number in mapped(in: numbers) where pages[number]?.attributes.contains(.sealed) == true {
            throw .notPermitted
        }
    }

    // MARK: brk

    mutating func setBreak(to address: UInt64) throws(MapError) {
        guard address >= heapStart else { throw .invalidArgument }
        guard address <= max(Self.layout.mapBase.rawValue, heapStart) else { throw .outOfMemory }
        let old = (programBreak + pageSize - 1) / pageSize
        let new = (address + pageSize - 1) / pageSize
        if new < old {
            try refuseSealed(new..<old)
            remove(new..<old)
        }
        if new > old {
            // One page stays free between the heap and what lies above it.
            let free = new < Self.layout.mapBase.pageNumber ? old..<new + 1 : old..<new
            guard isFree(free) else { throw .outOfMemory }
            let attributes = Self.accounted(.read | .write | .mayRead | .mayWrite | .mayExecute | .heap) | futureLock
            for number in old..<new { pages[number] = Page(attributes: attributes) }
        }
        programBreak = address
    }

    // MARK: fork

    /// What a child starts with: no locks, now or later, nothing that is not inherited, zeroes where that is asked.
    func forked() -> ModelSpace {
        var child = self
        child.futureLock = .none
        let special: AttributeSet = .locked | .lockedOnFault | .dontFork | .wipeOnFork
        for (number, page) in pages where !page.attributes.isDisjoint(with: special) {
            if page.attributes.contains(.dontFork) {
                child.pages[number] = nil
                continue
            }
            let isWiped = page.attributes.contains(.wipeOnFork)
            let lost: AttributeSet = isWiped ? .locked | .lockedOnFault | .guardPage : .locked | .lockedOnFault
            child.pages[number]?.attributes = page.attributes.subtracting(lost)
            if isWiped { child.pages[number]?.own = nil }
        }
        return child
    }
}

let pageSize = Granule.size.rawValue
let addressLimit = AddressSpaceLayout.addressLimit.rawValue

extension VirtualAddress {
    var pageNumber: UInt64 { rawValue / pageSize }
}

extension VirtualRange {
    var pageNumbers: Range<UInt64> { start.pageNumber..<end.pageNumber }
}

extension Range where Bound == UInt64 {
    func contains(_ other: Range<UInt64>) -> Bool { lowerBound <= other.lowerBound && other.upperBound <= upperBound }
}
