import ArgumentParser

/// `akuma build`.
struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build the kernel and the programs, if anything changed.")

    func run() async throws {
        try await Builder(project: .current()).build()
    }
}
