// `test-shortage`: makes each of many operations while few frames can be had, or one allocation fails: none, one, two … of
// its allocations succeed, until it does. Each failure must be the error that Linux documents, change nothing that the
// program can see, and leave the kernel's books in order; when an operation is undone, no frame may be missing.

import ProgramTesting
import libakuma

guard Program.isOnAkuma else {
    printError("test-shortage: this kernel is not Akuma; nothing tried")
    exit(2)
}
guard (try? Debugging.frames()) != nil else {
    printError("test-shortage: needs the debugging interface: ./akuma run --debug")
    exit(2)
}
prepareMemory()

/// Makes an operation once. Everything is as before then.
func tryOnce(_ operation: Operation, _ shortage: AkumaShortage) -> Outcome {
    operation.prepare()
    let outcome = operation.perform(Trial(operation: operation, shortage: shortage))
    operation.undo()
    cleanUp()
    return outcome
}

/// Makes an operation with more and more frames. Returns how often it failed, or was not done in full.
func tryAll(_ operation: Operation, _ kind: AkumaShortage) -> Int {
    for left: UInt64 in 0..<256 where tryOnce(operation, .leaving(left) | kind) == .done { return Int(left) }
    expect(false, "\(operation.name) is done with 255 frames")
    return 256
}

func frames() -> AkumaFrames { (try? Debugging.frames()) ?? AkumaFrames() }

func compare(_ name: StaticString, _ before: AkumaFrames, _ after: AkumaFrames) {
    func expectAsBefore(_ what: String, _ before: UInt64, _ after: UInt64) {
        expect(after == before, "after \(name), \(after) frames are \(what), \(before) before")
    }
    expectAsBefore("programs' own", before.anonymous, after.anonymous)
    expectAsBefore("tables", before.tables, after.tables)
    expectAsBefore("written pages of files", before.cachedOnlyHere, after.cachedOnlyHere)
    // A pool may spread over more frames what would find room in fewer.
    expect(
        after.kernel < before.kernel + 8,
        "after \(name), \(after.kernel) frames are the kernel's, \(before.kernel) before")
}

let only = Program.arguments.count > 1 ? Program.arguments[1] : nil
var failing = 0
var tried = 0
var failures = 0
for operation in mappings + unsharing + files + processes {
    if let only, "\(operation.name)" != only { continue }
    // What is kept for good is made on first use.
    expect(tryOnce(operation, .over) == .done, "\(operation.name) succeeds where there are frames")
    let before = frames()
    let lasting = tryAll(operation, .leaving(0))
    let single = tryAll(operation, .once)
    compare(operation.name, before, frames())
    print("\(operation.name): \(lasting) failures without more frames, \(single) of one allocation")
    tried += 1
    failures += lasting + single
    if lasting + single > 0 { failing += 1 }
    expect(lasting > 0 || !operation.needsFrames, "\(operation.name) fails for want of a frame")
}
print("\(tried) operations, \(failing) of them failed, \(failures) failures")
finish()
