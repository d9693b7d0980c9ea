/// One of the 24 sizes that small blocks are rounded up to: 16, 32, 48, 64 bytes, then four steps to each doubling, up
/// to 2048. So at most a fifth of a block is lost to rounding, beyond 64 bytes.
struct SizeClass: Equatable {
    /// 0 … 23.
    private(set) var index: Int

    static var largestObject: UInt { 2048 }

    init(index: Int) { self.index = index }

    /// The smallest class for a block; nil if only whole pages will do.
    ///
    /// Runs begin at a page, so objects are aligned to whatever power of two divides their size.
    init?(holding size: UInt, alignment: UInt) {
        guard size <= Self.largestObject, alignment <= Self.largestObject else { return nil }
        let needed = max(size, alignment, 1)
        if needed <= 64 {
            index = Int((needed &+ 15) / 16) &- 1
        } else {
            let last = needed &- 1
            let logarithm = UInt.bitWidth &- 1 &- last.leadingZeroBitCount
            let step = last &>> UInt(truncatingIfNeeded: logarithm &- 2) & 3
            index = 4 &+ 4 &* (logarithm &- 6) &+ Int(step)
        }
        while objectSize & (alignment &- 1) != 0 {
            guard index < 23 else { return nil }
            self = SizeClass(index: index + 1)
        }
    }

    /// Bytes of an object.
    var objectSize: UInt {
        guard index >= 4 else { return UInt(index &+ 1) &* 16 }
        let (group, step) = (index &- 4).quotientAndRemainder(dividingBy: 4)
        return (16 &<< UInt(group)) &* UInt(5 &+ step)
    }

    /// Pages of a run: as few as leave at most an eighth of it unused at its end.
    var pagesPerRun: UInt {
        var pages: UInt = 1
        while pages * Region.pageSize % objectSize > pages * Region.pageSize / 8 { pages += 1 }
        return pages
    }
}
