import ArgumentParser
import Foundation
import SystemPackage

/// `akuma`: what `./akuma` hands over to.
public struct AkumaCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "akuma",
        abstract: "An operating system that shows a program's memory exactly, page by page.",
        discussion: """
            Each command builds first whatever changed.

            EXAMPLES
              ./akuma run                         boot to the shell
              ./akuma run hello                   run a program of Programs/
              ./akuma run busybox echo hello      run Debian's busybox for arm64
              ./akuma run ./a.out one < input     run a static AArch64 ELF
              ./akuma run --verbose=memory hello  see each mapping and its entry
              ./akuma test                        run every test
              ./akuma bench                       the kernel's costs, counted
              ./akuma conformance                 the same questions to Akuma and to Linux
              ./akuma abi                         what each call and flag does here
            """,
        version: "akuma 0.1.0",
        subcommands: [
            RunCommand.self, TestCommand.self, BuildCommand.self, BenchCommand.self, ConformanceCommand.self,
            ABICommand.self,
        ])

    public init() {}

    /// Parses the process's arguments, runs the command they name and ends the process with its status.
    public static func run(arguments: [String] = Array(CommandLine.arguments.dropFirst())) async -> Never {
        openMissingStandardDescriptors()
        let words = RunCommand.spellingOut(arguments)
        do {
            var command = try parseAsRoot(words)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Foundation.exit(0)
        } catch let failure as Failure {
            Reporter().step(failure.description)
            Foundation.exit(failure.status.rawValue)
        } catch where exitCode(for: error) == .validationFailure {
            Reporter().step(refusal(of: words, for: message(for: error)))
            Foundation.exit(ExitCode.validationFailure.rawValue)
        } catch {
            exit(withError: error)
        }
    }

    /// What is said of arguments that can't be taken, in one line: why, and where to look.
    static func refusal(of arguments: [String], for reason: String) -> String {
        let command = arguments.first { word in configuration.subcommands.contains { $0.configuration.commandName == word } }
        let reason = reason.split(whereSeparator: \.isNewline).joined(separator: " ")
        return "\(reason) (see ./akuma \(command.map { $0 + " " } ?? "")--help)"
    }

    /// Gives the command all three standard descriptors, so that no other file gets their numbers by accident.
    private static func openMissingStandardDescriptors() {
        for number in Int32(0)...2 where isatty(number) == 0 && errno == EBADF {
            _ = try? FileDescriptor.open(FilePath("/dev/null"), number == 0 ? .readOnly : .writeOnly)
        }
    }
}
