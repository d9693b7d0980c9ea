import LinuxABI
import Machine

/// Which pages of a range a call has added to a file, so that it can take them away again where it fails: a bit for each
/// page that was looked at, in the kernel's own pages, which lead from one to the next.
struct AddedPages {
    private struct BitPage: BitwiseCopyable {
        static var capacity: UInt64 { 511 * 64 }

        var next: UInt64
        var words: InlineArray<511, UInt64>
    }

    /// The index of the first page that was looked at, and how many were.
    private let start: UInt64
    private var count: UInt64 = 0
    private var first: UInt64 = 0
    private var last: UInt64 = 0

    init(from start: UInt64) { self.start = start }

    /// The bits in a page that ``makeRoom()`` took, which stays until ``giveBack()``.
    private static func bits(at page: UInt64) -> Handle<BitPage> { unsafe Handle(unsafeAddress: page) }

    /// Makes sure that there is a bit for the next page. ENOSPC, as for a page of the file itself.
    mutating func makeRoom() throws(Errno) {
        guard count % BitPage.capacity == 0 else { return }
        guard let taken = KernelPages.take() else { throw .noSpace }
        PhysicalPage.clear(taken)
        if last != 0 { Self.bits(at: last).value.next = taken } else { first = taken }
        last = taken
    }

    /// Notes whether the next page, which there is room for, was added.
    mutating func append(_ isAdded: Bool) {
        let place = count % BitPage.capacity
        if isAdded { Self.bits(at: last).value.words[Int(place / 64)] |= 1 << (place % 64) }
        count += 1
    }

    /// Calls `body` with the indices of each run of pages that were added.
    func forEachRun(_ body: (Range<UInt64>) -> Void) {
        var page = first
        var run: UInt64?
        for index in 0..<count {
            let place = index % BitPage.capacity
            if index > 0, place == 0 { page = Self.bits(at: page).value.next }
            let isAdded = Self.bits(at: page).value.words[Int(place / 64)] >> (place % 64) & 1 == 1
            if isAdded, run == nil { run = index }
            if !isAdded, let begin = run {
                body(start + begin..<start + index)
                run = nil
            }
        }
        if let run { body(start + run..<start + count) }
    }

    /// Gives back the bits.
    mutating func giveBack() {
        while first != 0 {
            let next = Self.bits(at: first).value.next
            KernelPages.giveBack(first)
            first = next
        }
    }
}
