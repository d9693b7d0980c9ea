import ProgramTesting
import libakuma

// MARK: Children

/// A child that waits until it is released, with the memory that there was when it was made.
private(set) var heldChild: UInt = 0
private var pipe: UInt = 0

func holdChild() {
    unsafe systemCall(.pipe2, wordsAddress, 0)
    let (readEnd, writeEnd) = unsafe (words[0] & 0xFFFF_FFFF, words[0] >> 32)
    let result = unsafe systemCall(.clone, UInt(Signal.child.rawValue))
    if result == 0 {
        unsafe systemCall(.close, writeEnd)
        unsafe systemCall(.read, readEnd, buffer, 1)
        unsafe systemCall(.exitGroup, 0)
    }
    unsafe systemCall(.close, readEnd)
    (heldChild, pipe) = (UInt(bitPattern: result), writeEnd)
    yield()
}

func releaseChild() {
    unsafe systemCall(.close, pipe)
    unsafe systemCall(.wait4, heldChild, 0, 0, 0)
}

/// Does something in a child, for what a process does once only.
func inChild(_ body: () -> Outcome) -> Outcome {
    let wasFine = isFine
    guard let child = try? fork() else {
        let outcome = body()
        exit(isFine == wasFine ? outcome.rawValue : 99)
    }
    guard let status = try? wait(for: child), let code = status.exitStatus, let outcome = Outcome(rawValue: Int32(code)) else {
        expect(false, "a child does what it is to do")
        return .done
    }
    return outcome
}

// MARK: Operations

private var handled: Int32 = 0
private let handler: @convention(c) (Int32) -> Void = { handled = $0 }

/// Has a signal handled, on the other stack if there is one.
private func setHandler(_ set: (UInt) -> Int) -> Int {
    var action = SignalAction()
    action.handler = UInt64(UInt(bitPattern: unsafe unsafeBitCast(handler, to: UnsafeRawPointer.self)))
    action.flags = 0x0800_0000  // SA_ONSTACK
    return unsafe withUnsafePointer(to: action) { set(UInt(bitPattern: $0)) }
}

private let user1 = UInt(Signal.user1.rawValue)
private let hello: StaticString = "/bin/hello\0"

let processes: [Operation] = [
    Operation(
        name: "fork", errors: [.resourceTemporarilyUnavailable],
        prepare: {
            map(ground, 4 << 30, .private | .anonymous | .noReserve)
            watch(ground + 2 << 20 - 6 * page, 12 * page)
            map(otherGround, 300 * page)
            watch(otherGround, 300 * page)
        },
        perform: {
            let result = $0.call(.clone, UInt(Signal.child.rawValue))
            if result > 0 { unsafe systemCall(.wait4, UInt(result), 0, 0, 0) }
            return Outcome(result)
        }),
    Operation(
        name: "vfork", errors: [.resourceTemporarilyUnavailable],
        perform: {
            let result = $0.vfork()
            if result > 0 { unsafe systemCall(.wait4, UInt(result), 0, 0, 0) }
            return Outcome(result)
        }),
    Operation(name: "execve") { trial in
        inChild {
            // What it prints goes nowhere.
            let file = unsafe systemCall(.memfdCreate, UInt(bitPattern: emptyName.utf8Start), 1)
            unsafe systemCall(.dup3, UInt(bitPattern: file), 1, 0)
            unsafe words[0] = UInt(bitPattern: hello.utf8Start)
            unsafe words[1] = 0
            let arguments = wordsAddress
            return Outcome(trial.call(.execve, unsafe UInt(bitPattern: hello.utf8Start), arguments, arguments + 8))
        }
    },
    Operation(name: "the first rt_sigaction") { trial in
        inChild { Outcome(setHandler { trial.call(.rtSigaction, user1, $0, 0, 8) }) }
    },
    // A signal is never refused for want of a frame: the shortage is over then.
    Operation(name: "a signal on a stack of its own", needsFrames: false) { trial in
        inChild {
            map(ground, 16 * page)
            _ = setHandler { unsafe systemCall(.rtSigaction, user1, $0, 0, 8) }
            unsafe (words[0], words[1], words[2]) = (ground, 0, 16 * page)
            unsafe systemCall(.sigaltstack, wordsAddress, 0)
            let result = trial.call(.kill, UInt(bitPattern: unsafe systemCall(.getpid)), user1)
            trial.verify(handled == Int32(user1), "runs the handler")
            return Outcome(result)
        }
    },
]
