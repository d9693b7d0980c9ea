import ProgramTesting
import libakuma

/// Why a process of the fuzzer ended, as its exit status.
enum Verdict {
    static let fine: Int32 = 0
    static let wrongResult: Int32 = 71
    static let wrongError: Int32 = 72
    static let changedCanary: Int32 = 73
    static let violation: Int32 = 74
    static let badChild: Int32 = 75
}

/// Calls of a process between two checks of its memory.
private let checkInterval = 256
/// Calls of a process between two checks of everything.
private let fullCheckInterval = 1250

/// One process that makes random calls.
struct Fuzzer {
    /// What the process is called in messages: its round, and how it descends from the first process there.
    let name: UInt64
    var random: Random
    /// Whether calls are made to find no frame.
    let hasShortages: Bool
    /// Calls from this one on are printed.
    var printed: Int

    private var mappings = InlineArray<16, (start: UInt, length: UInt)>(repeating: (0, 0))
    private var nextMapping = 0
    private var children = 0
    private var youngestChild: UInt = 0
    /// The descriptor that was opened for the next call only.
    private var processDescriptor: UInt?
    private var generation: Int
    private var canary: UInt8 = 0
    /// The calls at which the kernel's books are checked next: this process's own, and those of all.
    private var nextCheck: Int
    private var nextFullCheck: Int

    /// Calls made, and how many of them succeeded.
    private(set) var made = 0
    private(set) var succeeded = 0

    init(name: UInt64, seed: UInt64, hasShortages: Bool, printed: Int, generation: Int = 0) {
        self.name = name
        random = Random(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ name &* 0xD1B5_4A32_D192_ED03)
        self.hasShortages = hasShortages
        self.printed = printed
        self.generation = generation
        // Not all processes at the same call.
        nextCheck = Int(name % 16 + 1) * checkInterval / 16
        nextFullCheck = Int(name % 16 + 1) * fullCheckInterval / 16
    }

    /// Makes so many calls, and touches memory between them.
    mutating func run(_ count: Int) {
        while made < count {
            switch Deed.next(&random) {
            case .call(let index): make(calls[index])
            case .load: _ = load(someTouchedAddress())
            case .store: _ = store(someTouchedAddress(), UInt8(truncatingIfNeeded: random.next()) & 1)
            case .execute:
                let address = someTouchedAddress()
                if random.next(below: 2) == 0 { _ = storeReturn(address) }
                _ = execute(address)
            case .fork: makeChild(count)
            }
            if made & 63 == 0 { lookAtCanaries() }
            if made & 31 == 0 { limits.restore() }
            checkNowAndThen()
        }
        end()
        limits.restore()
        lookAtCanaries()
        check(.everything)
        waitForChildren(hanging: true)
    }

    /// Ends a shortage that may still be there.
    private func end() {
        if hasShortages { unsafe Debugging.call(SystemCallNumber.getpid.rawValue, with: .over) }
    }

    private mutating func lookAtCanaries() {
        if let address = changedCanary(own: canary) {
            fail(Verdict.changedCanary, "the byte at \(address.hexadecimal()) is not as it was")
        }
        canary = UInt8(truncatingIfNeeded: random.next()) & 0x7F
        setOwnCanary(canary)
    }

    /// Has the kernel check its books while they are in use, this memory's often and all of them seldom.
    private mutating func checkNowAndThen() {
        if made >= nextFullCheck {
            nextFullCheck += fullCheckInterval
            check(.everything)
        } else if made >= nextCheck {
            nextCheck += checkInterval
            check(.addressSpace)
        }
    }

    private func check(_ what: AkumaCheck) {
        guard hasShortages else { return }
        end()
        do throws(Errno) {
            let violations = try Debugging.check(what)
            if violations != 0 {
                fail(Verdict.violation, "the kernel finds \(violations) violations of its invariants")
            }
        } catch {
            // There may be no frame to count in.
            if error != .noMemory { fail(Verdict.wrongError, "the check gave error \(error.rawValue)") }
        }
    }

    /// Says what is not so, and ends this process.
    private func fail(_ status: Int32, _ sentence: String) -> Never {
        end()
        limits.restore()
        printError("not so: seed \(seed), process \(name), call \(made): \(sentence)")
        exit(status)
    }

    // MARK: Calls

    private mutating func make(_ call: Call) {
        // The log tells of each that is not there, which takes long.
        guard call.number.treatment.isHonoured || random.next(below: 64) == 0 else { return }
        var words = InlineArray<6, UInt>(repeating: 0)
        for index in call.arguments.indices {
            words[index] = some(call.arguments[index], at: index, of: call, words)
        }
        defer { closeProcessDescriptor() }
        restrain(call, &words)
        guard !isHarmful(call, words) else { return }
        var shortage = AkumaShortage.over
        if hasShortages && random.next(below: 2) == 0 {
            let left = UInt64(random.next(below: random.next(below: 4) == 0 ? 32 : 8))
            shortage = .leaving(left)
            if random.next(below: 2) == 0 { shortage = shortage | .once }
        }
        if made >= printed { tell(call, words, shortage) }
        let result =
            if hasShortages {
                unsafe Debugging.call(
                    call.number.rawValue, with: shortage, words[0], words[1], words[2], words[3], words[4], words[5])
            } else {
                unsafe systemCall(call.number, words[0], words[1], words[2], words[3], words[4], words[5])
            }
        if made >= printed { printError("  = \(UInt(bitPattern: result).hexadecimal())") }
        made += 1
        if let error = Errno(result: result) {
            let isBuilt = call.number.treatment.isHonoured
            if !call.errors.contains(Int(error.rawValue)) && (isBuilt || error != .noFunction) {
                tell(call, words, shortage)
                fail(Verdict.wrongError, "\(call.name) gave error \(error.rawValue)")
            }
            return
        }
        succeeded += 1
        if !isRight(UInt(bitPattern: result), of: call, words) {
            tell(call, words, shortage)
            fail(Verdict.wrongResult, "\(call.name) gave \(UInt(bitPattern: result).hexadecimal())")
        }
        note(UInt(bitPattern: result), of: call, words)
    }

    private func isRight(_ result: UInt, of call: Call, _ words: InlineArray<6, UInt>) -> Bool {
        switch call.result {
        case .zero: result == 0
        // mremap to the length that was gives the address back, whatever the length (Linux mm/mremap.c).
        case .address: mayBeMapped(result, call.number == .mremap ? page : words[1])
        case .programBreak: mayBeBreak(result)
        case .count(let index): result <= words[index]
        case .descriptor: result > 2 && result < 1024
        case .anything: true
        }
    }

    /// Remembers a new mapping, whose addresses are worth trying, and gives back what becomes too much.
    private mutating func note(_ result: UInt, of call: Call, _ words: InlineArray<6, UInt>) {
        switch call.result {
        case .address:
            let length = call.number == .mremap ? words[2] : words[1]
            let old = mappings[nextMapping]
            if old.length > 0, !isOwn(old.start, old.length) { unsafe systemCall(.munmap, old.start, old.length) }
            mappings[nextMapping] = (result, length)
            nextMapping = (nextMapping + 1) % 16
        case .descriptor where result > 24:
            unsafe systemCall(.close, result)
        default:
            break
        }
    }

    private func tell(_ call: Call, _ words: InlineArray<6, UInt>, _ shortage: AkumaShortage) {
        var line = "\(name) #\(made) \(call.name)("
        for index in 0..<max(call.arguments.count, 1) { line += (index > 0 ? ", " : "") + words[index].hexadecimal() }
        line += ")"
        if shortage != .over {
            line += " with \(shortage.frames) frames" + (shortage.contains(.once) ? " for once" : "")
        }
        printError(line)
    }

    /// Opens a descriptor of some process, which `closeProcessDescriptor` closes after the call.
    private mutating func someProcessDescriptor() -> UInt {
        let result = unsafe systemCall(.pidfdOpen, someProcess())
        if result >= 0 { processDescriptor = UInt(result) }
        return UInt(bitPattern: result)
    }

    private mutating func closeProcessDescriptor() {
        guard let descriptor = processDescriptor.take() else { return }
        unsafe systemCall(.close, descriptor)
    }

    // MARK: Restraint

    /// Keeps calls from taking up all memory.
    private func restrain(_ call: Call, _ words: inout InlineArray<6, UInt>) {
        let isPopulated = call.number == .mmap && words[3] & 0xA000 != 0
        if isPopulated && words[1] > 64 * page { words[1] = 64 * page }
        // What is locked is populated as it grows.
        if call.number == .mremap && words[2] > 4 << 20 && words[2] < 1 << 46 { words[2] = 4 << 20 }
        // F_SETFL may not take O_NONBLOCK from a pipe: who reads from one that only he himself could fill waits for ever.
        if call.number == .fcntl && UInt32(truncatingIfNeeded: words[1]) == 4 { words[2] |= 0x800 }
    }

    /// Whether a call could take from the fuzzer what it needs to go on.
    private func isHarmful(_ call: Call, _ words: InlineArray<6, UInt>) -> Bool {
        switch call.number {
        case .mmap:
            return words[3] & 0x10 != 0 && isOwn(words[0], words[1])
        case .mremap:
            return isOwn(words[0], max(words[1], 1)) || (words[3] & 2 != 0 && isOwn(words[4], words[2]))
        case .prctl:
            return isOwn(words[2], words[3])
        case .personality:
            return false
        case .read, .pread64:
            return isOwn(words[1], words[2])
        case .mincore:
            return isOwn(words[2], 1024)
        case .pipe2, .dup, .close, .lseek:
            return false
        default:
            for index in call.arguments.indices {
                if case .range = call.arguments[index], isOwn(words[index], max(words[index + 1], 1)) { return true }
            }
            return false
        }
    }

    // MARK: Children

    private mutating func makeChild(_ count: Int) {
        waitForChildren(hanging: false)
        guard children < 3, generation < 3 else { return }
        let shortage: AkumaShortage =
            hasShortages && random.next(below: 2) == 0 ? .leaving(UInt64(random.next(below: 24))) : .over
        let signal = UInt(Signal.child.rawValue)
        let childName = name << 8 | UInt64(made & 0xFF)
        if made >= printed { printError("\(name) #\(made) fork -> \(childName)") }
        let result =
            hasShortages
            ? unsafe Debugging.call(SystemCallNumber.clone.rawValue, with: shortage, signal)
            : unsafe systemCall(.clone, signal)
        made += 1
        if result > 0 {
            children += 1
            youngestChild = UInt(result)
            succeeded += 1
        } else if result == 0 {
            var child = Fuzzer(
                name: childName, seed: random.next(), hasShortages: hasShortages, printed: printed == .max ? .max : 0,
                generation: generation + 1)
            child.canary = canary
            child.mappings = mappings
            child.run(count / 8)
            exit(Verdict.fine)
        } else if result != -12 && result != -11 {
            fail(Verdict.wrongError, "clone gave error \(-result)")
        }
    }

    /// Looks after children that have ended; with `hanging`, after all.
    private mutating func waitForChildren(hanging: Bool) {
        while children > 0 {
            var status: UInt32 = 0
            let result = unsafe withUnsafeMutablePointer(to: &status) { status in
                unsafe systemCall(.wait4, .max, UInt(bitPattern: status), hanging ? 0 : 1, 0)
            }
            if result == 0 { return }
            if result == -4 { continue }
            if result < 0 { fail(Verdict.badChild, "wait4 gave error \(-result)") }
            children -= 1
            let ended = WaitStatus(rawValue: status)
            // Where memory runs out who has most is killed.
            if ended.signal == .kill { continue }
            if ended.exitStatus != 0 { fail(Verdict.badChild, "a child ended with \(ended.shellStatus)") }
        }
    }

    // MARK: Arguments

    /// An address that is worth touching.
    private mutating func someTouchedAddress() -> UInt {
        let address = someAddress()
        return isOwn(address, 8) ? playgrounds[0].start : address
    }

    private mutating func someAddress() -> UInt {
        switch random.next(below: 16) {
        case 0...6:
            let ground = playgrounds[random.next(below: 2)]
            // Mostly near the borders of tables.
            let tables = Int((ground.end - ground.start) >> 21)
            let border = ground.start + UInt(random.next(below: tables + 1)) << 21
            let near = border &+ UInt(random.next(below: 64)) &* page &- 32 &* page
            return near >= ground.start && near < ground.end ? near : ground.start
        case 7, 8:
            let ground = playgrounds[random.next(below: 2)]
            return ground.start + UInt(random.next(below: Int((ground.end - ground.start) / page))) * page
        case 9...13:
            let mapping = mappings[random.next(below: 16)]
            guard mapping.length > 0 else { return playgrounds[0].start }
            // A length that mremap gave back unseen may be any.
            let pages = Int(max(1, min(mapping.length, 1 << 47) / page))
            switch random.next(below: 4) {
            case 0: return mapping.start
            case 1: return mapping.start &+ UInt(pages - 1) &* page
            case 2: return mapping.start &+ UInt(random.next(below: pages + 2)) &* page &- page
            default: return mapping.start &+ UInt(random.next(below: pages)) &* page
            }
        case 14:
            // Tagged, or not aligned.
            let ground = playgrounds[random.next(below: 2)].start + UInt(random.next(below: 512)) * page
            return random.next(below: 2) == 0 ? ground | 0xA5 << 56 : ground + UInt(random.next(below: 4096))
        default:
            return random.pick([
                0, 1, page, 0xFFF8, 0x1_0000, 0x0FFF_F000, 0x1000_0000, 0x4000_0000, 0x4008_0000, 0x7F_FFFF_F000,
                0x80_0000_0000, 0xFFFF_FFFF_F000, 1 << 48, 0xFFFF_0000_0000_0000, .max - 4095, .max,
            ])
        }
    }

    private mutating func someLength(_ isPopulated: Bool) -> UInt {
        switch random.next(below: 24) {
        case 0: return 0
        case 1: return UInt(random.next(below: 8192))
        case 2...13: return UInt(random.next(below: 8) + 1) * page
        case 14...18: return UInt(random.next(below: 64) + 1) * page
        case 19: return 2 << 20
        case 20: return 2 << 20 + UInt(random.next(below: 3)) * page - page
        case 21: return UInt(random.next(below: 700)) * page
        case 22 where !isPopulated: return random.pick([4 << 20, 1 << 30, 128 << 30, 1 << 39])
        case 23 where !isPopulated: return random.pick([.max, .max - 4095, 1 << 47, 1 << 48, 1 << 63])
        default: return page
        }
    }

    private mutating func some(
        _ argument: Argument, at index: Int, of call: Call, _ words: InlineArray<6, UInt>
    ) -> UInt {
        switch argument {
        case .unused: return UInt(random.next())
        case .constant(let value): return value
        case .range:
            // Mostly leave the place to the kernel where that is possible.
            if call.number == .mmap && random.next(below: 3) == 0 { return 0 }
            return someAddress()
        case .destination: return someAddress()
        case .length: return someLength(false)
        case .populatedLength: return someLength(true)
        case .buffer(let size):
            let address = someAddress()
            return isOwn(address, size) ? 0 : address
        case .sizedBuffer:
            let address = someAddress() &+ UInt(random.next(below: 2) == 0 ? 0 : random.next(below: 4096))
            return isOwn(address, 3 * page) ? 0 : address
        case .bufferLength: return UInt(random.next(below: random.next(below: 4) == 0 ? 12_288 : 256))
        case .pieces: return somePieces(at: index)
        case .descriptor:
            return random.next(below: 12) == 0 ? random.pick([.max, 1000, 0x1_0000_0003]) : 3 + UInt(random.next(below: 20))
        case .programBreak: return someBreak(&random)
        case .offset:
            switch random.next(below: 8) {
            case 0: return UInt(random.next(below: 8192))
            case 1: return random.pick([.max, 1 << 44, 1 << 63, (1 << 44) - 4096, .max - 4095])
            case 2...4: return 0
            default: return UInt(random.next(below: 64)) * page
            }
        case .size:
            switch random.next(below: 10) {
            case 0: return 0
            case 1: return random.pick([.max, 1 << 44, (1 << 44) + 1, 1 << 40, 1 << 63])
            case 2...4: return UInt(random.next(below: 64)) * page
            default: return UInt(random.next(below: 64 * 4096))
            }
        case .flags(let values):
            switch random.next(below: 16) {
            case 0: return random.pick(values) | random.pick(values)
            case 1: return random.pick(values) | 1 << UInt(random.next(below: 64))
            default: return random.pick(values)
            }
        case .choice(let values):
            return random.next(below: 24) == 0 ? UInt(random.next(below: 128)) : random.pick(values)
        case .processDescriptor:
            if random.next(below: 16) == 0 { return 3 + UInt(random.next(below: 20)) }
            return someProcessDescriptor()
        case .limit: return limits.some(words[1], &random)
        case .process: return someProcess()
        case .path:
            let text = random.pick(paths)
            return UInt(bitPattern: unsafe text.utf8Start)
        }
    }

    private mutating func someProcess() -> UInt {
        switch random.next(below: 6) {
        case 0: return UInt(bitPattern: unsafe systemCall(.getppid))
        case 1 where youngestChild != 0: return youngestChild
        case 2: return random.pick([0, 999_999, .max])
        default: return UInt(bitPattern: unsafe systemCall(.getpid))
        }
    }

    /// Two `iovec`s in the scratch page.
    private mutating func somePieces(at index: Int) -> UInt {
        let words = unsafe scratch + index * 8
        for piece in 0..<2 {
            let length = UInt(random.next(below: 12_288))
            let address = someAddress() &+ UInt(random.next(below: 2) == 0 ? 0 : random.next(below: 4096))
            unsafe words[2 * piece] = isOwn(address, length) ? 0 : address
            unsafe words[2 * piece + 1] = length
        }
        return UInt(bitPattern: words)
    }
}

private let paths: [StaticString] = ["/bin/hello\0", "/dev/zero\0", "/tmp/a\0", "/tmp/b\0", "/\0", "no-such-file\0"]
/// Where arguments lie that calls take by address. Each process has its copy.
private let scratch = UnsafeMutablePointer<UInt>.allocate(capacity: 64)
