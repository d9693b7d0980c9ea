import libakuma

/// `munmap` of parts, over holes and with bad ranges.
func unmappingCases() -> [Case] {
    var cases: [Case] = []
    let places = [(0, 8), (0, 1), (7, 1), (3, 2), (-2, 4), (6, 6), (-2, 12), (8, 2)]
    for (first, count) in places {
        cases.append(
            Case("munmap/touched-\(first)+\(count)") {
                region(2, 8)
                fill(2, 8)
                see("result", unmap(at(2 + first), UInt(count) * page))
                seePages(0, 13)
            })
        cases.append(
            Case("munmap/untouched-\(first)+\(count)") {
                region(2, 8, Prot.r)
                see("result", unmap(at(2 + first), UInt(count) * page))
                seePages(0, 13)
            })
        cases.append(
            Case("munmap/holes-\(first)+\(count)") {
                for index in [2, 4, 5, 8, 9] { region(index, 1) }
                fill(2, 8)
                see("result", unmap(at(2 + first), UInt(count) * page))
                seePages(0, 13)
            })
        cases.append(
            Case("munmap/file-\(first)+\(count)") {
                region(2, 8, Prot.rw, Map.shared, MemoryFile.make(8))
                see("result", unmap(at(2 + first), UInt(count) * page))
                seePages(0, 13)
            })
    }
    func bad(_ name: String, _ address: UInt, _ length: UInt) -> Case {
        Case("munmap/\(name)") {
            region(0, 3)
            fill(0, 3)
            see("result", unmap(address, length))
            seePages(0, 4)
        }
    }
    cases += [
        bad("length-0", at(0), 0), bad("length-0-unmapped", at(8), 0), bad("unaligned", at(0) + 1, page),
        bad("unaligned-0", at(0) + 1, 0), bad("length-1", at(0), 1), bad("length-4097", at(0), 4097),
        bad("wraps", at(1), UInt.max - 8191), bad("wraps-page", at(1), UInt.max),
        bad("beyond", 0x0001_0000_0000_0000, page),
        bad("over-the-end", 0xFFFF_FFFF_F000, 2 * page),
        bad("hole-only", at(8), page), bad("tagged", at(1) | 0x5500_0000_0000_0000, page),
    ]
    cases.append(
        Case("munmap/again") {
            region(0, 1)
            see("first", unmap(at(0), page))
            see("second", unmap(at(0), page))
        })
    cases.append(
        Case("munmap/then-zero") {
            region(0, 2)
            fill(0, 2)
            see("result", unmap(at(0), page))
            region(0, 1)
            seePages(0, 2)
        })
    return cases
}
