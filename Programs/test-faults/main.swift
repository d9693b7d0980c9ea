// One forbidden access, chosen by two arguments: WHERE and read, write or execute. The program must die of it, by
// SIGSEGV or SIGBUS; if it lives it exits with 1. `test-faults list` names the places.

import ProgramTesting
import libakuma

/// A place and its address.
let places: [(name: String, address: UInt)] = [
    ("null", 0),
    ("near-null", 0xFFF8),
    ("below-image", 0x3F_FFF8),
    ("heap-end", 0x0FFF_FFF8),
    ("guard", 0x3FFF_F000),
    ("kernel", 0x4008_0000),
    ("ram", 0x4400_0000),
    ("beyond", 0x7F_BFFF_F000),
    ("window", 0x7F_FFFF_F000),
    ("device", 0xFFFF_0000_0900_0000),
    ("device-physical", 0x0900_0000),
    ("high", 0x80_0000_0000),
    ("last-user", 0xFFFF_FFFF_F000),
    ("noncanonical", 0x0010_0000_0000_0000),
    ("top", 0xFFFF_FFFF_FFFF_FFF8),
]

let arguments = Program.arguments
if arguments.count == 2 && arguments[1] == "list" {
    for place in places { print(place.name, place.address.hexadecimal()) }
    print("text, rodata, data, own-guard: within the program: write, write, execute, read")
    exit(0)
}
guard arguments.count == 3 else {
    printError("usage: test-faults WHERE read|write|execute")
    exit(64)
}

/// A page of its own without any right.
let ownGuard = unsafe UInt(bitPattern: mmap(0, 4096, PROT_NONE, MAP_ANONYMOUS))
let text: @convention(c) () -> Void = {}
var data: UInt64 = 0xD65F_03C0  // `ret`: data that would execute if it could

let address: UInt
switch arguments[1] {
case "text": address = unsafe UInt(bitPattern: unsafeBitCast(text, to: UnsafeRawPointer.self))
case "rodata": address = unsafe UInt(bitPattern: ("rodata" as StaticString).utf8Start)
case "data": address = unsafe withUnsafePointer(to: &data) { UInt(bitPattern: $0) }
case "own-guard": address = ownGuard
case let name:
    guard let place = places.first(where: { $0.name == name }) else {
        printError("test-faults: no place called \(name)")
        exit(64)
    }
    address = place.address
}

switch arguments[2] {
case "read": print("read", unsafe RawAccess.load(address))
case "write": unsafe RawAccess.store(address, 1)
default: print("executed", unsafe RawAccess.execute(address))
}
printError("test-faults: nothing stopped \(arguments[2]) at \(address.hexadecimal())")
exit(1)
