// The calls on plain numbers, so that cases read as arithmetic.

import ProgramTesting
import libakuma

/// mmap of anonymous memory in pages; an address, or an error number negated, as a word.
func map(_ address: UInt, _ pages: UInt, _ protection: Protection = rw, _ flags: MapFlags = .none) -> UInt {
    UInt(
        bitPattern: unsafe systemCall(
            .mmap, address, pages * page, UInt(protection.rawValue),
            UInt((flags | MAP_ANONYMOUS | MAP_PRIVATE).rawValue), .max, 0))
}

func unmap(_ address: UInt, _ pages: UInt) -> Int { unsafe systemCall(.munmap, address, pages * page) }

func protect(_ address: UInt, _ pages: UInt, _ protection: Protection) -> Int {
    unsafe systemCall(.mprotect, address, pages * page, UInt(protection.rawValue))
}

func moveBreak(_ end: UInt) -> UInt { UInt(bitPattern: unsafe systemCall(.brk, end)) }

/// Whether a result is that error.
func failed(_ result: UInt, _ error: Errno) -> Bool { Errno(result: Int(bitPattern: result)) == error }

func failed(_ result: Int, _ error: Errno) -> Bool { Errno(result: result) == error }

func load(_ address: UInt) -> UInt8 { unsafe RawAccess.load(address) }

func store(_ address: UInt, _ value: UInt8) { unsafe RawAccess.store(address, value) }

/// Whether a range of pages reads as zero, each byte.
func isZero(_ address: UInt, _ pages: UInt) -> Bool {
    for offset in 0..<pages * page where load(address + offset) != 0 { return false }
    return true
}

/// Whether the kernel may read a byte there for the program: asks it to write it nowhere.
func isReadable(_ address: UInt) -> Bool {
    // A signal mask is read from the address; the call then changes nothing, as no signal is in an empty set to block.
    !failed(unsafe systemCall(.rtSigprocmask, UInt(SignalMaskChange.block.rawValue), address, 0, 8), .badAddress)
}

/// Whether the kernel may write to that page for the program; the page's second word is then what it wrote.
func isWritable(_ address: UInt) -> Bool {
    !failed(unsafe systemCall(.rtSigprocmask, 0, 0, address + 8, 8), .badAddress)
}

/// What Linux does and qemu-aarch64 7.2, which emulates its memory calls, does not: not even tried unless on Akuma.
func expectOfAKernel(_ condition: @autoclosure () -> Bool, _ sentence: @autoclosure () -> String) {
    if Program.isOnAkuma { expect(condition(), sentence()) }
}
