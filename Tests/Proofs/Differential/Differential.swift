import FakeMachine
import Foundation
import MemoryModel

/// Random programs, each on a machine of its own.
enum Differential {
    /// Operations of one run: short, so that a failure can be made small.
    static let operationsPerRun = 2000

    /// Makes up and runs one program.
    /// - Parameter noting: takes each step before it is performed.
    /// - Returns: how often memory ran out, and what came of each operation.
    static func run(
        seed: UInt64, operations: Int, noting: ((Step) -> Void)? = nil
    ) throws -> (failures: Int, counts: Counts) {
        var generator = Generator(seed: seed ^ 0x5EED)
        let world = try World(Program.Setting(seed: seed))
        let failures = world.run {
            for _ in 0..<operations {
                let step = Step(operation: generator.next(in: world), isStarved: generator.below(32) == 0)
                noting?(step)
                try perform(step, in: world)
            }
        }
        return (failures, world.counts)
    }

    /// Runs one program, which is in the file when it ends, however it ends.
    static func record(seed: UInt64, operations: Int, in path: String) throws {
        var program = Program(setting: Program.Setting(seed: seed))
        let prefix = program.listing
        guard FileManager.default.createFile(atPath: path, contents: Data(prefix.utf8)),
            let file = FileHandle(forWritingAtPath: path)
        else { throw Complaint("cannot write \(path)") }
        file.seekToEndOfFile()
        _ = try run(seed: seed, operations: operations) { step in
            program.steps = [step]
            file.write(Data(program.listing.dropFirst(prefix.count).utf8))
        }
    }

    /// Runs a program that is there.
    static func replay(_ program: Program) throws {
        let world = try World(program.setting)
        _ = world.run {
            for step in program.steps { try perform(step, in: world) }
        }
    }

    private static func perform(_ step: Step, in world: World) throws {
        world.count += 1
        if step.isStarved {
            try world.performFailingEachAllocation(step.operation)
        } else {
            try world.perform(step.operation)
        }
        try world.checkNear(step.operation)
        if world.count - world.lastCheck >= 64 { try world.checkAll() }
    }
}
