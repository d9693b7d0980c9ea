import SystemPackage

/// The command line of QEMU for a machine.
struct Emulator {
    /// The descriptors that QEMU is born with, beside the three standard ones: their numbers in the child.
    enum Channel: Int32, CaseIterable {
        case input = 3
        case output = 4
        case error = 5
        case log = 6
        case ramdisk = 7
    }

    let configuration: MachineConfiguration
    let kernelImage: FilePath
    /// The kernel's command line, where it is not Akuma's.
    var commandLine: String?

    /// The arguments, without the program's own name.
    var arguments: [String] {
        var words = [
            "-M", machine,
            "-cpu", configuration.cpu == .max ? "max,pauth-impdef=on" : configuration.cpu.rawValue,
            "-smp", "1", "-m", "\(configuration.memory >> 10)K",
            "-nodefaults", "-nic", "none", "-display", "none", "-monitor", "none", "-no-reboot",
            "-semihosting-config", "enable=on,target=native",
            "-global", "virtio-mmio.force-legacy=false", "-global", "virtio-mmio.ioeventfd=off",
            "-kernel", kernelImage.string,
            "-initrd", "/dev/fd/\(Channel.ramdisk.rawValue)",
            "-chardev", outgoing("log", .log), "-serial", "chardev:log",
            "-device", "virtio-serial-device,max_ports=4",
            "-chardev", "socket,id=input,fd=\(Channel.input.rawValue)",
            "-device", "virtserialport,chardev=input,name=akuma.stdin,nr=1",
            "-chardev", outgoing("output", .output),
            "-device", "virtserialport,chardev=output,name=akuma.stdout,nr=2",
            "-chardev", outgoing("error", .error),
            "-device", "virtserialport,chardev=error,name=akuma.stderr,nr=3",
        ]
        let commandLine = commandLine ?? configuration.commandLine
        if !commandLine.isEmpty { words += ["-append", commandLine] }
        if configuration.isDeterministic {
            words += ["-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01T00:00:00,clock=vm"]
        }
        if configuration.waitsForDebugger { words += ["-s", "-S"] }
        return words
    }

    private var machine: String {
        "virt,gic-version=\(configuration.gicVersion)"
            + (configuration.isDeterministic ? ",dtb-randomness=off" : "")
    }

    /// A socket pushes back when its reader is slow, which guest time could see; a file takes everything at once.
    private func outgoing(_ name: String, _ channel: Channel) -> String {
        configuration.isDeterministic
            ? "file,id=\(name),path=/dev/fd/\(channel.rawValue)" : "socket,id=\(name),fd=\(channel.rawValue)"
    }
}
