// Wild pointers and lengths to every call that takes some: each must be refused with an error of the right kind, and
// the program must live on.

import ProgramTesting
import libakuma

/// Addresses that no program may reach: null and near it, the kernel, its window, devices, beyond the address space.
let wildPointers: [UInt] = [
    8, 0xFFF8, 0x3FFF_F000, 0x4008_0000, 0x4FFF_FFF8, 0x7F_FFFF_FFF0, 0xFFFF_FFFF_FFF8, 0x0010_0000_0000_0000,
    0xFFFF_0000_0900_0000, 0xFFFF_FFFF_FFFF_FFF0,
]

let directory = try? FileDescriptor.open("/", .directory)
let program = try? FileDescriptor.open(Program.path)
let directoryNumber = UInt(argument: directory?.rawValue ?? -1)
let fileNumber = UInt(argument: program?.rawValue ?? -1)
let here = UInt(argument: AtFlags.currentDirectory)
/// Good memory, for the other arguments.
let good = unsafe UInt(bitPattern: mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_ANONYMOUS))

/// A call whose argument at `place` is to be wild.
struct Call {
    let number: SystemCallNumber
    let place: Int
    let arguments: [UInt]
    var mayRefuseOtherwise: [Errno] = []
}

let calls: [Call] = [
    Call(number: .read, place: 1, arguments: [fileNumber, 0, 64]),
    Call(number: .pread64, place: 1, arguments: [fileNumber, 0, 64, 0]),
    Call(number: .write, place: 1, arguments: [1, 0, 64]),
    Call(number: .readv, place: 1, arguments: [fileNumber, 0, 2]),
    Call(number: .writev, place: 1, arguments: [1, 0, 2]),
    Call(number: .openat, place: 1, arguments: [here, 0, 0]),
    Call(number: .faccessat, place: 1, arguments: [here, 0, 0]),
    Call(number: .newfstatat, place: 1, arguments: [here, 0, good, 0]),
    Call(number: .fstat, place: 1, arguments: [fileNumber, 0]),
    Call(number: .readlinkat, place: 1, arguments: [here, 0, good, 64]),
    Call(number: .chdir, place: 0, arguments: [0]),
    Call(number: .getcwd, place: 0, arguments: [0, 64]),
    Call(number: .getdents64, place: 1, arguments: [directoryNumber, 0, 4096]),
    Call(number: .pipe2, place: 0, arguments: [0, 0]),
    Call(number: .ppoll, place: 0, arguments: [0, 1, 0, 0, 8]),
    Call(number: .uname, place: 0, arguments: [0]),
    Call(number: .clockGettime, place: 1, arguments: [1, 0]),
    Call(number: .clockGetres, place: 1, arguments: [1, 0]),
    Call(number: .nanosleep, place: 0, arguments: [0, 0]),
    Call(number: .sysinfo, place: 0, arguments: [0]),
    Call(number: .getrandom, place: 0, arguments: [0, 16, 0]),
    Call(number: .rtSigaction, place: 1, arguments: [10, 0, 0, 8]),
    Call(number: .rtSigaction, place: 2, arguments: [10, 0, 0, 8]),
    Call(number: .rtSigprocmask, place: 1, arguments: [0, 0, 0, 8]),
    Call(number: .rtSigprocmask, place: 2, arguments: [0, 0, 0, 8]),
    Call(number: .sigaltstack, place: 0, arguments: [0, 0]),
    Call(number: .prlimit64, place: 3, arguments: [0, 3, 0, 0]),
    Call(number: .prlimit64, place: 2, arguments: [0, 3, 0, 0]),
    Call(number: .execve, place: 0, arguments: [0, 0, 0]),
    Call(number: .futex, place: 0, arguments: [0, 128, 0, 0, 0, 0]),
    Call(number: .wait4, place: 1, arguments: [.max, 0, 0, 0], mayRefuseOtherwise: [.noChildProcess]),
]

for call in calls {
    for pointer in wildPointers {
        var arguments = call.arguments + [UInt](repeating: 0, count: 6 - call.arguments.count)
        arguments[call.place] = pointer
        let result = unsafe systemCall(
            call.number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5])
        // EINVAL is for what is not aligned as it must be. qemu-aarch64 ignores some pointers that Linux looks at.
        let error = Errno(result: result)
        let isRefused = error == .badAddress || error == .invalidArgument || error == .noFunction
        let isEmulated = !Program.isOnAkuma && (call.number == .clockGetres || call.number == .prlimit64)
        expect(
            isRefused || isEmulated || call.mayRefuseOtherwise.contains { $0 == error },
            "\(call.number.name) with \(pointer.hexadecimal()) is refused; it said "
                + (error.map { "\($0)" } ?? "\(result)"))
    }
}

// Buffers that begin in good memory and end in wild.
let edge = good + 4096 - 8
let text = unsafe mmap(0, 4096, PROT_READ, MAP_ANONYMOUS)
expect(Errno(result: unsafe systemCall(.fstat, fileNumber, edge)) == .badAddress, "a structure may not cross the edge")
expect(
    Errno(result: unsafe systemCall(.clockGettime, 1, UInt(bitPattern: text))) == .badAddress,
    "nothing is stored to a read-only page")
let wildVectors = unsafe UnsafeMutablePointer<IOVector>(bitPattern: good)!
unsafe wildVectors.pointee.base = 0x4008_0000
unsafe wildVectors.pointee.count = 16
expect(Errno(result: unsafe systemCall(.writev, 1, good, 1)) == .badAddress, "a vector to the kernel is refused")
expect(Errno(result: unsafe systemCall(.writev, 1, good, .max)) == .invalidArgument, "and one without end")

// Lengths and addresses for the memory calls.
for length in [UInt.max, .max - 4095, 1 << 63, 1 << 48] as [UInt] {
    for address in [0, good, 0x4008_0000, .max - 4095] as [UInt] {
        let mapped = Errno(result: unsafe systemCall(.mmap, address, length, 3, 0x22, .max, 0))
        expect(mapped == .noMemory || mapped == .invalidArgument, "mmap of \(length.hexadecimal()) bytes is refused")
        let unmapped = Errno(result: unsafe systemCall(.munmap, address | 1, length))
        expect(unmapped == .invalidArgument, "munmap of \(length.hexadecimal()) bytes at an odd address is refused")
        let protected = Errno(result: unsafe systemCall(.mprotect, address | 1, length, 1))
        expect(protected == .invalidArgument || protected == .noMemory, "mprotect likewise")
    }
}
// On Linux the heap may well reach some of the addresses.
for pointer in wildPointers where Program.isOnAkuma || pointer < 0x1_0000 || pointer > 1 << 40 {
    let before = unsafe systemCall(.brk, 0)
    expect(unsafe systemCall(.brk, pointer) == before, "a wild break changes nothing")
}

unsafe RawAccess.store(good, 42)
expect(unsafe RawAccess.load(good) == 42, "the program lives on")
finish()
