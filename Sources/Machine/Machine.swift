// Machine: the only unsafe floor.
//
// For:      registers, vectors, translation tables of the kernel itself, caches, TLB, interrupt controller, timer,
//           serial line, clock, power, and the memory that kernel objects live in.
// Touches:  the hardware. Everything unsafe in the kernel is here, behind an interface that is safe as documented.
// Never:    policy. It decides nothing about processes, and knows no system call.
// Heap:     none. Addresses are raw `UInt64`, since this module lies below MemoryModel.

public import MachineAssembly

extension TrapFrame {
    /// The program's general registers by number, 0 to 30 (31 would be the zero register).
    @inlinable public subscript(register number: Int) -> UInt64 {
        get {
            precondition(number >= 0 && number < 31, "general registers are x0 to x30")
            return unsafe withUnsafeBytes(of: self) { frame in
                unsafe frame.load(fromByteOffset: number * 8, as: UInt64.self)
            }
        }
        set {
            precondition(number >= 0 && number < 31, "general registers are x0 to x30")
            unsafe withUnsafeMutableBytes(of: &self) { frame in
                unsafe frame.storeBytes(of: newValue, toByteOffset: number * 8, as: UInt64.self)
            }
        }
    }

    /// Why the exception was taken: the exception class of ``esr`` (Arm ARM D19.2.37).
    @inlinable public var exceptionClass: UInt64 { esr >> 26 & 0x3f }
}
