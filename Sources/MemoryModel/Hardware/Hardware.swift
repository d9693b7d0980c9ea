/// Words and pages of physical memory, as the memory model reaches them.
///
/// Word addresses are multiples of 8. Every operation on a word is single-copy atomic (Arm ARM B2.2).
public protocol PhysicalMemory {
    /// Reads a word. No ordering beyond that of address dependencies.
    func load(_ address: PhysicalAddress) -> UInt64

    /// Writes a word with release ordering: what this CPU wrote before is observed before it.
    func store(_ value: UInt64, at address: PhysicalAddress)

    /// Writes a word and returns what it replaced, with acquire and release ordering. Never loses an access or dirty
    /// flag that the table walker sets in between.
    func exchange(_ value: UInt64, at address: PhysicalAddress) -> UInt64

    /// Writes `desired` where the word is `expected`, with acquire and release ordering.
    /// - Returns: the word as found; equal to `expected` exactly where the write took place.
    func compareExchange(expected: UInt64, desired: UInt64, at address: PhysicalAddress) -> UInt64

    /// Fills a frame with zeroes and cleans it to the point of coherency, line by line. The caller publishes an entry
    /// for it only after ``CacheMaintenance/completeCleaning()``.
    func clear(_ frame: FrameNumber)

    /// Copies a frame's content to another and cleans the destination to the point of coherency, line by line.
    func copy(from source: FrameNumber, to destination: FrameNumber)

    /// Copies bytes within physical memory. The ranges do not overlap; no alignment is needed. Nothing is cleaned.
    func copyBytes(from source: PhysicalAddress, to destination: PhysicalAddress, count: ByteCount)
}

/// The caches, as far as a frame that changes its role needs them (Arm ARM B2.4, D7.5).
public protocol CacheMaintenance {
    /// Cleans a frame's lines to the point of coherency (`dc cvac`).
    func clean(_ frame: FrameNumber)

    /// Waits for the cleaning begun before (`dsb ish`).
    func completeCleaning()

    /// Makes a frame's content visible to instruction fetch: clean to the point of unification, invalidate the
    /// instruction cache, and wait for both. Before the executable entry is published.
    func publishInstructions(in frame: FrameNumber)
}

/// The translation lookaside buffers of all CPUs (Arm ARM D8.13).
///
/// Removing or restricting an entry is always: change the entry, ``orderTableWrites()``, one or more invalidations,
/// ``completeInvalidation()``, and only then reuse what it pointed at.
public protocol TranslationBuffer {
    /// Makes table writes visible to the walkers before what follows (`dsb ishst`).
    func orderTableWrites()

    /// Invalidates the last-level translation of one page (`tlbi vale1is`).
    func invalidateLastLevel(of page: VirtualAddress, asid: ASID)

    /// Invalidates the translation of one page and every cached table descriptor on its path (`tlbi vae1is`).
    func invalidateAllLevels(of page: VirtualAddress, asid: ASID)

    /// Invalidates everything of one address space (`tlbi aside1is`).
    func invalidate(asid: ASID)

    /// Invalidates everything, global entries too (`tlbi vmalle1is`).
    func invalidateAll()

    /// Waits until the invalidations begun before have completed on every CPU (`dsb ish`).
    func completeInvalidation()
}

/// Everything that the memory model needs of a machine.
public typealias Hardware = PhysicalMemory & CacheMaintenance & TranslationBuffer

/// An address space identifier, the tag of an address space's entries in the TLB. 0 is the kernel-only address space.
@frozen public struct ASID: Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable public init(_ rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public static var kernelOnly: ASID { ASID(0) }
}
