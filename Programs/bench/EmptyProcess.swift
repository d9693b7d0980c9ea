import libakuma

// What the kernel spends on a process that has just begun: its tables, its kernel stack and the kernel's objects. The
// frames that are gone, less those that the program's own pages are in. Pages of its file are not its own.

/// The argument by which this program starts itself, to tell its resident pages and wait.
let waitingArgument = "wait"

func measureEmptyProcess() {
    let name = "empty_process_bytes"
    do throws(Errno) {
        _ = try costOfWaitingCopies()  // makes what the kernel and this program keep
        let cost = try costOfWaitingCopies()
        report(name, cost)
    } catch {
        skip(name, error)
    }
}

private func costOfWaitingCopies() throws(Errno) -> UInt64 {
    let count = 8
    let (holdRead, holdWrite) = try pipe()
    let (tellRead, tellWrite) = try pipe()
    var children: [ProcessID] = []
    children.reserveCapacity(count)
    let before = try Debugging.frames().free
    var resident: UInt64 = 0
    for _ in 0..<count {
        children.append(
            try spawn(
                Program.path, [waitingArgument, "\(holdWrite.rawValue)"], input: holdRead, output: tellWrite))
        // Eight bytes, little-endian; the child has nothing left to do when it has written them.
        resident += try tellRead.read(upTo: 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let after = try Debugging.frames().free
    for end in [holdRead, holdWrite, tellRead, tellWrite] { try end.close() }
    for child in children { try wait(for: child) }
    return (before - after - resident) * UInt64(page) / UInt64(count)
}

/// What the copy does: counts its own resident pages, says how many, and waits for the end of its input.
func waitAsCopy() -> Never {
    do throws(Errno) {
        guard let number = Int32(Program.arguments[2]) else { exit(64) }
        // The other end of what it waits on came with it.
        try FileDescriptor(rawValue: number).close()
        // Once for the pages that the counting itself needs, once for all.
        _ = try ownPages()
        let count = try ownPages()
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }
        _ = try ownPages()
        try FileDescriptor.standardOutput.writeAll(bytes)
        _ = try FileDescriptor.standardInput.read(upTo: 1)
        exit(0)
    } catch {
        printError("bench: \(error)")
        exit(1)
    }
}

/// How many pages of this program have a frame of their own: those that it has written. What it only read shows its file,
/// or the frame of zeroes.
private func ownPages() throws(Errno) -> UInt64 {
    let layout = try Debugging.layout()
    var count: UInt64 = 0
    for (start, end) in [
        (layout.imageStart, layout.imageEnd), (layout.heapStart, layout.heapEnd), (layout.stackStart, layout.stackEnd),
    ] {
        var address = start & ~UInt64(page - 1)
        while address < end {
            let entry = try Debugging.translation(of: UInt(address))
            let isResident = entry.state == AkumaTranslation.State.resident.rawValue
            if isResident, AkumaTranslation.Rights(rawValue: entry.rights).contains(.write) { count += 1 }
            address += UInt64(page)
        }
    }
    return count
}
