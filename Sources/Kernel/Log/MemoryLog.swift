import Machine
import MemoryModel

/// Logs what a call did to a range of a program's memory, with the entry of its first page as it now stands.
@inline(never)
func logMapping(_ call: StaticString, _ start: VirtualAddress, _ length: ByteCount) {
    let process = Process.current
    Console.log(
        """
        memory: pid \(Int(process.value.id)) \(call) \(hex: start.rawValue, digits: 8) \
        length \(hex: length.rawValue, digits: 4)
        """)
    logEntry(of: start, in: process.value.memory)
}

/// Logs the entry that decides about an address: `VA 0x… -> PA … | VALID | USER | RW`.
@inline(never)
func logEntry(of address: VirtualAddress, in space: Handle<ProgramSpace>) {
    Console.write("memory:   VA ")
    Console.write(hex: address.rawValue, digits: 8)
    Console.write(" -> ")
    guard let path = space.value.memory.translate(address) else {
        Console.log("outside what a program may map")
        return
    }
    let entry = path.last.descriptor
    switch path.state {
    case .free:
        Console.log("free")
    case .reserved:
        Console.log("reserved | entry \(hex: entry.rawValue)")
    case .reservedFile:
        Console.log("reserved, file | entry \(hex: entry.rawValue)")
    case .resident(let frame, _, let rights, _):
        Console.log(
            """
            PA \(hex: frame.address.rawValue, digits: 8) | VALID | USER | \(rights.name) | \
            entry \(hex: entry.rawValue)
            """)
    case .residentWithoutAccess(let frame, _):
        Console.log("PA \(hex: frame.address.rawValue, digits: 8) | NO ACCESS | entry \(hex: entry.rawValue)")
    case nil:
        Console.log("an entry that the memory model does not write: \(hex: entry.rawValue)")
    }
}

extension HardwareRights {
    /// What EL0 may do: `RW`, `RO`, and ` | X` where it may execute.
    fileprivate var name: StaticString {
        switch (contains(.write), contains(.execute)) {
        case (true, true): "RW | X"
        case (true, false): "RW"
        case (false, true): "RO | X"
        case (false, false): "RO"
        }
    }
}

/// Logs how a fault was resolved, with the entry as it now stands.
@inline(never)
func logFault(_ outcome: FaultOutcome, at address: VirtualAddress) {
    let process = Process.current
    let how: StaticString =
        switch outcome {
        case .spurious: "nothing to do"
        case .zeroFilled: "a frame of zeroes"
        case .sharedZero: "the shared frame of zeroes"
        case .copied: "a frame of its own"
        case .madeWritable: "made writable"
        case .objectPage: "the page of its object"
        case .pageFetched: "the page of its object, fetched from where it is kept"
        case .markedAccessed: "marked accessed"
        }
    Console.log("memory: pid \(Int(process.value.id)) fault at \(hex: address.rawValue, digits: 8): \(how)")
    logEntry(of: address.roundedDownToPage, in: process.value.memory)
}

/// Logs a program's segments as they were loaded, with the rights of their pages.
@inline(never)
func logSegments(of plan: Handle<LoadPlan>, in space: Handle<ProgramSpace>) {
    for index in plan.value.segments.indices {
        let segment = plan.value.segments[index]
        Console.log(
            """
            memory: segment \(segment.index) \(hex: segment.address.rawValue, digits: 8)-\
            \(hex: segment.end.rawValue, digits: 8) \(segment.rights.name), \(segment.file.size.rawValue) bytes of \
            \(segment.memorySize.rawValue) from the file at \(hex: segment.file.offset)
            """)
    }
    for index in plan.value.segments.indices {
        let segment = plan.value.segments[index]
        logPages(segment.filePages, segment.rights, "of the file", in: space)
        logPages(segment.zeroPages, segment.zeroRights, "of zeroes", in: space)
    }
}

private func logPages(
    _ pages: VirtualRange, _ rights: SegmentRights, _ content: StaticString, in space: Handle<ProgramSpace>
) {
    if pages.isEmpty { return }
    Console.log(
        """
        memory: pages \(hex: pages.start.rawValue, digits: 8)-\(hex: pages.end.rawValue, digits: 8) \
        \(rights.name) \(content)
        """)
    logEntry(of: pages.start, in: space)
}

extension SegmentRights {
    /// As `/proc/PID/maps` writes rights.
    fileprivate var name: StaticString {
        switch (isReadable, isWritable, isExecutable) {
        case (false, false, false): "---"
        case (true, false, false): "r--"
        case (false, true, false): "-w-"
        case (false, false, true): "--x"
        case (true, true, false): "rw-"
        case (true, false, true): "r-x"
        case (false, true, true): "-wx"
        case (true, true, true): "rwx"
        }
    }
}
