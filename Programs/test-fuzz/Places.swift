import ProgramTesting
import libakuma

// Where the fuzzer plays, and what it must leave alone.

let page: UInt = 4096

/// Four last-level tables below the kernel, and four above across the border of two level-2 tables: here anything may
/// happen to anything.
let playgrounds: [(start: UInt, end: UInt)] = [
    (0x1100_0000, 0x1180_0000),
    (0x90_3FC0_0000, 0x90_4040_0000),
]

/// Pages in the midst of the first playground that no call names: what is in them must stay.
let canaries: (start: UInt, end: UInt) = (0x1130_0000, 0x1131_0000)

/// Where every process notes what it has done, shared by all.
let ledger: UInt = 0x1220_0000

/// Memory that is the fuzzer's own: its image, with which the heap begins; canaries; the ledger; its stack.
private let heapStart = UInt(bitPattern: unsafe systemCall(.brk, 0))
private let own: [(start: UInt, end: UInt)] = [
    (0, (heapStart + page - 1) & ~(page - 1)),
    canaries,
    (ledger, ledger + page),
    (0x3F00_0000, 0x4000_0000),
]

/// Addresses without the tag, as the kernel takes them.
private func untagged(_ address: UInt) -> UInt { address & (1 << 56 - 1) }

/// Whether a range has pages that are the fuzzer's own.
func isOwn(_ address: UInt, _ length: UInt) -> Bool {
    let start = untagged(address) & ~(page - 1)
    let (sum, overflow) = untagged(address).addingReportingOverflow(length)
    let end = overflow || sum > .max - page ? UInt.max : (sum + page - 1) & ~(page - 1)
    return own.contains { start < $0.end && $0.start < max(end, start + 1) }
}

/// Whether a program may have pages there.
func mayBeMapped(_ address: UInt, _ length: UInt) -> Bool {
    let (end, overflow) = address.addingReportingOverflow(length)
    guard address % page == 0, !overflow else { return false }
    return (address >= 0x1_0000 && end <= 0x4000_0000) || (address >= 0x80_0000_0000 && end <= 1 << 48)
}

func mayBeBreak(_ address: UInt) -> Bool { address >= heapStart && address <= 0x1000_0000 }

/// A program break that is worth trying.
func someBreak(_ random: inout Random) -> UInt {
    switch random.next(below: 6) {
    case 0: 0
    case 1: heapStart
    case 2: heapStart + UInt(random.next(below: 1 << 22))
    case 3: random.pick([0x0FFF_FFFF, 0x1000_0000, 0x1000_0001, .max])
    default: heapStart + UInt(random.next(below: 64)) * page
    }
}

// MARK: Canaries

/// Fills the canaries, and makes the ledger. Once, before anything else.
func placeCanaries() {
    let flags = MapFlags.private | .anonymous | .fixed
    let size = canaries.end - canaries.start
    expect(
        unsafe systemCall(.mmap, canaries.start, size, 3, UInt(flags.rawValue), .max, 0) == Int(canaries.start),
        "the canaries are mapped")
    for address in stride(from: canaries.start, to: canaries.end, by: Int(page)) {
        unsafe RawAccess.store(address + address / page % page, mark(of: address))
    }
    let shared = MapFlags.shared | .anonymous | .fixed
    expect(
        unsafe systemCall(.mmap, ledger, page, 3, UInt(shared.rawValue), .max, 0) == Int(ledger), "the ledger is mapped")
}

private func mark(of address: UInt) -> UInt8 { UInt8(truncatingIfNeeded: address >> 12) ^ 0xA5 }

/// Writes a number to the last canary, this process's own from then on.
func setOwnCanary(_ value: UInt8) { unsafe RawAccess.store(canaries.end - 1, value) }

/// The address of a canary that is not as it was, or nil.
func changedCanary(own value: UInt8) -> UInt? {
    for address in stride(from: canaries.start, to: canaries.end, by: Int(page)) {
        let place = address + address / page % page
        if unsafe RawAccess.load(place) != mark(of: address) { return place }
    }
    return unsafe RawAccess.load(canaries.end - 1) == value ? nil : canaries.end - 1
}
