/// The identifier that an address space had when it was last activated: a generation and an ASID.
///
/// Its ASID is the address space's own as long as the generation is the allocator's, or a CPU still runs it. Afterwards
/// nothing of the address space is in any TLB, and an invalidation by this ASID is merely superfluous.
@frozen public struct AddressSpaceContext: Hashable, Sendable {
    /// The generation above 16 bits of ASID.
    @usableFromInline let word: UInt64

    @inlinable init(word: UInt64) { self.word = word }

    @inlinable init(generation: UInt64, asid: ASID) { word = generation &<< 16 | UInt64(asid.rawValue) }

    /// An address space that was never activated. No allocator has its generation, 0.
    @inlinable public static var none: AddressSpaceContext { AddressSpaceContext(word: 0) }

    /// The ASID to install and to invalidate by.
    @inlinable public var asid: ASID { ASID(UInt16(truncatingIfNeeded: word)) }

    /// Counts how often the ASIDs have run out, from 1.
    @inlinable public var generation: UInt64 { word &>> 16 }
}
