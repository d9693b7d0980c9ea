import FakeMachine
import Testing

@testable import MemoryModel

private let base: UInt64 = 0x2000_0000

/// Without a look at the caches: the tests write to objects' pages as no kernel does.
@Suite struct AddressSpaceRemovalTests {
    @Test("what may be taken out of an object is found run by run, and the first page that refuses is told of")
    func removable() throws {
        let family = try Family()
        let first = family.first
        let object = try family.makeObject(pages: 16)
        try family.map(first, object, at: base, pages: 4, from: 2, shared: true)
        try family.map(first, object, at: base + 4 * page, pages: 2, from: 6, shared: true)
        try family.map(first, object, at: base + 6 * page, pages: 2, from: 1, shared: true)
        try family.map(first, object, at: base + 10 * page, pages: 1, from: 0, shared: false)
        try family.map(first, fixed: base + 12 * page, page)
        _ = try family.read(first, base + page)
        #expect(try first.removable(base - page, 20) == [0, 6, 2])
        #expect(try first.removable(base + page, 2) == [1, 2, 3])
        #expect(try first.removable(base + 6 * page, 4) == [6, 2, 1])
        #expect(try first.removable(base + 8 * page, 2) == nil)
        #expect(throws: MapError.accessDenied) { try first.removable(base + 8 * page, 3) }
        #expect(throws: MapError.invalidArgument) { try first.removable(base + 12 * page, 1) }
        try family.change(first, .lock, base + 3 * page, page)
        #expect(try first.removable(base, 8) == [0, 3, 2])
        #expect(throws: MapError.invalidArgument) { try first.removable(base + 3 * page, 8) }
        let mapped = first.nextMapped(from: base - page)
        #expect(mapped == VirtualRange(VirtualAddress(base), to: VirtualAddress(base + 8 * page)))
        family.release(object)
        try family.finish()
    }
}
