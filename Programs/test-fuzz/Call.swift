import ProgramTesting
import libakuma

/// What an argument of a call is, and so which values are worth trying.
enum Argument {
    /// Nothing: the call does not look at it.
    case unused
    /// Always this.
    case constant(UInt)
    /// An address of memory that the call changes or looks at; its length is the argument after it.
    case range
    /// A length in bytes.
    case length
    /// A length in bytes where what is mapped is taken up at once, so not a great one.
    case populatedLength
    /// The address that `mremap` moves to.
    case destination
    /// Where the call writes so many bytes, or reads them from.
    case buffer(UInt)
    /// Where the call reads or writes as many bytes as the argument after it says, at most a page.
    case sizedBuffer
    /// The length of a `sizedBuffer`.
    case bufferLength
    /// Two pieces of memory, for `process_vm_readv` and `process_madvise`.
    case pieces
    case descriptor
    /// A descriptor of a process; seldom any other.
    case processDescriptor
    /// A limit that `prlimit64` sets for the resource before it, or none.
    case limit
    /// A new program break.
    case programBreak
    /// An offset into a file, a multiple of the page or nearly so.
    case offset
    /// A size of a file.
    case size
    /// Any of these, or a few of them combined by `|`, or now and then anything.
    case flags([UInt])
    /// One of these, or now and then anything.
    case choice([UInt])
    /// This process, its parent, its youngest child, or nobody.
    case process
    /// A path of a file.
    case path
}

/// What a call returns where it succeeds.
enum Result {
    case zero
    /// The start of whole pages that a program may have.
    case address
    case programBreak
    /// At most as many as this argument says, or one page for each of its bytes.
    case count(Int)
    case descriptor
    case anything
}

/// The error numbers that a call may give.
struct Errors {
    private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

    init(_ numbers: Int...) {
        // ENOMEM: every call may be made to find no frame.
        insert(12)
        for number in numbers { insert(number) }
    }

    private mutating func insert(_ number: Int) {
        let bit: UInt64 = 1 << UInt64(number & 63)
        switch number >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        default: words.2 |= bit
        }
    }

    func contains(_ number: Int) -> Bool {
        let word = number < 64 ? words.0 : number < 128 ? words.1 : words.2
        return word >> UInt64(number & 63) & 1 != 0
    }
}

/// A call as the fuzzer knows it.
struct Call {
    let number: SystemCallNumber
    let name: StaticString
    /// How often it comes, against the others.
    let weight: Int
    let arguments: [Argument]
    let result: Result
    let errors: Errors
}

/// Protections, with those that want more than rights.
private let protections: [UInt] = [0, 1, 2, 3, 3, 3, 4, 5, 7, 0x10, 0x0100_0000, 0x0200_0000]
private let mapFlags: [UInt] = [
    0x01, 0x02, 0x02, 0x22, 0x22, 0x22, 0x22, 0x21, 0x21, 0x03, 0x32, 0x32, 0x32, 0x31, 0x12, 0x11, 0x10_0022, 0x8022, 0x8032,
    0x2022, 0x4022, 0x0122, 0x1_8022, 0x2_0022, 0x4_0022, 0x8_0003,
]
private let advices: [UInt] = [
    0, 1, 2, 3, 4, 4, 4, 4, 8, 8, 9, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 23, 24, 25, 102, 102, 103, 103,
]

/// Every call of the `mman` family, and what goes with it.
let calls: [Call] = [
    Call(
        number: .mmap, name: "mmap", weight: 24,
        arguments: [.range, .length, .flags(protections), .flags(mapFlags), .descriptor, .offset], result: .address,
        errors: Errors(1, 9, 11, 13, 17, 19, 22, 23, 26, 75, 95)),
    Call(
        number: .munmap, name: "munmap", weight: 12, arguments: [.range, .length], result: .zero, errors: Errors(1, 22)),
    Call(
        number: .mprotect, name: "mprotect", weight: 14, arguments: [.range, .length, .flags(protections)],
        result: .zero, errors: Errors(1, 13, 22)),
    Call(
        number: .mremap, name: "mremap", weight: 14,
        arguments: [.range, .length, .length, .flags([0, 1, 1, 1, 3, 3, 5, 7]), .destination], result: .address,
        errors: Errors(1, 11, 14, 22)),
    Call(
        number: .remapFilePages, name: "remap_file_pages", weight: 1,
        arguments: [.range, .length, .constant(0), .choice([0, 0, 1, 2, 16]), .flags([0, 0x1_0000])], result: .zero,
        errors: Errors(1, 11, 13, 22, 75)),
    Call(number: .brk, name: "brk", weight: 5, arguments: [.programBreak], result: .programBreak, errors: Errors()),
    Call(
        number: .madvise, name: "madvise", weight: 20, arguments: [.range, .populatedLength, .choice(advices)],
        result: .zero, errors: Errors(1, 9, 11, 13, 14, 16, 22, 5, 133)),
    Call(
        number: .pidfdOpen, name: "pidfd_open", weight: 1, arguments: [.process, .choice([0, 0, 0x800])],
        result: .descriptor, errors: Errors(3, 22, 23, 24)),
    // Few advices are for others' memory.
    Call(
        number: .processMadvise, name: "process_madvise", weight: 2,
        arguments: [.processDescriptor, .pieces, .choice([0, 1, 2]), .choice([3, 3, 20, 20, 21, 21, 25, 4]), .flags([0])],
        result: .anything, errors: Errors(1, 3, 9, 11, 14, 22)),
    Call(
        number: .msync, name: "msync", weight: 2, arguments: [.range, .length, .flags([1, 2, 4, 6])], result: .zero,
        errors: Errors(16, 22)),
    Call(
        number: .mincore, name: "mincore", weight: 2, arguments: [.range, .populatedLength, .buffer(1024)], result: .zero,
        errors: Errors(11, 14, 22)),
    Call(
        number: .mlock, name: "mlock", weight: 3, arguments: [.range, .populatedLength], result: .zero,
        errors: Errors(1, 11, 22)),
    Call(
        number: .mlock2, name: "mlock2", weight: 3, arguments: [.range, .populatedLength, .flags([0, 1])], result: .zero,
        errors: Errors(1, 11, 22)),
    Call(
        number: .munlock, name: "munlock", weight: 3, arguments: [.range, .length], result: .zero,
        errors: Errors(1, 11, 22)),
    Call(
        number: .mlockall, name: "mlockall", weight: 1, arguments: [.flags([1, 2, 3, 5, 6, 7])], result: .zero,
        errors: Errors(1, 11, 22)),
    Call(number: .munlockall, name: "munlockall", weight: 1, arguments: [], result: .zero, errors: Errors()),
    Call(
        number: .mseal, name: "mseal", weight: 1, arguments: [.range, .length, .flags([0])], result: .zero,
        errors: Errors(1, 22)),
    Call(
        number: .memfdCreate, name: "memfd_create", weight: 3, arguments: [.path, .flags([0, 1, 2, 2, 3])],
        result: .descriptor, errors: Errors(1, 14, 22, 23, 24)),
    Call(
        number: .ftruncate, name: "ftruncate", weight: 6, arguments: [.descriptor, .size], result: .zero,
        errors: Errors(1, 4, 5, 9, 22, 26, 27)),
    Call(
        number: .fallocate, name: "fallocate", weight: 2,
        arguments: [.descriptor, .flags([0, 1, 3, 3, 8, 16]), .offset, .bufferLength], result: .zero,
        errors: Errors(1, 4, 5, 9, 19, 22, 26, 27, 28, 29, 95)),
    Call(
        number: .fcntl, name: "fcntl", weight: 2,
        arguments: [.descriptor, .choice([1, 1033, 1033, 1034]), .flags([1, 2, 4, 8, 16])], result: .anything,
        errors: Errors(1, 9, 11, 16, 22)),
    Call(
        number: .lseek, name: "lseek", weight: 1, arguments: [.descriptor, .offset, .choice([0, 1, 2, 3, 4])],
        result: .anything, errors: Errors(6, 9, 22, 29, 75)),
    Call(
        number: .read, name: "read", weight: 3, arguments: [.descriptor, .sizedBuffer, .bufferLength], result: .count(2),
        errors: Errors(4, 5, 9, 11, 14, 21, 22)),
    Call(
        number: .write, name: "write", weight: 3, arguments: [.descriptor, .sizedBuffer, .bufferLength],
        result: .count(2), errors: Errors(1, 4, 5, 9, 11, 14, 22, 27, 28, 32)),
    Call(
        number: .pread64, name: "pread64", weight: 3,
        arguments: [.descriptor, .sizedBuffer, .bufferLength, .offset], result: .count(2),
        errors: Errors(4, 5, 6, 9, 11, 14, 21, 22, 29, 75)),
    Call(
        number: .pwrite64, name: "pwrite64", weight: 4,
        arguments: [.descriptor, .sizedBuffer, .bufferLength, .offset], result: .count(2),
        errors: Errors(1, 4, 5, 6, 9, 11, 14, 22, 27, 28, 29, 32, 75)),
    Call(
        number: .openat, name: "openat", weight: 2,
        arguments: [.constant(UInt(bitPattern: -100)), .path, .flags([0, 2, 0x42, 0x242, 0x80042]), .constant(0o600)],
        result: .descriptor, errors: Errors(1, 2, 6, 13, 14, 17, 20, 21, 22, 23, 24, 26, 27, 28, 30, 36, 40)),
    Call(
        number: .unlinkat, name: "unlinkat", weight: 1,
        arguments: [.constant(UInt(bitPattern: -100)), .path, .constant(0)], result: .zero,
        errors: Errors(1, 2, 13, 14, 16, 20, 21, 22, 30, 36, 40)),
    Call(
        number: .pipe2, name: "pipe2", weight: 1, arguments: [.buffer(8), .constant(0x800)], result: .zero,
        errors: Errors(14, 22, 23, 24)),
    Call(
        number: .dup, name: "dup", weight: 1, arguments: [.descriptor], result: .descriptor, errors: Errors(9, 24)),
    Call(
        number: .close, name: "close", weight: 4, arguments: [.descriptor], result: .zero, errors: Errors(4, 5, 9, 28)),
    Call(
        number: .processVmReadv, name: "process_vm_readv", weight: 2,
        arguments: [.process, .pieces, .choice([0, 1, 2]), .pieces, .choice([0, 1, 2]), .flags([0])], result: .anything,
        errors: Errors(1, 3, 14, 22)),
    Call(
        number: .processVmWritev, name: "process_vm_writev", weight: 2,
        arguments: [.process, .pieces, .choice([0, 1, 2]), .pieces, .choice([0, 1, 2]), .flags([0])], result: .anything,
        errors: Errors(1, 3, 14, 22)),
    Call(
        number: .prctl, name: "prctl", weight: 2,
        arguments: [.constant(0x5356_4D41), .constant(0), .range, .length, .path], result: .zero,
        errors: Errors(9, 11, 14, 22)),
    Call(
        number: .personality, name: "personality", weight: 1,
        arguments: [.choice([0, 0x40000, 0x100000, 0x200000, 0xFFFF_FFFF])], result: .anything, errors: Errors(22)),
    Call(
        number: .prlimit64, name: "prlimit64", weight: 2,
        arguments: [.process, .choice([2, 2, 3, 3, 7, 8, 8, 9, 9]), .limit, .constant(0)], result: .zero,
        errors: Errors(1, 3, 22)),
    Call(
        number: .prlimit64, name: "prlimit64", weight: 1,
        arguments: [.process, .choice([0, 2, 3, 7, 8, 9, 16]), .constant(0), .buffer(16)], result: .zero,
        errors: Errors(1, 3, 14, 22)),
    Call(
        number: .sigaltstack, name: "sigaltstack", weight: 1, arguments: [.constant(0), .buffer(24)], result: .zero,
        errors: Errors(1, 14, 22)),
]

/// What is done beside calls: a byte is loaded, stored or executed, or a child is made.
enum Deed {
    case call(Int)
    case load, store, execute, fork
}

/// How often each of the other deeds comes.
private let touchWeight = 24
private let executeWeight = 3
private let forkWeight = 1

private let totalWeight = calls.reduce(2 * touchWeight + executeWeight + forkWeight) { $0 + $1.weight }

extension Deed {
    /// The next deed of a process.
    static func next(_ random: inout Random) -> Deed {
        var left = random.next(below: totalWeight)
        for index in calls.indices {
            left -= calls[index].weight
            if left < 0 { return .call(index) }
        }
        left -= touchWeight
        if left < 0 { return .load }
        left -= touchWeight
        if left < 0 { return .store }
        return left < executeWeight ? .execute : .fork
    }
}
