import ArgumentParser
import Foundation

/// `akuma abi`.
struct ABICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abi",
        abstract: "Print what each system call, flag and advice of Linux does here.",
        discussion: """
            Honoured, refused with Linux's error, accepted without effect because Linux
            does so, or not built yet. The kernel is compiled from the same table.

            EXAMPLES
              ./akuma abi
              ./akuma abi --json | jq '.sections[].rows[] | select(.treatment == "not built") | .name'
              ./akuma abi --markdown > Documentation/abi.md
            """)

    @Flag(help: "Write the table as JSON.")
    var json = false

    @Flag(help: "Write the table as Documentation/abi.md holds it.")
    var markdown = false

    func validate() throws {
        if json && markdown { throw ValidationError("--json and --markdown are two forms; choose one") }
    }

    func run() throws {
        let table = ABITable()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(table), as: UTF8.self))
        } else {
            print(markdown ? table.markdown : table.text, terminator: "")
        }
    }
}
