/// A machine without memory, for the compiler: code over it is concrete, so that `-no-allocations` sees it.
///
/// Every load returns zero and nothing is stored. See `Instantiations.swift`.
@frozen public struct NullMachine: Hardware, Sendable {
    @inlinable public init() {}

    public func load(_ address: PhysicalAddress) -> UInt64 { 0 }
    public func store(_ value: UInt64, at address: PhysicalAddress) {}
    public func exchange(_ value: UInt64, at address: PhysicalAddress) -> UInt64 { 0 }
    public func compareExchange(expected: UInt64, desired: UInt64, at address: PhysicalAddress) -> UInt64 { expected }
    public func clear(_ frame: FrameNumber) {}
    public func copy(from source: FrameNumber, to destination: FrameNumber) {}
    public func copyBytes(from source: PhysicalAddress, to destination: PhysicalAddress, count: ByteCount) {}

    public func clean(_ frame: FrameNumber) {}
    public func completeCleaning() {}
    public func publishInstructions(in frame: FrameNumber) {}

    public func orderTableWrites() {}
    public func invalidateLastLevel(of page: VirtualAddress, asid: ASID) {}
    public func invalidateAllLevels(of page: VirtualAddress, asid: ASID) {}
    public func invalidate(asid: ASID) {}
    public func invalidateAll() {}
    public func completeInvalidation() {}
}
