import ProgramTesting
import libakuma

/// How an operation ended that was short of frames.
enum Outcome: Int32 {
    case done = 0
    /// It failed, and nothing is different.
    case failed = 1
    /// It succeeded in part, as Linux documents for the call.
    case partial = 2
}

/// Something that needs frames.
struct Operation {
    let name: StaticString
    /// What the call may fail with besides ENOMEM.
    var errors: [Errno] = []
    /// Whether a call that fails may have changed mappings, as Linux documents for it.
    var isDoneInPart = false
    /// Whether it can fail for want of a frame.
    var needsFrames = true
    /// Makes what the operation works on. `cleanUp` takes it back.
    var prepare: () -> Void = {}
    /// Makes the calls; `Trial.call` makes the one that is short of frames.
    let perform: (Trial) -> Outcome
    /// Takes back what `cleanUp` doesn't.
    var undo: () -> Void = {}
}

/// One shortage that an operation is tried with.
struct Trial {
    let operation: Operation
    let shortage: AkumaShortage

    /// Makes a call while it is short of frames. Where it fails, everything must be as before.
    func call(
        _ number: SystemCallNumber, _ a0: UInt = 0, _ a1: UInt = 0, _ a2: UInt = 0, _ a3: UInt = 0, _ a4: UInt = 0,
        _ a5: UInt = 0
    ) -> Int {
        judged(number, a0) {
            let result = unsafe Debugging.call(number.rawValue, with: shortage, a0, a1, a2, a3, a4, a5)
            // A child has nothing to look after.
            if number == .clone && result == 0 { unsafe systemCall(.exitGroup, 0) }
            return result
        }
    }

    /// Makes a child on this program's memory while it is short of frames, which ends at once (`vfork`).
    func vfork() -> Int {
        judged(.clone, 0) { ProgramTesting.vfork(with: shortage) }
    }

    private func judged(_ number: SystemCallNumber, _ a0: UInt, _ call: () -> Int) -> Int {
        let before = State(slot: 0)
        let result = call()
        unsafe Debugging.call(SystemCallNumber.getpid.rawValue, with: .over)
        // brk says where the break is.
        let hasFailed = number == .brk ? UInt(bitPattern: result) != a0 : Errno(result: result) != nil
        if hasFailed { judge(number == .brk ? -12 : result, before) }
        checkEverything()
        return result
    }

    private func judge(_ result: Int, _ before: State) {
        guard let error = Errno(result: result) else { return }
        verify(error == .noMemory || operation.errors.contains(error), "fails with ENOMEM, not \(error.rawValue)")
        if operation.isDoneInPart { return }
        if let difference = State(slot: 1).difference(from: before) {
            verify(false, "changes nothing, but \(difference)")
        }
    }

    private func checkEverything() {
        let violations = (try? Debugging.check(.everything)) ?? -1
        verify(violations == 0, "leaves the kernel's books in order: \(violations) violations")
    }

    func verify(_ condition: Bool, _ sentence: @autoclosure () -> String) {
        expect(
            condition,
            "\(operation.name) with \(shortage.frames) frames\(shortage.contains(.once) ? ", once," : "") \(sentence())")
    }
}

extension Outcome {
    /// Of a call that does all or nothing.
    init(_ result: Int) { self = Errno(result: result) == nil ? .done : .failed }

    /// Of a call that says how much it did.
    init(_ result: Int, of whole: UInt) {
        if Errno(result: result) != nil {
            self = .failed
        } else {
            self = UInt(result) == whole ? .done : .partial
        }
    }

    /// Of a call that tells nobody which of the pages it could not make resident (mm/gup.c, mm_populate).
    init(_ result: Int, populated start: UInt, _ length: UInt) {
        guard Errno(result: result) == nil else {
            self = .failed
            return
        }
        let byte = buffer
        var isWhole = true
        for address in stride(from: start, to: start + length, by: Int(page)) {
            unsafe systemCall(.mincore, address, page, byte)
            if unsafe RawAccess.load(byte) & 1 == 0 { isWhole = false }
        }
        self = isWhole ? .done : .partial
    }
}
