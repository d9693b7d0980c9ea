import libakuma

/// Every protection with every kind of sharing, of anonymous memory and of a file, and every single bit.
func mappingCases() -> [Case] {
    var cases: [Case] = []
    let sharings = [("private", Map.priv), ("shared", Map.shared), ("validate", Map.sharedValidate)]
    for (prot, bits) in Prot.all {
        for (sharing, flags) in sharings {
            cases.append(
                Case("mmap/\(prot)-\(sharing)-anon") {
                    seePlace("result", map(at(0), 2 * page, bits, flags | Map.anon))
                    seeAccesses(bits)
                })
            cases.append(
                Case("mmap/\(prot)-\(sharing)-file") {
                    let file = MemoryFile.make(2)
                    seePlace("result", map(at(0), 2 * page, bits, flags, file))
                    seeAccesses(bits)
                    store(at(0) + 5, 0x77)
                    see("in-file", MemoryFile.read(file, 5))
                })
            cases.append(
                Case("mmap/\(prot)-\(sharing)-read-only-file") {
                    seePlace("result", map(at(0), page, bits, flags, ownFile()))
                    seePages(0, 1)
                })
        }
    }
    for bit in 4..<32 {
        cases.append(
            Case("mmap/flag-bit-\(bit)") {
                seePlace("result", map(at(0), page, Prot.rw, Map.priv | Map.anon | 1 << UInt(bit)))
                seePages(0, 1)
            })
        cases.append(
            Case("mmap/validated-flag-bit-\(bit)-anon") {
                seePlace("result", map(at(0), page, Prot.rw, Map.sharedValidate | Map.anon | 1 << UInt(bit)))
                seePages(0, 1)
            })
        cases.append(
            Case("mmap/validated-flag-bit-\(bit)-file") {
                let file = MemoryFile.make(1)
                seePlace("result", map(at(0), page, Prot.rw, Map.sharedValidate | 1 << UInt(bit), file))
                seePages(0, 1)
            })
    }
    for bit in 3..<32 {
        cases.append(
            Case("mmap/prot-bit-\(bit)") {
                seePlace("result", map(at(0), page, Prot.rw | 1 << UInt(bit), Map.priv | Map.anon))
                seePages(0, 1)
            })
    }
    for type in UInt(4)..<16 {
        cases.append(Case("mmap/type-\(type)") { seePlace("result", map(at(0), page, Prot.rw, Map.anon | type)) })
    }
    for (name, flags) in [
        ("populate", Map.populate), ("populate-nonblock", Map.populate | Map.nonBlock), ("noreserve", Map.noReserve),
        ("locked", Map.locked), ("growsdown", Map.growsDown), ("growsdown-shared", Map.growsDown),
        ("stack", 0x2_0000), ("uninitialized", 0x400_0000),
    ] {
        cases.append(
            Case("mmap/\(name)") {
                let sharing = name.hasSuffix("shared") ? Map.shared : Map.priv
                seePlace("result", map(at(0), 4 * page, Prot.rw, sharing | Map.anon | flags))
                seePages(0, 4)
            })
    }
    return cases
}

/// Reading, writing and executing what was just mapped.
private func seeAccesses(_ bits: UInt) {
    see("load", load(at(0)).description)
    see("store", store(at(0) + 1, 7).description)
    seePages(0, 3)
    if bits & Prot.wx == Prot.wx { putReturn(at(1)) }
    // Zeroes are no instruction: only where a fault of the fetch itself is certain, or `ret` could be written.
    if bits & Prot.x == 0 || bits & Prot.wx == Prot.wx { see("fetch", execute(at(1)).description) }
}

/// The parameters of `mmap`, made wrong one by one and two by two: which error wins.
private struct Parameters {
    var address = at(0)
    var length = 2 * page
    var prot = Prot.rw
    var flags = Map.priv | Map.anon
    var file = -1
    var offset: UInt = 0
}

func mappingErrorCases() -> [Case] {
    let faults: [(name: String, make: (inout Parameters) -> Void)] = [
        ("length-0", { $0.length = 0 }),
        ("length-huge", { $0.length = 0x0001_0000_0000_0000 }),
        ("length-wraps", { $0.length = UInt.max - 100 }),
        ("offset-unaligned", { $0.offset = 1 }),
        ("offset-wraps", { $0.offset = ~(page - 1) }),
        ("type-0", { $0.flags &= ~0xF }),
        (
            "fixed-unaligned",
            {
                $0.flags |= Map.fixed
                $0.address += 1
            }
        ),
        (
            "fixed-beyond",
            {
                $0.flags |= Map.fixed
                $0.address = 0xFFFF_FFFF_F000
            }
        ),
        ("no-replace", { $0.flags |= Map.noReplace }),
        (
            "bad-file",
            {
                $0.flags &= ~Map.anon
                $0.file = 99
            }
        ),
        (
            "pipe",
            {
                $0.flags &= ~Map.anon
                $0.file = (try? pipe()).map { Int($0.readEnd.rawValue) } ?? -1
            }
        ),
        (
            "folder",
            {
                $0.flags &= ~Map.anon
                $0.file = open("/", 0)
            }
        ),
        (
            "read-only",
            {
                $0.flags = $0.flags & ~(Map.anon | 0xF) | Map.shared
                $0.file = ownFile()
            }
        ),
    ]
    var cases: [Case] = []
    for first in faults.indices {
        for second in first..<faults.count {
            let isOne = first == second
            let name = isOne ? faults[first].name : "\(faults[first].name)+\(faults[second].name)"
            cases.append(
                Case("mmap-error/\(name)") {
                    region(0, 1, Prot.r)
                    var parameters = Parameters()
                    faults[first].make(&parameters)
                    if !isOne { faults[second].make(&parameters) }
                    let result = map(
                        parameters.address, parameters.length, parameters.prot, parameters.flags, parameters.file,
                        parameters.offset)
                    seePlace("result", result)
                    seePages(0, 3)
                })
        }
    }
    return cases
}

/// Where a mapping goes that says where it would like to be.
func hintCases() -> [Case] {
    func hint(_ name: String, _ address: UInt, _ pages: UInt = 2, _ flags: UInt = 0, prepare: @escaping () -> Void = {})
        -> Case
    {
        Case("hint/\(name)") {
            prepare()
            seePlace("result", map(address, pages * page, Prot.rw, Map.priv | Map.anon | flags))
            seePages(0, 6)
        }
    }
    return [
        hint("free", at(1)),
        hint("free-unaligned", at(1) + 100),
        hint("free-unaligned-high", at(1) + 4095),
        hint("taken", at(1)) { region(1, 1) },
        hint("taken-second", at(1)) { region(2, 1) },
        hint("gap-exact", at(2)) {
            region(1, 1)
            region(4, 1)
        },
        hint("gap-small", at(2), 3) {
            region(1, 1)
            region(4, 1)
        },
        hint("last-page", 0xFFFF_FFFF_F000),
        hint("beyond", 0x0001_0000_0000_0000),
        hint("top", 0xFFFF_FFFF_FFFF_F000),
        hint("no-replace-free", at(1), 2, Map.noReplace),
        hint("no-replace-unaligned", at(1) + 1, 2, Map.noReplace),
        hint("no-replace-taken", at(1), 2, Map.noReplace) { region(2, 1) },
        hint("no-replace-adjacent", at(1), 2, Map.noReplace) { region(3, 1) },
        hint("no-replace-fixed-taken", at(1), 2, Map.noReplace | Map.fixed) { region(2, 1) },
        Case("hint/two-without") {
            let first = map(0, page, Prot.rw, Map.priv | Map.anon)
            let second = map(0, page, Prot.rw, Map.priv | Map.anon)
            see("differ", first != second ? "yes" : "no")
            see("aligned", (first | second) & 4095 == 0 ? "yes" : "no")
            see("bytes", "\(load(UInt(bitPattern: first)).value),\(load(UInt(bitPattern: second)).value)")
        },
    ]
}

/// Mapping over what is mapped.
func replacementCases() -> [Case] {
    var cases: [Case] = []
    let places = [(0, 1), (0, 8), (3, 2), (6, 4), (-2, 4), (-1, 10), (7, 1)]
    for (prot, bits) in [("none", Prot.none), ("r", Prot.r), ("rw", Prot.rw)] {
        for (first, count) in places {
            for (name, flags) in [("fixed", Map.fixed), ("no-replace", Map.noReplace)] {
                cases.append(
                    Case("replace/\(name)-\(prot)-\(first)+\(count)") {
                        region(2, 8)
                        fill(2, 8)
                        seePlace(
                            "result", map(at(2 + first), UInt(count) * page, bits, Map.priv | Map.anon | flags))
                        seePages(0, 13)
                    })
            }
        }
    }
    cases += [
        Case("replace/file-by-anonymous") {
            let file = MemoryFile.make(4)
            region(0, 4, Prot.rw, Map.shared, file)
            store(at(1), 0x55)
            region(1, 2)
            seePages(0, 4)
            see("in-file", MemoryFile.read(file, page))
        },
        Case("replace/anonymous-by-file") {
            region(0, 4)
            fill(0, 4)
            region(1, 2, Prot.r, Map.priv, MemoryFile.make(4), page)
            seePages(0, 4)
        },
        Case("replace/failed-leaves-all") {
            region(0, 4)
            fill(0, 4)
            seePlace("result", map(at(1), page, Prot.rw, Map.priv | Map.fixed, 99))
            seePlace("result", map(at(1), page, Prot.rw, Map.anon | Map.fixed))
            seePages(0, 4)
        },
    ]
    return cases
}
