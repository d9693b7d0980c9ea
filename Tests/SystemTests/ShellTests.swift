import Testing

@testable import AkumaCommand

@Suite("The shell")
struct ShellTests {
    @Test("runs programs by name with arguments, lists files, and exits")
    func session() async throws {
        let result = try await Guest.run(
            input: Array("help\nls /bin\nhello one 'two three'\nnot-there\nexit 5\n".utf8))
        #expect(result.outcome == .exited(5), "\(result.account)")
        for wanted in ["Programs:", "hello", "Hello from Akuma", "hello one two three", "not-there: no such program"] {
            #expect(result.text.contains(wanted), "\(wanted) is missing: \(result.account)")
        }
    }

    @Test("ends with its input")
    func end() async throws {
        let result = try await Guest.run(input: Array("hello\n".utf8))
        #expect(result.outcome == .exited(0), "\(result.account)")
    }

    @Test("boots by ./akuma run alone, and takes a script")
    func command() async throws {
        let result = try await Command.akuma("run", input: Array("hello\nexit 3\n".utf8))
        #expect(result.status == 3, "\(result.account)")
        #expect(result.text.contains("Hello from Akuma"))
    }

    @Test("lives on when a program that it started is killed by a fault")
    func faults() async throws {
        let result = try await Guest.run(input: Array("test-exit segv\ntest-exit abort\nhello\nexit 0\n".utf8))
        #expect(result.outcome == .exited(0), "\(result.account)")
        #expect(result.text.contains("test-exit: ended by"))
        #expect(result.text.contains("Hello from Akuma"))
    }
}

@Suite("On a terminal")
struct TerminalTests {
    @Test("the shell prompts, and takes lines and the end of input from the terminal")
    func terminal() async throws {
        let result = try await Command.shell(
            """
            (for line in 'hello terminal' 'exit 4'; do sleep 4; echo "$line"; done; sleep 10) |
                script -q -e -c "$akuma run --timeout 100" /dev/null
            echo "status ${PIPESTATUS[1]}"
            """)
        #expect(result.text.contains("akuma> "), "\(result.account)")
        #expect(result.text.contains("Hello from Akuma"), "\(result.account)")
        #expect(result.text.contains("status 4"), "\(result.account)")
    }
}
