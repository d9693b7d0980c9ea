import MemoryModel
import Testing

@Suite("The plan for loading a program")
struct LoadPlanTests {
    typealias Header = ELFBuilder.Header

    @Test("of text and data maps each with its rights, and the break above")
    func typical() throws {
        let plan = try ELFBuilder.typical.plan()
        #expect(plan.mappingTexts == ["400000-402000 r-x 0", "402000-403000 rw- 2000", "403000-405000 rw-"])
        #expect(plan.entry == VirtualAddress(0x40_0100))
        #expect(plan.breakStart == VirtualAddress(0x40_5000))
        #expect(plan.programHeaders == VirtualAddress(0x40_0040))
        #expect(plan.programHeaderCount == 2)
        #expect(plan.programHeaderSize == ByteCount(56))
        #expect(plan.displacement == .zero)
        #expect(!plan.hasExecutableStack && !plan.refusesWritableAndExecutable && !plan.identifiesBranchTargets)
        #expect(plan.segments.count == 2)
        #expect(plan.segments[1].index == 1)
        #expect(plan.segments[1].memorySize == ByteCount(0x2345))
        #expect(plan.segments[1].file.size == ByteCount(0x123))
        #expect(plan.segments[1].end == VirtualAddress(0x40_4345))
    }

    @Test("leaves what a segment does not have in the file zero, the rest of its last page too")
    func zeroTail() throws {
        var builder = ELFBuilder.typical
        builder.contents = [(0x2000, [UInt8](repeating: 0xaa, count: 0x1000))]
        let plan = try builder.plan()
        let image = plan.image(of: builder.bytes)
        let page = try #require(image[0x40_2000])
        #expect(page.bytes[0x122] == 0xaa)
        #expect(page.bytes[0x123...].allSatisfy { $0 == 0 })
        #expect(image[0x40_3000]?.bytes.allSatisfy { $0 == 0 } == true)
    }

    @Test("shows beside a segment's bytes what the file has there, where the segment has no zeroes")
    func besides() throws {
        var builder = ELFBuilder.typical
        builder.contents = [(0x1000, [UInt8](repeating: 0xaa, count: 0x1000))]
        builder.headers[1].memorySize = 0x123
        builder.contents.append((0x2000, [UInt8](repeating: 0xbb, count: 0x1000)))
        let plan = try builder.plan()
        #expect(plan.mappingTexts == ["400000-402000 r-x 0", "402000-403000 rw- 2000"])
        let image = plan.image(of: builder.bytes)
        #expect(image[0x40_1000]?.bytes[0x800...].allSatisfy { $0 == 0xaa } == true)
        #expect(image[0x40_2000]?.bytes[0x123...].allSatisfy { $0 == 0xbb } == true)
    }

    @Test("gives a page that two segments share to the later one, as Linux does")
    func sharedPage() throws {
        var builder = ELFBuilder(
            Header(fileSize: 0x1234, memorySize: 0x1234),
            Header(flags: 4, offset: 0x3234, address: 0x40_1234, fileSize: 0x2000, memorySize: 0x2000))
        builder.contents = [
            (0x1000, [UInt8](repeating: 0x11, count: 0x1000)), (0x3000, [UInt8](repeating: 0x22, count: 0x2234)),
        ]
        let plan = try builder.plan()
        #expect(plan.mappingTexts == ["400000-401000 r-x 0", "401000-404000 r-- 3000"])
        let page = try #require(plan.image(of: builder.bytes)[0x40_1000])
        #expect(page.bytes.allSatisfy { $0 == 0x22 })
    }

    @Test("keeps the bytes of two segments that share a page of the file too, as linkers lay them out")
    func sharedFilePage() throws {
        var builder = ELFBuilder(
            Header(fileSize: 0x1234, memorySize: 0x1234),
            Header(flags: 6, offset: 0x1234, address: 0x40_1234, fileSize: 0x10, memorySize: 0x20))
        builder.contents = [(0x1000, [UInt8](repeating: 0x11, count: 0x1000))]
        let plan = try builder.plan()
        #expect(plan.mappingTexts == ["400000-401000 r-x 0", "401000-402000 rw- 1000"])
        let page = try #require(plan.image(of: builder.bytes)[0x40_1000])
        #expect(page.bytes[..<0x244].allSatisfy { $0 == 0x11 } && page.bytes[0x244...].allSatisfy { $0 == 0 })
    }

    @Test("gives one page of three segments within it to the last")
    func crowdedPage() throws {
        let builder = ELFBuilder(
            Header(fileSize: 0x200, memorySize: 0x200),
            Header(flags: 4, offset: 0x1200, address: 0x40_0200, fileSize: 0x100, memorySize: 0x100),
            Header(flags: 6, offset: 0x2300, address: 0x40_0300, fileSize: 0x100, memorySize: 0x1100))
        let plan = try builder.plan()
        #expect(plan.mappingTexts == ["400000-401000 rw- 2000", "401000-402000 rw-"])
    }

    @Test("takes zeroes of a segment without bytes in the file for the rest of the page that it begins in")
    func zeroesWithinPage() throws {
        let builder = ELFBuilder.typical.adding(
            Header(flags: 6, offset: 0x3345, address: 0x40_4345, fileSize: 0, memorySize: 0x2000))
        let plan = try builder.plan()
        #expect(plan.mappingTexts.suffix(3) == ["403000-404000 rw-", "404000-405000 rw- 3000", "405000-407000 rw-"])
        #expect(plan.segments[2].zeroedTail == VirtualAddress(0x40_4345))
    }

    @Test("puts a position-independent program at 0x400000, by its lowest page and its alignment")
    func positionIndependent() throws {
        let low = ELFBuilder(
            Header(address: 0, fileSize: 0x1000, memorySize: 0x1000),
            Header(flags: 6, offset: 0x1500, address: 0x2500, fileSize: 0x10, memorySize: 0x20)
        ).with {
            $0.type = 3
            $0.entry = 0x80
        }
        let plan = try low.plan()
        #expect(plan.isPositionIndependent)
        #expect(plan.mappingTexts == ["400000-401000 r-x 0", "402000-403000 rw- 1000"])
        #expect(plan.entry == VirtualAddress(0x40_0080))
        #expect(plan.programHeaders == VirtualAddress(0x40_0040))
        #expect(plan.displacement == ByteCount(0x40_0000))

        let high = ELFBuilder(Header(address: 0x7000_1000)).with {
            $0.type = 3
            $0.entry = 0x7000_1004
        }
        #expect(try high.plan().entry == VirtualAddress(0x40_0004))
        let coarse = ELFBuilder(Header(address: 0, alignment: 0x80_0000)).with {
            $0.type = 3
            $0.entry = 4
        }
        #expect(try coarse.plan().entry == VirtualAddress(0x80_0004))
        let odd = ELFBuilder(Header(address: 0, alignment: 0x30_0000)).with {
            $0.type = 3
            $0.entry = 4
        }
        #expect(try odd.plan().entry == VirtualAddress(0x40_0004))
    }

    @Test("takes segments in the high region and below 0x400000, never where programs have no memory")
    func addresses() {
        func at(_ address: UInt64, size: UInt64 = 0x1000) -> ProgramError? {
            ELFBuilder(Header(address: address, fileSize: 0x1000, memorySize: size)).with { $0.entry = address }.error
        }
        for good: UInt64 in [0x1_0000, 0x20_0000, 0x3FFE_F000, 0x80_0000_0000, 0xFFFF_FFFF_F000] {
            #expect(at(good) == nil)
        }
        for bad: UInt64 in [
            0, 0xF000, 0x3FFF_0000, 0x3FFF_F000, 0x4000_0000, 0x4008_0000, 0x7F_FFFF_F000, 0x1_0000_0000_0000,
            0xFFFF_0000_0000_0000, 0xFFFF_FFFF_FFFF_E000,
        ] {
            #expect(at(bad) == .forbiddenAddress(segment: 0, start: bad, end: bad + 0x1000))
        }
        #expect(at(0x1000_0000, size: 0x3000_0000) != nil)
        #expect(at(0x40_0000, size: 0x3FBF_0001) != nil)
        #expect(at(0x40_0000, size: 0x3FBF_0000) == nil)
        #expect(at(0x3000_0000, size: 0x80_0000_0000) != nil)
        #expect(at(0xFFFF_FFFF_FFFF_F000) == .addressOverflow(segment: 0))
        #expect(at(0x40_0000, size: .max) == .addressOverflow(segment: 0))
    }

    @Test("refuses each wrong field of the ELF header, with the reason")
    func headers() {
        let good = ELFBuilder.typical
        #expect(good.error == nil)
        #expect(good.with { $0.contents = [(0, [0x23, 0x21])] }.error == .notELF)
        #expect(good.with { $0.size = 3 }.error == .notELF)
        #expect(good.with { $0.size = 63 }.error == .truncatedHeader(size: 63))
        #expect(good.with { $0.size = 4 }.error == .truncatedHeader(size: 4))
        #expect(good.with { $0.machine = 62 }.error == .wrongMachine(62))
        #expect(
            good.with {
                $0.machine = 22
                $0.encoding = 2
            }.error == .wrongMachine(22))
        #expect(good.with { $0.encoding = 2 }.error == .notLittleEndian)
        #expect(good.with { $0.encoding = 0 }.error == .notLittleEndian)
        #expect(good.with { $0.width = 1 }.error == .not64Bit)
        #expect(good.with { $0.version = 2 }.error == .unknownVersion(2))
        #expect(good.with { $0.contents = [(6, [2])] }.error == .unknownVersion(1))
        for type: UInt16 in [0, 1, 4, 0xfe00, 0xffff] {
            #expect(good.with { $0.type = type }.error == .notExecutable(type: type))
        }
        #expect(good.with { $0.entrySize = 32 }.error == .wrongProgramHeaderSize(32))
        #expect(good.with { $0.count = 0 }.error == .noSegments)
        #expect(good.with { $0.count = 0xffff }.error == .tooManyProgramHeaders(0xffff))
        #expect(good.with { $0.count = 1171 }.error == .tooManyProgramHeaders(1171))
        #expect(
            good.with { $0.count = 1170 }.error == .truncatedProgramHeaders(end: 64 + 65520, fileSize: 0x8000))
        #expect(
            good.with { $0.tableOffset = 0x8000 }.error == .truncatedProgramHeaders(end: 0x8070, fileSize: 0x8000))
        #expect(
            good.with { $0.tableOffset = .max }.error == .truncatedProgramHeaders(end: .max, fileSize: 0x8000))
    }

    @Test("refuses each wrong segment, with the reason")
    func segments() {
        let good = ELFBuilder.typical
        func second(_ change: (inout Header) -> Void) -> ProgramError? { good.with { change(&$0.headers[1]) }.error }
        #expect(
            second {
                $0.fileSize = 0x7000
                $0.memorySize = 0x7000
            }
                == .truncated(segment: 1, end: 0x9000, fileSize: 0x8000))
        #expect(
            second {
                $0.offset = .max - 0xfff
                $0.fileSize = 0x1000
            }
                == .truncated(segment: 1, end: .max, fileSize: 0x8000))
        #expect(
            second { $0.offset = 0xFFFF_FFFF_FFFF_2000 }
                == .truncated(segment: 1, end: 0xFFFF_FFFF_FFFF_2123, fileSize: 0x8000))
        #expect(
            second { $0.memorySize = 0x122 } == .fileLargerThanMemory(segment: 1, fileSize: 0x123, memorySize: 0x122))
        #expect(second { $0.offset = 0x2001 } == .misaligned(segment: 1, address: 0x40_2000, offset: 0x2001))
        #expect(second { $0.flags = 4 } == .zeroesNotWritable(segment: 1))
        #expect(
            second {
                $0.address = 0x40_2010
                $0.fileSize = 0
            } == .misaligned(segment: 1, address: 0x40_2010, offset: 0x2000))
        #expect(
            second {
                $0.address = 0x40_2010
                $0.offset = 0x8010
                $0.fileSize = 0
            } == .truncated(segment: 1, end: 0x8010, fileSize: 0x8000))
        #expect(second { $0.address = 0x3F_0000 } == .segmentsOutOfOrder(segment: 1))
        #expect(second { $0.address = 0x40_1000 } == .segmentsOverlap(segment: 1, address: 0x40_1000))
        #expect(second { $0.memorySize = .max } == .addressOverflow(segment: 1))
        #expect(second { $0.type = 3 } == .needsDynamicLoader(path: FileRange(offset: 0x2000, size: ByteCount(0x123))))
        #expect(
            good.with {
                $0.headers[0].type = 6
                $0.headers[1].type = 6
            }.error == .noSegments)
        #expect(good.with { $0.headers = [Header(fileSize: 0, memorySize: 0)] }.error == .noSegments)
        #expect(good.with { $0.entry = 0x40_2000 }.error == .entryNotExecutable(0x40_2000))
        #expect(good.with { $0.entry = 0x40_1800 }.error == .entryNotExecutable(0x40_1800))
        #expect(good.with { $0.entry = 0 }.error == .entryNotExecutable(0))
        let many = (0..<33).map { Header(offset: 0, address: 0x40_0000 + UInt64($0) * 0x1000) }
        #expect(good.with { $0.headers = many }.error == .tooManySegments(maximum: 32))
        #expect(good.with { $0.headers = Array(many.prefix(32)) }.error == nil)
    }

    @Test("ignores empty segments, and takes those without bytes in the file whatever their offset")
    func emptySegments() throws {
        let builder = ELFBuilder.typical
            .adding(Header(address: 0, fileSize: 0, memorySize: 0))
            .adding(Header(flags: 6, offset: 0x777_7777_7777, address: 0x50_0000, fileSize: 0, memorySize: 1))
        let plan = try builder.plan()
        #expect(plan.segments.count == 3)
        #expect(plan.mappingTexts.last == "500000-501000 rw-")
        #expect(plan.breakStart == VirtualAddress(0x50_1000))
    }

    @Test("says 0 for program headers that no segment holds, as Linux does")
    func programHeaders() throws {
        #expect(try ELFBuilder.typical.with { $0.tableOffset = 0x7000 }.plan().programHeaders == VirtualAddress(0))
    }

    @Test("makes the stack executable only where PT_GNU_STACK asks for it, as Linux does for AArch64")
    func stack() throws {
        let stack = { ELFBuilder.typical.adding(Header(type: 0x6474_e551, flags: $0, fileSize: 0, memorySize: 0)) }
        #expect(try stack(7).plan().hasExecutableStack)
        #expect(try !stack(6).plan().hasExecutableStack)
        #expect(try !ELFBuilder.typical.plan().hasExecutableStack)
    }

    @Test("notes the thread-local template, and drops one that makes no sense")
    func threadLocal() throws {
        let sane = Header(type: 7, flags: 4, offset: 0x2000, address: 0x40_2000, fileSize: 0x10, memorySize: 0x20)
        let plan = try ELFBuilder.typical.adding(sane).plan()
        #expect(plan.threadLocal?.address == VirtualAddress(0x40_2000))
        #expect(plan.threadLocal?.memorySize == ByteCount(0x20))
        let wild = Header(type: 7, flags: 4, offset: .max, address: .max, fileSize: 0x10, memorySize: .max)
        #expect(try ELFBuilder.typical.adding(wild).plan().threadLocal == nil)
    }

    @Test("lets a program without note ask for writable and executable memory, as Linux does")
    func withoutNote() throws {
        let builder = ELFBuilder(Header(flags: 7))
        #expect(try builder.plan().mappingTexts == ["400000-401000 rwx 0"])
    }

    @Test("holds a program to its note: no segment, no zeroes of one and no stack both writable and executable")
    func akumaNote() throws {
        let akuma = note("Akuma", type: 1, words(1))
        #expect(try ELFBuilder.typical.adding(note: akuma).plan().refusesWritableAndExecutable)
        #expect(ELFBuilder(Header(flags: 7)).adding(note: akuma).error == .writableAndExecutable(segment: 0))
        #expect(
            ELFBuilder(
                Header(flags: 4), Header(flags: 7, offset: 0x1000, address: 0x40_1000)
            ).with { $0.entry = 0x40_1000 }.adding(note: akuma).error == .writableAndExecutable(segment: 1))
        let zeroes = ELFBuilder(Header(fileSize: 0x1000, memorySize: 0x2000))
        #expect(try zeroes.plan().mappingTexts == ["400000-401000 r-x 0", "401000-402000 rwx"])
        #expect(zeroes.adding(note: akuma).error == .writableAndExecutable(segment: 0))
        let stack = Header(type: 0x6474_e551, flags: 7, fileSize: 0, memorySize: 0)
        #expect(ELFBuilder.typical.adding(stack).adding(note: akuma).error == .executableStack)
        #expect(ELFBuilder.typical.adding(note: note("Akuma", type: 1, [1])).error == .malformedNote(size: 1))

        // Bit 0 clear, another type, another name, and behind other notes.
        #expect(
            try !ELFBuilder.typical.adding(note: note("Akuma", type: 1, words(2))).plan().refusesWritableAndExecutable)
        #expect(
            try !ELFBuilder.typical.adding(note: note("Akuma", type: 2, words(1))).plan().refusesWritableAndExecutable)
        #expect(
            try !ELFBuilder.typical.adding(note: note("akuma", type: 1, words(1))).plan().refusesWritableAndExecutable)
        let behind = note("GNU", type: 3, [1, 2, 3, 4, 5]) + note("Something long", type: 9, []) + akuma
        #expect(try ELFBuilder.typical.adding(note: behind).plan().refusesWritableAndExecutable)
    }

    @Test("looks at 64 KiB of notes, in all segments together, and no further")
    func notesLimit() throws {
        let akuma = note("Akuma", type: 1, words(1))
        // A note before it that leaves it just the room that it takes, or a word less.
        func plan(room: Int, splitting isSplit: Bool) throws -> LoadPlan {
            let before = note("GNU", type: 3, [UInt8](repeating: 0, count: (1 << 16) - room - 16))
            var builder = ELFBuilder.typical.with { $0.size = 0x2_0000 }
            if isSplit {
                builder = builder.adding(note: before)
                builder.contents.append((0x1_8000, akuma))
                let size = UInt64(akuma.count)
                builder.headers.append(
                    Header(type: 4, flags: 4, offset: 0x1_8000, address: 0, fileSize: size, memorySize: size, alignment: 4))
            } else {
                builder = builder.adding(note: before + akuma)
            }
            return try builder.plan()
        }
        for isSplit in [false, true] {
            #expect(try plan(room: akuma.count, splitting: isSplit).refusesWritableAndExecutable)
            #expect(try !plan(room: akuma.count - 4, splitting: isSplit).refusesWritableAndExecutable)
        }
    }

    @Test(
        "takes notes that are no notes for data, not for an error",
        arguments: [
            words(.max, .max, 1), words(6, .max, 1), words(0, 0, 0), words(6, 4), words(),
            words(6, 4, 1) + Array("Akuma".utf8) + [0],
        ])
    func wildNotes(bytes: [UInt8]) throws {
        let plan = try ELFBuilder.typical.adding(note: bytes).plan()
        #expect(!plan.refusesWritableAndExecutable)
        let gone = Header(type: 4, flags: 4, offset: .max - 3, address: 0, fileSize: 100, memorySize: 100)
        #expect(ELFBuilder.typical.adding(gone).error == nil)
    }
}
