import libakuma

/// `process_vm_readv` and `process_vm_writev`.
func processMemoryCases() -> [Case] {
    let numbers: [(String, UInt64)] = [("readv", 270), ("writev", 271)]
    /// The vectors as (address, length) words.
    func transfer(
        _ number: UInt64, _ pid: Int, _ local: [(UInt, UInt)], _ remote: [(UInt, UInt)], flags: UInt = 0,
        localCount: UInt? = nil
    ) -> Int {
        var words = local.flatMap { [$0.0, $0.1] }
        let split = words.count
        words += remote.flatMap { [$0.0, $0.1] }
        words.append(0)
        return unsafe words.withUnsafeMutableBufferPointer { words in
            let start = UInt(bitPattern: words.baseAddress)
            return unsafe systemCall(
                number, UInt(bitPattern: pid), start, localCount ?? UInt(local.count), start + UInt(split) * 8,
                UInt(remote.count), flags)
        }
    }
    func own() -> Int { unsafe systemCall(.getpid) }
    var cases: [Case] = []
    for (name, number) in numbers {
        func simple(_ what: String, _ local: [(UInt, UInt)], _ remote: [(UInt, UInt)], flags: UInt = 0) -> Case {
            Case("process_vm_\(name)/\(what)") {
                region(0, 2)
                fill(0, 2)
                region(4, 2)
                store(at(4), 0x41)
                store(at(5), 0x42)
                region(8, 1, Prot.r)
                see("result", transfer(number, own(), local, remote, flags: flags))
                seePages(0, 6)
            }
        }
        cases += [
            simple("one", [(at(0), 8)], [(at(4), 8)]), simple("pages", [(at(0), 2 * page)], [(at(4), 2 * page)]),
            simple("short-remote", [(at(0), 100)], [(at(4), 10)]), simple("short-local", [(at(0), 10)], [(at(4), 100)]),
            simple("scattered", [(at(0), 1), (at(1), 1)], [(at(4), 1), (at(5), 1)]),
            simple("nothing", [], []), simple("nothing-remote", [(at(0), 8)], []),
            simple("length-0", [(at(0), 0)], [(at(4), 8)]), simple("bad-local", [(at(12), 8)], [(at(4), 8)]),
            simple("bad-remote", [(at(0), 8)], [(at(12), 8)]),
            simple("remote-half", [(at(0), 2 * page)], [(at(5), 2 * page)]),
            simple("local-half", [(at(1), 2 * page)], [(at(4), 2 * page)]),
            simple("read-only-remote", [(at(0), 8)], [(at(8), 8)]),
            simple("read-only-local", [(at(8), 8)], [(at(4), 8)]),
            simple("flags", [(at(0), 8)], [(at(4), 8)], flags: 1),
            simple("second-bad", [(at(0), 16)], [(at(4), 8), (at(12), 8)]),
            Case("process_vm_\(name)/no-process") {
                region(0, 1)
                see("result", transfer(number, 30_000, [(at(0), 8)], [(at(0), 8)]))
                see("negative", transfer(number, -5, [(at(0), 8)], [(at(0), 8)]))
            },
            Case("process_vm_\(name)/too-many") {
                region(0, 1)
                see("result", transfer(number, own(), [(at(0), 8)], [(at(0), 8)], localCount: 1025))
            },
            Case("process_vm_\(name)/child") {
                region(0, 1)
                fill(0, 1)
                do throws(Errno) {
                    let (readEnd, writeEnd) = try pipe()
                    let (doneRead, doneWrite) = try pipe()
                    guard let child = try fork() else {
                        store(at(0), 0x61)
                        try doneWrite.writeAll("x")
                        _ = try readEnd.read(upTo: 1)
                        print("process_vm_\(name)/child/itself: page=\(state(at(0)))")
                        exit(0)
                    }
                    _ = try doneRead.read(upTo: 1)
                    region(4, 1)
                    store(at(4), 0x62)
                    see("result", transfer(number, Int(child.rawValue), [(at(4), 4)], [(at(0), 4)]))
                    try writeEnd.writeAll("x")
                    try wait(for: child)
                } catch {
                    see("error", error.name.description)
                }
                seePages(0, 5)
            },
        ]
    }
    return cases
}

/// `prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME)`.
func namingCases() -> [Case] {
    func name(_ what: String, _ option: UInt, _ address: UInt, _ length: UInt, _ text: String?) -> Case {
        Case("name/\(what)") {
            region(0, 3)
            guard let text else {
                see("result", unsafe systemCall(.prctl, 0x5356_4D41, option, address, length, 0))
                return
            }
            see("result", withText(text) { unsafe systemCall(.prctl, 0x5356_4D41, option, address, length, $0) })
        }
    }
    return [
        name("plain", 0, at(0), page, "heap"), name("none", 0, at(0), page, nil), name("option-1", 1, at(0), page, "x"),
        name("unaligned", 0, at(0) + 1, page, "x"), name("unmapped", 0, at(8), page, "x"),
        name("long", 0, at(0), page, String(repeating: "n", count: 80)), name("bad-character", 0, at(0), page, "a[b"),
        name("length-0", 0, at(0), 0, "x"), name("wraps", 0, at(0), UInt.max - 8191, "x"),
    ]
}

/// `personality`, as far as it is about memory.
func personalityCases() -> [Case] {
    let query: UInt = 0xFFFF_FFFF
    func set(_ bits: UInt) -> Int { unsafe systemCall(.personality, bits) }
    var cases = [
        Case("personality/query") { see("result", set(query)) },
        Case("personality/read-implies-execute") {
            see("old", set(0x40_0000))
            see("now", set(query))
            region(0, 1)
            putReturn(at(0))
            see("fetch", execute(at(0)).description)
            region(1, 1, Prot.none)
            see("none", load(at(1)).description)
            see("protect", protect(at(0), page, Prot.r))
            see("fetch", execute(at(0)).description)
            see("write-only", protect(at(0), page, Prot.w))
            see("fetch", execute(at(0)).description)
        },
        Case("personality/inherited") {
            _ = set(0x4_0000)
            inChild { see("now", set(query)) }
        },
        Case("personality/wide") {
            see("result", unsafe systemCall(.personality, 0x1_0000_0000 | 0x4_0000))
            see("now", set(query))
        },
    ]
    for (name, bits) in [
        ("no-randomize", UInt(0x4_0000)), ("map-page-zero", 0x10_0000), ("compat-layout", 0x20_0000),
        ("limit-32", 0x80_0000), ("limit-3gb", 0x800_0000), ("sticky-timeouts", 0x400_0000), ("linux32", 8), ("bsd", 6),
        ("unknown", 0x1000_0000), ("zero", 0),
    ] {
        cases.append(
            Case("personality/\(name)") {
                see("old", set(bits))
                see("now", set(query))
                seePlace("map", map(at(0), page, Prot.rw, Map.priv | Map.anon))
            })
    }
    return cases
}

/// What limits do to memory.
func limitCases() -> [Case] {
    var cases: [Case] = []
    func limits(_ which: UInt) -> [UInt] {
        var words: [UInt] = [1, 1]
        _ = unsafe words.withUnsafeMutableBytes {
            unsafe systemCall(.prlimit64, 0, which, 0, UInt(bitPattern: $0.baseAddress))
        }
        return words
    }
    for (name, which) in [
        ("data", Limit.data), ("stack", Limit.stack), ("memlock", Limit.memlock), ("as", Limit.addressSpace),
    ] {
        cases += [
            Case("limit/\(name)-default") {
                let words = limits(which)
                see("soft", words[0] == .max ? "none" : words[0].description)
                see("hard", words[1] == .max ? "none" : words[1].description)
            },
            Case("limit/\(name)-set") {
                see("set", Limit.set(which, 123 * page))
                see("soft", limits(which)[0].description)
                inChild { see("soft", limits(which)[0].description) }
            },
            Case("limit/\(name)-above-hard") {
                var words: [UInt] = [2 * page, page]
                func put() -> Int {
                    unsafe words.withUnsafeMutableBytes {
                        unsafe systemCall(.prlimit64, 0, which, UInt(bitPattern: $0.baseAddress), 0)
                    }
                }
                see("soft-above", put())
                words = [page, 1 << 40]
                see("lower-hard", put())
                words = [page, 1 << 41]
                see("raise-hard", put())
            },
        ]
    }
    for (name, which) in [("as", Limit.addressSpace), ("data", Limit.data)] {
        // Linux lets a limit of 0 for data pass where the hard one permits, so also one that is not.
        for (bytes, limit) in [("0", UInt(0)), ("4096", 4096)] {
            func limited(_ what: String, _ body: @escaping () -> Void) -> Case {
                Case("limit/\(name)-\(bytes)-\(what)") {
                    region(0, 4)
                    see("set", Limit.set(which, limit))
                    body()
                }
            }
            cases += [
                limited("mmap-private") { seePlace("result", map(at(8), page, Prot.rw, Map.priv | Map.anon)) },
                limited("mmap-read-only") { seePlace("result", map(at(8), page, Prot.r, Map.priv | Map.anon)) },
                limited("mmap-none") { seePlace("result", map(at(8), page, Prot.none, Map.priv | Map.anon)) },
                limited("mmap-shared") { seePlace("result", map(at(8), page, Prot.rw, Map.shared | Map.anon)) },
                limited("mmap-over-own") {
                    seePlace("result", map(at(0), page, Prot.rw, Map.priv | Map.anon | Map.fixed))
                },
                limited("mremap-grow") { seePlace("result", remap(at(0), 4 * page, 5 * page, 1)) },
                limited("mremap-shrink") { seePlace("result", remap(at(0), 4 * page, 3 * page, 0)) },
                limited("mremap-move") { seePlace("result", remap(at(0), 4 * page, 4 * page, 3, at(20))) },
                limited("mprotect") { see("result", protect(at(0), page, Prot.r)) },
                limited("munmap") { see("result", unmap(at(0), page)) },
                limited("brk") {
                    let end = UInt(bitPattern: unsafe systemCall(.brk, 0))
                    see("moved", Int(UInt(bitPattern: unsafe systemCall(.brk, end + 4 * page)) - end))
                },
                limited("touch") {
                    fill(0, 4)
                    seePages(0, 4)
                },
                limited("fork") { inChild { seePages(0, 4) } },
                limited("grow-down") {
                    see("lift", Limit.set(which, UInt.max >> 1))
                    region(3000, 1, Prot.rw, Map.priv | Map.anon | Map.growsDown)
                    see("set", Limit.set(which, limit))
                    see("store", store(at(2999), 1).description)
                },
                limited("mprotect-to-write") {
                    see("lift", Limit.set(which, UInt.max >> 1))
                    region(8, 2, Prot.r)
                    see("set", Limit.set(which, limit))
                    see("result", protect(at(8), 2 * page, Prot.rw))
                },
            ]
        }
    }
    for (name, call) in [("bad-resource", UInt(16)), ("bad-resource-high", 1 << 32)] {
        cases.append(
            Case("limit/\(name)") { see("result", unsafe systemCall(.prlimit64, 0, call, 0, 0)) })
    }
    cases.append(
        Case("limit/bad-pointer") {
            see("new", unsafe systemCall(.prlimit64, 0, Limit.addressSpace, 8, 0))
            see("old", unsafe systemCall(.prlimit64, 0, Limit.addressSpace, 0, 8))
            see("no-process", unsafe systemCall(.prlimit64, 30_000, Limit.addressSpace, 0, 0))
        })
    return cases
}
