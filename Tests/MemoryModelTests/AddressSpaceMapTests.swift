import FakeMachine
import MemoryModel
import Testing

@Suite(.leakLedger) struct AddressSpaceMapTests {
    @Test("the first mapping of a fresh process is at 0x10000000, and a store through it is read back")
    func workedExample() throws {
        var test = try TestSpace()
        let start = try test.map(page)
        #expect(start == 0x1000_0000)
        try test.write(42, at: start)
        #expect(try test.read(start) == 42)
        #expect(try test.map(page) == 0x1000_1000)
        try test.unmap(start, page)
        #expect(throws: FaultError.notMapped) { try test.write(1, at: start) }
        try test.finish()
    }
}
