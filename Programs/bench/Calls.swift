import libakuma

// Calls, with and without memory behind them.

func measureCalls() {
    measure("null_syscall_getppid", operations: 10_000) {
        for _ in 0..<10_000 { unsafe systemCall(.getppid) }
    }
    measure("syscall_clock_gettime", operations: 2_000) {
        for _ in 0..<2_000 { _ = now(.monotonic) }
    }
    measure("sched_yield_alone", operations: 2_000) {
        for _ in 0..<2_000 { yield() }
    }
}

func measureMapping() {
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
    unsafe measure(
        "munmap_populated_per_page", operations: 2048, on: 2048, prepare: { unsafe write($0, 2048) },
        { unsafe munmap($0, 2048 * page) })
    measureAmongMany(10_000)
}

/// A mapping that comes and goes while many others are there: neighbours differ in their rights, so none merge.
private func measureAmongMany(_ count: Int) {
    var others: [UnsafeMutableRawPointer] = unsafe []
    unsafe others.reserveCapacity(count)
    for index in 0..<count {
        unsafe others.append(mmap(0, page, index % 2 == 0 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_ANONYMOUS))
    }
    measure("mmap_munmap_1p_at_\(count)_vmas", operations: 500) {
        for _ in 0..<500 { unsafe munmap(map(1), page) }
    }
    for index in 0..<count { unsafe munmap(others[index], page) }
}

func measureProtection() {
    unsafe measure("mprotect_1p_call", operations: 500, on: 1, prepare: { unsafe write($0, 1) }) { memory in
        for _ in 0..<250 {
            unsafe mprotect(memory, page, PROT_READ)
            unsafe mprotect(memory, page, PROT_READ | PROT_WRITE)
        }
    }
    unsafe measure("mprotect_1p_toggle_pair_touch", operations: 250, on: 1, prepare: { unsafe write($0, 1) }) {
        memory in
        for _ in 0..<250 {
            unsafe mprotect(memory, page, PROT_READ)
            unsafe mprotect(memory, page, PROT_READ | PROT_WRITE)
            unsafe write(memory, 1)
        }
    }
    unsafe measure("mprotect_256p_populated_call", operations: 50, on: 256, prepare: { unsafe write($0, 256) }) {
        memory in
        for _ in 0..<25 {
            unsafe mprotect(memory, 256 * page, PROT_READ)
            unsafe mprotect(memory, 256 * page, PROT_READ | PROT_WRITE)
        }
    }
}

func measureHeap() {
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
}

func measureMoving() {
    let pages = 256
    let name = "mremap_move_256p_populated"
    // Two places, of which one is free at a time.
    let reserved = unsafe mmap(0, 2 * pages * page, PROT_NONE, MAP_ANONYMOUS)
    unsafe munmap(reserved, 2 * pages * page)
    let flags = MAP_ANONYMOUS | MAP_FIXED
    let memory = unsafe mmap(UInt(bitPattern: reserved), pages * page, PROT_READ | PROT_WRITE, flags)
    unsafe write(memory, pages)
    func move(_ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer) -> Bool {
        unsafe mremap(from, pages * page, pages * page, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to
    }
    let other = unsafe memory + pages * page
    guard unsafe move(memory, other), unsafe move(other, memory) else {
        skip(name, errno)
        unsafe munmap(memory, 2 * pages * page)
        return
    }
    measure(name, operations: 20) {
        for _ in 0..<10 {
            _ = unsafe move(memory, other)
            _ = unsafe move(other, memory)
        }
    }
    unsafe munmap(memory, pages * page)
}

func measureAdvice() {
    unsafe measure(
        "madvise_dontneed_retouch_1p", operations: 250, on: 1, prepare: { unsafe write($0, 1) },
        { memory in
            for _ in 0..<250 {
                unsafe madvise(memory, page, .dontNeed)
                unsafe write(memory, 1)
            }
        })
}
