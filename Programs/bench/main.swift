// What memory costs, in nanoseconds of the machine's timer per operation: under `-icount shift=0,sleep=off` one guest
// instruction is one nanosecond, so these are instructions, kernel and program side together. Each line is
// `name value`; names are those of LINUX-BASELINE.md. The median of 11 samples.
//
// `control_2000_instructions` is a loop of 1000 rounds of two instructions: if it is not about 2000, the clock does not
// count instructions.

import libakuma

let page = 4096

/// Prints the median time of one of `operations` that `body` carries out.
func measure(_ name: String, operations: Int, _ body: () -> Void) {
    body()
    var samples: [UInt64] = []
    for _ in 0..<11 {
        let start = Timer.count
        body()
        samples.append(Timer.count - start)
    }
    samples.sort()
    let nanoseconds = samples[5] * 1_000_000_000 / Timer.frequency
    print("\(name) \((nanoseconds + UInt64(operations / 2)) / UInt64(operations))")
}

/// Like `measure`, of what happens between a preparation and a cleaning up that are not measured.
func measure(
    _ name: String, operations: Int, on pages: Int, prepare: (UnsafeMutableRawPointer) -> Void = { _ in },
    _ body: (UnsafeMutableRawPointer) -> Void
) {
    var samples: [UInt64] = []
    for _ in 0..<11 {
        let memory = unsafe map(pages)
        unsafe prepare(memory)
        let start = Timer.count
        unsafe body(memory)
        samples.append(Timer.count - start)
        unsafe munmap(memory, pages * page)
    }
    samples.sort()
    let nanoseconds = samples[5] * 1_000_000_000 / Timer.frequency
    print("\(name) \((nanoseconds + UInt64(operations / 2)) / UInt64(operations))")
}

func map(_ pages: Int, _ flags: MapFlags = MAP_ANONYMOUS) -> UnsafeMutableRawPointer {
    let memory = unsafe mmap(0, pages * page, PROT_READ | PROT_WRITE, flags)
    if unsafe memory == MAP_FAILED {
        printError("bench: no memory: \(errno)")
        exit(1)
    }
    return unsafe memory
}

func write(_ memory: UnsafeMutableRawPointer, _ pages: Int) {
    for index in 0..<pages { unsafe memory.storeBytes(of: 1, toByteOffset: index * page, as: UInt8.self) }
}

var sum: UInt64 = 0

func read(_ memory: UnsafeMutableRawPointer, _ pages: Int) {
    for index in 0..<pages { sum &+= unsafe UInt64(memory.load(fromByteOffset: index * page, as: UInt8.self)) }
}

measure("control_2000_instructions", operations: 1000) { Timer.spin(1_000_000) }

measure("null_syscall_getppid", operations: 10_000) {
    for _ in 0..<10_000 { unsafe systemCall(.getppid) }
}
measure("syscall_clock_gettime", operations: 2_000) {
    for _ in 0..<2_000 { _ = now(.monotonic) }
}
measure("sched_yield_alone", operations: 2_000) {
    for _ in 0..<2_000 { yield() }
}
measure("mmap_munmap_1p_untouched", operations: 1_000) {
    for _ in 0..<1_000 { unsafe munmap(map(1), page) }
}
for pages in [1, 16, 256] {
    measure("mmap_touch_munmap_\(pages)p", operations: 20) {
        for _ in 0..<20 {
            let memory = unsafe map(pages)
            unsafe write(memory, pages)
            unsafe munmap(memory, pages * page)
        }
    }
}
measure("mmap_populate_munmap_256p_per_page", operations: 10 * 256) {
    for _ in 0..<10 { unsafe munmap(map(256, MAP_ANONYMOUS | MAP_POPULATE), 256 * page) }
}

unsafe measure("pf_anon_write_seq_per_page", operations: 2048, on: 2048) { unsafe write($0, 2048) }
unsafe measure("pf_anon_write_rand_per_page", operations: 2048, on: 2048) { memory in
    var index = 1
    for _ in 0..<2048 {  // an odd factor visits each page once
        index = (index &* 1_229 &+ 577) & 2047
        unsafe memory.storeBytes(of: 1, toByteOffset: index * page, as: UInt8.self)
    }
}
unsafe measure("pf_zero_read_per_page", operations: 2048, on: 2048) { unsafe read($0, 2048) }
unsafe measure(
    "pf_cow_write_after_read_per_page", operations: 2048, on: 2048, prepare: { unsafe read($0, 2048) },
    { unsafe write($0, 2048) })
unsafe measure(
    "touch_mapped_per_page", operations: 2048, on: 2048, prepare: { unsafe write($0, 2048) },
    { unsafe write($0, 2048) })
unsafe measure(
    "munmap_populated_per_page", operations: 2048, on: 2048, prepare: { unsafe write($0, 2048) },
    { unsafe munmap($0, 2048 * page) })

unsafe measure("mprotect_1p_call", operations: 500, on: 1, prepare: { unsafe write($0, 1) }) { memory in
    for _ in 0..<250 {
        unsafe mprotect(memory, page, PROT_READ)
        unsafe mprotect(memory, page, PROT_READ | PROT_WRITE)
    }
}
unsafe measure("mprotect_1p_toggle_pair_touch", operations: 250, on: 1, prepare: { unsafe write($0, 1) }) { memory in
    for _ in 0..<250 {
        unsafe mprotect(memory, page, PROT_READ)
        unsafe mprotect(memory, page, PROT_READ | PROT_WRITE)
        unsafe write(memory, 1)
    }
}
unsafe measure("mprotect_256p_populated_call", operations: 50, on: 256, prepare: { unsafe write($0, 256) }) { memory in
    for _ in 0..<25 {
        unsafe mprotect(memory, 256 * page, PROT_READ)
        unsafe mprotect(memory, 256 * page, PROT_READ | PROT_WRITE)
    }
}

let heapStart = unsafe sbrk(0)
measure("brk_grow_shrink_1p_untouched", operations: 500) {
    for _ in 0..<500 {
        unsafe brk(heapStart + page)
        unsafe brk(heapStart)
    }
}
measure("brk_grow_touch_shrink_1p", operations: 500) {
    for _ in 0..<500 {
        unsafe brk(heapStart + page)
        unsafe write(heapStart, 1)
        unsafe brk(heapStart)
    }
}
measure("malloc_churn_16_512", operations: 64 * 10) {
    for _ in 0..<10 {
        var blocks = unsafe InlineArray<64, UnsafeMutableRawPointer?>(repeating: nil)
        for index in 0..<64 {
            unsafe blocks[index] = UnsafeMutableRawPointer.allocate(byteCount: 16 + index * 7, alignment: 16)
        }
        for index in 0..<64 { unsafe blocks[index]?.deallocate() }
    }
}
exit(sum == 0 ? 0 : 1)
