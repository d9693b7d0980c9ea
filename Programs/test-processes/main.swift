// `test-processes [N]`: starts N processes (1000 unless given), four at a time, each of which touches memory and ends
// in one of several ways. Where the debugging interface is on, the number of free frames is the same before and after.

import ProgramTesting
import libakuma

/// A child: uses some of each kind of memory, then ends as its number says.
func runChild(_ number: Int) -> Never {
    let numbers = Array(0..<5_000)
    expect(numbers.reduce(0, +) == 12_497_500, "memory holds")
    var page = try? Mapping(byteCount: 10 * 4096)
    page?[5 * 4096] = 1
    switch number % 3 {
    case 0: exit(Int32(number % 200))
    case 1: abort()
    default: unsafe RawAccess.store(0, 1)
    }
    exit(250)
}

func expectedStatus(_ number: Int) -> WaitStatus {
    switch number % 3 {
    case 0: WaitStatus(exited: UInt8(number % 200))
    case 1: WaitStatus(signaled: .abort)
    default: WaitStatus(signaled: .segmentationFault)
    }
}

func freeFrames() -> UInt64? { (try? Debugging.frames())?.free }

func run(_ count: Int) throws(Errno) {
    var number = 0
    while number < count {
        let group = Array(number..<min(number + 4, count))
        var processes: [ProcessID] = []
        for member in group { processes.append(try spawnSelf(["child", String(member)])) }
        for (member, process) in zip(group, processes) {
            let status = try wait(for: process)
            expect(status == expectedStatus(member), "process \(member) ended as it should, not by \(status.rawValue)")
        }
        number += group.count
    }
}

let arguments = Program.arguments
if arguments.count == 3 && arguments[1] == "child" { runChild(Int(arguments[2]) ?? 0) }
let count = arguments.count > 1 ? Int(arguments[1]) ?? 1000 : 1000

do throws(Errno) {
    try run(min(count, 8))  // what the kernel sets up once, it has set up now
    let before = freeFrames()
    try run(count)
    let after = freeFrames()
    if let before, let after {
        print("free frames before \(before), after \(after)")
        expect(before == after, "\(count) processes leave the free frames as they were")
        expect((try? Debugging.check(.frames)) == 0, "the frame allocator's books are in order")
    } else {
        print("free frames: not told (the debugging interface is off)")
    }
} catch {
    expect(false, "processes start and end: \(error)")
}
do throws(Errno) {
    _ = try waitForAnyChild()
    expect(false, "no child is left")
} catch {
    expect(error == .noChildProcess, "no child is left")
}
finish()
