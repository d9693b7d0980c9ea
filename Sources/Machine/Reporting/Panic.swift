public import MachineAssembly

/// Ends the machine because the kernel cannot go on: prints why, the registers and the way here, and exits with 125.
///
/// Never hangs: a fault within it ends the machine at once. The host turns the addresses into names.
public func panic(_ reason: StaticString) -> Never {
    unsafe reasonOfBreak = reason
    // Taken by the vectors, which store every register before any code can change it.
    akuma_break_for_panic()
    Power.end(status: 125)
}

/// Why ``panic(_:)`` took its exception.
nonisolated(unsafe) private var reasonOfBreak: StaticString = "an unknown reason"

/// The exception that ``panic(_:)`` took.
func panicAfterBreak(_ frame: Handle<TrapFrame>) -> Never { panic(unsafe reasonOfBreak, frame) }

/// ``panic(_:)`` with the registers of the moment that went wrong.
public func panic(_ reason: StaticString, _ frame: Handle<TrapFrame>) -> Never {
    let cpu = Processor.current
    cpu.value.panic_depth += 1
    switch cpu.value.panic_depth {
    case 1: break
    case 2:
        report(reason: "a fault within the report of a panic: ")
        report(reason: reason)
        report(reason: "\n")
        Power.end(status: 125)
    default: Power.end(status: 125)
    }
    report(reason: "\nakuma: kernel panic: ")
    report(reason: reason)
    report(reason: "\n")
    print(registers: frame)
    Backtrace.print(from: frame.value.elr, framePointer: frame.value.x29)
    Power.end(status: 125)
}

/// Text that must reach somebody: by the debugger's console where the serial line is not known yet.
private func report(reason: StaticString) {
    if Console.isOpen {
        Console.write(reason)
    } else {
        // SYS_WRITE0; a static string ends with a zero.
        _ = unsafe akuma_semihosting(4, UInt64(UInt(bitPattern: reason.utf8Start)))
    }
}

private func print(registers frame: Handle<TrapFrame>) {
    Console.log("  esr \(hex: frame.value.esr, digits: 8) far \(hex: frame.value.far, digits: 16)")
    Console.log("  elr \(hex: frame.value.elr, digits: 16) spsr \(hex: frame.value.spsr, digits: 8)")
    Console.log("  sp  \(hex: frame.value.sp_el0, digits: 16)")
    for number in 0..<31 {
        Console.write(number < 10 ? "  x" : " x")
        Console.write(UInt64(number))
        Console.write(" ")
        Console.write(hex: frame.value[register: number], digits: 16)
        if number % 3 == 2 || number == 30 { Console.write(byte: 0x0a) }
    }
}

/// The return addresses that led here, from the chain of frame records (AAPCS64 6.4.6).
public enum Backtrace {
    /// Prints one line for each: `  #n 0x…`. Stops at the end of the chain, and at anything that is not on the kernel
    /// stack that `framePointer` lies on.
    static func print(from start: UInt64, framePointer: UInt64) {
        Console.log("  #0 \(hex: start, digits: 16)")
        var number: UInt64 = 1
        var record = framePointer
        let stack = framePointer & ~0x3fff
        // A stack is 16 KiB at a multiple of 32 KiB, in the kernel's image or in its window.
        guard framePointer & 0x4000 == 0, isStack(stack) else { return }
        while record & 15 == 0, record >= stack, record - stack <= 0x4000 - 16, number < 64 {
            let next = akuma_load(record)
            Console.log("  #\(number) \(hex: akuma_load(record + 8), digits: 16)")
            number += 1
            guard next > record else { return }
            record = next
        }
    }

    private static func isStack(_ start: UInt64) -> Bool {
        start == Image.bootStack.start || start == Image.emergencyStack.start || KernelWindow.range.contains(start)
    }
}
