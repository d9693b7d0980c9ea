import libakuma

private let mayMove: UInt = 1
private let fixed: UInt = 2
private let dontUnmap: UInt = 4

/// `mremap` by every combination of flags and of sizes, of four kinds of memory.
func remappingCases() -> [Case] {
    var cases: [Case] = []
    for (kind, isFile, flags) in [
        ("private", false, Map.priv | Map.anon), ("shared", false, Map.shared | Map.anon),
        ("private-file", true, Map.priv),
        ("shared-file", true, Map.shared),
    ] {
        for (size, new) in [("shrink", UInt(2)), ("same", 4), ("grow", 6)] {
            for bits in UInt(0)..<8 {
                cases.append(
                    Case("mremap/\(kind)-\(size)-flags-\(bits)") {
                        region(2, 4, Prot.rw, flags, isFile ? MemoryFile.make(8) : -1)
                        fill(2, 4)
                        seePlace("result", remap(at(2), 4 * page, new * page, bits, at(20)))
                        seePages(2, 7, "old")
                        seePages(20, 7, "new")
                    })
            }
        }
        cases.append(
            Case("mremap/\(kind)-old-size-0") {
                region(2, 4, Prot.rw, flags, isFile ? MemoryFile.make(8) : -1)
                fill(2, 4)
                seePlace("result", remap(at(2), 0, 2 * page, mayMove | fixed, at(20)))
                store(at(20), 0x66)
                seePages(2, 4, "old")
                seePages(20, 3, "new")
            })
        cases.append(
            Case("mremap/\(kind)-grow-blocked") {
                region(2, 4, Prot.rw, flags, isFile ? MemoryFile.make(8) : -1)
                region(6, 1, Prot.r)
                fill(2, 4)
                seePlace("stay", remap(at(2), 4 * page, 6 * page, 0))
                let moved = remap(at(2), 4 * page, 6 * page, mayMove)
                seePlace("move", moved)
                see("bytes", (0..<6).map { state(UInt(bitPattern: moved) &+ UInt($0) * page) }.joined(separator: ","))
                seePages(2, 5, "old")
            })
    }
    return cases
}

/// Bad arguments, overlaps, parts and what moves along.
func remappingEdgeCases() -> [Case] {
    func bad(
        _ name: String, _ address: UInt, _ old: UInt, _ new: UInt, _ flags: UInt, _ to: UInt = 0
    ) -> Case {
        Case("mremap/\(name)") {
            region(2, 4)
            region(6, 2, Prot.r)
            fill(2, 4)
            seePlace("result", remap(address, old, new, flags, to))
            seePages(2, 7)
        }
    }
    var cases = [
        bad("unknown-flag", at(2), page, page, 8), bad("unaligned", at(2) + 1, page, page, mayMove),
        bad("new-size-0", at(2), page, 0, mayMove), bad("both-0", at(2), 0, 0, mayMove),
        bad("old-size-0-private", at(2), 0, page, mayMove), bad("old-size-0-no-move", at(2), 0, page, 0),
        bad("size-odd", at(2), 4097, 4095, 0), bad("unmapped", at(10), page, page, 0),
        bad("unmapped-grow", at(10), page, 2 * page, mayMove), bad("unmapped-shrink", at(10), 2 * page, page, 0),
        bad("over-two", at(4), 4 * page, 5 * page, mayMove), bad("over-two-shrink", at(4), 4 * page, page, 0),
        bad("over-two-same", at(4), 4 * page, 4 * page, 0), bad("new-huge", at(2), page, 1 << 47, mayMove),
        bad("new-wraps", at(2), page, UInt.max, mayMove), bad("old-wraps", at(2), UInt.max - 4095, page, mayMove),
        bad("old-wraps-to-0", at(2), UInt.max, page, mayMove),
        bad("fixed-alone", at(2), page, page, fixed, at(20)), bad("fixed-unaligned", at(2), page, page, 3, at(20) + 1),
        bad("fixed-overlap-up", at(2), 2 * page, 2 * page, 3, at(3)),
        bad("fixed-overlap-down", at(3), 2 * page, 2 * page, 3, at(2)),
        bad("fixed-same", at(2), page, page, 3, at(2)),
        bad("fixed-beyond", at(2), page, page, 3, 0xFFFF_FFFF_F000 + page),
        bad("fixed-over-the-end", at(2), 2 * page, 2 * page, 3, 0xFFFF_FFFF_F000),
        bad("fixed-over-others", at(2), 2 * page, 2 * page, 3, at(6)),
        bad("fixed-shrink-over-own-tail", at(2), 3 * page, page, 3, at(3)),
        bad("dont-unmap-alone", at(2), page, page, dontUnmap), bad("dont-unmap-grow", at(2), page, 2 * page, 5),
        bad("dont-unmap-part", at(3), 2 * page, 2 * page, 7, at(20)), bad("middle-grow", at(3), page, 2 * page, 0),
        bad("middle-move", at(3), 2 * page, 2 * page, 3, at(20)), bad("tail-shrink", at(4), 2 * page, page, 0),
    ]
    cases += [
        Case("mremap/untouched-stay-untouched") {
            region(2, 4)
            store(at(3), 7)
            seePlace("result", remap(at(2), 4 * page, 4 * page, 3, at(20)))
            seePages(20, 4)
        },
        Case("mremap/rights-move-along") {
            region(2, 2, Prot.r)
            seePlace("result", remap(at(2), 2 * page, 3 * page, 3, at(20)))
            seePages(20, 4)
        },
        Case("mremap/none-moves") {
            region(2, 2)
            fill(2, 2)
            _ = protect(at(2), 2 * page, Prot.none)
            seePlace("result", remap(at(2), 2 * page, 2 * page, 3, at(20)))
            seePages(20, 2, "before")
            _ = protect(at(20), 2 * page, Prot.rw)
            seePages(20, 2, "after")
        },
        Case("mremap/grow-is-zero") {
            region(2, 2)
            fill(2, 2)
            seePlace("shrink", remap(at(2), 2 * page, page, 0))
            seePlace("grow", remap(at(2), page, 3 * page, 0))
            seePages(2, 4)
        },
        Case("mremap/file-grows-into-file") {
            region(2, 2, Prot.rw, Map.shared, MemoryFile.make(3), page)
            seePlace("result", remap(at(2), 2 * page, 4 * page, mayMove | fixed, at(20)))
            seePages(20, 4)
        },
        Case("mremap/target-replaced") {
            region(2, 2)
            fill(2, 2)
            region(20, 4)
            fill(20, 4)
            seePlace("result", remap(at(2), 2 * page, 2 * page, 3, at(21)))
            seePages(20, 4)
        },
        Case("mremap/after-fork") {
            region(2, 2)
            fill(2, 2)
            inChild {
                seePlace("result", remap(at(2), 2 * page, 2 * page, 3, at(20)))
                store(at(20), 0x44)
                seePages(20, 2)
            }
            seePages(2, 2)
            seePages(20, 2)
        },
    ]
    for (name, size, start, new, offset, flags) in [
        ("nothing-mapped", page, at(10), UInt(0), UInt(2), UInt(0)), ("private", page, at(8), 0, 1, 0),
        ("swap", page, at(2), 0, 3, 0), ("prot", page, at(2), 1, 3, 0), ("unaligned", page, at(2) + 5, 0, 3, 0),
        ("beyond-file", page, at(2), 0, 40, 0), ("length-0", 0, at(2), 0, 1, 0), ("two", 2 * page, at(3), 0, 0, 0),
        ("nonblock", page, at(2), 0, 1, Map.nonBlock), ("wraps", page, at(2), 0, UInt.max >> 12, 0),
    ] {
        cases.append(
            Case("remap_file_pages/\(name)") {
                region(2, 4, Prot.rw, Map.shared, MemoryFile.make(4))
                region(8, 1)
                see("result", unsafe systemCall(.remapFilePages, start, size, new, offset, flags))
                seePages(2, 4)
            })
    }
    return cases
}

/// `brk`: the end of the heap.
func breakCases() -> [Case] {
    func end() -> UInt { UInt(bitPattern: unsafe systemCall(.brk, 0)) }
    func move(_ to: UInt) -> UInt { UInt(bitPattern: unsafe systemCall(.brk, to)) }
    return [
        Case("brk/aligned-start") { see("low-bits", Int(end() & 4095) == Int(end() & 4095) ? "stable" : "moves") },
        Case("brk/grow") {
            let start = end()
            see("result", Int(move(start + 3 * page) - start))
            see("pages", (0..<3).map { state((start + 4095) & ~4095 + UInt($0) * page) }.joined(separator: ","))
        },
        Case("brk/shrink-loses") {
            let start = (end() + 4095) & ~4095
            _ = move(start + 2 * page)
            store(start + page, 5)
            see("shrunk", Int(move(start + page) - start))
            see("load", load(start + page).description)
            see("grown", Int(move(start + 2 * page) - start))
            see("page", state(start + page))
        },
        Case("brk/odd") {
            let start = (end() + 4095) & ~4095
            see("result", Int(move(start + 5) - start))
            see("in-page", store(start + 4000, 1).description)
            see("end", Int(end() - start))
        },
        Case("brk/below-start") {
            let start = end()
            see("result", Int(move(start - 64 * page) - start))
            see("null", Int(move(0) - start))
        },
        Case("brk/absurd") {
            let start = end()
            see("high", Int(move(UInt.max) - start))
            see("huge", Int(move(start + 1 << 46) - start))
        },
        Case("brk/into-mapping") {
            let start = (end() + 4095) & ~4095
            let blocker = map(start + 4 * page, page, Prot.r, Map.priv | Map.anon | Map.fixed)
            see("blocker", blocker < 0 ? described(blocker) : "yes")
            see("before", Int(move(start + 2 * page) - start))
            see("into", Int(move(start + 6 * page) - start))
            see("at", Int(move(start + 4 * page) - start))
        },
        Case("brk/unmapped-within") {
            let start = (end() + 4095) & ~4095
            _ = move(start + 4 * page)
            store(start, 1)
            see("unmap", unmap(start + page, page))
            see("pages", (0..<4).map { state(start + UInt($0) * page) }.joined(separator: ","))
            see("shrink", Int(move(start) - start))
            see("load", load(start).description)
        },
        Case("brk/protected") {
            let start = (end() + 4095) & ~4095
            _ = move(start + 2 * page)
            see("protect", protect(start, page, Prot.r))
            see("pages", (0..<2).map { state(start + UInt($0) * page) }.joined(separator: ","))
            see("grow", Int(move(start + 3 * page) - start))
        },
        Case("brk/not-executable") {
            let start = (end() + 4095) & ~4095
            _ = move(start + page)
            putReturn(start)
            see("fetch", execute(start).description)
        },
        Case("brk/after-fork") {
            let start = (end() + 4095) & ~4095
            _ = move(start + page)
            store(start, 3)
            inChild {
                see("end", Int(end() - start))
                see("grow", Int(move(start + 2 * page) - start))
                store(start, 4)
            }
            see("end", Int(end() - start))
            see("page", state(start))
        },
    ]
}
