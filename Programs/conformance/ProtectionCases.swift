import libakuma

/// `mprotect` from each set of rights to each, before and after the first touch, and of files.
func protectionCases() -> [Case] {
    var cases: [Case] = []
    for (from, old) in Prot.all {
        for (to, new) in Prot.all {
            cases.append(
                Case("mprotect/\(from)-to-\(to)") {
                    region(0, 3, old)
                    store(at(1), 9)
                    see("result", protect(at(1), page, new))
                    seePages(0, 3)
                    if new & Prot.x == 0 { see("fetch", execute(at(1)).description) }
                })
        }
    }
    for (to, new) in Prot.all {
        for (sharing, flags) in [("private", Map.priv), ("shared", Map.shared)] {
            cases.append(
                Case("mprotect/own-file-\(sharing)-to-\(to)") {
                    region(0, 2, Prot.r, flags, ownFile())
                    see("result", protect(at(0), page, new))
                    see("store", store(at(0) + 100, 0).description)
                })
            cases.append(
                Case("mprotect/memory-file-\(sharing)-to-\(to)") {
                    let file = MemoryFile.make(2)
                    region(0, 2, Prot.r, flags, file)
                    see("result", protect(at(0), page, new))
                    see("store", store(at(0) + 100, 3).description)
                    see("in-file", MemoryFile.read(file, 100))
                    seePages(0, 2)
                })
        }
    }
    for bit in 3..<32 {
        cases.append(
            Case("mprotect/prot-bit-\(bit)") {
                region(0, 2)
                fill(0, 2)
                see("result", protect(at(0), page, Prot.r | 1 << UInt(bit)))
                seePages(0, 2)
            })
    }
    return cases
}

/// Parts, holes, bad ranges, and mappings that grow.
func protectionEdgeCases() -> [Case] {
    var cases: [Case] = []
    let places = [(0, 8), (0, 1), (7, 1), (3, 2), (-2, 4), (6, 6), (-2, 12), (8, 2)]
    for (first, count) in places {
        cases.append(
            Case("mprotect/part-\(first)+\(count)") {
                region(2, 8)
                fill(2, 8)
                see("result", protect(at(2 + first), UInt(count) * page, Prot.r))
                seePages(0, 13)
            })
        cases.append(
            Case("mprotect/holes-\(first)+\(count)") {
                for index in [2, 3, 5, 8, 9] { region(index, 1) }
                fill(2, 8)
                see("result", protect(at(2 + first), UInt(count) * page, Prot.r))
                seePages(0, 13)
            })
        cases.append(
            Case("mprotect/refused-in-part-\(first)+\(count)") {
                region(2, 3)
                region(5, 2, Prot.r, Map.shared, ownFile())
                region(7, 3)
                see("result", protect(at(2 + first), UInt(count) * page, Prot.rw))
                for index in 2..<10 { see("\(index)", store(at(index) + 200, 0).description) }
            })
    }
    func bad(_ name: String, _ address: UInt, _ length: UInt, _ prot: UInt? = nil) -> Case {
        Case("mprotect/\(name)") {
            region(0, 3)
            fill(0, 3)
            see("result", protect(address, length, prot ?? Prot.r))
            seePages(0, 4)
        }
    }
    let down = Prot.growsDown
    let up = Prot.growsUp
    cases += [
        bad("length-0", at(0), 0), bad("length-0-unmapped", at(8), 0), bad("unaligned", at(0) + 1, page),
        bad("unaligned-0", at(0) + 1, 0), bad("length-1", at(0), 1), bad("length-4097", at(0), 4097),
        bad("wraps", at(1), UInt.max - 8191), bad("wraps-to-0", at(1), UInt.max), bad("unmapped", at(8), page),
        bad("beyond", 0x0001_0000_0000_0000, page), bad("tagged", at(1) | 0x5500_0000_0000_0000, page),
        bad("grows-both", at(0), page, Prot.r | down | up), bad("grows-down-not", at(1), page, Prot.r | down),
        bad("grows-up-not", at(1), page, Prot.r | up), bad("grows-both-0", at(0), 0, Prot.r | down | up),
        bad("grows-both-unaligned", at(0) + 1, page, Prot.r | down | up),
        bad("grows-down-unmapped", at(8), page, Prot.r | down), bad("grows-up-unmapped", at(8), page, Prot.r | up),
        bad("unknown-unaligned", at(0) + 1, page, 0x40), bad("unknown-0", at(0), 0, 0x40),
        bad("unknown-unmapped", at(8), page, 0x40),
    ]
    for (name, first, count) in [("first", 2, 1), ("last", 5, 1), ("middle", 3, 1), ("two", 4, 2)] {
        cases.append(
            Case("mprotect/grows-down-\(name)") {
                region(2, 4, Prot.rw, Map.priv | Map.anon | Map.growsDown)
                fill(2, 4)
                see("result", protect(at(first), UInt(count) * page, Prot.r | down))
                seePages(2, 5)
            })
    }
    cases += [
        Case("mprotect/grown-first") {
            region(4, 2, Prot.rw, Map.priv | Map.anon | Map.growsDown)
            store(at(3), 1)
            see("result", protect(at(5), page, Prot.r | down))
            seePages(3, 3)
        },
        Case("mprotect/none-keeps-content") {
            region(0, 2)
            fill(0, 2)
            see("none", protect(at(0), 2 * page, Prot.none))
            see("load", load(at(0)).description)
            see("back", protect(at(0), 2 * page, Prot.rw))
            seePages(0, 2)
        },
        Case("mprotect/toggle-many") {
            region(0, 4)
            fill(0, 4)
            for round in 0..<40 { _ = protect(at(round % 4), page, round % 3 == 0 ? Prot.none : Prot.rw) }
            seePages(0, 4)
        },
        Case("mprotect/write-after-zero-read") {
            region(0, 2, Prot.r)
            see("load", load(at(0)).description)
            see("result", protect(at(0), 2 * page, Prot.rw))
            store(at(0), 5)
            seePages(0, 2)
        },
        Case("mprotect/code") {
            region(0, 1)
            putReturn(at(0))
            see("result", protect(at(0), page, Prot.rx))
            see("fetch", execute(at(0)).description)
            see("store", store(at(0), 0).description)
        },
        Case("mprotect/read-only-file-descriptor") {
            let path = "/tmp/conformance"
            MemoryFile.close(open(path, 0o102))
            let file = open(path, 0)
            see("open", file < 0 ? described(file) : "yes")
            seePlace("map", map(at(0), page, Prot.r, Map.shared, file))
            see("result", protect(at(0), page, Prot.rw))
            see("private", map(at(1), page, Prot.rw, Map.priv, file) > 0 ? "yes" : "no")
        },
    ]
    return cases
}
