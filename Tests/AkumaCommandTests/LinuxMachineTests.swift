import Foundation
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("Debian's Linux in Akuma's place")
struct LinuxMachineTests {
    @Test("how Linux ended is read from its log: the status, or why it panicked")
    func outcomes() {
        let good = "[    0.7] Run /bin/linux-init as init process\r\n[    0.8] linux-init: status 139\r\n[ 0.9] reboot: x\r\n"
        #expect(LinuxMachine.outcome(.exited(0), log: good) == .exited(139))
        #expect(LinuxMachine.outcome(.timedOut, log: good) == .timedOut)
        let bad = """
            [    0.8] linux-init: cannot load x.ko: ENOENT: No such file
            [    0.8] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100
            [    0.8] Hardware name: linux
            """
        guard case .panicked(let report) = LinuxMachine.outcome(.exited(0), log: bad) else {
            Issue.record("a panic is not an exit")
            return
        }
        #expect(report.contains("cannot load x.ko") && report.contains("Attempted to kill init"))
        #expect(!report.contains("Hardware"))
        for silent in ["", "linux-init: status \n", "linux-init: status 1x\n"] {
            guard case .emulatorFailed = LinuxMachine.outcome(.exited(0), log: silent) else {
                Issue.record("'\(silent)' tells no status")
                continue
            }
        }
    }

    @Test("a kernel's package without its parts is refused by the part's name")
    func parts() throws {
        let folder = FilePath(NSTemporaryDirectory()).appending("akuma-linux-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        try folder.appending("lib/modules/virtio_mmio.ko").replaceContents(with: [1])
        #expect(throws: Failure.self) { try LinuxKernel(in: folder) }
        try folder.appending("boot/vmlinuz-6.1.0-9-arm64").replaceContents(with: [2])
        #expect { try LinuxKernel(in: folder) } throws: { "\($0)".contains("virtio_console.ko") }
        try folder.appending("lib/modules/virtio_console.ko").replaceContents(with: [3])
        let kernel = try LinuxKernel(in: folder)
        #expect(kernel.version == "6.1.0-9-arm64")
        #expect(try kernel.modules.map { try $0.contents() } == [[1], [3]])
    }
}
