import FakeMachine
import MemoryModel

/// Tables written by hand, for tests of the fake machine itself.
struct HandMadeSpace: ~Copyable {
    let machine: FakeMachine
    let hardware: FakeHardware
    var allocator: FrameAllocator<FakeHardware>
    let asid: ASID
    /// Tables by level: 0 … 3, all on the path of ``page``.
    var tables: [FrameNumber]

    static let page = VirtualAddress(0x1000_0000)
    static let present: UInt64 = 1 | 1 << 1 | 1 << 10 | 1 << 11 | 3 << 8
    static let readOnly = present | 1 << 6 | 1 << 7 | 3 << 53
    static let readWrite = present | 1 << 6 | 3 << 53
    static let readExecute = present | 1 << 6 | 1 << 7 | 1 << 53
    static let dirtyBitModifier: UInt64 = 1 << 51

    init(options: FakeMachine.Options = .init(), asid: ASID = ASID(1)) {
        machine = FakeMachine(frames: 256, options: options)
        hardware = machine.hardware
        allocator = machine.makeAllocator()
        self.asid = asid
        tables = []
        for level in 0...3 {
            tables.append(allocator.takeZeroedNumber(.table))
            if level > 0 { hardware.store(tables[level].address.rawValue | 3, at: entry(level - 1)) }
        }
        hardware.completeCleaning()
        hardware.orderTableWrites()
        machine.cpus[0].install(root: tables[0], asid: asid)
    }

    /// Where the entry of a level on the path of a page lies.
    func entry(_ level: Int, of page: VirtualAddress = page) -> PhysicalAddress {
        let index = page.rawValue >> (12 + 9 * UInt64(3 - level)) & 511
        return tables[level].address + ByteCount(index * 8)
    }

    /// A frame of zeroes, cleaned.
    mutating func fresh() -> FrameNumber {
        let frame = allocator.takeZeroedNumber(.anonymous)
        hardware.completeCleaning()
        return frame
    }

    mutating func free(_ frame: FrameNumber) { allocator.release(number: frame) }

    func map(_ frame: FrameNumber, _ bits: UInt64, at page: VirtualAddress = page) {
        hardware.store(frame.address.rawValue | bits, at: entry(3, of: page))
        hardware.orderTableWrites()
    }

    func unmap(_ page: VirtualAddress = page) {
        _ = hardware.exchange(0, at: entry(3, of: page))
        hardware.orderTableWrites()
    }

    func invalidate(_ page: VirtualAddress = page, asid: ASID? = nil) {
        hardware.invalidateLastLevel(of: page, asid: asid ?? self.asid)
        hardware.completeInvalidation()
    }

    /// Ends the address space in the right order.
    mutating func finish() {
        machine.cpus.forEach { $0.uninstall() }
        hardware.orderTableWrites()
        hardware.invalidateAll()
        hardware.completeInvalidation()
        for table in tables { free(table) }
        tables = []
    }
}
