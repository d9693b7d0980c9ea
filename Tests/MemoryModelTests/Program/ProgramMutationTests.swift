import MemoryModel
import Testing

@Suite("A mutated program")
struct ProgramMutationTests {
    @Test("is planned within the program's area or refused, a hundred thousand times, never a crash")
    func mutations() {
        var builder = ELFBuilder.typical
            .adding(
                note: note("GNU", type: 5, words(0xc000_0000, 4, 3, 0), alignment: 8) + note("Akuma", type: 1, words(1))
            )
            .adding(.init(type: 7, flags: 4, offset: 0x2000, address: 0x40_2000, fileSize: 0x10, memorySize: 0x20))
            .adding(.init(type: 0x6474_e551, flags: 6, fileSize: 0, memorySize: 0))
            .adding(.init(type: 0x6474_e553, flags: 4, offset: 0x6000, address: 0, fileSize: 0x20, memorySize: 0x20))
        builder.size = 0x6100
        let originals = [builder.bytes, builder.with { $0.type = 3 }.bytes]
        let table = 64..<64 + 56 * 6
        let values: [UInt64] = [
            0, 1, 0xfff, 0x1000, 0xffff, 0x1_0000, 0x3fff_f000, 0x4000_0000, 0x7fff_ffff_ffff_ffff, .max, .max - 0xfff,
            0xffff_ffff_f000, 0x80_0000_0000,
        ]
        var random = ProgramMutations(seed: 0xE1F)
        var planned = 0
        var bytes = originals[0]
        for round in 0..<120_000 {
            let original = originals[round & 1]
            var touched: [Int] = []
            func put(_ byte: UInt8, at place: Int) {
                bytes[place] = byte
                touched.append(place)
            }
            if round & 1023 < 2 { bytes = original }
            for place in 16..<18 { bytes[place] = original[place] }
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: put(.random(in: 0...255, using: &random), at: Int.random(in: 0..<64, using: &random))
                case 1: put(.random(in: 0...255, using: &random), at: Int.random(in: table, using: &random))
                case 2:
                    let field = 64 + Int.random(in: 0..<42, using: &random) * 8
                    let value = values[Int.random(in: 0..<values.count, using: &random)]
                    for place in 0..<8 { put(UInt8(truncatingIfNeeded: value >> (place * 8)), at: field + place) }
                default: put(.random(in: 0...255, using: &random), at: Int.random(in: 0x6000..<0x6050, using: &random))
                }
            }
            let length = round % 16 == 0 ? Int.random(in: 0...bytes.count, using: &random) : bytes.count
            do throws(ProgramError) {
                let plan = try LoadPlan(bytes.span.extracting(0..<length))
                planned += 1
                if let fault = Self.fault(in: plan, length: UInt64(length)) { Issue.record("\(fault), round \(round)") }
            } catch {
                if round % 64 == 0 { #expect(!error.description.isEmpty) }
            }
            for place in touched { bytes[place] = original[place] }
        }
        #expect(planned > 10_000 && planned < 110_000, "the mutations reach both outcomes, \(planned)")
    }

    /// What must hold of every plan, whatever the file.
    private static func fault(in plan: LoadPlan, length: UInt64) -> String? {
        var end: UInt64 = 0x1_0000
        for index in plan.segments.indices {
            let segment = plan.segments[index]
            let pages = segment.pages
            if pages.start.rawValue < end { return "mappings out of order" }
            end = pages.end.rawValue
            if pages.start.rawValue < 0x80_0000_0000 && end > 0x3FFF_0000 || end > 0x1_0000_0000_0000 {
                return "a mapping outside of the program's area"
            }
            if segment.filePages.length + segment.zeroPages.length != pages.length { return "a page left out" }
            if plan.refusesWritableAndExecutable && segment.rights.isExecutable
                && (segment.rights.isWritable || !segment.zeroPages.isEmpty)
            {
                return "writable and executable against the note"
            }
            if segment.file.size > .zero && segment.file.end > length { return "a segment beyond the file's end" }
            if segment.file.size > segment.memorySize { return "a segment larger in the file" }
            let firstBeyond = (segment.firstFilePage + segment.filePages.pageCount) * 4096
            if !segment.filePages.isEmpty && firstBeyond >= length + 4096 { return "a page beyond the file's end" }
            if let tail = segment.zeroedTail, !segment.filePages.contains(tail) { return "zeroes outside of the file's pages" }
        }
        if plan.breakStart.rawValue != end { return "the break is not above everything" }
        return nil
    }
}
