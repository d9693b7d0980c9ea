import FakeMachine
import MemoryModel

typealias Space = AddressSpace<FakeHardware>
typealias Frames = FrameAllocator<FakeHardware>

/// The real module on a fake machine, and the model beside it.
final class World {
    /// A process: its address space, and what that should be.
    final class Process {
        var space: Space?
        var model: ModelSpace

        init(_ space: consuming Space, _ model: ModelSpace) {
            self.space = consume space
            self.model = model
        }

        var asid: ASID? { space!.currentContext() == .none ? nil : space!.currentContext().asid }
    }

    static let slots = 6
    static let cpus = 2
    static let objectSlots = 3
    /// Pages of RAM that objects may have their first content from.
    static let backingPages: UInt64 = 8

    let setting: Program.Setting
    let machine: FakeMachine
    var frames: Frames
    var asids: ASIDAllocator
    let kernel: KernelMappings
    /// Where these pages are: one behind another.
    let backing: PhysicalAddress
    /// Frames free before the first address space.
    let baseline: UInt64

    let modelObjects = ModelObjects()
    /// The number of each of the model's objects.
    var objectNumbers: [ObjectNumber] = []
    /// Which of the model's objects the kernel holds in each slot of its own.
    var held: [Int?]

    var processes: [Process?]
    /// Which process each CPU runs.
    var running: [Int?]
    /// Operations so far.
    var count = 0
    /// How many there were when everything was checked last.
    var lastCheck = 0
    /// How often memory ran out.
    var failures = 0
    /// What came of each operation.
    var counts = Counts()
    /// What came of the one that is being performed.
    var result = "done"
    /// Frames that were taken away to have an allocation fail.
    var withheld: UInt64 = 0

    init(_ setting: Program.Setting) throws {
        self.setting = setting
        machine = FakeMachine(frames: setting.frames, cpus: Self.cpus, options: setting.options)
        frames = machine.makeAllocator(hotLimit: setting.hotLimit)
        asids = ASIDAllocator(bits: UInt64(setting.asidBits))
        kernel = machine.makeKernel(&frames)
        backing = Self.makeBacking(machine, &frames)
        baseline = frames.freeFrames
        processes = Array(repeating: nil, count: Self.slots)
        running = Array(repeating: nil, count: Self.cpus)
        held = Array(repeating: nil, count: Self.objectSlots)
        for cpu in machine.cpus { cpu.memory = setting.memory }
        try exhaustASIDs(setting.usedASIDs)
        try makeFirst()
    }

    deinit { machine.discard() }

    /// Pages that stay as they are, each word another one.
    private static func makeBacking(_ machine: FakeMachine, _ frames: inout Frames) -> PhysicalAddress {
        guard let block = frames.takeBlock(order: 3, .kernel) else { preconditionFailure("RAM enough for a ramdisk") }
        let first = block.relinquish()
        for index in 0..<backingPages {
            let frame = first.advanced(by: index)
            for offset in stride(from: 0, to: pageSize, by: 8) {
                machine.hardware.store(Content.ramdisk(index, offset), at: frame.address + ByteCount(offset))
            }
        }
        return first.address
    }

    /// The first process, with a stack and a heap.
    private func makeFirst() throws {
        var space = try Space(machine: machine.hardware, layout: ModelSpace.layout, kernel: kernel, frames: &frames)
        var model = ModelSpace(modelObjects)
        let heap = ModelSpace.layout.mapBase - ByteCount.pages(128)
        space.setHeapStart(heap)
        model.heapStart = heap.rawValue
        model.programBreak = heap.rawValue
        model.stackLimit = 48
        space.setStackLimit(ByteCount.pages(model.stackLimit))
        let stack = MapRequest(
            length: ModelSpace.layout.initialStackSize, protection: .readWrite,
            placement: .fixed(ModelSpace.layout.stackTop - ModelSpace.layout.initialStackSize), options: .growsDown)
        _ = try space.mapStack(frames: &frames)
        _ = try model.map(stack)
        processes[0] = Process(space, model)
    }

    // MARK: Comparing a call with its model

    /// Lets the module and the model do the same, and compares what they say.
    ///
    /// Where memory ran out in the module, the model's state must be the one before the call.
    /// - Returns: what both said, or nil where memory ran out.
    func compare<Success: Equatable, Failure: Error & Equatable & NamedResult>(
        _ process: Process, outOfMemory: Failure,
        real: (inout Space, inout Frames) throws(Failure) -> Success,
        model: (inout ModelSpace) throws(Failure) -> Success
    ) throws -> Result<Success, Failure>? {
        machine.forgetScarcity()
        let found: Result<Success, Failure>
        do throws(Failure) {
            found = .success(try real(&process.space!, &frames))
        } catch {
            found = .failure(error)
            result = error.resultName
        }
        let mayHaveRunOut = machine.leastFreeFrames == 0 && found == .failure(outOfMemory)
        let before = mayHaveRunOut ? process.model : nil
        let expected: Result<Success, Failure>
        do throws(Failure) {
            expected = .success(try model(&process.model))
        } catch {
            expected = .failure(error)
        }
        if let before {
            // A call that fails anyway, having done half of its work, may have taken the last frame and gone on.
            if expected == found, agrees(process, with: process.model) {
                return found
            }
            process.model = before
            failures += 1
            return nil
        }
        guard found == expected else { throw Disagreement("the module says \(found), the model \(expected)") }
        return found
    }

    /// Whether what is mapped is what a model says.
    private func agrees(_ process: Process, with model: ModelSpace) -> Bool {
        let present = process.model
        process.model = model
        defer { process.model = present }
        return (try? compareAll(of: process)) != nil
    }

    /// The module's objects.
    var objects: ObjectTable<FakeHardware> {
        ObjectTable(machine: machine.hardware, kernel: kernel, records: frames.table)
    }

    // MARK: Processors

    func run(_ slot: Int, on cpu: Int) {
        guard running[cpu] != slot, let process = processes[slot] else { return }
        running[cpu] = slot
        asids.activate(&process.space!.context, on: cpu, machine.hardware)
        machine.cpus[cpu].install(root: process.space!.root(), asid: process.space!.context.asid)
    }

    func idle(_ cpu: Int) {
        guard running[cpu] != nil else { return }
        running[cpu] = nil
        machine.cpus[cpu].uninstall()
        asids.deactivate(on: cpu)
    }

    /// Activates address spaces that never held anything, on a CPU that is not there. None gets an ASID with which a
    /// CPU translates at that time.
    func exhaustASIDs(_ count: Int) throws {
        for _ in 0..<count {
            var context = AddressSpaceContext.none
            asids.activate(&context, on: 7, machine.hardware)
            guard !running.contains(where: { $0.map { processes[$0]?.asid == context.asid } ?? false }) else {
                throw Disagreement("ASID \(context.asid.rawValue) was given out while a CPU translates with it")
            }
        }
        asids.deactivate(on: 7)
    }

    // MARK: The end

    /// Runs `body` and ends everything; ends the process where something disagrees, since an address space that is
    /// dropped instead of destroyed traps.
    /// - Returns: how often memory ran out.
    func run(_ body: () throws -> Void) -> Int {
        do {
            try body()
            try checkAll()
            try finish()
        } catch {
            complainAndExit(error)
        }
        return failures
    }

    /// Ends everything, and sees that nothing was lost.
    func finish() throws {
        for slot in processes.indices { exit(slot) }
        for slot in held.indices { releaseObject(slot) }
        try checkMachine()
        // The frames of objects' records stay.
        let free = frames.freeFrames + objects.recordFrames
        guard free == baseline else { throw Disagreement("\(baseline - free) frames were never given back") }
    }

    func exit(_ slot: Int) {
        guard let process = processes[slot] else { return }
        for cpu in running.indices where running[cpu] == slot { idle(cpu) }
        process.space.take()!.destroy(frames: &frames)
        processes[slot] = nil
    }

    func checkMachine() throws {
        if let first = machine.violations.first { throw Disagreement("\(first)") }
        // What is invalidated is invalidated for one ASID.
        for (cpu, slot) in running.enumerated() {
            guard let slot, let asid = processes[slot]?.asid, !machine.cpus[cpu].translates(with: asid) else { continue }
            throw Disagreement("CPU \(cpu) translates with another ASID than \(asid.rawValue), its process's")
        }
    }
}

// Methods, since a computed property of what a class's optional holds would consume it.
extension AddressSpace {
    func root() -> FrameNumber { rootAddress.frame }
    func currentContext() -> AddressSpaceContext { context }
    func currentStatistics() -> AddressSpaceStatistics { statistics }
    func currentBreak() -> VirtualAddress { programBreak }
    func currentUsage() -> (data: UInt64, locked: UInt64, accounted: UInt64) { (dataPages, lockedPages, accountedPages) }
}
