import Machine
import MemoryModel

/// The kernel's view of RAM: the identity mapping. The only doors between the two kinds of address.
enum KernelMemory {
    /// The kernel's address of a physical one.
    @inline(__always) static func physToVirt(_ address: PhysicalAddress) -> VirtualAddress { VirtualAddress(address.rawValue) }

    /// The physical address that the kernel's identity mapping translates an address to.
    @inline(__always) static func virtToPhys(_ address: VirtualAddress) -> PhysicalAddress { PhysicalAddress(address.rawValue) }

    /// Bytes of boot-time memory that is never given away: the ramdisk, the device tree.
    @_lifetime(immortal)
    static func bytes(at address: UInt64, count: UInt64) -> Span<UInt8> {
        KernelBytes.bytes(at: address, count: count)
    }
}
