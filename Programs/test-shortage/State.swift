import ProgramTesting
import libakuma

// What a program can see of its own state, and where it looks.

let page: UInt = 4096

/// Where operations map what they like; everything there is unmapped after each.
let ground: UInt = 0x9000_0000_0000
let otherGround: UInt = 0xA000_0000_0000
private let groundSize: UInt = 1 << 39

/// Pages that no operation names: what is in them must stay.
private let sentinels: UInt = 0x8800_0000_0000

/// Where the texts of `maps` are read to, before a call and after it.
private let texts: UInt = 0x8900_0000_0000
private let textSize: UInt = 16 * page

/// Pages that calls read from and write to: resident always, so that they need no frame for it.
let buffer: UInt = 0x8A00_0000_0000
let bufferSize: UInt = 20 * page
/// The arguments that calls take by address.
let wordsAddress: UInt = 0x8B00_0000_0000
let words = unsafe UnsafeMutablePointer<UInt>(bitPattern: wordsAddress)!

/// Maps pages at an address. Returns what `mmap` does.
@discardableResult
func map(
    _ address: UInt, _ length: UInt, protection: UInt = 3, _ flags: MapFlags = .private | .anonymous,
    _ descriptor: UInt = .max
) -> Int {
    unsafe systemCall(.mmap, address, length, protection, UInt((flags | .fixed).rawValue), descriptor, 0)
}

/// Ranges whose pages hold marks.
private var watched: [(start: UInt, end: UInt)] = []

/// Maps what the program needs, and touches all of it.
func prepareMemory() {
    watched.reserveCapacity(16)
    map(sentinels, 4 * page)
    map(sentinels + 8 * page, 2 * page, .shared | .anonymous)
    map(texts, 2 * textSize)
    map(buffer, bufferSize)
    map(wordsAddress, page)
    for address in stride(from: texts, to: texts + 2 * textSize, by: Int(page)) { unsafe RawAccess.store(address, 1) }
    for address in stride(from: buffer, to: buffer + bufferSize, by: Int(page)) { unsafe RawAccess.store(address, 1) }
    unsafe words[0] = 0
    watch(sentinels, 4 * page)
    watch(sentinels + 8 * page, 2 * page)
}

private func mark(of address: UInt) -> UInt8 { UInt8(truncatingIfNeeded: address >> 12) ^ 0xA5 }

/// Writes a mark to each page of a range, which must be there after each call that fails.
func watch(_ start: UInt, _ length: UInt) {
    for address in stride(from: start, to: start + length, by: Int(page)) {
        unsafe RawAccess.store(address + address / page % page, mark(of: address))
    }
    watched.append((start, start + length))
}

/// Whether each page of a range, which held the marks of the range from `original` on, still does.
func holdsMarks(_ start: UInt, _ length: UInt, of original: UInt) -> Bool {
    for offset in stride(from: 0, to: length, by: Int(page)) {
        let address = original + offset
        if unsafe RawAccess.load(start + offset + address / page % page) != mark(of: address) { return false }
    }
    return true
}

/// Unmaps what an operation mapped, and closes what it opened.
func cleanUp() {
    while watched.count > 2 { watched.removeLast() }
    unsafe systemCall(.munmap, ground, groundSize)
    unsafe systemCall(.munmap, otherGround, groundSize)
    for descriptor: UInt in 3..<64 { unsafe systemCall(.close, descriptor) }
}

/// What must be the same before a call and after it has failed.
struct State {
    fileprivate let text: UInt
    fileprivate let textLength: UInt
    /// A bit for each descriptor that is open.
    fileprivate let descriptors: UInt64
    fileprivate let breakEnd: Int

    /// - Parameter slot: which of the two texts is overwritten.
    init(slot: UInt) {
        text = texts + slot * textSize
        let path: StaticString = "/proc/self/maps\0"
        let file = UInt(
            bitPattern: unsafe systemCall(.openat, UInt(bitPattern: -100), UInt(bitPattern: path.utf8Start), 0, 0))
        var length: UInt = 0
        while case let count = unsafe systemCall(.read, file, text + length, textSize - length), count > 0 {
            length += UInt(count)
        }
        unsafe systemCall(.close, file)
        textLength = length
        var open: UInt64 = 0
        for descriptor in 0..<64 where unsafe systemCall(.fcntl, UInt(descriptor), 1) >= 0 {
            open |= 1 << UInt64(descriptor)
        }
        descriptors = open
        breakEnd = unsafe systemCall(.brk, 0)
    }

    /// What is not as it was before; nil where everything is.
    func difference(from before: State) -> StaticString? {
        if descriptors != before.descriptors { return "other descriptors are open" }
        if breakEnd != before.breakEnd { return "the program break moved" }
        if textLength != before.textLength { return "other memory is mapped" }
        for offset in 0..<textLength where unsafe RawAccess.load(text + offset) != RawAccess.load(before.text + offset) {
            return "other memory is mapped"
        }
        for range in watched where !holdsMarks(range.start, range.end - range.start, of: range.start) {
            return "a page changed"
        }
        return nil
    }
}
