import MemoryModel
import Testing

@Suite("Addresses")
struct AddressTests {
    @Test("a count of bytes rounds up to pages, or says that it cannot")
    func rounding() {
        #expect(ByteCount(0).roundedUpToPages == .zero)
        #expect(ByteCount(1).roundedUpToPages == Granule.size)
        #expect(Granule.size.roundedUpToPages == Granule.size)
        #expect(ByteCount(.max).roundedUpToPages == nil)
        #expect(ByteCount(.max - 4095).roundedUpToPages == ByteCount(.max - 4095))
    }

    @Test("pages and bytes convert")
    func pages() {
        #expect(ByteCount.pages(3) == ByteCount(12288) && ByteCount(12287).wholePages == 2)
        #expect(Granule.size.isPageMultiple && !ByteCount(4097).isPageMultiple)
        #expect(ByteCount(1) < ByteCount(2) && ByteCount(3) - ByteCount(1) == ByteCount(2))
    }

    @Test("a frame's number and its address name each other")
    func frames() {
        let address = PhysicalAddress(0x4000_1FFF)
        #expect(address.frame == FrameNumber(0x40001))
        #expect(address.frame.address == PhysicalAddress(0x4000_1000))
        #expect(address - address.frame.address == ByteCount(0xFFF))
        #expect(FrameNumber(1) < FrameNumber(2) && PhysicalAddress(1) < PhysicalAddress(2))
    }

    @Test("a virtual address moves by bytes, or says that it cannot")
    func moving() {
        let address = VirtualAddress(0x1000_0000)
        #expect(address.adding(ByteCount(.max)) == nil)
        #expect(address.adding(ByteCount(8)) == VirtualAddress(0x1000_0008))
        #expect(address + ByteCount(8) - ByteCount(8) == address)
        #expect((address + ByteCount(8)) - address == ByteCount(8))
        #expect((address + ByteCount(8)).roundedDownToPage == address)
        #expect(address.isPageAligned && !(address + ByteCount(8)).isPageAligned)
    }

    @Test("a tag is removed by sign extension from bit 55, as Linux does")
    func tags() {
        #expect(VirtualAddress(0xAB00_0000_1000_0000).untagged == VirtualAddress(0x1000_0000))
        #expect(VirtualAddress(0x0080_0000_0000_0000).untagged == VirtualAddress(0xFF80_0000_0000_0000))
        #expect(VirtualAddress(0x7F).untagged == VirtualAddress(0x7F))
    }

    @Test("a range is of whole pages")
    func ranges() async {
        let start = VirtualAddress(0x1000_0000)
        let range = VirtualRange(start, to: start + ByteCount.pages(4))
        #expect(range.pageCount == 4 && range.length == ByteCount(16384) && !range.isEmpty)
        #expect(VirtualRange(start, length: ByteCount(1))?.pageCount == 1)
        #expect(VirtualRange(start, length: .zero)?.isEmpty == true)
        #expect(VirtualRange(start + ByteCount(1), length: ByteCount(1)) == nil)
        #expect(VirtualRange(start, length: ByteCount(.max)) == nil)
        #expect(VirtualRange(VirtualAddress(.max - 4095), length: ByteCount(1)) == nil)
        await #expect(processExitsWith: .failure) { _ = VirtualRange(VirtualAddress(1), to: VirtualAddress(4096)) }
        await #expect(processExitsWith: .failure) { _ = VirtualRange(VirtualAddress(4096), to: VirtualAddress(0)) }
    }

    @Test("a range contains its start and not its end, and touching ranges do not overlap")
    func containment() {
        func pages(_ first: UInt64, _ end: UInt64) -> VirtualRange {
            VirtualRange(VirtualAddress(first << 12), to: VirtualAddress(end << 12))
        }
        let range = pages(2, 6)
        #expect(range.contains(range.start) && !range.contains(range.end))
        #expect(range.contains(pages(2, 6)) && range.contains(pages(3, 4)) && !range.contains(pages(5, 7)))
        #expect(range.overlaps(pages(5, 7)) && range.overlaps(pages(0, 3)) && !range.overlaps(pages(6, 7)))
        #expect(!range.overlaps(pages(0, 2)))
    }
}

@Suite("The null machine")
struct NullMachineTests {
    @Test("reads zero, keeps nothing, and does nothing")
    func null() {
        let machine = NullMachine()
        let (frame, address, page) = (FrameNumber(1), PhysicalAddress(8), VirtualAddress(4096))
        machine.store(1, at: address)
        machine.clear(frame)
        machine.copy(from: frame, to: frame)
        machine.copyBytes(from: address, to: address, count: ByteCount(8))
        machine.clean(frame)
        machine.completeCleaning()
        machine.publishInstructions(in: frame)
        machine.orderTableWrites()
        machine.invalidateLastLevel(of: page, asid: ASID(1))
        machine.invalidateAllLevels(of: page, asid: ASID(1))
        machine.invalidate(asid: ASID(1))
        machine.invalidateAll()
        machine.completeInvalidation()
        #expect(machine.load(address) == 0 && machine.exchange(2, at: address) == 0)
        #expect(machine.compareExchange(expected: 3, desired: 4, at: address) == 3)
    }
}
