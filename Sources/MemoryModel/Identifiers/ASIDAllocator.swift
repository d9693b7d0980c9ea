/// Gives address spaces their ASIDs, in generations.
///
/// Within a generation each ASID is handed out once, in order. When they run out, a new generation begins: every TLB is
/// invalidated once, before any ASID is used again, and each address space gets a new ASID when it is next activated,
/// except those that a CPU was running, which keep theirs. As Linux does for AArch64 in principle
/// (arch/arm64/mm/context.c). ASID 0 is never handed out.
///
/// The caller serialises its use. At most 8 CPUs.
@frozen public struct ASIDAllocator: Sendable {
    /// One more than the greatest ASID: 2^8 or 2^16.
    @usableFromInline let end: UInt32

    /// The current generation, from 1.
    public private(set) var generation: UInt64 = 1

    /// The first ASID that this generation may not have handed out.
    @usableFromInline var next: UInt32 = 1

    /// What each CPU runs; `none` from the beginning of a generation until the CPU's next switch.
    @usableFromInline var active: InlineArray<8, AddressSpaceContext>

    /// What each CPU ran when the generation began: these ASIDs are not handed out in it.
    @usableFromInline var reserved: InlineArray<8, AddressSpaceContext>

    /// - Parameter bits: what the CPUs implement, 8 or 16 (`ID_AA64MMFR0_EL1.ASIDBits`).
    public init(bits: UInt64) {
        precondition(bits == 8 || bits == 16, "ASIDs of 8 or 16 bits")
        end = 1 << UInt32(bits)
        active = InlineArray(repeating: .none)
        reserved = InlineArray(repeating: .none)
    }

    /// Makes a context valid for the current generation and notes that the CPU runs it from now on.
    ///
    /// Before the caller writes `TTBR0_EL1` with the context's ASID.
    /// - Parameter cpu: the CPU that switches, 0 … 7.
    @inlinable public mutating func activate<M: Hardware>(
        _ context: inout AddressSpaceContext, on cpu: Int, _ machine: M
    ) {
        if context.generation != generation { context = renew(context, machine) }
        active[cpu] = context
    }

    /// Notes that the CPU runs the kernel-only address space from now on. After `TTBR0_EL1` was written so.
    @inlinable public mutating func deactivate(on cpu: Int) {
        active[cpu] = AddressSpaceContext(generation: generation, asid: .kernelOnly)
    }

    /// A context of the current generation for an address space of an earlier one.
    @inline(never) @usableFromInline mutating func renew<M: Hardware>(
        _ old: AddressSpaceContext, _ machine: M
    ) -> AddressSpaceContext {
        // No TLB holds anything of it, and so what was taken out of its tables may not have been waited for: no walker
        // must see it there (Arm ARM B2.3.12).
        machine.orderTableWrites()
        if old != .none, let kept = keepReserved(old) { return kept }
        if let asid = handOut() { return AddressSpaceContext(generation: generation, asid: asid) }
        beginGeneration(machine)
        guard let asid = handOut() else {
            preconditionFailure("a generation begins with more ASIDs than CPUs")
        }
        return AddressSpaceContext(generation: generation, asid: asid)
    }

    /// Lets an address space that a CPU was running when the generation began keep its ASID.
    private mutating func keepReserved(_ old: AddressSpaceContext) -> AddressSpaceContext? {
        let kept = AddressSpaceContext(generation: generation, asid: old.asid)
        var isReserved = false
        // Several CPUs may have run the same address space: each copy follows, or the next generation forgets one.
        for cpu in reserved.indices where reserved[cpu] == old {
            reserved[cpu] = kept
            isReserved = true
        }
        return isReserved ? kept : nil
    }

    /// The next ASID of this generation that no CPU has kept from the last one.
    private mutating func handOut() -> ASID? {
        while next < end {
            let candidate = ASID(UInt16(truncatingIfNeeded: next))
            next &+= 1
            if !isReserved(candidate) { return candidate }
        }
        return nil
    }

    private func isReserved(_ asid: ASID) -> Bool {
        for cpu in reserved.indices where reserved[cpu].asid == asid { return true }
        return false
    }

    /// Begins a generation: what CPUs run stays reserved, everything else leaves the TLBs before an ASID is reused.
    private mutating func beginGeneration<M: Hardware>(_ machine: M) {
        generation &+= 1
        next = 1
        for cpu in active.indices {
            // A CPU that has not switched since the last generation began still runs what was reserved then.
            if active[cpu] != .none { reserved[cpu] = active[cpu] }
            active[cpu] = .none
        }
        machine.orderTableWrites()
        machine.invalidateAll()
        machine.completeInvalidation()
    }
}
