import libakuma

/// `memfd_create` itself.
func memoryFileCases() -> [Case] {
    var cases: [Case] = []
    for bit in 0..<32 {
        cases.append(
            Case("memfd/flag-bit-\(bit)") {
                let file = MemoryFile.create(1 << UInt(bit))
                see("result", file < 0 ? described(file) : "file")
            })
    }
    for length in [0, 1, 248, 249, 250, 300] {
        cases.append(
            Case("memfd/name-\(length)") {
                let file = MemoryFile.create(name: String(repeating: "n", count: length))
                see("result", file < 0 ? described(file) : "file")
            })
    }
    cases += [
        Case("memfd/name-null") { see("result", unsafe systemCall(.memfdCreate, 0, 0)) },
        Case("memfd/name-null-bad-flag") { see("result", unsafe systemCall(.memfdCreate, 0, 0x100)) },
        Case("memfd/close-on-exec") {
            for flags in [UInt(0), 1] {
                see("flags-\(flags)", unsafe systemCall(.fcntl, UInt(bitPattern: MemoryFile.create(flags)), 1))
            }
        },
        Case("memfd/status-flags") {
            see("result", unsafe systemCall(.fcntl, UInt(bitPattern: MemoryFile.create()), 3) & 3)
        },
        Case("memfd/starts-empty") {
            let file = MemoryFile.create()
            see("read", MemoryFile.read(file, 0))
            see("seek-end", unsafe systemCall(.lseek, UInt(bitPattern: file), 0, 2))
        },
        Case("memfd/grows-by-writing") {
            let file = MemoryFile.create()
            see("write", MemoryFile.write(file, 3 * page + 5, 7))
            see("size", unsafe systemCall(.lseek, UInt(bitPattern: file), 0, 2))
            see("hole", MemoryFile.read(file, page))
            see("byte", MemoryFile.read(file, 3 * page + 5))
        },
        Case("memfd/resize") {
            let file = MemoryFile.make(2)
            see("shrink", MemoryFile.resize(file, 100))
            see("grow", MemoryFile.resize(file, 2 * page))
            see("kept", MemoryFile.read(file, 0))
            see("lost", MemoryFile.read(file, page))
            see("negative", MemoryFile.resize(file, UInt(bitPattern: -1)))
        },
        Case("memfd/map-empty") {
            let file = MemoryFile.create()
            region(0, 1, Prot.rw, Map.shared, file)
            seePages(0, 1)
            _ = MemoryFile.resize(file, page)
            seePages(0, 1)
        },
    ]
    return cases
}

/// Seals: what each forbids.
func sealCases() -> [Case] {
    var cases: [Case] = []
    let seals: [(String, UInt)] = [
        ("none", 0), ("seal", 1), ("shrink", 2), ("grow", 4), ("write", 8), ("future-write", 16), ("all", 15),
    ]
    for (name, bits) in seals {
        func sealed(_ what: String, _ body: @escaping (Int) -> Void) -> Case {
            Case("seal/\(name)-\(what)") {
                let file = MemoryFile.make(4, MemoryFile.allowSealing)
                see("add", MemoryFile.seal(file, bits))
                body(file)
                see("seals", MemoryFile.seals(file))
            }
        }
        cases += [
            sealed("write") { see("result", MemoryFile.write($0, 0, 9)) },
            sealed("append") { see("result", MemoryFile.write($0, 4 * page, 9)) },
            sealed("shrink") { see("result", MemoryFile.resize($0, page)) },
            sealed("grow") { see("result", MemoryFile.resize($0, 8 * page)) },
            sealed("same-size") { see("result", MemoryFile.resize($0, 4 * page)) },
            sealed("more") {
                see("result", MemoryFile.seal($0, 2))
                see("again", MemoryFile.seal($0, 2))
            },
            sealed("map-shared") { file in
                for (prot, bits) in [("r", Prot.r), ("rw", Prot.rw)] {
                    seePlace(prot, map(at(0), page, bits, Map.shared, file))
                    see("store", store(at(0), 1).description)
                    _ = unmap(at(0), page)
                }
            },
            sealed("map-private") { file in
                seePlace("rw", map(at(0), page, Prot.rw, Map.priv, file))
                see("store", store(at(0), 1).description)
                see("in-file", MemoryFile.read(file, 0))
            },
            sealed("protect") { file in
                seePlace("r", map(at(0), page, Prot.r, Map.shared, file))
                see("rw", protect(at(0), page, Prot.rw))
            },
            Case("seal/\(name)-remove") {
                let file = MemoryFile.make(4)
                region(0, 4, Prot.rw, Map.shared, file)
                fill(0, 4)
                see("add", MemoryFile.seal(file, bits))
                see("result", advise(at(1), 2 * page, Advice.remove))
                seePages(0, 4)
            },
            Case("seal/\(name)-while-mapped") {
                let file = MemoryFile.make(4, MemoryFile.allowSealing)
                seePlace("rw", map(at(0), page, Prot.rw, Map.shared, file))
                see("add", MemoryFile.seal(file, bits))
                see("store", store(at(0), 1).description)
                _ = unmap(at(0), page)
                see("later", MemoryFile.seal(file, bits))
                see("seals", MemoryFile.seals(file))
            },
        ]
    }
    for bit in 0..<32 {
        cases.append(
            Case("seal/bit-\(bit)") {
                let file = MemoryFile.make(1, MemoryFile.allowSealing)
                see("add", MemoryFile.seal(file, 1 << UInt(bit)))
                see("seals", MemoryFile.seals(file))
            })
    }
    cases += [
        Case("seal/not-allowed") {
            let file = MemoryFile.make(1)
            see("seals", MemoryFile.seals(file))
            see("add", MemoryFile.seal(file, 2))
        },
        Case("seal/other-file") {
            let file = ownFile()
            see("seals", MemoryFile.seals(file))
            see("add", MemoryFile.seal(file, 2))
            see("bad", MemoryFile.seal(99, 2))
        },
        Case("seal/private-write-mapping-is-no-hindrance") {
            let file = MemoryFile.make(1, MemoryFile.allowSealing)
            region(0, 1, Prot.rw, Map.priv, file)
            see("add", MemoryFile.seal(file, 8))
        },
        Case("seal/read-only-shared-mapping-hinders") {
            let file = MemoryFile.make(1, MemoryFile.allowSealing)
            region(0, 1, Prot.r, Map.shared, file)
            see("add", MemoryFile.seal(file, 8))
        },
    ]
    return cases
}

/// One page cache: mappings, reads and writes see each other.
func fileMappingCases() -> [Case] {
    var cases: [Case] = []
    for (name, flags) in [("private", Map.priv), ("shared", Map.shared)] {
        cases += [
            Case("file/\(name)-sees-write") {
                let file = MemoryFile.make(2)
                region(0, 2, Prot.rw, flags, file)
                seeBytes("before", 0, 2)
                see("write", MemoryFile.write(file, page, 0x55))
                seeBytes("after", 0, 2)
            },
            Case("file/\(name)-store-in-file") {
                let file = MemoryFile.make(2)
                region(0, 2, Prot.rw, flags, file)
                see("store", store(at(1), 0x44).description)
                see("in-file", MemoryFile.read(file, page))
                region(4, 1, Prot.r, Map.shared, file, page)
                seeBytes("other-mapping", 4, 1)
            },
            Case("file/\(name)-store-then-write") {
                let file = MemoryFile.make(1)
                region(0, 1, Prot.rw, flags, file)
                store(at(0), 0x44)
                _ = MemoryFile.write(file, 1, 0x33)
                see("byte-0", Int(load(at(0)).value))
                see("byte-1", Int(load(at(0) + 1).value))
            },
            Case("file/\(name)-offset") {
                region(0, 2, Prot.r, flags, MemoryFile.make(4), 2 * page)
                seePages(0, 3)
            },
            Case("file/\(name)-after-close") {
                let file = MemoryFile.make(2)
                region(0, 2, Prot.rw, flags, file)
                MemoryFile.close(file)
                fill(0, 1)
                seePages(0, 2)
            },
            Case("file/\(name)-twice") {
                let file = MemoryFile.make(1)
                region(0, 1, Prot.rw, flags, file)
                region(2, 1, Prot.rw, flags, file)
                store(at(0), 0x21)
                seePages(0, 3)
            },
            Case("file/\(name)-fork") {
                let file = MemoryFile.make(2)
                region(0, 2, Prot.rw, flags, file)
                store(at(0), 1)
                inChild {
                    store(at(0), 2)
                    store(at(1), 3)
                    seePages(0, 2)
                }
                seePages(0, 2)
                see("in-file", MemoryFile.read(file, 0) + "," + MemoryFile.read(file, page))
            },
            Case("file/\(name)-unlinked") {
                let path = "/tmp/conformance-\(name)"
                let file = open(path, 0o102)
                see("open", file < 0 ? described(file) : "yes")
                _ = MemoryFile.resize(file, page)
                _ = MemoryFile.write(file, 0, 0x61)
                seePlace("map", map(at(0), page, Prot.rw, flags, file))
                let unlink = withText(path) {
                    unsafe systemCall(.unlinkat, UInt(argument: AtFlags.currentDirectory), $0, 0)
                }
                see("unlink", unlink)
                MemoryFile.close(file)
                seePages(0, 1)
                see("reopen", open(path, 0) < 0 ? described(open(path, 0)) : "yes")
            },
            Case("file/\(name)-read-into-itself") {
                let file = MemoryFile.make(2)
                region(0, 2, Prot.rw, flags, file)
                see("read", unsafe systemCall(.pread64, UInt(bitPattern: file), at(0), 2, page))
                seePages(0, 2)
            },
            Case("file/\(name)-own-program") {
                region(0, 1, Prot.r, flags, ownFile())
                see("magic", "\(load(at(0)).value),\(load(at(0) + 1).value)")
                see("store", store(at(0), 1).description)
            },
        ]
    }
    return cases
}

/// The end of a file: beyond it, in its last page, and when it moves.
func fileEndCases() -> [Case] {
    var cases: [Case] = []
    for (name, flags) in [("private", Map.priv), ("shared", Map.shared)] {
        for length in [UInt(0), 1, 4095, 4096, 4097, 8192] {
            cases.append(
                Case("file-end/\(name)-length-\(length)") {
                    let file = MemoryFile.make(2)
                    see("resize", MemoryFile.resize(file, length))
                    region(0, 4, Prot.rw, flags, file)
                    seePages(0, 4)
                    see("tail", load(at(0) + 4095).description + "," + String(load(at(0) + 4095).value))
                })
            cases.append(
                Case("file-end/\(name)-cut-to-\(length)") {
                    let file = MemoryFile.make(3)
                    region(0, 3, Prot.rw, flags, file)
                    fill(0, 3)
                    store(at(0) + 4095, 0x7E)
                    store(at(1) + 1, 0x7D)
                    see("resize", MemoryFile.resize(file, length))
                    seePages(0, 3)
                    see("regrow", MemoryFile.resize(file, 3 * page))
                    seePages(0, 3)
                    see("tails", "\(load(at(0) + 4095).value),\(load(at(1) + 1).value)")
                })
        }
        cases += [
            Case("file-end/\(name)-store-beyond-in-page") {
                let file = MemoryFile.make(1)
                _ = MemoryFile.resize(file, 10)
                region(0, 1, Prot.rw, flags, file)
                see("store", store(at(0) + 20, 5).description)
                see("load", Int(load(at(0) + 20).value))
                see("in-file", MemoryFile.read(file, 20))
                _ = MemoryFile.resize(file, page)
                see("grown", MemoryFile.read(file, 20))
            },
            Case("file-end/\(name)-cut-in-child") {
                let file = MemoryFile.make(2)
                region(0, 2, Prot.rw, flags, file)
                fill(0, 2)
                inChild { see("resize", MemoryFile.resize(file, page)) }
                seePages(0, 2)
            },
            Case("file-end/\(name)-kernel-reads-beyond") {
                let file = MemoryFile.make(1)
                region(0, 2, Prot.rw, flags, file)
                let other = MemoryFile.create()
                see("write", unsafe systemCall(.pwrite64, UInt(bitPattern: other), at(1), 4, 0))
                see("read", unsafe systemCall(.pread64, UInt(bitPattern: file), at(1), 4, 0))
                see("over", unsafe systemCall(.pwrite64, UInt(bitPattern: other), at(0) + 4092, 8, 0))
            },
        ]
    }
    return cases
}
