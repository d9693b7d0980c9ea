import ProgramTesting
import libakuma

private let megabyte: UInt = 1 << 20
private let gigabyte: UInt = 1 << 30
private let middle = ground + gigabyte + 8 * megabyte + 4 * page

private func flags(_ flags: MapFlags) -> UInt { UInt((flags | .fixed).rawValue) }

/// More than there is memory for: only without counting it.
private let unreserved = MapFlags.private | .anonymous | .noReserve

/// A mapping of many GiB that has two pages.
private func reserve() {
    map(ground, 4 * gigabyte, unreserved)
    watch(ground + gigabyte, 2 * page)
}

/// Pages in two tables, the first of the second one among them.
private func fill() {
    map(ground + 2 * megabyte - 6 * page, 12 * page)
    watch(ground + 2 * megabyte - 6 * page, 12 * page)
}

private func makeFile(_ pages: UInt) -> UInt {
    let file = UInt(bitPattern: unsafe systemCall(.memfdCreate, UInt(bitPattern: emptyName.utf8Start), 0))
    unsafe systemCall(.pwrite64, file, buffer, pages * page, 0)
    return file
}

let emptyName: StaticString = "\0"

let mappings: [Operation] = [
    Operation(name: "mmap of private memory") {
        Outcome($0.call(.mmap, ground, 4 * page, 3, flags(.private | .anonymous), .max, 0))
    },
    Operation(name: "mmap of shared memory") {
        Outcome($0.call(.mmap, ground, 4 * page, 3, flags(.shared | .anonymous), .max, 0))
    },
    Operation(name: "mmap of a file") {
        Outcome($0.call(.mmap, ground, 4 * page, 3, flags(.shared), makeFile(4), 0))
    },
    Operation(name: "mmap of a private file") {
        Outcome($0.call(.mmap, ground, 4 * page, 3, flags(.private), makeFile(4), 0))
    },
    // The tables are there.
    Operation(name: "mmap over a mapping", needsFrames: false, prepare: fill) {
        Outcome($0.call(.mmap, ground, 2 * megabyte - 2 * page, 1, flags(.private | .anonymous), .max, 0))
    },
    Operation(name: "mmap over the middle of a reservation", prepare: reserve) {
        Outcome($0.call(.mmap, middle, page, 1, flags(.private | .anonymous), .max, 0))
    },
    Operation(name: "mmap of shared memory over pages", needsFrames: false, prepare: fill) {
        Outcome($0.call(.mmap, ground + 2 * megabyte - 4 * page, 8 * page, 3, flags(.shared | .anonymous), .max, 0))
    },
    Operation(name: "mmap, populated") {
        Outcome(
            $0.call(.mmap, ground, 12 * page, 3, flags(.private | .anonymous | .populate), .max, 0),
            populated: ground, 12 * page)
    },
    Operation(name: "mmap of shared memory, populated") {
        Outcome(
            $0.call(.mmap, ground, 12 * page, 3, flags(.shared | .anonymous | .populate), .max, 0),
            populated: ground, 12 * page)
    },
    Operation(name: "mmap, locked") {
        Outcome(
            $0.call(.mmap, ground, 12 * page, 3, flags(.private | .anonymous | .locked), .max, 0),
            populated: ground, 12 * page)
    },
    Operation(name: "mmap wherever there is room") {
        let length = 1 << 40 + page
        let result = $0.call(.mmap, 0, length, 3, UInt(unreserved.rawValue), .max, 0)
        if Errno(result: result) == nil { unsafe systemCall(.munmap, UInt(result), length) }
        return Outcome(result)
    },
    Operation(name: "mmap of memory that grows down") {
        Outcome($0.call(.mmap, ground + gigabyte, 4 * page, 3, flags(.private | .anonymous | .growsDown), .max, 0))
    },
    Operation(name: "munmap of the middle of a reservation", prepare: reserve) {
        Outcome($0.call(.munmap, middle, page))
    },
    // Whole tables need no frame.
    Operation(name: "munmap of pages", needsFrames: false, prepare: fill) {
        Outcome($0.call(.munmap, ground, 3 * megabyte))
    },
    Operation(name: "mprotect of the middle of a reservation", prepare: reserve) {
        Outcome($0.call(.mprotect, middle, 3 * page, 1))
    },
    Operation(name: "mprotect across two tables of a reservation", prepare: reserve) {
        Outcome($0.call(.mprotect, middle, 3 * megabyte, 1))
    },
    Operation(
        name: "mremap that grows",
        prepare: {
            map(ground, 2 * page)
            watch(ground, 2 * page)
        },
        perform: { Outcome($0.call(.mremap, ground, 2 * page, 3 * megabyte, 0)) }),
    Operation(
        name: "mremap that grows and moves",
        prepare: {
            map(ground, 3 * page)
            watch(ground, 3 * page)
        },
        perform: {
            let result = $0.call(.mremap, ground, 2 * page, 3 * megabyte, 1)
            if Errno(result: result) == nil {
                $0.verify(holdsMarks(UInt(result), 2 * page, of: ground), "moves the pages")
                unsafe systemCall(.munmap, UInt(result), 3 * megabyte)
            }
            return Outcome(result)
        }),
    Operation(name: "mremap to a fixed place", prepare: fill) {
        let start = ground + 2 * megabyte - 6 * page
        let result = $0.call(.mremap, start, 12 * page, 12 * page, 3, otherGround + 2 * megabyte - 3 * page)
        if Errno(result: result) == nil {
            $0.verify(holdsMarks(UInt(result), 12 * page, of: start), "moves the pages")
        }
        return Outcome(result)
    },
    Operation(
        name: "mremap over a mapping",
        prepare: {
            fill()
            map(otherGround, 2 * gigabyte, unreserved)
            watch(otherGround + gigabyte, page)
        },
        perform: {
            Outcome(
                $0.call(.mremap, ground + 2 * megabyte - 6 * page, 12 * page, 12 * page, 3, otherGround + 3 * megabyte))
        }),
    Operation(name: "mremap of a reservation's middle", prepare: reserve) {
        Outcome($0.call(.mremap, middle, 2 * page, 2 * page, 3, otherGround))
    },
    Operation(name: "mremap that unmaps nothing", prepare: fill) {
        let start = ground + 2 * megabyte - 6 * page
        return Outcome($0.call(.mremap, start, 12 * page, 12 * page, 7, otherGround))
    },
    Operation(
        name: "mremap of shared memory that grows",
        prepare: {
            map(ground, 2 * page, .shared | .anonymous)
            watch(ground, 2 * page)
        },
        perform: { Outcome($0.call(.mremap, ground, 2 * page, 3 * megabyte, 0)) }),
    Operation(
        name: "remap_file_pages",
        prepare: {
            map(ground, 4 * gigabyte, .shared | .anonymous | .noReserve)
            watch(ground + gigabyte, page)
        },
        perform: { Outcome($0.call(.remapFilePages, middle, page, 0, 7, 0)) }),
    Operation(
        name: "brk",
        perform: {
            let end = UInt(bitPattern: unsafe systemCall(.brk, 0))
            let wanted = end + 5 * megabyte
            let result = $0.call(.brk, wanted)
            unsafe systemCall(.brk, end)
            return UInt(bitPattern: result) == wanted ? .done : .failed
        }),
    Operation(name: "MADV_DONTNEED in a reservation", prepare: reserve) {
        Outcome($0.call(.madvise, middle, 3 * page, 4))
    },
    Operation(name: "MADV_GUARD_INSTALL", prepare: reserve) {
        Outcome($0.call(.madvise, middle, 3 * page, 102))
    },
    // What splits a mapping is EAGAIN (mm/madvise.c, madvise_vma_behavior).
    Operation(name: "MADV_DONTFORK", errors: [.resourceTemporarilyUnavailable], prepare: reserve) {
        Outcome($0.call(.madvise, middle, 3 * page, 10))
    },
    Operation(name: "MADV_WIPEONFORK", errors: [.resourceTemporarilyUnavailable], prepare: reserve) {
        Outcome($0.call(.madvise, middle, 3 * page, 18))
    },
    Operation(
        name: "MADV_REMOVE", needsFrames: false,
        prepare: {
            map(ground, 4 * page, .shared | .anonymous)
            for index: UInt in 0..<4 { unsafe RawAccess.store(ground + index * page, 1) }
        },
        perform: { Outcome($0.call(.madvise, ground + page, 2 * page, 9)) }),
    // What was populated stays (mm/madvise.c, madvise_populate).
    Operation(name: "MADV_POPULATE_WRITE", prepare: reserve) {
        Outcome($0.call(.madvise, middle, 12 * page, 23))
    },
    Operation(name: "MADV_POPULATE_READ", prepare: reserve) {
        Outcome($0.call(.madvise, middle, 3 * megabyte, 22))
    },
    // The pages are locked then, those that are there resident (mm/mlock.c, do_mlock).
    Operation(name: "mlock", errors: [.resourceTemporarilyUnavailable], isDoneInPart: true, prepare: reserve) {
        Outcome($0.call(.mlock, middle, 12 * page))
    },
    Operation(name: "mlock2 with MLOCK_ONFAULT", prepare: reserve) {
        Outcome($0.call(.mlock2, middle, 12 * page, 1))
    },
    Operation(
        name: "mlockall", prepare: { map(ground, 12 * page) },
        perform: {
            let result = $0.call(.mlockall, 1)
            unsafe systemCall(.munlockall)
            return Outcome(result, populated: ground, 12 * page)
        }),
    // What is sealed stays until its process ends.
    Operation(
        name: "mseal", prepare: { map(ground, 4 * gigabyte, unreserved) },
        perform: { trial in inChild { Outcome(trial.call(.mseal, middle, page, 0)) } }),
    Operation(
        name: "PR_SET_VMA_ANON_NAME", errors: [.resourceTemporarilyUnavailable], prepare: reserve,
        perform: { Outcome($0.call(.prctl, 0x5356_4D41, 0, middle, page, unsafe UInt(bitPattern: name.utf8Start))) }),
]

private let name: StaticString = "a name\0"

// MARK: Tables that a child shares

/// Enough pages that a child shares their tables instead of having its own.
private func share() {
    map(ground + megabyte, 2 * megabyte)
    watch(ground + megabyte, 2 * megabyte)
    holdChild()
}

private let shared = ground + 2 * megabyte - 3 * page

let unsharing: [Operation] = [
    Operation(
        name: "munmap in a shared table", prepare: share,
        perform: { Outcome($0.call(.munmap, shared, page)) }, undo: releaseChild),
    Operation(
        name: "mprotect in a shared table", prepare: share,
        perform: { Outcome($0.call(.mprotect, shared, 5 * page, 1)) }, undo: releaseChild),
    Operation(
        name: "mmap in a shared table", prepare: share,
        perform: { Outcome($0.call(.mmap, shared, 5 * page, 3, flags(.private | .anonymous), .max, 0)) },
        undo: releaseChild),
    Operation(
        name: "mremap out of a shared table", prepare: share,
        perform: { Outcome($0.call(.mremap, shared, 5 * page, 5 * page, 3, otherGround)) }, undo: releaseChild),
    Operation(
        name: "MADV_DONTNEED in a shared table", prepare: share,
        perform: { Outcome($0.call(.madvise, shared, 5 * page, 4)) }, undo: releaseChild),
    Operation(
        name: "MADV_GUARD_INSTALL in a shared table", prepare: share,
        perform: { Outcome($0.call(.madvise, shared, 5 * page, 102)) }, undo: releaseChild),
    Operation(
        name: "mlock in a shared table", errors: [.resourceTemporarilyUnavailable], isDoneInPart: true, prepare: share,
        perform: { Outcome($0.call(.mlock, shared, 5 * page)) }, undo: releaseChild),
    // A store is never refused for want of a frame: the shortage is over then.
    Operation(
        name: "a store to a shared page", needsFrames: false, prepare: share,
        perform: {
            let result = $0.call(.getpid)
            unsafe Debugging.call(SystemCallNumber.getpid.rawValue, with: $0.shortage)
            unsafe RawAccess.store(shared, 7)
            $0.verify(unsafe RawAccess.load(shared) == 7, "stores")
            return Outcome(result)
        }, undo: releaseChild),
    // No page could be had to write to (mm/process_vm_access.c, process_vm_rw_single_vec).
    Operation(
        name: "process_vm_writev", errors: [.badAddress],
        prepare: {
            map(otherGround, 4 * gigabyte, unreserved)
            share()
        }, perform: { moveBytes(.processVmWritev, $0) }, undo: releaseChild),
    Operation(
        name: "process_vm_readv", errors: [.badAddress],
        prepare: {
            map(otherGround, 4 * gigabyte, unreserved)
            share()
        }, perform: { moveBytes(.processVmReadv, $0) }, undo: releaseChild),
]

/// Moves 5 pages to or from the child, 3 of which it shares and 2 it never touched.
private func moveBytes(_ number: SystemCallNumber, _ trial: Trial) -> Outcome {
    unsafe words[0] = buffer
    unsafe words[1] = 5 * page
    unsafe words[2] = otherGround + gigabyte
    unsafe words[3] = 2 * page
    unsafe words[4] = shared
    unsafe words[5] = 3 * page
    let address = wordsAddress
    return Outcome(trial.call(number, heldChild, address, 1, address + 16, 2, 0), of: 5 * page)
}
