// `test-fuzz [SEED [COUNT [ROUND [CALL]]]]`: so many calls on memory with random arguments of the types that they take,
// the same for a seed; half of them while few frames can be had, where the debugging interface is there. They are made
// by a few processes at a time, in rounds; after each round everything is checked, and after the last one nothing may be
// left. With ROUND, that one alone is made; with CALL, each process prints its calls from that one on.
//
// To see the same again: `./akuma run --deterministic --debug test-fuzz SEED COUNT`; what fails says in which round. A
// round alone begins on another machine than it has in its place, so it need not go the same way, but often does.

import ProgramTesting
import libakuma

let processes = 4
let callsOfProcess = 2500

let arguments = Program.arguments
guard Program.isOnAkuma else {
    printError("test-fuzz: this kernel is not Akuma; nothing tried")
    exit(2)
}
let seed = arguments.count > 1 ? UInt64(arguments[1]) ?? 1 : 1
let count = arguments.count > 2 ? Int(arguments[2]) ?? 10_000 : 10_000
let onlyRound = arguments.count > 3 ? Int(arguments[3]) : nil
let printedCall = arguments.count > 4 ? Int(arguments[4]) ?? 0 : Int.max
let hasInterface = (try? Debugging.frames()) != nil
let limits = Limits()

prepare()
placeCanaries()
installHandlers()

/// Has everything made that is made on first use, once for all processes.
func prepare() {
    var random = Random(seed: 1)
    _ = Deed.next(&random)
    _ = isOwn(0, 1)
    _ = Fuzzer(name: 0, seed: 1, hasShortages: false, printed: 0)
}

/// What the machine's frames are used for, where that can be asked.
func frames() -> AkumaFrames? { try? Debugging.frames() }

func checkEverything(_ round: Int) {
    guard hasInterface else { return }
    let violations = (try? Debugging.check(.everything)) ?? -1
    expect(violations == 0, "after round \(round): \(violations) violations")
}

func remove(_ path: StaticString) {
    unsafe systemCall(.unlinkat, UInt(bitPattern: -100), UInt(bitPattern: path.utf8Start), 0)
}

/// A few processes that each make their calls, and how it went. Returns the calls made.
func makeRound(_ round: Int) -> Int {
    var children: [ProcessID] = []
    for index in 0..<processes {
        unsafe ledgerWords[2 * index] = 0
        unsafe ledgerWords[2 * index + 1] = 0
        let child: ProcessID?
        do throws(Errno) { child = try fork() } catch { continue }
        guard let child else {
            var fuzzer = Fuzzer(
                name: UInt64(round * processes + index + 1), seed: seed, hasShortages: hasInterface, printed: printedCall)
            fuzzer.run(callsOfProcess)
            unsafe ledgerWords[2 * index] = fuzzer.made
            unsafe ledgerWords[2 * index + 1] = fuzzer.succeeded
            exit(Verdict.fine)
        }
        children.append(child)
    }
    for _ in children {
        guard let ended = try? waitForAnyChild() else { continue }
        // They set limits of their parent too.
        limits.restore()
        // Where memory runs out who has most is killed.
        if ended.status.signal == .kill {
            killed += 1
            continue
        }
        expect(ended.status.exitStatus == 0, "round \(round): process \(ended.process) ended with \(ended.status.shellStatus)")
    }
    // The files that they made, if any: their pages are no leak.
    for path in ["/tmp/a\0", "/tmp/b\0", "no-such-file\0"] as [StaticString] { remove(path) }
    var made = 0
    for index in 0..<processes {
        made += unsafe ledgerWords[2 * index]
        succeeded += unsafe ledgerWords[2 * index + 1]
    }
    return made
}

let ledgerWords = unsafe UnsafeMutablePointer<Int>(bitPattern: ledger)!
var made = 0
var succeeded = 0
var killed = 0
var round = onlyRound ?? 0
unsafe ledgerWords[0] = 0
let writtenBefore = frames()?.cachedOnlyHere
// A first round brings what is kept for good: records of objects, tables of the kernel's window, the pages of this
// program that it writes to. After one round alone, nothing is compared.
if onlyRound == nil { _ = makeRound(round) }
let before = onlyRound == nil ? frames() : nil
while made < count {
    made += makeRound(round)
    checkEverything(round)
    if round % 32 == 31 { print("seed \(seed), round \(round): \(made) calls") }
    if !isFine || onlyRound != nil { break }
    round += 1
}
if let before, let after = frames() {
    func expectAsBefore(_ what: String, _ before: UInt64, _ after: UInt64) {
        expect(after == before, "\(before) frames were \(what) before, \(after) after")
    }
    expectAsBefore("programs' own", before.anonymous, after.anonymous)
    expectAsBefore("tables", before.tables, after.tables)
    // A pool may spread over more frames what would find room in fewer.
    expect(after.kernel < before.kernel + 32, "\(before.kernel) frames were the kernel's before, \(after.kernel) after")
    // The one file that was there from the start. Clean pages come and go with what is read, and with what memory there is.
    remove("/bin/hello\0")
    if let writtenBefore, let writtenAfter = frames()?.cachedOnlyHere {
        expectAsBefore("pages that were written", writtenBefore, writtenAfter)
    }
    print("the kernel's frames: \(before.kernel) before, \(after.kernel) after")
}
print("seed \(seed): \(made) calls in \(round + 1) rounds, \(succeeded) succeeded, \(killed) processes killed")
finish()
