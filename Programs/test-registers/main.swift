// Fills x0–x30, v0–v31, NZCV, FPCR, FPSR and TPIDR_EL0 with patterns and checks them across each way into the kernel:
// calls of each kind, page faults, the timer's interrupt, and switches to a second process that does the same with
// patterns of its own. The first lesson of LESSONS.md.

import ProgramTesting
import libakuma

/// Words of `struct akuma_registers`.
enum Word {
    static let nzcv = 31
    static let fpcr = 32
    static let fpsr = 33
    static let tpidr = 34
    static let sp = 35
    static let v = 36
    static let count = 100

    static func name(_ word: Int) -> String {
        switch word {
        case 0...30: "x\(word)"
        case nzcv: "NZCV"
        case fpcr: "FPCR"
        case fpsr: "FPSR"
        case tpidr: "TPIDR_EL0"
        case sp: "SP"
        default: "v\((word - v) / 2)" + (word % 2 == 0 ? " low" : " high")
        }
    }
}

func patterns(_ random: inout Random) -> [UInt64] {
    var words: [UInt64] = []
    for _ in 0..<Word.count { words.append(random.next()) }
    words[Word.nzcv] &= 0xF000_0000
    words[Word.fpcr] &= 0x07C0_0000  // rounding, flush to zero, default NaN, alternative half precision
    words[Word.fpsr] &= 0x0800_009F  // saturation and the exception flags
    words[Word.sp] = 0
    return words
}

/// Everything but the result is as before.
func compare(_ before: [UInt64], _ after: [UInt64], across way: String, result: Int? = nil) {
    for word in 0..<Word.count where word != Word.sp && word != result {
        expect(
            before[word] == after[word],
            "\(Word.name(word)) survives \(way): \(before[word].hexadecimal()) became \(after[word].hexadecimal())")
    }
}

func testCalls(_ random: inout Random) {
    let text = "registers"
    let calls: [(name: String, number: UInt64, arguments: [UInt64])] = [
        ("getppid", 173, []), ("gettid", 178, []), ("sched_yield", 124, []),
        ("a call that does not exist", 9_999, []), ("the last number", .max, []),
        ("write of nothing", 64, [1, 0, 0]), ("write from null", 64, [1, 0, 4]),
        ("read into the kernel", 63, [0, 0x4008_0000, 0]),
        ("brk", 214, [0]), ("munmap of nothing", 215, [1, 0]),
        ("mmap without a type", 222, [0, 4096, 3, 0x20, .max, 0]),
        ("mprotect of nothing", 226, [0, 0, 1]), ("clock_gettime to null", 113, [1, 0]),
        ("wait4 without a child", 260, [UInt64(bitPattern: 12_345), 0, 0, 0]),
        ("openat of null", 56, [UInt64(bitPattern: -100), 0, 0]),
    ]
    for call in calls {
        var before = patterns(&random)
        before[8] = call.number
        for (index, argument) in call.arguments.enumerated() { before[index] = argument }
        let after = Registers.across(.call, before)
        compare(before, after, across: call.name, result: 0)
    }
    expect(text.count == 9, "memory is as it was")
}

func testFaults(_ random: inout Random) throws(Errno) {
    let pages = try Mapping(byteCount: 64 * 4096)
    for page in 0..<32 {
        for way in [Way.load, .store] {
            var before = patterns(&random)
            before[9] = UInt64(pages.address) + UInt64(2 * page + (way == .store ? 1 : 0)) * 4096
            compare(before, Registers.across(way, before), across: way == .load ? "a read fault" : "a write fault")
        }
    }
    // The zero page that the read left is replaced by a page of its own.
    for page in 0..<32 {
        var before = patterns(&random)
        before[9] = UInt64(pages.address) + UInt64(2 * page) * 4096
        compare(before, Registers.across(.store, before), across: "a write fault after a read")
    }
}

/// Long enough for several ticks of the timer.
func testInterrupts(_ random: inout Random, rounds: Int, spins: UInt64) {
    for _ in 0..<rounds {
        var before = patterns(&random)
        before[10] = spins
        compare(before, Registers.across(.spin, before), across: "the timer's interrupt", result: 10)
    }
}

let isPartner = Program.arguments.count > 1
var random = Random(seed: isPartner ? 2 : 1)
do throws(Errno) {
    let partner = isPartner ? nil : try? spawnSelf(["partner"])
    for _ in 0..<10 {
        testCalls(&random)
        try testFaults(&random)
        testInterrupts(&random, rounds: 2, spins: 4_000_000)
    }
    if let partner {
        expect(try wait(for: partner).exitStatus == 0, "the other process kept its registers too")
    } else if !isPartner {
        printError("test-registers: no second process")
    }
} catch {
    expect(false, "the test can run: \(error)")
}
finish()
