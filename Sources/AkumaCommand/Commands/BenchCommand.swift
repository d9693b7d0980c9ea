import ArgumentParser

/// `akuma bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bench", abstract: "Measure.")
    func run() async throws { throw Failure("cannot measure yet") }
}
