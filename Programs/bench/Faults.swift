import libakuma

// First touches of memory, by a page.

private let pages = 2048

func measureFaults() {
    unsafe measure("pf_anon_write_seq_per_page", operations: pages, on: pages) { unsafe write($0, pages) }
    unsafe measure("pf_anon_write_rand_per_page", operations: pages, on: pages) { memory in
        var index = 1
        for _ in 0..<pages {  // a full period: each page once
            index = (index &* 1_229 &+ 577) & (pages - 1)
            unsafe memory.storeBytes(of: 1, toByteOffset: index * page, as: UInt8.self)
        }
    }
    unsafe measure("pf_zero_read_per_page", operations: pages, on: pages) { unsafe read($0, pages) }
    unsafe measure(
        "pf_cow_write_after_read_per_page", operations: pages, on: pages, prepare: { unsafe read($0, pages) },
        { unsafe write($0, pages) })
    unsafe measure(
        "touch_mapped_per_page", operations: pages, on: pages, prepare: { unsafe write($0, pages) },
        { unsafe write($0, pages) })
    unsafe measure(
        "pf_shared_anon_write_per_page", operations: pages, on: pages, flags: MAP_SHARED | MAP_ANONYMOUS
    ) { unsafe write($0, pages) }
}

func measureFiles() {
    do throws(Errno) {
        let file = try FileDescriptor.open(Program.path)
        let buffer = unsafe map(1)
        measure("read_file_4k", operations: 500) {
            for index in 0..<500 {
                unsafe systemCall(
                    .pread64, UInt(argument: file.rawValue), UInt(bitPattern: buffer), UInt(page),
                    UInt(index % 64 * page))
            }
        }
        unsafe munmap(buffer, page)
        try file.close()
    } catch {
        skip("read_file_4k", error)
    }
    do throws(Errno) {
        let file = try memfd_create("bench")
        let content = [UInt8](repeating: 7, count: page)
        for _ in 0..<pages { try file.writeAll(content) }
        unsafe measure(
            "pf_file_private_read_per_page", operations: pages, on: pages, flags: MAP_PRIVATE, file: file
        ) { unsafe read($0, pages) }
        unsafe measure(
            "pf_file_private_cow_per_page", operations: pages, on: pages, flags: MAP_PRIVATE, file: file
        ) { unsafe write($0, pages) }
        unsafe measure(
            "pf_file_shared_write_per_page", operations: pages, on: pages, flags: MAP_SHARED, file: file
        ) { unsafe write($0, pages) }
        try file.close()
    } catch {
        for name in ["pf_file_private_read", "pf_file_private_cow", "pf_file_shared_write"] {
            skip(name + "_per_page", error)
        }
    }
}
