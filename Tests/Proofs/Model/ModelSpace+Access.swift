import MemoryModel

/// What accesses lead to, and what pages hold.
extension ModelSpace {
    /// What an access leads to: nothing, or why it may not be. A touch below a mapping that grows down extends it.
    mutating func access(_ address: UInt64, _ access: Access) throws(FaultError) {
        let number = address / pageSize
        guard Self.low(number) || Self.high(number) else { throw .notMapped }
        if let page = pages[number] {
            try Self.check(page.attributes, access)
            guard page.own == nil, let source = page.source else { return }
            guard source.index < objects[source.object].pageCount else { throw .beyondEnd }
            return
        }
        let growth = try growth(to: number)
        try Self.check(growth.attributes, access)
        for grown in growth.numbers { pages[grown] = Page(attributes: growth.attributes) }
    }

    /// Whoever may do anything with a page may read it (arm64 without execute-only memory).
    private static func check(_ attributes: AttributeSet, _ access: Access) throws(FaultError) {
        guard !attributes.contains(.guardPage) else { throw .guarded }
        switch access {
        case .read: guard isAccessible(attributes) else { throw .accessDenied }
        case .write: guard attributes.contains(.write) else { throw .accessDenied }
        case .execute: guard attributes.contains(.execute) else { throw .accessDenied }
        }
    }

    /// How the mapping above a free page grows down to it (mm/mmap.c, `expand_downwards`, `acct_stack_growth`).
    private func growth(to number: UInt64) throws(FaultError) -> (numbers: Range<UInt64>, attributes: AttributeSet) {
        let region = (Self.low(number) ? Self.layout.low : Self.layout.high).pageNumbers
        let reach = min(region.upperBound, number + stackLimit)
        guard let above = (number..<max(reach, number)).first(where: { pages[$0] != nil }), let top = pages[above],
            top.attributes.contains(.growsDown)
        else { throw .notMapped }
        var end = above
        while end < region.upperBound, pages[end]?.attributes == top.attributes { end += 1 }
        // RLIMIT_STACK is for the whole mapping, the others for what it gets.
        let added = above - number
        guard end - number <= stackLimit, mayMap(added), !top.attributes.contains(.locked) || mayLock(added) else {
            throw .notMapped
        }
        // The mapping next below keeps its distance, unless nobody may touch it or it grows itself.
        let lowest = max(region.lowerBound + Self.guardGap, number) - Self.guardGap
        if let below = (lowest..<number).last(where: { pages[$0] != nil }), let page = pages[below] {
            guard page.attributes.contains(.growsDown) || !Self.isAccessible(page.attributes) else { throw .notMapped }
        }
        return (number..<above, top.attributes)
    }

    // MARK: Content

    /// What a page holds, whoever has it: nil for zeroes that nobody has written.
    func content(of page: Page) -> Content? {
        if let own = page.own { return own }
        return page.source.map { objects[$0.object].content($0.index) }
    }

    /// What a read of a word finds.
    func word(at address: UInt64) -> UInt64 {
        pages[address / pageSize].flatMap { content(of: $0) }?.word(at: address % pageSize) ?? 0
    }

    /// What a write of a word does, which is allowed.
    mutating func write(_ word: UInt64, at address: UInt64) {
        change(address / pageSize) { $0.words[address % pageSize] = word }
    }

    /// What clearing a page from an address to its end does, which is allowed.
    mutating func clearRestOfPage(from address: UInt64) {
        change(address / pageSize) { $0.clear(from: address % pageSize) }
    }

    /// Changes what a page holds: the object's, where it is shared, or else a copy of the program's own.
    private mutating func change(_ number: UInt64, _ body: (inout Content) -> Void) {
        guard let page = pages[number] else { return }
        if let source = page.source, page.attributes.contains(.shared) {
            return objects.change(source.index, of: source.object, body)
        }
        var own = content(of: page) ?? .zero
        body(&own)
        pages[number]?.own = own
    }

    /// An object was cut off: private copies of what is gone go too.
    mutating func forget(_ object: Int, from first: UInt64) {
        for (number, page) in pages {
            guard let source = page.source, source.object == object, source.index >= first else { continue }
            pages[number]?.own = nil
        }
    }
}
