import FakeMachine
import MemoryModel

/// A small machine with one or two processes, on which two CPUs act.
///
/// The kernel's locking is modelled as it is: one lock, that of the frame allocator, is held during each operation on
/// any address space (`Kernel/SystemCalls/MemoryCalls.swift`, `Kernel/Faults/UserExceptions.swift`). Programs' accesses
/// and the walker take no lock.
final class Stage: @unchecked Sendable {
    typealias Space = AddressSpace<SteppingHardware>

    /// A process and what it should be.
    final class Process {
        var space: Space?
        var pages: [PageModel]
        /// CPUs that run it.
        var users = 0
        /// The tag of its translations; nil where no CPU has ever run it.
        var asid: ASID?

        init(_ space: consuming Space, _ pages: [PageModel]) {
            self.pages = pages
            self.space = consume space
        }
    }

    static let base: UInt64 = 0x1000_0000
    static let pages = 3

    let machine: FakeMachine
    let records: FrameTable<FakeHardware>
    var frames: FrameAllocator<SteppingHardware>
    var asids = ASIDAllocator(bits: 8)
    let kernel: KernelMappings
    let watch = Watch()
    let baseline: UInt64
    private var withheld: FrameList<SteppingHardware>?

    /// The parent, the child, and what each CPU forks.
    var processes: [Process?] = [nil, nil, nil, nil]
    /// What each CPU runs.
    var running: [Int?] = [nil, nil]
    /// Which processes an operation is changing.
    var isChanging = false
    /// What went wrong first.
    private(set) var failure: String?

    /// - Parameter free: how many frames the two CPUs find.
    init(_ scenario: Scenario, free: UInt64) throws {
        machine = FakeMachine(
            frames: 64, cpus: 2,
            options: FakeMachine.Options(
                asidBits: 8, setsAccessFlag: scenario.hasHardwareFlags, setsDirtyState: scenario.hasHardwareFlags))
        let hardware = SteppingHardware(base: machine.hardware, watch: watch)
        frames = machine.makeAllocator(through: hardware)
        records = FrameTable(
            machine: machine.hardware, records: frames.table.records, firstFrame: frames.table.firstFrame,
            frameCount: frames.table.frameCount)
        kernel = machine.makeKernel(&frames)
        baseline = frames.freeFrames
        withheld = nil
        for cpu in machine.cpus { cpu.memory = scenario.isStale ? .adversarial : .fresh }
        try makeProcesses(scenario.origin, hardware)
        withheld = frames.withhold(leaving: free)
        watch.check = { [unowned self] in check() }
    }

    deinit { machine.discard() }

    private func makeProcesses(_ origin: Scenario.Origin, _ hardware: SteppingHardware) throws {
        var space = try Space(machine: hardware, layout: .standard, kernel: kernel, frames: &frames)
        // A table with more than 32 entries is shared by fork.
        let count: UInt64 = origin == .sharing || origin == .threads ? 40 : 3
        _ = try space.map(
            MapRequest(length: .pages(count), protection: .readWrite, placement: .fixed(VirtualAddress(Self.base))),
            frames: &frames)
        processes[0] = Process(space, Array(repeating: PageModel(rights: .readWrite), count: Self.pages))
        run(0, on: 0)
        access(.write, 0, value: 1, cpu: 0)
        access(.read, 1, value: 0, cpu: 0)
        if origin != .alone { try fork(0, into: 1) }
        run(origin == .sharing || origin == .copied ? 1 : 0, on: 1)
    }

    private func run(_ slot: Int, on cpu: Int) {
        guard let process = processes[slot] else { return }
        asids.activate(&process.space!.context, on: cpu, machine.hardware)
        process.asid = process.space!.currentContext().asid
        process.users += 1
        machine.cpus[cpu].install(root: process.space!.root(), asid: process.space!.currentContext().asid)
        running[cpu] = slot
    }

    func fail(_ what: String) {
        guard failure == nil, watch.scheduler?.isDraining != true else { return }
        failure = what
    }

    // MARK: The end

    /// Checks what is left when both have done, and ends it.
    func finish() throws {
        let isComplete = watch.scheduler?.isDraining == false
        watch.scheduler = nil
        if let withheld = withheld.take() { frames.restore(withheld) }
        if isComplete {
            check()
            try checkEnd()
        }
        for cpu in machine.cpus { cpu.uninstall() }
        for slot in processes.indices {
            guard let process = processes[slot] else { continue }
            process.space.take()!.destroy(frames: &frames)
            processes[slot] = nil
        }
        if let violation = machine.violations.first { fail("\(violation)") }
        let free = frames.freeFrames
        if free != baseline { fail("\(baseline &- free) frames were never given back") }
        if let failure { throw Disagreement(failure) }
    }

    private func checkEnd() throws {
        var counting = References(machine)
        for process in processes {
            guard let process else { continue }
            do throws(InvariantViolation) {
                try process.space!.validate()
            } catch {
                fail("not so at \(error.address.rawValue.hex): \(error.invariant)")
            }
            try counting.follow(process.space!.root(), kernel: kernel)
            for (index, page) in process.pages.enumerated() {
                let state = process.space!.state(of: VirtualAddress(Self.base + UInt64(index) * pageSize))
                guard (state == .free) == (page.rights == [nil]) else {
                    fail("page \(index) is \(String(describing: state)), and may be \(page.rights)")
                    continue
                }
                let value: UInt64
                switch state {
                case .resident(let frame, _, _, _), .residentWithoutAccess(let frame, _): value = machine.peek(frame.address)
                default: value = 0
                }
                if state != .free && !page.values.contains(value) { fail("page \(index) holds \(value), not \(page.values)") }
            }
        }
        _ = try counting.refer(to: kernel.zeroFrame)
        _ = try counting.compare(with: records)
    }
}

/// What a page of a process may be.
struct PageModel {
    /// What the program may do; nil where nothing is mapped. Several while an operation changes it.
    var rights: Set<Protection?>
    /// What it may hold.
    var values: Set<UInt64> = [0]
    /// What it holds when the operation in progress is over; nil where that does not change it.
    var valuesAfter: Set<UInt64>?

    init(rights: Protection) { self.rights = [rights] }

    func mayAllow(_ access: Access) -> Bool {
        rights.contains { rights in
            guard let rights else { return false }
            return access == .read ? !rights.isEmpty : rights.contains(.write)
        }
    }
}
