// Ends as its arguments say: `status N`, `return`, `kill N`, `tkill N`, `abort`, `trap`, `segv`.

import libakuma

let arguments = Program.arguments
let how = arguments.count > 1 ? arguments[1] : "return"
let number = arguments.count > 2 ? Int32(arguments[2]) ?? 0 : 0

func crash(_ value: Int32) -> Int32 {
    precondition(value < 0, "this traps")
    return value
}

print("test-exit: ending by \(how) \(number)")
switch how {
case "status": exit(number)
case "return": break
case "kill": try? kill(Program.processID, Signal(rawValue: UInt8(truncatingIfNeeded: number)))
case "tkill": unsafe systemCall(.tkill, UInt(bitPattern: systemCall(.gettid)), UInt(number))
case "abort": abort()
case "trap": exit(crash(number))
case "segv": unsafe UnsafeMutablePointer<Int>(bitPattern: 8)!.pointee = 1
default:
    printError("usage: test-exit return | status N | kill N | tkill N | abort | trap | segv")
    exit(64)
}
