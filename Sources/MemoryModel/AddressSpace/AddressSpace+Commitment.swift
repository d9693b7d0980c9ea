/// What has been promised to a program: the pages of private mappings that it may write, or once might, touched or not.
///
/// Nothing is counted while mappings come and go; who asks has the tables walked. Only a machine that promises no more
/// than it has (overcommit mode 2) and `/proc/meminfo` ask.
extension AddressSpace {
    /// The pages that count towards the commit limit.
    public var accountedPages: UInt64 { accountedPages(in: layout.low) + accountedPages(in: layout.high) }

    /// The pages of `range` that count towards the commit limit.
    public func accountedPages(in range: VirtualRange) -> UInt64 {
        countPages(in: range) { $0.contains(.accounted) }
    }

    /// The pages that count towards the commit limit once more where a child gets them (Linux kernel/fork.c, `dup_mmap`).
    public var accountedPagesOfChild: UInt64 {
        inheritedAccountedPages(in: layout.low) + inheritedAccountedPages(in: layout.high)
    }

    private func inheritedAccountedPages(in range: VirtualRange) -> UInt64 {
        countPages(in: range) { $0.contains(.accounted) && !$0.contains(.dontFork) }
    }

    /// The pages of `range` that do not count towards the commit limit, and would with these rights.
    public func pagesToAccount(in range: VirtualRange, for protection: Protection) -> UInt64 {
        countPages(in: range) { !$0.contains(.accounted) && $0.replacing(protection).contains(.accounted) }
    }
}
