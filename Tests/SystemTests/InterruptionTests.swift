import Testing

@testable import AkumaCommand

@Suite("A run that is ended from outside leaves nothing behind")
struct InterruptionTests {
    /// Starts a run that would never end, sends the signal to the command and prints how it ended. The machine has a size
    /// of its own, by which its emulator is looked for.
    private static func script(signal: String, size: String) -> String {
        """
        size=\(size)
        $akuma run --memory $size busybox sleep 1000 </dev/null &
        command=$!
        wait_for() { for i in $(seq 1 600); do eval "$1" && return; sleep 0.1; done; echo "never: $1"; }
        wait_for 'pgrep -f "^qemu-system-aarch64.* $size" >/dev/null'
        sleep 1
        kill -\(signal) $command
        wait $command; echo $?
        wait_for '! pgrep -f "^qemu-system-aarch64.* $size" >/dev/null'
        ls -d ${TMPDIR:-/tmp}/akuma-$command* 2>/dev/null
        true
        """
    }

    @Test(
        "by a signal, the emulator ends with it",
        arguments: [
            ("INT", 130, "100001K"), ("TERM", 143, "100002K"), ("HUP", 129, "100003K"), ("KILL", 137, "100004K"),
        ])
    func signals(signal: String, status: Int, size: String) async throws {
        let result = try await Command.shell(Self.script(signal: signal, size: size))
        #expect(result.text == "\(status)\n", "\(result.account)")
    }

    @Test("by its own timeout, with status 124")
    func timeout() async throws {
        let result = try await Command.akuma("run", "--timeout", "3", "busybox", "sleep", "1000")
        #expect(result.status == 124, "\(result.account)")
        #expect(result.errorText == "akuma: the machine was ended after 3.0 seconds\n", "\(result.account)")
    }
}
