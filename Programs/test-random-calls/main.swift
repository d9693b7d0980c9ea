// `test-random-calls SEED COUNT`: so many calls with random numbers and arguments, the same for a seed. They may do
// anything but end this program, wait for ever, or take its own memory away; the kernel must not mind. Prints how many
// succeeded and failed. Runs on Akuma only: another kernel would do real things.

import ProgramTesting
import libakuma

/// Calls that end, replace or double the program, or may wait for ever; and those that reach its own text and stack, or
/// seal the sandbox (`personality`, `mlockall`, `process_vm_readv`, `process_vm_writev`, `process_madvise`, `mseal`), which
/// `test-fuzz` makes with arguments of their types.
let excluded: Set<UInt64> = [
    19, 20, 22, 26, 59, 72, 73, 74, 85, 93, 94, 95, 97, 98, 101, 115, 128, 129, 130, 131, 132, 133, 137, 138, 139, 142,
    163, 164, 167, 202, 203, 207, 212, 220, 221, 240, 242, 243, 261, 268, 270, 271, 280, 281, 435, 440, 441, 449, 462, 92, 230,
]

/// Calls on memory: an address in the sandbox keeps to it, so that text, stack and heap survive.
let memoryCalls: Set<UInt64> = [214, 215, 216, 222, 226, 227, 228, 229, 232, 233]

let sandboxSize: UInt = 1 << 20
let sandbox = unsafe UInt(bitPattern: mmap(0, Int(sandboxSize), PROT_READ | PROT_WRITE, MAP_ANONYMOUS))
let texts = ["/bin/hello\0", "/\0", "/bin\0", ".\0", "no-such-file\0"]

let arguments = Program.arguments
guard Program.isOnAkuma else {
    printError("test-random-calls: this kernel is not Akuma; nothing tried")
    exit(2)
}
var random = Random(seed: arguments.count > 1 ? UInt64(arguments[1]) ?? 1 : 1)
let count = arguments.count > 2 ? Int(arguments[2]) ?? 10_000 : 10_000

/// Puts the sandbox in place again, with some paths at its start.
func restoreSandbox() {
    let flags = MapFlags.private | .anonymous | .fixed
    let result = unsafe systemCall(.mmap, sandbox, sandboxSize, 3, UInt(flags.rawValue), .max, 0)
    expect(UInt(bitPattern: result) == sandbox, "the sandbox can be mapped again")
    for (index, text) in texts.enumerated() {
        for (offset, byte) in text.utf8.enumerated() {
            unsafe RawAccess.store(sandbox + UInt(index * 64 + offset), byte)
        }
    }
}

func randomNumber() -> UInt64 {
    let known: [UInt64] = [17, 23, 24, 25, 29, 48, 49, 56, 57, 61, 62, 63, 64, 65, 66, 67, 68, 71, 78, 79, 80]
    switch random.next(below: 8) {
    case 0: return random.next()
    case 1, 2: return random.pick([214, 215, 216, 222, 226, 233])
    case 3: return random.pick(known)
    case 4: return random.pick([0x414B_0001, 0x414B_0002, 0x414B_0003, 0x414B_0004])
    default: return UInt64(random.next(below: 460))
    }
}

/// An address that is in the sandbox or nobody's.
func randomAddress() -> UInt {
    switch random.next(below: 6) {
    case 0: return sandbox + UInt(random.next(below: Int(sandboxSize)))
    case 1, 2: return sandbox + UInt(random.next(below: 256)) * 4096
    case 3: return sandbox + UInt(random.next(below: texts.count)) * 64
    case 4: return random.pick([0, 1, 0xFFF8, 0x4000_0000, 0x4008_0000, 0x7F_FFFF_F000, 0x8000_0000_0000, .max - 7])
    default: return UInt(random.next() | 1 << 62)
    }
}

func randomWord() -> UInt {
    switch random.next(below: 6) {
    case 0: return UInt(random.next(below: 16)) + 3
    case 1: return UInt(1) << UInt(random.next(below: 64))
    case 2: return UInt(random.next())
    case 3: return UInt(random.next(below: 65_536))
    default: return randomAddress()
    }
}

/// Six arguments for a call.
func randomArguments(_ number: UInt64) -> [UInt] {
    var words: [UInt] = []
    for _ in 0..<6 { words.append(randomWord()) }
    if memoryCalls.contains(number) {
        words[0] = randomAddress()
        if words[0] >= sandbox && words[0] < sandbox + sandboxSize {
            words[1] = UInt(random.next(below: Int(sandbox + sandboxSize - words[0]) + 1))
        }
        if words[0] < 0x1_0000 {  // null is a fine hint, but a long range from there on would be ours
            if number == 222 { words[3] &= ~0x10 } else { words[0] = 0x4008_0000 }
        }
        if number == 222 { words[3] = random.next(below: 4) == 0 ? words[3] : words[3] & 0x10_C010 | 0x22 }
        if number == 222 && random.next(below: 2) == 0 { words[4] = .max }
        if number == 216 { words[3] &= ~2 }
    } else {
        // Descriptors 0 to 2 are this program's streams.
        if words[0] < 3 { words[0] = 3 + UInt(random.next(below: 10)) }
        if words[1] < 3 { words[1] = 3 }
    }
    return words
}

restoreSandbox()
var succeeded = 0
var refused = 0
for step in 0..<count {
    let number = randomNumber()
    if excluded.contains(number) { continue }
    let words = randomArguments(number)
    let result = unsafe systemCall(number, words[0], words[1], words[2], words[3], words[4], words[5])
    if Errno(result: result) == nil { succeeded += 1 } else { refused += 1 }
    if number == 222 && Errno(result: result) == nil {
        // What was mapped elsewhere goes again, so that memory does not run out.
        let address = UInt(bitPattern: result)
        if address < sandbox || address >= sandbox + sandboxSize {
            unsafe systemCall(.munmap, address, (words[1] + 4095) & ~4095)
        }
    }
    if step % 64 == 63 { restoreSandbox() }
}
restoreSandbox()

let violations = try? Debugging.check(.addressSpace)
expect(violations == nil || violations == 0, "the address space is in order")
let bookkeeping = try? Debugging.check(.frames)
expect(bookkeeping == nil || bookkeeping == 0, "the frame allocator is in order")
print("\(succeeded) calls succeeded, \(refused) were refused")
finish()
