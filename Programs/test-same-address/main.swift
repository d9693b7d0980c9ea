// Two processes, different data at the same address. Each stores its own word at 0x2000_0000 and in a global, lets the
// other run, and finds its own again.

import ProgramTesting
import libakuma

let shared: UInt = 0x2000_0000
var global: UInt64 = 0

func runChild(_ word: UInt64) {
    guard let page = try? Mapping(exactlyAt: shared, byteCount: 4096) else { return expect(false, "the page is free") }
    let pointer = unsafe UnsafeMutablePointer<UInt64>(bitPattern: page.address)!
    expect(unsafe pointer.pointee == 0, "a fresh page is zero")
    unsafe pointer.pointee = word
    global = word
    for _ in 0..<100 {
        yield()
        expect(unsafe pointer.pointee == word, "the page kept \(word)")
        expect(global == word, "the global kept \(word)")
    }
    print("process \(Program.processID) has \(unsafe pointer.pointee) at \(page.address.hexadecimal())")
}

if Program.arguments.count > 1 {
    runChild(UInt64(Program.arguments[1]) ?? 0)
    finish()
}
do throws(Errno) {
    let first = try spawnSelf(["111"])
    let second = try spawnSelf(["222"])
    expect(try wait(for: first).exitStatus == 0, "the first process kept its data")
    expect(try wait(for: second).exitStatus == 0, "the second process kept its data")
} catch {
    expect(false, "two processes start: \(error)")
}
finish()
