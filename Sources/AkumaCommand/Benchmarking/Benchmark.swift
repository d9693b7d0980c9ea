import SystemPackage

/// The benchmark: the program `bench` in a deterministic machine, and what the boot itself cost.
struct Benchmark {
    let project: Project
    let progress: Reporter

    /// A clock that counts instructions shows this loop of 2000 instructions as such.
    private static let control = "control_2000_instructions"

    /// Runs it: every figure, and the names of those that have a budget and were not measured.
    func run() async throws -> (measurements: [Measurement], missing: [String]) {
        let budgets = try Budgets(of: project)
        let linux = try LinuxCosts(of: project)
        var machine = Machine(project: project)
        machine.configuration.isDeterministic = true
        machine.configuration.timeout = .seconds(600)
        try await machine.load(["bench"], progress: progress)
        let result = try await machine.run()
        guard result.outcome == .exited(0) else {
            throw Failure("the benchmark did not end well: \(result.outcome)", status: .machine)
        }
        var figures = try Measurement.figures(in: String(decoding: result.output, as: UTF8.self))
        guard let control = figures.first(where: { $0.name == Self.control }), (1900...2100).contains(control.value)
        else { throw Failure("the machine's clock does not count instructions") }
        figures.removeAll { $0.name == Self.control }
        if let boot = Measurement.instructionsToFirstProgram(in: result.log) {
            figures.append(("first_user_instruction", boot))
        }
        figures.append((Budgets.imageBytes, try project.kernelImage.contents().count))
        let missing = budgets.limits.keys.filter { name in !figures.contains { $0.name == name } }.sorted()
        let measurements = figures.map {
            Measurement(
                name: $0.name, value: $0.value, limit: budgets.limits[$0.name],
                linux: linux.operations[$0.name]?.tuned)
        }
        return (measurements, missing)
    }
}
