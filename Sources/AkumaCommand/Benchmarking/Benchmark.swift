import MemoryModel
import SystemPackage

/// The benchmark: the program `bench` in a deterministic machine, on Akuma and if asked on Linux, and what the boot cost.
struct Benchmark {
    let project: Project
    let progress: Reporter

    /// The names of figures that do not come from `bench`.
    private enum Name {
        /// A clock that counts instructions shows this loop of 2000 instructions as such.
        static let control = "control_2000_instructions"
        static let boot = "first_user_instruction"
        static let frameRecord = "frame_record_bytes"
    }

    /// What a run came to.
    struct Result {
        /// Every figure that was measured on either kernel, or should be.
        let measurements: [Measurement]
        /// What `bench` could not measure on Akuma, in its own words.
        let remarks: [String]

        /// Those that have a budget and were not measured.
        var missing: [String] { measurements.filter { $0.limit != nil && $0.value == nil }.map(\.name) }
        /// Those that cost more than they may.
        var overBudget: [String] { measurements.filter(\.isOverBudget).map(\.name) }
    }

    /// Runs it, on Linux in the same machine too if asked.
    func run(againstLinux: Bool = false) async throws -> Result {
        let budgets = try Budgets(of: project)
        let recorded = try LinuxCosts(of: project)
        var (figures, remarks) = try await figuresOfAkuma()
        figures.append((Budgets.imageBytes, try project.kernelImage.contents().count))
        figures.append((Name.frameRecord, MemoryLayout<FrameRecord>.stride))
        let linux = againstLinux ? try await figuresOfLinux() : []

        var names = figures.map(\.name)
        for name in linux.map(\.name) + budgets.limits.keys.sorted()
        where !names.contains(name) {
            names.append(name)
        }
        let measurements = names.map { name in
            Measurement(
                name: name, value: figures.first { $0.name == name }?.value, limit: budgets.limits[name],
                linux: recorded.operations[name]?.tuned,
                linuxNow: linux.first { $0.name == name }?.value)
        }
        return Result(measurements: measurements, remarks: remarks)
    }

    /// What decides what both machines are.
    private func configure(_ configuration: inout MachineConfiguration) {
        configuration.isDeterministic = true
        configuration.memory = 512 << 20
        configuration.timeout = .seconds(900)
    }

    private typealias Figures = [(name: String, value: Int)]

    private func figuresOfAkuma() async throws -> (Figures, [String]) {
        var machine = Machine(project: project)
        configure(&machine.configuration)
        // For the figures of an empty process, which counts its own pages.
        machine.configuration.hasDebuggingInterface = true
        try await machine.load(["bench"], progress: progress)
        let result = try await machine.run()
        let remarks = String(decoding: result.error, as: UTF8.self).split(separator: "\n").map(String.init)
        return (try Self.figures(of: result, on: "Akuma"), remarks)
    }

    private func figuresOfLinux() async throws -> Figures {
        var machine = try await LinuxMachine(project: project, progress: progress)
        configure(&machine.configuration)
        try await machine.load(["bench"], progress: progress)
        progress.step("measuring on Linux \(machine.version)")
        return try Self.figures(of: try await machine.run(), on: "Linux")
    }

    /// What the program printed and the log says, when the machine's clock is one that counts instructions.
    private static func figures(of result: MachineResult, on kernel: String) throws -> Figures {
        guard result.outcome == .exited(0) else {
            let words = String(decoding: result.error, as: UTF8.self)
            throw Failure("the benchmark did not end well on \(kernel): \(result.outcome); it said: \(words)")
        }
        var figures = try Measurement.figures(in: String(decoding: result.output, as: UTF8.self))
        guard let control = figures.first(where: { $0.name == Name.control }), (1900...2100).contains(control.value)
        else { throw Failure("the machine's clock does not count instructions on \(kernel)") }
        if let boot = Measurement.instructionsToFirstProgram(in: result.log) { figures.append((Name.boot, boot)) }
        return figures
    }
}
