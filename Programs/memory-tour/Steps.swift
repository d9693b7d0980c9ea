// The steps of the tour, in the order of the address space.

import libakuma

var initialised: UInt64 = 0xD65F_03C0
var zeroed: UInt64 = 0

/// An address in each part of the image.
enum Landmarks {
    static var text: UInt {
        let function: @convention(c) () -> Void = {}
        return unsafe UInt(bitPattern: unsafeBitCast(function, to: UnsafeRawPointer.self))
    }
    static var rodata: UInt { unsafe UInt(bitPattern: ("read-only" as StaticString).utf8Start) }
    static var data: UInt { unsafe withUnsafePointer(to: &initialised) { UInt(bitPattern: $0) } }
    static var bss: UInt { unsafe withUnsafePointer(to: &zeroed) { UInt(bitPattern: $0) } }
}

func image() {
    initialised += 0
    zeroed += 1  // touched, so that its entry is there to see
    showEntry("text, a function", Landmarks.text)
    showEntry("rodata, a literal", Landmarks.rodata)
    showEntry("data, a variable", Landmarks.data)
    showEntry("bss, a zero variable", Landmarks.bss)
    crime("write-text", "store to text")
    crime("write-rodata", "store to rodata")
    crime("execute-data", "jump to data")
}

func stack() {
    var local = 0
    let here = unsafe withUnsafePointer(to: &local) { UInt(bitPattern: $0) }
    showEntry("a local variable", here)
    let below = here - 0x8_0000
    show("512 KiB below", Debugger.entry(of: below) ?? below.hexadecimal())
    let deepest = descend(2048)
    showEntry("after a deep recursion", deepest)
    show("the stack grew by", "\((here - deepest) / 1024) KiB", asPromised: here - deepest >= 0x8_0000)
    crime("read-above-stack", "load from 0x3ffff000")
}

/// Calls itself so many times, with 512 bytes in each frame, and returns the lowest address reached.
@inline(never) func descend(_ depth: Int) -> UInt {
    var bytes = InlineArray<512, UInt8>(repeating: UInt8(truncatingIfNeeded: depth))
    let here = unsafe withUnsafeMutablePointer(to: &bytes) { UInt(bitPattern: $0) }
    let lowest = depth == 0 ? here : descend(depth - 1)
    return bytes[depth % 512] == UInt8(truncatingIfNeeded: depth) ? lowest : 0
}

func heap() {
    let start = unsafe UInt(bitPattern: sbrk(0))
    show("brk", start.hexadecimal(digits: 8))
    let old = unsafe UInt(bitPattern: sbrk(3 * 4096))
    show("sbrk(3 pages) returned", old.hexadecimal(digits: 8), asPromised: old == start)
    let cell = unsafe UnsafeMutablePointer<UInt64>(bitPattern: old + 8192)!
    show("a fresh heap page holds", "\(unsafe cell.pointee)", asPromised: unsafe cell.pointee == 0)
    unsafe cell.pointee = 7
    showEntry("after a store", old + 8192)
    _ = unsafe sbrk(-3 * 4096)
    show("shrunk again", unsafe UInt(bitPattern: sbrk(0)).hexadecimal(digits: 8))
    crime("read-beyond-heap", "load beyond the heap")
}

func mapping() {
    let page = unsafe mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_ANONYMOUS)
    let address = UInt(bitPattern: page)
    show("mmap(0, 4096, rw) gave", address.hexadecimal(digits: 8), asPromised: address == 0x1000_0000)
    if let entry = Debugger.entry(of: address) { print("      ", entry) }
    unsafe page.storeBytes(of: 42, as: UInt64.self)
    let loaded = unsafe page.load(as: UInt64.self)
    show("stored 42, loaded", "\(loaded)", asPromised: loaded == 42)
    if let entry = Debugger.entry(of: address) { print("      ", entry) }
    Debugger.showWalk(of: address)

    let populated = unsafe mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_POPULATE)
    showEntry("with MAP_POPULATE", UInt(bitPattern: populated))
    if let state = Debugger.state(of: UInt(bitPattern: populated)) {
        show("before any touch it is", state == .resident ? "resident" : "not resident", asPromised: state == .resident)
    }
    let fresh = unsafe populated.load(as: UInt64.self)
    show("and it holds", "\(fresh)", asPromised: fresh == 0)

    unsafe mprotect(page, 4096, PROT_READ)
    showEntry("after mprotect(r)", address)
    crime("write-read-only", "store to a read-only page")
    unsafe munmap(page, 4096)
    showEntry("after munmap", address)
    crime("read-unmapped", "load from what was unmapped")
    unsafe munmap(populated, 4096)
    let again = unsafe UInt(bitPattern: mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_ANONYMOUS))
    show("mapped again, it gave", again.hexadecimal(digits: 8))
    let refused = unsafe mmap(0, 0, PROT_READ, MAP_ANONYMOUS)
    show("mmap of no bytes gave", unsafe refused == MAP_FAILED ? "MAP_FAILED, \(errno)" : "an address",
        asPromised: unsafe refused == MAP_FAILED)
}

func kernel() {
    crime("read-kernel", "load from 0x40080000")
    crime("write-kernel", "store to 0x40080000")
    crime("execute-kernel", "jump to 0x40080000")
    crime("read-device", "load from a device")
    let result = unsafe systemCall(.write, 1, 0x4008_0000, 8)
    let answer = Errno(result: result)
    show("write(1, 0x40080000, 8)", answer.map { "\($0)" } ?? "wrote", asPromised: answer == .badAddress)
}

func reservation() {
    let size = 128 << 30
    let start = unsafe mmap(0, size, PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE)
    unsafe show("128 GiB, PROT_NONE, at", UInt(bitPattern: start).hexadecimal(),
        asPromised: UInt(bitPattern: start) >= 0x80_0000_0000 && start != MAP_FAILED)
    show("munmap of it", unsafe munmap(start, size) == 0 ? "done" : "\(errno)")
}

func overlaps() {
    guard let layout = try? Debugging.layout() else { return show("not told", "the debugging interface is off") }
    let ranges = [
        ("image", layout.imageStart, layout.imageEnd), ("heap", layout.heapStart, layout.heapEnd),
        ("mmap region", layout.mapStart, layout.mapEnd), ("stack", layout.stackStart, layout.stackEnd),
        ("kernel and RAM", layout.kernelStart, layout.kernelEnd),
        ("kernel's window", layout.windowStart, layout.windowEnd),
    ]
    for (name, start, end) in ranges { show(name, start.hexadecimal(digits: 8) + " … " + end.hexadecimal(digits: 8)) }
    let violations = (try? Debugging.check(.overlap)) ?? -1
    show("overlaps found", "\(violations)", asPromised: violations == 0)
    let faults = (try? Debugging.check(.addressSpace)) ?? -1
    show("table violations found", "\(faults)", asPromised: faults == 0)
}
