import libakuma

// What an address is to the program, found by trying: a load, a store and a call, with a handler that notes the signal
// and steps over the instruction.

/// The last signal that an access raised, if one did.
nonisolated(unsafe) private var faultSignal: UInt8 = 0
nonisolated(unsafe) private var faultCode: Int32 = 0
nonisolated(unsafe) private var faultAddress: UInt = 0
nonisolated(unsafe) private var faultCount = 0

/// What became of an access.
struct Access {
    let value: UInt8
    let signal: UInt8
    let code: Int32
    /// The signal's address, less the address that was tried.
    let distance: Int

    var isFault: Bool { signal != 0 }

    /// The signal with its reason, and the address if it is not the one that was tried.
    var description: String {
        guard isFault else { return "ok" }
        var text: String
        switch (signal, code) {
        case (11, 1): text = "MAPERR"
        case (11, 2): text = "ACCERR"
        case (7, 2): text = "ADRERR"
        default: text = "\(Signal(rawValue: signal).description)/\(code)"
        }
        if distance != 0 { text += "@\(distance)" }
        return text
    }
}

private let handler: @convention(c) (Int32, UnsafeRawPointer, UnsafeMutableRawPointer) -> Void = {
    signal, information, context in
    let information = unsafe information.assumingMemoryBound(to: SignalInformation.self)
    faultSignal = UInt8(truncatingIfNeeded: signal)
    unsafe faultCode = information.pointee.code
    unsafe faultAddress = UInt(information.pointee.value)
    faultCount += 1
    if faultCount > 100_000 { exit(99) }
    // `struct ucontext`: the registers are at 176, see `SignalContext`.
    let registers = unsafe (context + 176).assumingMemoryBound(to: SignalContext.self)
    let isFetch = unsafe registers.pointee.programCounter == information.pointee.value
    let next = unsafe isFetch ? registers.pointee.registers[30] : registers.pointee.programCounter + 4
    unsafe registers.pointee.programCounter = next
}

/// Catches SIGSEGV and SIGBUS from now on, on a stack of their own.
func catchFaults(also flags: UInt64 = 0) {
    let size = 64 << 10
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    var stack = SignalStack()
    stack.base = UInt64(UInt(bitPattern: memory))
    stack.size = UInt64(size)
    _ = unsafe withUnsafePointer(to: &stack) { unsafe systemCall(.sigaltstack, UInt(bitPattern: $0), 0) }
    var action = SignalAction()
    action.handler = unsafe UInt64(UInt(bitPattern: unsafeBitCast(handler, to: UnsafeRawPointer.self)))
    action.flags = SignalActionFlags.information | SignalActionFlags.onStack | flags
    for signal in [Signal.segmentationFault, Signal.busError] {
        _ = unsafe withUnsafePointer(to: &action) {
            unsafe systemCall(.rtSigaction, UInt(signal.rawValue), UInt(bitPattern: $0), 0, 8)
        }
    }
}

private func trying(_ address: UInt, _ access: () -> UInt8) -> Access {
    faultSignal = 0
    let value = access()
    let signal = faultSignal
    let distance = signal == 0 ? 0 : Int(bitPattern: faultAddress &- address)
    return Access(value: value, signal: signal, code: faultCode, distance: distance)
}

func load(_ address: UInt) -> Access { trying(address) { unsafe RawAccess.load(address) } }

@discardableResult
func store(_ address: UInt, _ value: UInt8) -> Access {
    trying(address) {
        unsafe RawAccess.store(address, value)
        return value
    }
}

/// Calls what is there, which should be `ret`.
func execute(_ address: UInt) -> Access {
    trying(address) {
        _ = unsafe RawAccess.execute(address)
        return 0
    }
}

/// Writes the instruction `ret` there, and makes it what will be fetched.
func putReturn(_ address: UInt) {
    for (index, byte) in [UInt8(0xC0), 0x03, 0x5F, 0xD6].enumerated() { store(address + UInt(index), byte) }
}

/// A page in short: `.` nothing mapped, `-` no access, `!` nothing behind it, else `r` or `w` with its first byte.
func state(_ address: UInt) -> String {
    let read = load(address)
    if read.isFault {
        switch read.description {
        case "MAPERR": return "."
        case "ACCERR": return "-"
        case "ADRERR": return "!"
        case let other: return other
        }
    }
    let digits = String(read.value, radix: 16)
    return (store(address, read.value).isFault ? "r" : "w") + (digits.utf8.count < 2 ? "0" : "") + digits
}

/// Pages of the arena in short.
func states(_ first: Int, _ count: Int) -> String {
    (first..<(first + count)).map { state(at($0)) }.joined(separator: ",")
}

/// Notes what pages of the arena are.
func seePages(_ first: Int, _ count: Int, _ label: String = "pages") { see(label, states(first, count)) }

/// Writes to the first byte of each of these pages its number plus one.
func fill(_ first: Int, _ count: Int) {
    for index in first..<(first + count) { store(at(index), UInt8(truncatingIfNeeded: index - first + 1)) }
}

/// Notes the first byte of pages, without trying to write.
func seeBytes(_ label: String, _ first: Int, _ count: Int) {
    let bytes = (first..<(first + count)).map { index in
        let read = load(at(index))
        return read.isFault ? read.description : String(read.value, radix: 16)
    }
    see(label, bytes.joined(separator: ","))
}
