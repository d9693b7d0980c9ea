import libakuma

/// `mincore`: what is there of a range.
func residencyCases() -> [Case] {
    func resident(_ first: Int, _ count: Int, length: UInt? = nil) -> String {
        var bytes = [UInt8](repeating: 9, count: 32)
        let result = withBytes(&bytes) { unsafe systemCall(.mincore, at(first), length ?? UInt(count) * page, $0) }
        return result == 0 ? bytes.prefix(count).map { ($0 & 1).description }.joined() : described(result)
    }
    func bad(_ name: String, _ address: UInt, _ length: UInt, _ vector: UInt?) -> Case {
        Case("mincore/\(name)") {
            region(0, 2)
            var bytes = [UInt8](repeating: 9, count: 32)
            see("result", withBytes(&bytes) { unsafe systemCall(.mincore, address, length, vector ?? $0) })
            see("first", Int(bytes[0]))
        }
    }
    return [
        Case("mincore/touched-alone") {
            // Apart by more than the fault's window of 16 pages.
            region(0, 1)
            region(40, 1)
            store(at(0), 1)
            see("touched", resident(0, 1))
            see("untouched", resident(40, 1))
        },
        Case("mincore/populated") {
            seePlace("map", map(at(0), 4 * page, Prot.rw, Map.priv | Map.anon | Map.populate))
            see("pages", resident(0, 4))
        },
        Case("mincore/after-dont-need") {
            region(0, 3)
            fill(0, 3)
            _ = advise(at(0), 3 * page, Advice.dontNeed)
            see("pages", resident(0, 3))
        },
        Case("mincore/locked") {
            region(0, 3)
            see("lock", unsafe systemCall(.mlock, at(0), 3 * page))
            see("pages", resident(0, 3))
        },
        Case("mincore/file") {
            region(0, 3, Prot.r, Map.shared, MemoryFile.make(3))
            see("pages", resident(0, 3))
        },
        Case("mincore/no-access") {
            region(0, 1)
            fill(0, 1)
            _ = protect(at(0), page, Prot.none)
            see("pages", resident(0, 1))
        },
        Case("mincore/hole") {
            region(0, 1)
            region(2, 1)
            see("pages", resident(0, 3))
        },
        Case("mincore/length-odd") {
            region(0, 2)
            fill(0, 2)
            see("pages", resident(0, 2, length: page + 1))
        },
        bad("unaligned", at(0) + 1, page, nil), bad("length-0", at(0), 0, nil), bad("length-0-unmapped", at(8), 0, nil),
        bad("unmapped", at(8), page, nil), bad("bad-vector", at(0), page, 8),
        bad("bad-vector-unmapped", at(8), page, 8),
        bad("wraps", at(0), UInt.max - 8191, nil), bad("beyond", 0x0001_0000_0000_0000, page, nil),
        bad("kernel", 0xFFFF_0000_0000_0000, page, nil),
    ]
}

/// `mlock` and its kin, below and above the limit.
func lockingCases() -> [Case] {
    var cases: [Case] = []
    let mlock2: UInt64 = 284
    func lock(_ address: UInt, _ length: UInt) -> Int { unsafe systemCall(.mlock, address, length) }
    func unlock(_ address: UInt, _ length: UInt) -> Int { unsafe systemCall(.munlock, address, length) }
    for limit in [UInt(0), 1, 4095, 4096, 8192, 12288, UInt.max] {
        let name = limit == .max ? "none" : limit.description
        cases += [
            Case("mlock/limit-\(name)") {
                region(0, 4)
                see("limit", limit == .max ? 0 : Limit.set(Limit.memlock, limit))
                see("two", lock(at(0), 2 * page))
                see("same", lock(at(0), 2 * page))
                see("third", lock(at(2), page))
                see("unlock", unlock(at(0), 2 * page))
                see("third", lock(at(2), page))
            },
            Case("mlock2/limit-\(name)") {
                region(0, 4)
                see("limit", limit == .max ? 0 : Limit.set(Limit.memlock, limit))
                see("on-fault", unsafe systemCall(mlock2, at(0), 2 * page, 1))
                see("plain", unsafe systemCall(mlock2, at(2), page, 0))
            },
            Case("mmap-locked/limit-\(name)") {
                see("limit", limit == .max ? 0 : Limit.set(Limit.memlock, limit))
                seePlace("one", map(at(0), page, Prot.rw, Map.priv | Map.anon | Map.locked))
                seePlace("two", map(at(4), 2 * page, Prot.rw, Map.priv | Map.anon | Map.locked))
            },
            Case("mlockall/limit-\(name)") {
                see("limit", limit == .max ? 0 : Limit.set(Limit.memlock, limit))
                see("future", unsafe systemCall(.mlockall, 2))
                seePlace("one", map(at(0), page, Prot.rw, Map.priv | Map.anon))
                seePlace("two", map(at(4), 2 * page, Prot.rw, Map.priv | Map.anon))
                see("unlock", unsafe systemCall(.munlockall))
                seePlace("two", map(at(4), 2 * page, Prot.rw, Map.priv | Map.anon))
            },
        ]
    }
    for flags in UInt(0)...8 {
        cases.append(
            Case("mlockall/flags-\(flags)") {
                see("result", unsafe systemCall(.mlockall, flags))
                see("unlock", unsafe systemCall(.munlockall))
            })
        cases.append(
            Case("mlock2/flags-\(flags)") {
                region(0, 1)
                see("result", unsafe systemCall(mlock2, at(0), page, flags))
            })
    }
    for (name, address, length) in [
        ("unaligned", at(0) + 1, page), ("length-0", at(0), 0), ("length-0-unmapped", at(8), 0),
        ("unmapped", at(8), page),
        ("hole", at(0), 5 * page), ("tail-beyond", at(1), 3 * page), ("wraps", at(0), UInt.max - 8191),
        ("wraps-to-0", at(0), UInt.max), ("odd-end", at(0) + 4000, 200),
    ] {
        cases.append(
            Case("mlock/\(name)") {
                region(0, 3)
                region(4, 1)
                see("lock", lock(address, length))
                see("unlock", unlock(address, length))
            })
    }
    cases += [
        Case("mlock/no-access") {
            region(0, 2, Prot.none)
            see("result", lock(at(0), 2 * page))
            see("unlock", unlock(at(0), 2 * page))
        },
        Case("mlock/read-only") {
            region(0, 2, Prot.r)
            see("result", lock(at(0), 2 * page))
            seePages(0, 2)
        },
        Case("mlock/beyond-file") {
            region(0, 3, Prot.rw, Map.shared, MemoryFile.make(1))
            see("result", lock(at(0), 3 * page))
        },
        Case("mlock/counts-overlap-once") {
            region(0, 4)
            see("limit", Limit.set(Limit.memlock, 3 * page))
            see("first", lock(at(0), 2 * page))
            see("overlap", lock(at(1), 2 * page))
            see("over", lock(at(3), page))
        },
        Case("mlock/unmap-gives-back") {
            region(0, 4)
            see("limit", Limit.set(Limit.memlock, 2 * page))
            see("first", lock(at(0), 2 * page))
            _ = unmap(at(0), page)
            see("second", lock(at(2), page))
            see("third", lock(at(3), page))
        },
        Case("mlock/not-inherited") {
            region(0, 2)
            see("limit", Limit.set(Limit.memlock, 2 * page))
            see("parent", lock(at(0), 2 * page))
            inChild { see("dont-need", advise(at(0), 2 * page, Advice.dontNeed)) }
            see("dont-need", advise(at(0), 2 * page, Advice.dontNeed))
        },
        Case("mlock/remap-grow") {
            region(0, 2)
            see("limit", Limit.set(Limit.memlock, 2 * page))
            see("lock", lock(at(0), 2 * page))
            seePlace("grow", remap(at(0), 2 * page, 3 * page, 0))
            seePlace("shrink", remap(at(0), 2 * page, page, 0))
        },
        Case("mlock/brk") {
            let end = UInt(bitPattern: unsafe systemCall(.brk, 0))
            see("future", unsafe systemCall(.mlockall, 2))
            see("limit", Limit.set(Limit.memlock, 0))
            see("moved", Int(bitPattern: UInt(bitPattern: unsafe systemCall(.brk, end + 2 * page)) - end))
        },
    ]
    return cases
}
