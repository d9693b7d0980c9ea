// Forbidden accesses. Each is made by a child of the tour, which is this program again, and dies of it.

import libakuma

/// Lets a child make a forbidden access, and shows how it ended.
func crime(_ name: String, _ description: String) {
    do throws(Errno) {
        let status = try wait(for: try spawnSelf([name]))
        if let signal = status.signal {
            show(description, "ended by \(signal)", asPromised: signal == .segmentationFault)
        } else {
            show(description, "ended by itself, with status \(status.shellStatus)", asPromised: false)
        }
    } catch {
        show(description, "not tried: \(error)", asPromised: false)
    }
}

/// The child's part: returns only from an access that should have ended it.
func commit(_ name: String) -> Never {
    switch name {
    case "read-null": load(0)
    case "read-near-null": load(0xFFF8)
    case "write-text": store(Landmarks.text)
    case "write-rodata": store(Landmarks.rodata)
    case "execute-data": execute(Landmarks.data)
    case "read-above-stack": load(0x3FFF_F000)
    case "read-beyond-heap": load(unsafe UInt(bitPattern: sbrk(0)) + 0x1_0000)
    case "write-read-only":
        let page = unsafe mmap(0, 4096, PROT_READ, MAP_ANONYMOUS)
        store(UInt(bitPattern: page))
    case "read-unmapped":
        let page = unsafe mmap(0, 4096, PROT_READ, MAP_ANONYMOUS)
        unsafe munmap(page, 4096)
        load(UInt(bitPattern: page))
    case "touch-guard": load(unsafe UInt(bitPattern: mmap(0, 4096, PROT_NONE, MAP_ANONYMOUS)))
    case "read-kernel": load(0x4008_0000)
    case "write-kernel": store(0x4008_0000)
    case "execute-kernel": execute(0x4008_0000)
    case "read-device": load(0xFFFF_0000_0900_0000)
    default: break
    }
    exit(99)
}

private func load(_ address: UInt) { printError("loaded \(unsafe RawAccess.load(address))") }

private func store(_ address: UInt) {
    unsafe RawAccess.store(address, 1)
    printError("stored")
}

private func execute(_ address: UInt) {
    unsafe RawAccess.execute(address)
    printError("executed")
}
