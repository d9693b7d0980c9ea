import libakuma

let page = 4096

/// Prints a figure: instructions of one operation.
func report(_ name: String, _ figure: UInt64) { print("\(name) \(figure)") }

/// What of `operations` one took, of the median of samples in ticks of the timer: in nanoseconds, which are instructions.
func figure(_ samples: [UInt64], operations: Int) -> UInt64 {
    let nanoseconds = samples.sorted()[samples.count / 2] * 1_000_000_000 / Timer.frequency
    return (nanoseconds + UInt64(operations / 2)) / UInt64(operations)
}

/// Prints the median time of one of `operations` that `body` carries out.
func measure(_ name: String, operations: Int, _ body: () -> Void) {
    body()
    var samples: [UInt64] = []
    for _ in 0..<11 { samples.append(ticks(body)) }
    report(name, figure(samples, operations: operations))
}

/// How many ticks of the timer `body` takes.
func ticks(_ body: () -> Void) -> UInt64 {
    let start = Timer.count
    body()
    return Timer.count - start
}

/// Like `measure`, of what happens between a preparation and a cleaning up that are not measured.
func measure(
    _ name: String, operations: Int, on pages: Int, flags: MapFlags = MAP_ANONYMOUS, file: FileDescriptor? = nil,
    prepare: (UnsafeMutableRawPointer) -> Void = { _ in }, _ body: (UnsafeMutableRawPointer) -> Void
) {
    var samples: [UInt64] = []
    for _ in 0..<11 {
        let memory = unsafe mmap(0, pages * page, PROT_READ | PROT_WRITE, flags, file?.rawValue ?? -1)
        if unsafe memory == MAP_FAILED {
            skip(name, errno)
            return
        }
        unsafe prepare(memory)
        samples.append(ticks { unsafe body(memory) })
        unsafe munmap(memory, pages * page)
    }
    report(name, figure(samples, operations: operations))
}

/// Says that a figure is not there because the kernel refused a call.
func skip(_ name: String, _ error: Errno) { printError("bench: \(name) is not measured: \(error)") }

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

/// What was read, so that no read is dropped.
nonisolated(unsafe) var sum: UInt64 = 0

func read(_ memory: UnsafeMutableRawPointer, _ pages: Int) {
    for index in 0..<pages { unsafe sum &+= UInt64(memory.load(fromByteOffset: index * page, as: UInt8.self)) }
}
