// A tour of a program's memory: each step of the contract (Documentation, "The userspace memory model") tried on the
// machine that runs it. On Akuma the tour ends with status 1 if something is not as promised; on Linux, where addresses
// are others, it only shows.

import libakuma

if Program.arguments.count == 2 { commit(Program.arguments[1]) }

print("A program's memory, as this program finds it")
print(Program.isOnAkuma ? "on Akuma" : "not on Akuma: addresses are another kernel's")
if !Debugger.isOn { print("without the debugging interface (boot with --debug): entries are not shown") }

heading("Nothing is at null, nor near it")
crime("read-null", "load from 0x0")
crime("read-near-null", "load from 0xfff8")

heading("The image: text r-x, rodata r--, data and bss rw-")
image()

heading("The stack starts below 0x3ffff000 and grows down when it is used")
stack()

heading("The heap begins behind bss; brk moves its end")
heap()

heading("mmap: the first page is at 0x10000000")
mapping()

heading("A page that permits nothing stops whoever comes")
crime("touch-guard", "load from a PROT_NONE page")

heading("The kernel and its devices are not for programs")
kernel()

heading("What does not fit below goes to the high region")
reservation()

heading("Nothing overlaps")
overlaps()

print()
print(surprises == 0 ? "All as promised." : "\(surprises) not as promised, marked by !")
exit(surprises == 0 || !Program.isOnAkuma ? 0 : 1)
