import libakuma

// Processes that are copies, and what writing costs afterwards.

/// Level-3 tables span 2 MiB.
private let tablePages = 512

func measureForks() {
    do throws(Errno) {
        let base = try forkExitWait()
        report("fork_exit_wait_base", base)
        let dirty = try unsafe afterWriting((64 << 20) / page) { (_) throws(Errno) in try forkExitWait() }
        report("fork_exit_wait_64MB_dirty", dirty)
        report("fork_exit_wait_64MB_dirty_minus_base", dirty - min(base, dirty))
        let pages = (16 << 20) / page
        let touching = try unsafe afterWriting(pages) { (memory) throws(Errno) in
            try forkExitWait { unsafe write(memory, pages) }
        }
        report("fork_childtouch_exit_wait_16MB", touching)
        try measureBreaking()
    } catch {
        skip("fork", error)
    }
}

/// Lends so many pages that were written.
private func afterWriting(
    _ pages: Int, _ body: (UnsafeMutableRawPointer) throws(Errno) -> UInt64
) throws(Errno) -> UInt64 {
    let memory = unsafe map(pages)
    unsafe write(memory, pages)
    defer { unsafe munmap(memory, pages * page) }
    return try unsafe body(memory)
}

/// What a child costs from its making to its end, with what it does in between.
private func forkExitWait(_ work: () -> Void = {}) throws(Errno) -> UInt64 {
    var samples: [UInt64] = []
    for _ in 0..<12 {
        let start = Timer.count
        guard let child = try fork() else {
            work()
            exit(0)
        }
        try wait(for: child)
        samples.append(Timer.count - start)
    }
    return figure(Array(samples.dropFirst()), operations: 1)
}

/// What the child pays for writing to pages that it shares with its parent: the first write below each shared table,
/// which is the child's own from then on, and apart from that the copy of each further page.
private func measureBreaking() throws(Errno) {
    let tables = 8
    let tableBytes = tablePages * page
    let memory = unsafe map((tables + 1) * tablePages)
    defer { unsafe munmap(memory, (tables + 1) * tableBytes) }
    // Whole tables, each full.
    let start = unsafe memory + (tableBytes - Int(bitPattern: memory) % tableBytes) % tableBytes
    unsafe write(start, tables * tablePages)
    var firsts: [UInt64] = []
    var copies: [UInt64] = []
    for _ in 0..<5 {
        let (readEnd, writeEnd) = try pipe()
        guard let child = try fork() else {
            let first = ticks {
                for table in 0..<tables { unsafe write(start + table * tableBytes, 1) }
            }
            let rest = ticks {
                for table in 0..<tables { unsafe write(start + table * tableBytes + page, tablePages - 1) }
            }
            try? writeEnd.writeAll("\(first) \(rest)")
            exit(0)
        }
        try wait(for: child)
        try writeEnd.close()
        let answer = String(decoding: try readEnd.readAll(), as: UTF8.self).split(separator: " ")
        try readEnd.close()
        guard answer.count == 2, let first = UInt64(answer[0]), let rest = UInt64(answer[1]) else { throw .ioError }
        firsts.append(first)
        copies.append(rest)
    }
    report("first_write_under_shared_full_table", figure(firsts, operations: tables))
    report("cow_break_child_per_page", figure(copies, operations: tables * (tablePages - 1)))
}
