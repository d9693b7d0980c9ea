public import MachineAssembly

extension Processor {
    /// The running CPU's number, from 0.
    @inlinable @inline(__always) public static var number: Int { Int(current.value.number) }

    /// The kernel's own word `index`, 0 to 3, of the running CPU: where it finds what it keeps for each.
    @inlinable @inline(__always) public static func kernelWord(_ index: Int) -> UInt64 {
        switch index {
        case 0: current.value.kernel.0
        case 1: current.value.kernel.1
        case 2: current.value.kernel.2
        default: current.value.kernel.3
        }
    }

    public static func setKernelWord(_ index: Int, to value: UInt64) {
        switch index {
        case 0: current.value.kernel.0 = value
        case 1: current.value.kernel.1 = value
        case 2: current.value.kernel.2 = value
        default: current.value.kernel.3 = value
        }
    }
}
