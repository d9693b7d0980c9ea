import FakeMachine
import MemoryModel

/// Hardware that takes a step of the scheduler for each thing that another CPU could notice.
struct SteppingHardware: Hardware {
    let base: FakeHardware
    let watch: Watch

    /// Stands for all that TLBs hold; no word has an odd address.
    static let translations: UInt64 = 1

    private func step<Result>(reads: [UInt64] = [], writes: [UInt64] = [], _ body: () -> Result) -> Result {
        guard let scheduler = watch.scheduler else { return body() }
        scheduler.step(.plain)
        scheduler.note(reads: reads, writes: writes)
        let result = body()
        if !writes.isEmpty && !scheduler.isDraining { watch.check?() }
        return result
    }

    func load(_ address: PhysicalAddress) -> UInt64 {
        guard watch.isNoticed(address) else { return base.load(address) }
        return step(reads: [address.rawValue]) { base.load(address) }
    }

    func store(_ value: UInt64, at address: PhysicalAddress) {
        step(writes: [address.rawValue]) { base.store(value, at: address) }
    }

    func exchange(_ value: UInt64, at address: PhysicalAddress) -> UInt64 {
        step(writes: [address.rawValue]) { base.exchange(value, at: address) }
    }

    func compareExchange(expected: UInt64, desired: UInt64, at address: PhysicalAddress) -> UInt64 {
        step(writes: [address.rawValue]) { base.compareExchange(expected: expected, desired: desired, at: address) }
    }

    // Programs write the first word of a page only.

    func clear(_ frame: FrameNumber) { step(writes: [frame.address.rawValue]) { base.clear(frame) } }

    func copy(from source: FrameNumber, to destination: FrameNumber) {
        step(reads: [source.address.rawValue], writes: [destination.address.rawValue]) {
            base.copy(from: source, to: destination)
        }
    }

    func copyBytes(from source: PhysicalAddress, to destination: PhysicalAddress, count: ByteCount) {
        base.copyBytes(from: source, to: destination, count: count)
    }

    func clean(_ frame: FrameNumber) { base.clean(frame) }
    func completeCleaning() { step(writes: [Self.translations]) { base.completeCleaning() } }
    func publishInstructions(in frame: FrameNumber) { base.publishInstructions(in: frame) }

    func orderTableWrites() { step { base.orderTableWrites() } }
    func invalidateLastLevel(of page: VirtualAddress, asid: ASID) {
        step { base.invalidateLastLevel(of: page, asid: asid) }
    }
    func invalidateAllLevels(of page: VirtualAddress, asid: ASID) {
        step { base.invalidateAllLevels(of: page, asid: asid) }
    }
    func invalidate(asid: ASID) { step { base.invalidate(asid: asid) } }
    func invalidateAll() { step { base.invalidateAll() } }
    func completeInvalidation() { step(writes: [Self.translations]) { base.completeInvalidation() } }
}

/// Who looks at the steps of the kernel.
final class Watch {
    var scheduler: Scheduler?
    /// Checks what must hold after each write.
    var check: (() -> Void)?

    /// Whether another CPU may ever write the word: the descriptors on the way to the three pages and the pages' own
    /// first words. Loads of others are no steps.
    func isNoticed(_ address: PhysicalAddress) -> Bool {
        let offset = address.rawValue & (pageSize - 1)
        return offset < UInt64(Stage.pages) * 8 || offset == (Stage.base >> 21) * 8 & (pageSize - 1)
    }
}
