// What mmap, munmap, mprotect and brk promise, case by case: the same on Linux and Akuma, except for the addresses,
// which are checked on Akuma only. Faults are tried in a child: `test-memory CRIME`.

import ProgramTesting
import libakuma

let page: UInt = 4096
let rw = PROT_READ | PROT_WRITE

// A fresh process's first mapping, before anything else may map.
let first = map(0, 1)
if Program.isOnAkuma { expect(first == 0x1000_0000, "the first mmap is 0x10000000, not \(first.hexadecimal())") }

if Program.arguments.count > 1 { commit(Program.arguments[1]) }
testFreshPages()
testPlacement()
testUnmapping()
testProtection()
testHeap()
testErrors()
testHighRegion()
testReuse()
testCrimes()
finish()
