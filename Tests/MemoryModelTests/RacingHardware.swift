import FakeMachine
import MemoryModel

/// Hardware on which another CPU acts just before the next compare-exchange.
final class RacingHardware: Hardware {
    private let base: FakeHardware
    private var rival: (() -> Void)?

    init(_ base: FakeHardware) { self.base = base }

    /// Lets `action` happen once, just before the next compare-exchange.
    func beforeExchange(_ action: @escaping () -> Void) { rival = action }

    func compareExchange(expected: UInt64, desired: UInt64, at address: PhysicalAddress) -> UInt64 {
        let action = rival
        rival = nil
        action?()
        return base.compareExchange(expected: expected, desired: desired, at: address)
    }

    func load(_ address: PhysicalAddress) -> UInt64 { base.load(address) }
    func store(_ value: UInt64, at address: PhysicalAddress) { base.store(value, at: address) }
    func exchange(_ value: UInt64, at address: PhysicalAddress) -> UInt64 { base.exchange(value, at: address) }
    func clear(_ frame: FrameNumber) { base.clear(frame) }
    func copy(from source: FrameNumber, to destination: FrameNumber) { base.copy(from: source, to: destination) }
    func copyBytes(from source: PhysicalAddress, to destination: PhysicalAddress, count: ByteCount) {
        base.copyBytes(from: source, to: destination, count: count)
    }
    func clean(_ frame: FrameNumber) { base.clean(frame) }
    func completeCleaning() { base.completeCleaning() }
    func publishInstructions(in frame: FrameNumber) { base.publishInstructions(in: frame) }
    func orderTableWrites() { base.orderTableWrites() }
    func invalidateLastLevel(of page: VirtualAddress, asid: ASID) { base.invalidateLastLevel(of: page, asid: asid) }
    func invalidateAllLevels(of page: VirtualAddress, asid: ASID) { base.invalidateAllLevels(of: page, asid: asid) }
    func invalidate(asid: ASID) { base.invalidate(asid: asid) }
    func invalidateAll() { base.invalidateAll() }
    func completeInvalidation() { base.completeInvalidation() }
}
