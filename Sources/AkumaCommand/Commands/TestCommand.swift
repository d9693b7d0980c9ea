import ArgumentParser

/// `akuma test`.
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "test", abstract: "Run every test.")
    func run() async throws { throw Failure("cannot run tests yet") }
}
