// The cases. Each leaves nothing mapped behind.

import ProgramTesting
import libakuma

func testFreshPages() {
    let start = map(0, 8)
    expect(isZero(start, 8), "fresh pages read as zero")
    for index in 0..<UInt(8) { store(start + index * page + 5, UInt8(index + 1)) }
    expect((0..<UInt(8)).allSatisfy { load(start + $0 * page + 5) == UInt8($0 + 1) }, "each page keeps its own byte")
    expect(unmap(start, 8) == 0, "they unmap")

    let populated = map(0, 8, rw, MAP_POPULATE)
    expect(isZero(populated, 8), "populated pages read as zero")
    store(populated, 1)
    expect(unmap(populated, 8) == 0, "they unmap")

    let fresh = map(0, 8)
    expect(isZero(fresh, 8), "pages that had been used before are zero again")
    _ = unmap(fresh, 8)
}

func testPlacement() {
    let area = map(0, 16)
    _ = unmap(area, 16)
    expect(map(area, 2) == area, "a hint that is free is taken")
    let second = map(area, 1)
    expect(second != area && !failed(second, .noMemory), "a hint that is not free is not taken")
    _ = unmap(second, 1)
    expect(map(area + 100, 1) != area, "a hint within a page that is not free is not taken")

    store(area, 7)
    expectOfAKernel(failed(map(area, 1, rw, MAP_FIXED_NOREPLACE), .fileExists), "FIXED_NOREPLACE says EEXIST")
    expectOfAKernel(failed(map(area - page, 4, rw, MAP_FIXED_NOREPLACE), .fileExists), "also for a part")
    expectOfAKernel(load(area) == 7, "and leaves what was there")
    expect(map(area + 4 * page, 1, rw, MAP_FIXED_NOREPLACE) == area + 4 * page, "where it is free it maps")

    expect(map(area, 1, rw, MAP_FIXED) == area, "FIXED replaces")
    expect(load(area) == 0, "and the new page is zero")
    expect(failed(map(area + 1, 1, rw, MAP_FIXED), .invalidArgument), "FIXED wants whole pages")
    expect(load(area) == 0, "and a refused one destroys nothing")
    expect(unmap(area, 16) == 0, "what is left unmaps in one call, holes and all")
}

func testUnmapping() {
    let start = map(0, 8)
    for index in 0..<UInt(8) { store(start + index * page, UInt8(index)) }
    expect(unmap(start + 3 * page, 2) == 0, "the middle of a mapping unmaps")
    expect(!isReadable(start + 3 * page) && !isReadable(start + 4 * page), "and is gone")
    expect(load(start + 2 * page) == 2 && load(start + 5 * page) == 5, "while its neighbours stay")
    expect(unmap(start + 2 * page, 4) == 0, "a range with a hole unmaps")
    expect(unmap(start + 2 * page, 4) == 0, "and again, with nothing there")
    expect(map(start + 3 * page, 1, rw, MAP_FIXED_NOREPLACE) == start + 3 * page, "the hole can be filled")
    expect(load(start + 3 * page) == 0, "with a zero page")
    expect(load(start + page) == 1 && load(start + 7 * page) == 7, "and the ends are as they were")
    expect(unsafe systemCall(.munmap, start, 1) == 0, "a length is rounded up to a page")
    expect(!isReadable(start) && isReadable(start + page), "and to no more")
    _ = unmap(start, 8)
}

func testProtection() {
    let start = map(0, 6)
    for index in 0..<UInt(6) { store(start + index * page, UInt8(index + 1)) }
    expect(protect(start + page, 2, PROT_READ) == 0, "a part can be made read-only")
    expect(load(start + page) == 2 && !isWritable(start + page), "it keeps its data and takes no more")
    expect(isWritable(start) && isWritable(start + 3 * page), "its neighbours still do")
    expect(protect(start + 2 * page, 2, PROT_NONE) == 0, "and another part unreachable")
    expect(!isReadable(start + 2 * page) && !isReadable(start + 3 * page), "so it is")
    expect(protect(start, 6, rw) == 0, "all can be made writable again, over several kinds at once")
    expect((0..<UInt(6)).allSatisfy { load(start + $0 * page) == UInt8($0 + 1) }, "with the data as it was")

    _ = unmap(start + 4 * page, 1)
    expect(failed(protect(start, 6, PROT_READ), .noMemory), "over a hole it says ENOMEM")
    expectOfAKernel(!isWritable(start), "having changed what comes before the hole, as Linux does")
    _ = unmap(start, 6)

    let untouched = map(0, 2, PROT_NONE)
    expect(!isReadable(untouched), "PROT_NONE memory is unreachable")
    expect(protect(untouched, 2, rw) == 0 && isZero(untouched, 2), "and zero when it is made reachable")
    store(untouched, 9)
    expect(load(untouched) == 9, "and holds data")
    _ = unmap(untouched, 2)

    let readOnly = map(0, 1, PROT_READ)
    expect(load(readOnly) == 0, "a read-only page reads as zero")
    expect(protect(readOnly, 1, rw) == 0, "once read it can be made writable")
    store(readOnly, 3)
    let other = map(0, 1, PROT_READ)
    expect(load(readOnly) == 3 && load(other) == 0, "and is then a page of its own")
    _ = unmap(readOnly, 1)
    _ = unmap(other, 1)
}

func testHeap() {
    let start = moveBreak(0)
    expect(moveBreak(start + 5 * page) == start + 5 * page, "brk grows")
    expect(isZero(start, 5), "by zero pages")
    store(start + 4 * page, 1)
    expect(moveBreak(start + page + 1) == start + page + 1, "brk shrinks to any byte")
    expectOfAKernel(isReadable(start + page) && !isReadable(start + 2 * page), "and gives up the pages beyond")
    expect(moveBreak(start + 5 * page) == start + 5 * page && load(start + 4 * page) == 0, "which come back as zero")
    expect(moveBreak(0) == start + 5 * page, "brk(0) tells")
    expect(moveBreak(1) == start + 5 * page, "a break before the heap changes nothing")
    expect(moveBreak(.max) == start + 5 * page, "nor does one beyond all memory")
    let obstacle = map(start + 8 * page, 1, rw, MAP_FIXED_NOREPLACE)
    if obstacle == start + 8 * page {
        expect(moveBreak(start + 20 * page) == start + 5 * page, "the heap does not grow into a mapping")
        _ = unmap(obstacle, 1)
    }
    expect(moveBreak(start) == start, "and the heap can be given up whole")
}

func testErrors() {
    let length = UInt(bitPattern: -4096)
    expect(failed(map(0, 0), .invalidArgument), "mmap of nothing is EINVAL")
    expect(failed(unsafe systemCall(.mmap, 0, .max, 3, 0x22, .max, 0), .noMemory), "of everything ENOMEM")
    expect(failed(unsafe systemCall(.mmap, 0, length, 3, 0x22, .max, 0), .noMemory), "of nearly everything too")
    expect(failed(unsafe systemCall(.mmap, 0, 1 << 48, 3, 0x22, .max, 0), .noMemory), "and of too much")
    expect(failed(unsafe systemCall(.mmap, 0, page, 3, 0x20, .max, 0), .invalidArgument), "a type is required")
    expect(failed(unsafe systemCall(.mmap, 0, page, 3, 0x02, 99, 0), .badFileDescriptor), "a file must be open")
    expect(failed(unsafe systemCall(.mmap, 0, page, 3, 0x22, .max, 1), .invalidArgument), "offsets are whole pages")
    expect(failed(unsafe systemCall(.munmap, first + 1, page), .invalidArgument), "munmap wants an aligned address")
    expect(failed(unsafe systemCall(.munmap, first, 0), .invalidArgument), "and a length")
    expect(failed(unsafe systemCall(.munmap, length, 2 * page), .invalidArgument), "within the address space")
    expect(failed(unsafe systemCall(.mprotect, first + 1, page, 1), .invalidArgument), "mprotect likewise")
    expectOfAKernel(unsafe systemCall(.mprotect, first, 0, 1) == 0, "but nothing is no error to it")
    expect(failed(unsafe systemCall(.mprotect, first, length, 1), .noMemory), "and too much is ENOMEM")
    expect(failed(unsafe systemCall(.mprotect, first, page, 0x1000), .invalidArgument), "rights that do not exist")
    if Program.isOnAkuma {
        let kernel: UInt = 0x4008_0000
        expect(failed(map(kernel, 1, rw, MAP_FIXED), .noMemory), "nothing maps over the kernel")
        expect(failed(map(kernel, 1, rw, MAP_FIXED_NOREPLACE), .noMemory), "in either way")
        expect(failed(map(0, 1, rw, MAP_FIXED), .notPermitted), "nor at null")
        let hinted = map(kernel, 1)
        expect(hinted >= 0x1000_0000 && hinted < 0x3FFF_0000, "a hint there is only a hint")
        _ = unmap(hinted, 1)
    }
}

func testHighRegion() {
    let pages: UInt = (128 << 30) / page
    let start = map(0, pages, PROT_NONE, MAP_NORESERVE)
    expect(!failed(start, .noMemory), "128 GiB can be reserved")
    if Program.isOnAkuma { expect(start >= 0x80_0000_0000, "in the high region") }
    let middle = start + pages / 2 * page
    expect(protect(middle, 1, rw) == 0, "a page in it can be made reachable")
    store(middle, 5)
    expect(load(middle) == 5 && !isReadable(middle + page) && !isReadable(middle - page), "and only that page is")
    expect(unmap(start, pages) == 0, "and all of it is given back")
    expect(!isReadable(middle), "and gone")
}

func testReuse() {
    let start = map(0, 1)
    _ = unmap(start, 1)
    var isSame = true
    for _ in 0..<2_000 {
        let again = map(0, 1)
        isSame = isSame && again == start
        store(again, 1)
        _ = unmap(again, 1)
    }
    if Program.isOnAkuma { expect(isSame, "map and unmap in a loop reuse one address") }
    for _ in 0..<64 {
        let large = map(0, 4096)
        expect(!failed(large, .noMemory), "addresses do not run out")
        for index in 0..<UInt(64) { store(large + index * 64 * page, 1) }
        _ = unmap(large, 4096)
    }
}

// MARK: Crimes

let crimes = [
    "write-read-only", "read-none", "read-unmapped", "execute-data", "write-after-protect", "read-behind-heap",
    "read-middle-hole",
]

func testCrimes() {
    for crime in crimes {
        let status = (try? spawnSelf([crime])).flatMap { try? wait(for: $0) }
        expect(status?.signal == .segmentationFault, "\(crime) ends by SIGSEGV")
    }
}

func commit(_ crime: String) -> Never {
    let start = map(0, 3)
    store(start, 1)
    switch crime {
    case "write-read-only": store(map(0, 1, PROT_READ), 1)
    case "read-none": _ = load(map(0, 1, PROT_NONE))
    case "read-unmapped":
        _ = unmap(start, 3)
        _ = load(start)
    case "execute-data": unsafe RawAccess.execute(start)
    case "write-after-protect":
        _ = protect(start, 1, PROT_READ)
        store(start, 2)
    case "read-behind-heap": _ = load((moveBreak(0) + 2 * page) & ~(page - 1))
    default:
        _ = unmap(start + page, 1)
        _ = load(start + page)
    }
    exit(99)
}
