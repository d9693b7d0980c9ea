import FakeMachine
import MemoryModel
import Testing

/// A machine, what a kernel would have made on it, and one address space that two CPUs have installed.
struct TestSpace: ~Copyable {
    let machine: FakeMachine
    var frames: FrameAllocator<FakeHardware>
    var asids: ASIDAllocator
    let kernel: KernelMappings
    var space: AddressSpace<FakeHardware>

    /// Frames in use before the first address space.
    let baseline: UInt64

    init(
        frames count: UInt64 = 1024, options: FakeMachine.Options = .init(), layout: AddressSpaceLayout = .standard,
        installed: Bool = true
    ) throws {
        machine = FakeMachine(frames: count, options: options)
        frames = machine.makeAllocator()
        asids = ASIDAllocator(bits: UInt64(options.asidBits))
        kernel = machine.makeKernel(&frames)
        baseline = frames.freeFrames
        space = try AddressSpace(machine: machine.hardware, layout: layout, kernel: kernel, frames: &frames)
        for cpu in machine.cpus where installed {
            asids.activate(&space.context, on: cpu.index, machine.hardware)
            cpu.install(root: space.rootAddress.frame, asid: space.context.asid)
        }
    }

    /// Ends the address space, gives back what the kernel has, and checks that nothing was lost.
    consuming func finish() throws {
        try space.validate()
        for cpu in machine.cpus { cpu.uninstall() }
        space.destroy(frames: &frames)
        let (free, expected) = (frames.freeFrames, baseline)
        #expect(free == expected)
        frames.release(Frame(adopting: kernel.zeroFrame))
        frames.release(Frame(adopting: kernel.table))
        frames.release(Frame(adopting: kernel.objects))
    }

    // MARK: What a program does

    /// Accesses memory as EL0 on a CPU, resolving faults as the kernel does.
    mutating func access(_ address: UInt64, _ access: Access, cpu: Int = 0) throws(FaultError) -> PhysicalAddress {
        let wanted: FakeCPU.Access = access == .read ? .read : access == .write ? .write : .execute
        for _ in 0..<4 {
            if let physical = try? machine.cpus[cpu].access(VirtualAddress(address), wanted) { return physical }
            _ = try space.resolveFault(at: VirtualAddress(address), access: access, frames: &frames)
        }
        Issue.record("the same access faults for ever")
        throw .notMapped
    }

    mutating func read(_ address: UInt64, cpu: Int = 0) throws(FaultError) -> UInt64 {
        machine.peek(try access(address, .read, cpu: cpu))
    }

    mutating func write(_ value: UInt64, at address: UInt64, cpu: Int = 0) throws(FaultError) {
        _ = try access(address, .write, cpu: cpu)
        try? machine.cpus[cpu].write(value, at: VirtualAddress(address))
    }

    // MARK: System calls, with raw numbers as a program gives them

    mutating func map(
        _ length: UInt64, _ protection: Protection = .readWrite, hint: UInt64 = 0, options: MapOptions = .none
    ) throws(MapError) -> UInt64 {
        try space.map(
            MapRequest(
                length: ByteCount(length), protection: protection, placement: .anywhere(hint: VirtualAddress(hint)),
                options: options),
            frames: &frames
        ).rawValue
    }

    @discardableResult mutating func map(
        fixed start: UInt64, _ length: UInt64, _ protection: Protection = .readWrite, options: MapOptions = .none
    ) throws(MapError) -> UInt64 {
        try space.map(
            MapRequest(
                length: ByteCount(length), protection: protection, placement: .fixed(VirtualAddress(start)),
                options: options),
            frames: &frames
        ).rawValue
    }

    mutating func mapNew(at start: UInt64, _ length: UInt64) throws(MapError) -> UInt64 {
        try space.map(
            MapRequest(
                length: ByteCount(length), protection: .readWrite, placement: .fixedNoReplace(VirtualAddress(start))),
            frames: &frames
        ).rawValue
    }

    mutating func unmap(_ start: UInt64, _ length: UInt64) throws(MapError) {
        try space.unmap(VirtualAddress(start), length: ByteCount(length), frames: &frames)
    }

    mutating func protect(_ start: UInt64, _ length: UInt64, _ protection: Protection) throws(MapError) {
        try space.protect(VirtualAddress(start), length: ByteCount(length), protection, frames: &frames)
    }

    mutating func moveBreak(to address: UInt64) throws(MapError) {
        try space.setBreak(to: VirtualAddress(address), frames: &frames)
    }

    func state(_ address: UInt64) -> PageState? { space.state(of: VirtualAddress(address)) }

    /// The frame that a page has, whether its program may access it or not.
    func frame(of address: UInt64) -> FrameNumber? {
        switch state(address) {
        case .resident(let frame, _, _, _), .residentWithoutAccess(let frame, _): frame
        case .free, .reserved, .reservedFile, nil: nil
        }
    }

    func isMapped(_ address: UInt64) -> Bool { state(address) != .free }
}

let page = Granule.size.rawValue
let megabyte: UInt64 = 1 << 20
let gigabyte: UInt64 = 1 << 30

extension MaintenanceCounts {
    /// Invalidations of any kind.
    var invalidations: Int { pageInvalidations + asidInvalidations + wholeInvalidations }
}
