// What memory costs, in nanoseconds of the machine's timer per operation: under `-icount shift=0,sleep=off` one guest
// instruction is one nanosecond, so these are instructions, kernel and program side together. Each line is
// `name value`; names are those of LINUX-BASELINE.md where it has one. The median of 11 samples, unless a sample is a
// process.
//
// The same program runs on Linux in the same emulator. What a kernel does not do is said on the standard error stream,
// and its figure left out.
//
// `control_2000_instructions` is a loop of 1000 rounds of two instructions: if it is not about 2000, the clock does not
// count instructions.

import libakuma

if Program.arguments.count == 3, Program.arguments[1] == waitingArgument { waitAsCopy() }

measure("control_2000_instructions", operations: 1000) { Timer.spin(1_000_000) }
measureCalls()
measureMapping()
measureFaults()
measureProtection()
measureHeap()
measureMoving()
measureAdvice()
measureFiles()
measureForks()
measureEmptyProcess()
exit(0)
