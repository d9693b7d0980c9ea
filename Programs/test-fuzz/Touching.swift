import libakuma

// Accesses that may be refused: a handler for the signals makes the program go on after the instruction.

/// A touch is under way: what it raises is expected.
private var isTouching = false
private var isExecuting = false
/// Whether the last touch was refused.
private var wasRefused = false

/// Has the signals of bad accesses handled, and that of a pipe without readers ignored.
func installHandlers() {
    var action = SignalAction()
    let handler: @convention(c) (Int32, UInt, UInt) -> Void = handleBadAccess
    action.handler = UInt64(UInt(bitPattern: unsafe unsafeBitCast(handler, to: UnsafeRawPointer.self)))
    action.flags = 4  // SA_SIGINFO
    for signal in [Signal.segmentationFault, .busError, .illegalInstruction] {
        _ = unsafe withUnsafePointer(to: action) { action in
            unsafe systemCall(.rtSigaction, UInt(signal.rawValue), UInt(bitPattern: action), 0, 8)
        }
    }
    action.handler = 1
    _ = unsafe withUnsafePointer(to: action) { action in
        unsafe systemCall(.rtSigaction, UInt(Signal.brokenPipe.rawValue), UInt(bitPattern: action), 0, 8)
    }
}

private func handleBadAccess(_ signal: Int32, _ information: UInt, _ context: UInt) {
    // The frame begins with the information.
    guard let frame = unsafe UnsafeMutablePointer<SignalFrame>(bitPattern: information) else { return }
    guard isTouching else {
        let place = unsafe frame.pointee.context.programCounter
        let address = unsafe frame.pointee.information.value
        printError(
            "not so: signal \(signal) in the fuzzer itself, at \(UInt(place).hexadecimal()) for \(UInt(address).hexadecimal())")
        exit(70)
    }
    wasRefused = true
    if isExecuting {
        unsafe frame.pointee.context.programCounter = frame.pointee.context.registers[30]
    } else {
        unsafe frame.pointee.context.programCounter += 4
    }
}

/// Loads a byte, if that is permitted.
@inline(never) func load(_ address: UInt) -> Bool {
    (isTouching, wasRefused) = (true, false)
    unsafe RawAccess.load(address)
    isTouching = false
    return !wasRefused
}

/// Stores a byte, if that is permitted.
@inline(never) func store(_ address: UInt, _ value: UInt8) -> Bool {
    (isTouching, wasRefused) = (true, false)
    unsafe RawAccess.store(address, value)
    isTouching = false
    return !wasRefused
}

/// Calls what is there, if that is permitted. Memory holds zeroes and `ret` for the most part; where the word is another,
/// it is left alone.
@inline(never) func execute(_ address: UInt) -> Bool {
    let address = address & ~3
    (isTouching, wasRefused) = (true, false)
    var word: UInt32 = 0
    for offset: UInt in 0..<4 { word |= UInt32(unsafe RawAccess.load(address + offset)) << UInt32(8 * offset) }
    isTouching = false
    guard !wasRefused, word == 0 || word == 0xD65F_03C0 else { return false }
    (isTouching, isExecuting, wasRefused) = (true, true, false)
    unsafe RawAccess.execute(address)
    (isTouching, isExecuting) = (false, false)
    return !wasRefused
}

/// Stores `ret`, byte by byte.
@inline(never) func storeReturn(_ address: UInt) -> Bool {
    let address = address & ~3
    return store(address, 0xC0) && store(address + 1, 0x03) && store(address + 2, 0x5F) && store(address + 3, 0xD6)
}
