import MemoryModel
import Synchronization

/// The machines that a test has made, for the leak ledger to look through when the test ends.
public final class MachineRegistry: Sendable {
    /// The registry of the running test, where it has one.
    @TaskLocal public static var current: MachineRegistry?

    private let machines = Mutex<[FakeMachine]>([])

    public init() {}

    func add(_ machine: FakeMachine) { machines.withLock { $0.append(machine) } }

    /// One sentence for each frame that was not given back and each violation that nobody took.
    public func complaints() -> [String] {
        machines.withLock { machines in
            machines.flatMap { machine in
                machine.violations.map(\.description)
                    + machine.outstandingFrames.map { frame in
                        "frame 0x\(String(frame.address.rawValue, radix: 16)) was never given back"
                    }
            }
        }
    }
}
