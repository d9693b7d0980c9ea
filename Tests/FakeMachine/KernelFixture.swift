import MemoryModel

/// What a kernel would have made on the machine before the first program.
extension FakeMachine {
    /// A level-1 table whose slot 1 maps RAM for the kernel alone, the frame of zeroes, and the directory of objects.
    /// Whoever asked gives the three frames back.
    public func makeKernel<M: Hardware>(_ frames: inout FrameAllocator<M>) -> KernelMappings {
        let table = frames.takeZeroedNumber(.kernel)
        let zero = frames.takeZeroedNumber(.zero)
        let objects = frames.takeZeroedNumber(.kernel)
        hardware.completeCleaning()
        let block: UInt64 = 0x4000_0000 | 1 | 3 << 8 | 1 << 10 | 1 << 53 | 1 << 54
        hardware.store(block, at: table.address + ByteCount(8))
        return KernelMappings(
            table: table.address, slots: 1..<512, zeroFrame: zero, objects: objects,
            hardwareTracksDirtyPages: options.setsDirtyState)
    }
}
