// What Swift offers on top of libakuma: strings with Unicode, dictionaries, classes, closures, typed errors.

import libakuma

func check(_ condition: Bool, _ sentence: String) {
    if condition { return }
    printError("test-library: not so:", sentence)
    exit(1)
}

class Shape {
    static var alive = 0
    init() { Shape.alive += 1 }
    deinit { Shape.alive -= 1 }
    var corners: Int { 0 }
}

final class Square: Shape {
    override var corners: Int { 4 }
}

let word = "na\u{EF}ve caf\u{65}\u{301}"
check(word.count == 10, "characters are counted, not scalars")
check("caf\u{E9}" == "caf\u{65}\u{301}", "canonically equal strings are equal")
check(Set(["caf\u{E9}", "caf\u{65}\u{301}"]).count == 1, "and hash alike")
check("Akuma".uppercased() == "AKUMA", "strings have cases")
check("a,b,,c".split(separator: ",").joined(separator: "-") == "a-b-c", "strings split and join")
check(Int("12345") == 12_345 && String(255, radix: 16) == "ff", "numbers are read and written")

var counts: [String: Int] = [:]
for letter in "mississippi" { counts[String(letter), default: 0] += 1 }
check(counts["s"] == 4 && counts["p"] == 2 && counts.count == 4, "a dictionary counts letters")
check(counts.keys.sorted() == ["i", "m", "p", "s"], "and its keys sort")

do {
    let shapes: [Shape] = [Square(), Shape(), Square()]
    check(Shape.alive == 3, "three objects are alive")
    check(shapes.reduce(0) { $0 + $1.corners } == 8, "methods are looked up by class")
}
check(Shape.alive == 0, "objects end with their last reference")

do throws(Errno) {
    _ = try FileDescriptor.open("/no/such/file")
    check(false, "opening a missing file throws")
} catch {
    check(error == .noSuchFileOrDirectory && error.name.description == "ENOENT", "and says which error")
}

do throws(Errno) {
    var page = try Mapping(byteCount: 1)
    check(page.byteCount == Program.pageSize && page[0] == 0, "a mapping is whole pages of zeros")
    page[10] = 42
    unsafe check(page.bytes.unsafeLoad(fromByteOffset: 10, as: UInt8.self) == 42, "and keeps what is stored")
    try page.unmap()
} catch {
    check(false, "a page can be mapped")
}

check(Program.environment["HOME"] == nil || !Program.environmentStrings.isEmpty, "the environment is a dictionary")
check(Program.auxiliaryValue(.random) != nil && Program.pageSize.nonzeroBitCount == 1, "the auxiliary vector is there")
check(now(.monotonic).seconds >= 0 && now(.realtime).seconds > 0, "clocks run")
print("test-library: passed")
