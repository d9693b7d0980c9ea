import libakuma

/// What a child shares, what it copies, and what it does not get.
func forkCases() -> [Case] {
    var cases: [Case] = []
    for (name, flags) in [("private", Map.priv), ("shared", Map.shared)] {
        for (order, isParentFirst) in [("child-writes", false), ("parent-writes", true)] {
            cases.append(
                Case("fork/\(name)-\(order)") {
                    region(0, 4, Prot.rw, flags | Map.anon)
                    fill(0, 2)
                    do throws(Errno) {
                        let (readEnd, writeEnd) = try pipe()
                        guard let child = try fork() else {
                            if isParentFirst { _ = try readEnd.read(upTo: 1) } else { store(at(0), 0x31) }
                            seePages(0, 4, "child")
                            print("fork/\(name)-\(order)/child:" + observed)
                            exit(0)
                        }
                        if isParentFirst {
                            store(at(0), 0x32)
                            store(at(3), 0x33)
                            try writeEnd.writeAll("x")
                        }
                        try wait(for: child)
                    } catch {
                        see("error", error.name.description)
                    }
                    seePages(0, 4)
                })
        }
    }
    let advices: [(String, [UInt])] = [
        ("plain", []), ("dont-fork", [Advice.dontFork]), ("do-fork", [Advice.dontFork, Advice.doFork]),
        ("wipe", [Advice.wipeOnFork]), ("keep", [Advice.wipeOnFork, Advice.keepOnFork]),
        ("both", [Advice.wipeOnFork, Advice.dontFork]),
    ]
    for (name, advice) in advices {
        for (kind, flags) in [("private", Map.priv | Map.anon), ("shared", Map.shared | Map.anon)] {
            cases.append(
                Case("fork/\(name)-\(kind)") {
                    region(0, 4, Prot.rw, flags)
                    fill(0, 4)
                    for one in advice { see("advice-\(one)", advise(at(1), 2 * page, one)) }
                    inChild {
                        seePages(0, 4)
                        inChild { seePages(0, 4) }
                    }
                    seePages(0, 4)
                })
        }
    }
    cases += [
        Case("fork/rights") {
            region(0, 1, Prot.r)
            region(1, 1, Prot.none)
            region(2, 1, Prot.rw)
            inChild { seePages(0, 4) }
        },
        Case("fork/protect-in-child") {
            region(0, 2)
            fill(0, 2)
            inChild {
                see("result", protect(at(0), page, Prot.r))
                seePages(0, 2)
            }
            seePages(0, 2)
        },
        Case("fork/protect-before") {
            region(0, 2)
            fill(0, 2)
            _ = protect(at(0), page, Prot.r)
            inChild {
                see("result", protect(at(0), page, Prot.rw))
                store(at(0), 0x12)
                seePages(0, 2)
            }
            _ = protect(at(0), page, Prot.rw)
            seePages(0, 2)
        },
        Case("fork/unmap-in-child") {
            region(0, 2)
            fill(0, 2)
            inChild {
                see("result", unmap(at(0), page))
                seePages(0, 2)
            }
            seePages(0, 2)
        },
        Case("fork/map-in-child") {
            inChild {
                region(0, 1)
                seePages(0, 1)
            }
            seePages(0, 1)
        },
        Case("fork/many-generations") {
            region(0, 3)
            fill(0, 3)
            inChild {
                store(at(0), 0x21)
                inChild {
                    store(at(1), 0x22)
                    inChild {
                        store(at(2), 0x23)
                        seePages(0, 3)
                    }
                    seePages(0, 3)
                }
                seePages(0, 3)
            }
            seePages(0, 3)
        },
        Case("fork/whole-table") {
            region(0, 1024)
            fill(0, 1024)
            inChild {
                store(at(700), 0x77)
                store(at(3), 0x78)
                see("bytes", "\(state(at(3))),\(state(at(700))),\(state(at(701)))")
            }
            see("bytes", "\(state(at(3))),\(state(at(700))),\(state(at(701)))")
        },
        Case("fork/parent-keeps-own-after-child") {
            region(0, 2)
            fill(0, 2)
            inChild {}
            store(at(0), 0x51)
            inChild { store(at(0), 0x52) }
            seePages(0, 2)
        },
        Case("fork/kernel-writes-into-shared") {
            region(0, 1)
            fill(0, 1)
            let file = ownFile()
            inChild {
                see("read", unsafe systemCall(.pread64, UInt(bitPattern: file), at(0), 1, 0))
                seePages(0, 1)
            }
            seePages(0, 1)
        },
    ]
    return cases
}

/// The signal, its code and its address, of each access to each kind of page.
func faultCases() -> [Case] {
    var cases: [Case] = []
    let kinds: [(String, () -> Void)] = [
        ("unmapped", {}), ("none", { region(0, 2, Prot.none) }), ("r", { region(0, 2, Prot.r) }),
        ("rw", { region(0, 2) }),
        (
            "touched-then-none",
            {
                region(0, 2)
                fill(0, 2)
                _ = protect(at(0), 2 * page, Prot.none)
            }
        ),
        (
            "touched-then-r",
            {
                region(0, 2)
                fill(0, 2)
                _ = protect(at(0), 2 * page, Prot.r)
            }
        ),
        (
            "unmapped-again",
            {
                region(0, 2)
                fill(0, 2)
                _ = unmap(at(0), 2 * page)
            }
        ),
        ("shared-r", { region(0, 2, Prot.r, Map.shared | Map.anon) }),
        ("beyond-file", { region(0, 2, Prot.rw, Map.shared, MemoryFile.make(0)) }),
        ("beyond-file-private", { region(0, 2, Prot.rw, Map.priv, MemoryFile.make(0)) }),
        ("beyond-file-none", { region(0, 2, Prot.none, Map.shared, MemoryFile.make(0)) }),
        ("beyond-file-r", { region(0, 2, Prot.r, Map.shared, MemoryFile.make(0)) }),
    ]
    for (name, prepare) in kinds {
        for offset in [UInt(0), 1, 4095] {
            cases.append(
                Case("fault/\(name)+\(offset)") {
                    prepare()
                    see("load", load(at(0) + offset).description)
                    see("store", store(at(0) + offset, 3).description)
                    see("load", load(at(0) + offset).description)
                })
        }
        cases.append(
            Case("fault/\(name)-fetch") {
                prepare()
                see("fetch", execute(at(1)).description)
            })
        cases.append(
            Case("fault/\(name)-kernel") {
                prepare()
                let file = ownFile()
                see("copy-out", unsafe systemCall(.pread64, UInt(bitPattern: file), at(0), 8, 0))
                see("copy-in", unsafe systemCall(.rtSigprocmask, 0, at(0), 0, 8))
                see("path", unsafe systemCall(.openat, UInt(argument: AtFlags.currentDirectory), at(0), 0, 0))
            })
    }
    for (name, address) in [
        ("null", UInt(0)), ("near-null", 0xFF8), ("far", 0x4000_0000_0000),
        ("first-beyond", 0x0001_0000_0000_0000),
        ("kernel", 0xFFFF_0000_0000_0000), ("kernel-text", 0xFFFF_8000_0800_0000), ("top", 0xFFFF_FFFF_FFFF_FFF8),
        ("non-canonical", 0x0010_0000_0000_0000), ("tagged-null", 0x5500_0000_0000_0000),
    ] {
        cases.append(
            Case("fault/at-\(name)") {
                see("load", load(address).description)
                see("store", store(address, 1).description)
            })
        cases.append(Case("fault/fetch-\(name)") { see("fetch", execute(address & ~7).description) })
    }
    cases += [
        Case("fault/tagged") {
            region(0, 1)
            store(at(0) | 0x5500_0000_0000_0000, 7)
            seePages(0, 1)
            see("unmapped", load(at(1) | 0x5500_0000_0000_0000).description)
        },
        Case("fault/tag-exposed") {
            catchFaults(also: SignalActionFlags.exposeTagBits)
            see("unmapped", load(at(1) | 0x5500_0000_0000_0000).description)
            see("upper", load(0xFFFF_0000_0000_0000).description)
        },
        Case("fault/text-not-writable") {
            let text = unsafe UInt(bitPattern: unsafeBitCast(probe, to: UnsafeRawPointer.self))
            see("store", store(text, 0).description)
        },
        Case("fault/stack-not-executable") {
            var word: UInt = 0xD65F_03C0
            let result = withWord(&word) {
                see("fetch", execute($0).description)
                return 0
            }
            see("done", result)
        },
        Case("fault/no-handler") {
            var action = SignalAction()
            action.handler = 0
            _ = unsafe withUnsafePointer(to: &action) {
                unsafe systemCall(.rtSigaction, UInt(Signal.segmentationFault.rawValue), UInt(bitPattern: $0), 0, 8)
            }
            store(at(0), 1)
        },
        Case("fault/blocked-still-kills") {
            var mask: UInt = 1 << 10
            _ = withWord(&mask) { unsafe systemCall(.rtSigprocmask, 0, $0, 0, 8) }
            store(at(0), 1)
        },
    ]
    return cases
}

private let probe: @convention(c) () -> Void = {}

/// Mappings that grow down.
func stackCases() -> [Case] {
    let growing = Map.priv | Map.anon | Map.growsDown
    var cases: [Case] = []
    for distance in [1, 2, 8, 100, 255, 256, 257, 1000, 2100] {
        cases.append(
            Case("stack/grows-\(distance)") {
                region(3000, 1, Prot.rw, growing)
                see("store", store(at(3000 - distance), 5).description)
                seePages(3000 - distance - 1, 3)
                seePages(2999, 2)
            })
        cases.append(
            Case("stack/neighbour-\(distance)") {
                region(3000, 1, Prot.rw, growing)
                region(3000 - distance - 1, 1)
                see("store", store(at(2999), 5).description)
                seePages(2998, 3)
            })
    }
    cases += [
        Case("stack/neighbour-none") {
            region(3000, 1, Prot.rw, growing)
            region(2998, 1, Prot.none)
            see("store", store(at(2999), 5).description)
        },
        Case("stack/limit") {
            region(3000, 1, Prot.rw, growing)
            see("limit", Limit.set(Limit.stack, 16 * page))
            see("below", store(at(3000 - 15), 5).description)
            see("above", store(at(3000 - 16), 5).description)
        },
        Case("stack/read-only-grows") {
            region(3000, 1, Prot.r, growing)
            see("load", load(at(2999)).description)
            see("store", store(at(2998), 1).description)
        },
        Case("stack/kernel-grows") {
            region(3000, 1, Prot.rw, growing)
            see("read", unsafe systemCall(.pread64, UInt(bitPattern: ownFile()), at(2998), 4, 0))
            seePages(2997, 4)
        },
        Case("stack/unmapped-above-not") {
            region(3000, 1, Prot.rw, growing)
            see("store", store(at(3001), 5).description)
        },
    ]
    return cases
}
