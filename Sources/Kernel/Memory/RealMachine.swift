import Machine
import MemoryModel

/// The hardware, as the memory model sees it: each requirement is one instruction or one assembly routine.
struct RealMachine: PhysicalMemory, CacheMaintenance, TranslationBuffer {
    /// Where the kernel reaches a physical address, as Machine takes it.
    @inline(__always) private func kernelAddress(_ address: PhysicalAddress) -> UInt64 {
        KernelMemory.physToVirt(address).rawValue
    }

    @inline(__always) func load(_ address: PhysicalAddress) -> UInt64 { PhysicalWord.load(kernelAddress(address)) }

    @inline(__always) func store(_ value: UInt64, at address: PhysicalAddress) {
        PhysicalWord.store(value, at: kernelAddress(address))
    }

    @inline(__always) func exchange(_ value: UInt64, at address: PhysicalAddress) -> UInt64 {
        PhysicalWord.exchange(value, at: kernelAddress(address))
    }

    @inline(__always)
    func compareExchange(expected: UInt64, desired: UInt64, at address: PhysicalAddress) -> UInt64 {
        PhysicalWord.compareExchange(expected: expected, desired: desired, at: kernelAddress(address))
    }

    @inline(__always) func clear(_ frame: FrameNumber) { PhysicalPage.clear(kernelAddress(frame.address)) }

    @inline(__always) func copy(from source: FrameNumber, to destination: FrameNumber) {
        PhysicalPage.copy(from: kernelAddress(source.address), to: kernelAddress(destination.address))
    }

    func copyBytes(from source: PhysicalAddress, to destination: PhysicalAddress, count: ByteCount) {
        PhysicalPage.copyBytes(
            from: kernelAddress(source), to: kernelAddress(destination), count: count.rawValue)
    }

    func clean(_ frame: FrameNumber) { PhysicalPage.clean(kernelAddress(frame.address)) }

    @inline(__always) func completeCleaning() { PhysicalPage.completeCleaning() }

    func publishInstructions(in frame: FrameNumber) { PhysicalPage.publishInstructions(kernelAddress(frame.address)) }

    @inline(__always) func orderTableWrites() { Translation.orderTableWrites() }

    @inline(__always) func invalidateLastLevel(of page: VirtualAddress, asid: ASID) {
        Translation.invalidateLastLevel(of: page.rawValue, asid: UInt64(asid.rawValue))
    }

    @inline(__always) func invalidateAllLevels(of page: VirtualAddress, asid: ASID) {
        Translation.invalidateAllLevels(of: page.rawValue, asid: UInt64(asid.rawValue))
    }

    func invalidate(asid: ASID) { Translation.invalidate(asid: UInt64(asid.rawValue)) }

    func invalidateAll() { Translation.invalidateAll() }

    @inline(__always) func completeInvalidation() { Translation.completeInvalidation() }
}
