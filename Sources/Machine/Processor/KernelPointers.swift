public import MachineAssembly

extension Processor {
    /// The running CPU's number, from 0.
    @inlinable @inline(__always) public static var number: Int { Int(current.value.number) }

    /// The kernel's own object `index`, 0 to 3, of the running CPU: where it finds what it keeps for each. Of the type
    /// that it was set to be, at boot, before anything asks for it.
    @inlinable @inline(__always) public static func kernelObject<T: ~Copyable>(_ index: Int, _: T.Type) -> Handle<T> {
        let address =
            switch index {
            case 0: current.value.kernel.0
            case 1: current.value.kernel.1
            case 2: current.value.kernel.2
            default: current.value.kernel.3
            }
        // Not looked at each time whether it is there: nearly everything begins with it.
        return unsafe Handle(UnsafeMutablePointer<T>(bitPattern: UInt(address)).unsafelyUnwrapped)
    }

    public static func setKernelObject<T: ~Copyable>(_ index: Int, to object: Handle<T>) {
        switch index {
        case 0: current.value.kernel.0 = object.address
        case 1: current.value.kernel.1 = object.address
        case 2: current.value.kernel.2 = object.address
        default: current.value.kernel.3 = object.address
        }
    }
}
