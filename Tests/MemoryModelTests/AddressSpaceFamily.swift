import FakeMachine
import Testing

@testable import MemoryModel

/// A machine, what a kernel would have made on it, and address spaces forked from one another.
final class Family {
    /// One address space.
    final class Member {
        var space: AddressSpace<FakeHardware>?

        init(_ space: consuming AddressSpace<FakeHardware>) { self.space = consume space }

        func state(_ address: UInt64) -> PageState? { space!.state(of: VirtualAddress(address)) }

        /// The last-level table on the path of an address.
        func table(of address: UInt64) -> FrameNumber? {
            let path = space!.translate(VirtualAddress(address))
            return path?.count == Granule.lastLevel + 1 ? path?.last.table.frame : nil
        }

        func frame(of address: UInt64) -> FrameNumber? {
            switch state(address) {
            case .resident(let frame, _, _, _), .residentWithoutAccess(let frame, _): frame
            case .free, .reserved, .reservedFile, nil: nil
            }
        }

        var context: AddressSpaceContext { space!.context }
        var asid: ASID { context.asid }
        var root: FrameNumber { space!.rootFrame() }
        var sharedTables: Int { space!.sharedTables }
        var statistics: AddressSpaceStatistics { space!.currentStatistics() }
        var programBreak: VirtualAddress { space!.programBreak }

        func validate() throws { try space!.validate() }
    }

    let machine: FakeMachine
    var frames: FrameAllocator<FakeHardware>
    var asids: ASIDAllocator
    let kernel: KernelMappings
    let baseline: UInt64
    let first: Member
    var members: [Member]

    init(frames count: UInt64 = 2048, options: FakeMachine.Options = .init()) throws {
        machine = FakeMachine(frames: count, options: options)
        frames = machine.makeAllocator()
        asids = ASIDAllocator(bits: UInt64(options.asidBits))
        kernel = machine.makeKernel(&frames)
        baseline = frames.freeFrames
        first = Member(
            try AddressSpace(machine: machine.hardware, layout: .standard, kernel: kernel, frames: &frames))
        members = [first]
        run(first, on: 0)
    }

    var freeFrames: UInt64 { frames.freeFrames }

    func isSoleOwner(_ frame: FrameNumber) -> Bool { frames.isSoleOwner(frame) }

    func fork(_ parent: Member) throws(MapError) -> Member {
        let child = Member(try parent.space!.fork(frames: &frames))
        members.append(child)
        return child
    }

    func destroy(_ member: Member) {
        for cpu in machine.cpus { cpu.uninstall() }
        members.removeAll { $0 === member }
        member.space.take()!.destroy(frames: &frames)
    }

    /// Ends every address space, gives back what the kernel has, and checks that nothing was lost.
    func finish() throws {
        for member in members { try member.validate() }
        for member in members { destroy(member) }
        #expect(freeFrames + objects.recordFrames == baseline)
        giveBackObjectRecords()
        frames.release(Frame(adopting: kernel.zeroFrame))
        frames.release(Frame(adopting: kernel.table))
        frames.release(Frame(adopting: kernel.objects))
    }

    /// Gives back the frames of the objects' records, which a kernel keeps for ever.
    private func giveBackObjectRecords() {
        var released: UInt64 = 0
        func release(_ word: UInt64) {
            frames.release(Frame(adopting: FrameNumber(word)))
            released += 1
        }
        let expected = objects.recordFrames
        for branch in 16..<48 {
            let word = machine.hardware.load(TableGeometry.entry(branch, of: kernel.objects))
            guard word != 0 else { continue }
            for index in 0..<Granule.entriesPerTable {
                let leaf = machine.hardware.load(TableGeometry.entry(index, of: FrameNumber(word)))
                if leaf != 0 { release(leaf) }
            }
            release(word)
        }
        #expect(released == expected)
    }

    // MARK: What a program does

    func run(_ member: Member, on cpu: Int) {
        asids.activate(&member.space!.context, on: cpu, machine.hardware)
        machine.cpus[cpu].install(root: member.root, asid: member.asid)
    }

    func access(
        _ member: Member, _ address: UInt64, _ access: Access, cpu: Int = 0
    ) throws(FaultError) -> PhysicalAddress {
        run(member, on: cpu)
        let wanted: FakeCPU.Access = access == .read ? .read : access == .write ? .write : .execute
        for _ in 0..<4 {
            if let physical = try? machine.cpus[cpu].access(VirtualAddress(address), wanted) { return physical }
            _ = try member.space!.resolveFault(at: VirtualAddress(address), access: access, frames: &frames)
        }
        Issue.record("the same access faults for ever")
        throw .notMapped
    }

    func read(_ member: Member, _ address: UInt64, cpu: Int = 0) throws(FaultError) -> UInt64 {
        machine.peek(try access(member, address, .read, cpu: cpu))
    }

    func write(_ member: Member, _ value: UInt64, at address: UInt64, cpu: Int = 0) throws(FaultError) {
        _ = try access(member, address, .write, cpu: cpu)
        try? machine.cpus[cpu].write(value, at: VirtualAddress(address))
    }

    @discardableResult func map(
        _ member: Member, fixed start: UInt64, _ length: UInt64, _ protection: Protection = .readWrite
    ) throws(MapError) -> UInt64 {
        try member.space!.map(
            MapRequest(
                length: ByteCount(length), protection: protection, placement: .fixed(VirtualAddress(start))),
            frames: &frames
        ).rawValue
    }

    func map(_ member: Member, _ length: UInt64, _ protection: Protection = .readWrite) throws(MapError) -> UInt64 {
        try member.space!.map(MapRequest(length: ByteCount(length), protection: protection), frames: &frames).rawValue
    }

    func unmap(_ member: Member, _ start: UInt64, _ length: UInt64) throws(MapError) {
        try member.space!.unmap(VirtualAddress(start), length: ByteCount(length), frames: &frames)
    }

    func protect(
        _ member: Member, _ start: UInt64, _ length: UInt64, _ protection: Protection
    ) throws(MapError) {
        try member.space!.protect(VirtualAddress(start), length: ByteCount(length), protection, frames: &frames)
    }

    /// Reserves a range with attributes that no call of today's can give.
    func reserve(_ member: Member, _ start: UInt64, _ length: UInt64, _ attributes: AttributeSet) throws(MapError) {
        let set = AttributeSet.read | .write | .mayEverything | attributes
        let interned = try member.space!.intern(set)
        let range = VirtualRange(VirtualAddress(start), to: VirtualAddress(start + length))
        try member.space!.reserve(range, as: interned, frames: &frames)
    }

    // MARK: What must hold

    /// No translation that a TLB may hold lets a member write where others see it.
    func expectPrivate(_ address: UInt64, _ location: SourceLocation = #_sourceLocation) {
        for member in members where member.context != .none {
            for found in machine.allPossibleTranslations(VirtualAddress(address), asid: member.asid)
            where found.el0Write {
                let frame = found.frame(for: VirtualAddress(address))
                #expect(isSoleOwner(frame), "a TLB lets EL0 write a shared frame", sourceLocation: location)
                for other in members where other !== member {
                    #expect(other.frame(of: address) != frame, "a TLB lets EL0 write for two", sourceLocation: location)
                }
            }
        }
    }
}

// Methods, since a computed property of what a class's optional holds would consume it.
extension AddressSpace {
    fileprivate func rootFrame() -> FrameNumber { rootAddress.frame }

    fileprivate func currentStatistics() -> AddressSpaceStatistics { statistics }
}
