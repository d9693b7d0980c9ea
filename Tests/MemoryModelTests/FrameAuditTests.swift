import FakeMachine
import Testing

@testable import MemoryModel

/// The audit of all references finds nothing where nothing is wrong, and each wrong that is made.
@Suite struct FrameAuditTests {
    private static let base: UInt64 = 0x1000_0000

    /// Two address spaces with all that there is: private pages, shared tables, copies, zeroes, an object.
    private func makeFamily() throws -> (Family, ObjectNumber) {
        let family = try Family()
        let object = try family.makeObject(pages: 8)
        try family.map(family.first, object, at: Self.base, pages: 8, shared: true)
        try family.map(family.first, object, at: Self.base + 4 * megabyte, pages: 8, shared: false)
        try family.map(family.first, fixed: Self.base + 8 * megabyte, 64 * page)
        for index: UInt64 in 0..<64 { try family.write(family.first, index, at: Self.base + 8 * megabyte + index * page) }
        try family.write(family.first, 1, at: Self.base + page)
        try family.write(family.first, 2, at: Self.base + 4 * megabyte)
        try family.map(family.first, fixed: Self.base + 12 * megabyte, page)
        _ = try family.read(family.first, Self.base + 12 * megabyte)
        let child = try family.fork(family.first)
        try family.write(child, 3, at: Self.base + 4 * megabyte, cpu: 1)
        return (family, object)
    }

    @Test func nothingIsFoundWhereNothingIsWrong() throws {
        let (family, object) = try makeFamily()
        #expect(family.audit() == nil)
        family.release(object)
        #expect(family.audit() == nil)
        try family.finish()
    }

    @Test func aReferenceTooManyOrTooFewIsFound() throws {
        let (family, object) = try makeFamily()
        let frames = [
            try #require(family.first.frame(of: Self.base + 8 * megabyte)),
            try #require(family.first.frame(of: Self.base + page)),
            try #require(family.first.frame(of: Self.base + 4 * megabyte)),
            try #require(family.first.table(of: Self.base + 8 * megabyte)),
            family.kernel.zeroFrame, family.first.root,
        ]
        for frame in frames {
            let extra = try family.frames.share(frame)
            #expect(family.audit() != nil, "a reference that nobody holds on \(frame)")
            family.frames.release(extra)
        }
        let frame = try #require(family.first.frame(of: Self.base + page))
        let state = family.frames.table.state(at: family.frames.table.index(of: frame))
        let word = family.machine.hardware.load(state)
        family.machine.hardware.store(word - 1, at: state)
        #expect(family.audit() == "a frame's references are all counted")
        family.machine.hardware.store(word, at: state)
        family.release(object)
        try family.finish()
    }

    @Test func anObjectThatCountsWronglyIsFound() throws {
        let (family, object) = try makeFamily()
        family.objects.addMappedPages(1, to: object)
        #expect(family.audit() == "an object counts the entries that name it")
        family.objects.removeMappedPages(1, from: object, frames: &family.frames)
        #expect(family.audit() == nil)
        family.release(object)
        try family.finish()
    }

    @Test func aFrameThatIsLostIsFound() throws {
        let (family, object) = try makeFamily()
        let lost = try family.frames.taken(.anonymous).relinquish()
        #expect(family.audit() == "a frame has no more references than can be found")
        family.frames.table.setKind(.retired, of: lost)
        #expect(family.audit() == "no frame is out of use between operations")
        family.frames.table.setKind(.reserved, of: lost)
        #expect(family.audit() == "each frame is either free or owned")
        family.frames.release(Frame(adopting: lost))
        family.release(object)
        try family.finish()
    }
}

extension Family {
    /// The first thing that is wrong with the references of all members, if anything is.
    func audit() -> String? {
        guard var audit = try? FrameAudit(kernel: kernel, frames: &frames) else { return "no room for the audit" }
        for member in members { member.count(in: &audit) }
        var found: String?
        do throws(InvariantViolation) { try audit.check(frames) } catch { found = "\(error.invariant)" }
        audit.giveBack(to: &frames)
        return found
    }
}

extension Family.Member {
    fileprivate func count(in audit: inout FrameAudit<FakeHardware>) { audit.count(space!) }
}
