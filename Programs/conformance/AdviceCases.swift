import libakuma

/// Every advice, of every kind of memory, and with bad ranges.
func adviceCases() -> [Case] {
    var cases: [Case] = []
    // Newer than Linux 6.1: 102 and 103.
    let all = Array(UInt(0)...31) + [100, 101, UInt(1) << 31]
    for advice in all {
        func advised(_ name: String, prepare: @escaping () -> Void) -> Case {
            Case("madvise/\(advice)-\(name)") {
                prepare()
                see("result", advise(at(2), 4 * page, advice))
                seePages(1, 6)
            }
        }
        cases += [
            advised("private") {
                region(1, 6)
                fill(1, 6)
            },
            advised("shared") {
                region(1, 6, Prot.rw, Map.shared | Map.anon)
                fill(1, 6)
            },
            advised("private-file") {
                region(1, 6, Prot.rw, Map.priv, MemoryFile.make(6))
                fill(1, 3)
            },
            advised("shared-file") {
                region(1, 6, Prot.rw, Map.shared, MemoryFile.make(6))
                fill(1, 3)
            },
            advised("read-only") { region(1, 6, Prot.r) },
            advised("no-access") { region(1, 6, Prot.none) },
            advised("hole") {
                for index in [1, 2, 4, 5] { region(index, 1) }
                fill(1, 6)
            },
            advised("unmapped") {},
            Case("madvise/\(advice)-length-0") {
                region(1, 2)
                see("mapped", advise(at(1), 0, advice))
                see("unmapped", advise(at(8), 0, advice))
                see("unaligned", advise(at(1) + 1, page, advice))
                see("wraps", advise(at(1), UInt.max - 8191, advice))
                see("wraps-to-0", advise(at(1), UInt.max, advice))
            },
        ]
    }
    cases += [
        Case("madvise/dont-need-is-zero") {
            region(0, 3)
            fill(0, 3)
            see("result", advise(at(1), page, Advice.dontNeed))
            seePages(0, 3)
        },
        Case("madvise/dont-need-odd-length") {
            region(0, 3)
            fill(0, 3)
            see("result", advise(at(0), page + 1, Advice.dontNeed))
            seePages(0, 3)
        },
        Case("madvise/dont-need-after-fork") {
            region(0, 2)
            fill(0, 2)
            inChild {
                see("result", advise(at(0), page, Advice.dontNeed))
                seePages(0, 2)
            }
            seePages(0, 2)
        },
        Case("madvise/dont-need-locked") {
            region(0, 2)
            fill(0, 2)
            see("lock", unsafe systemCall(.mlock, at(0), page))
            see("result", advise(at(0), 2 * page, Advice.dontNeed))
            see("locked", advise(at(0), 2 * page, 24))
            seePages(0, 2)
        },
        Case("madvise/private-file-back-to-file") {
            let file = MemoryFile.make(2)
            region(0, 2, Prot.rw, Map.priv, file)
            fill(0, 2)
            _ = MemoryFile.write(file, 0, 0x99)
            see("result", advise(at(0), 2 * page, Advice.dontNeed))
            seePages(0, 2)
        },
        Case("madvise/remove-hole-in-file") {
            let file = MemoryFile.make(3)
            region(0, 3, Prot.rw, Map.shared, file)
            see("result", advise(at(1), page, Advice.remove))
            seePages(0, 3)
            see("in-file", MemoryFile.read(file, page))
        },
        Case("madvise/populate-beyond-file") {
            region(0, 3, Prot.rw, Map.shared, MemoryFile.make(1))
            see("read", advise(at(0), 3 * page, Advice.populateRead))
            see("write", advise(at(0), 3 * page, Advice.populateWrite))
        },
        Case("madvise/populate-write-on-read-only") {
            region(0, 2, Prot.r)
            see("read", advise(at(0), 2 * page, Advice.populateRead))
            see("write", advise(at(0), 2 * page, Advice.populateWrite))
        },
    ]
    for (name, pid, length) in [("self", 0, UInt(1)), ("no-process", 30000, 1), ("none", 0, 0)] {
        for advice in [UInt(3), 4, 20, 21, 25] {
            cases.append(
                Case("process_madvise/\(name)-\(advice)") {
                    region(0, 2)
                    fill(0, 2)
                    let own = pid == 0 ? unsafe systemCall(.getpid) : pid
                    let file = unsafe systemCall(434, UInt(bitPattern: own), 0)  // pidfd_open
                    see("pidfd", file < 0 ? described(file) : "yes")
                    var vector = [at(0), 2 * page]
                    let result = unsafe vector.withUnsafeMutableBytes { vector in
                        unsafe systemCall(
                            440, UInt(bitPattern: file), UInt(bitPattern: vector.baseAddress), length, advice, 0)
                    }
                    see("result", result)
                    seePages(0, 2)
                })
        }
    }
    return cases
}

/// `msync`: flags and ranges.
func synchronisingCases() -> [Case] {
    var cases: [Case] = []
    for flags in UInt(0)...8 {
        for (name, prepare) in [
            ("private", { region(0, 3) }), ("shared", { region(0, 3, Prot.rw, Map.shared, MemoryFile.make(3)) }),
            (
                "hole",
                {
                    region(0, 1)
                    region(2, 1)
                }
            ), ("unmapped", {}), ("no-access", { region(0, 3, Prot.none) }),
        ] as [(String, () -> Void)] {
            cases.append(
                Case("msync/\(name)-flags-\(flags)") {
                    prepare()
                    see("result", synchronise(at(0), 3 * page, flags))
                })
        }
    }
    for (name, address, length) in [
        ("unaligned", at(0) + 1, page), ("length-0", at(0), 0), ("length-0-unmapped", at(8), 0),
        ("length-odd", at(0), 5),
        ("wraps", at(0), UInt.max - 8191), ("wraps-to-0", at(0), UInt.max), ("unaligned-unmapped", at(8) + 1, page),
    ] {
        cases.append(
            Case("msync/\(name)") {
                region(0, 2)
                see("sync", synchronise(address, length, 4))
                see("async", synchronise(address, length, 1))
                see("bad", synchronise(address, length, 5))
            })
    }
    cases.append(
        Case("msync/invalidate-locked") {
            region(0, 2, Prot.rw, Map.shared, MemoryFile.make(2))
            see("lock", unsafe systemCall(.mlock, at(0), page))
            see("invalidate", synchronise(at(0), 2 * page, 2))
            see("sync", synchronise(at(0), 2 * page, 4))
        })
    return cases
}
