// The first process of Linux, where Debian's kernel runs a program of ours beside Akuma: mounts what a program may look
// at, loads the modules of the ramdisk, gives the program the machine's ports as its streams, waits for it, notes its
// status in the kernel's log and switches the machine off. It reads the files that Akuma's kernel reads at its own boot
// (`MachineConfiguration.addBootFiles` of the command).

import libakuma

/// Numbers of Linux that nobody else here needs. Source: `include/uapi/linux/reboot.h`.
enum Linux {
    static let rebootMagic: (UInt, UInt) = (0xFEE1_DEAD, 672_274_793)
    static let powerOff: UInt = 0x4321_FEDC
}

/// Ends this process, which is a panic of the kernel; the log says why.
func fail(_ sentence: String) -> Never {
    note(sentence)
    exit(1)
}

/// Writes a line into the kernel's log.
func note(_ sentence: String) {
    guard let log = try? FileDescriptor.open("/dev/kmsg", .writeOnly) else { return }
    try? log.writeAll("<1>linux-init: \(sentence)\n")
    try? log.close()
}

/// Carries out a call that takes the address of text ended by NUL.
func call(_ number: SystemCallNumber, _ text: String, _ arguments: (UInt) -> (UInt, UInt, UInt, UInt, UInt)) -> Int {
    var bytes = Array(text.utf8)
    bytes.append(0)
    return unsafe bytes.withUnsafeBytes { bytes in
        let (a, b, c, d, e) = arguments(UInt(bitPattern: bytes.baseAddress))
        return unsafe systemCall(number, a, b, c, d, e)
    }
}

/// Mounts a file system of a type where it belongs.
func mount(_ type: String, at folder: String) {
    _ = call(.mkdirat, folder) { (UInt(argument: AtFlags.currentDirectory), $0, 0o755, 0, 0) }
    var place = Array(folder.utf8)
    place.append(0)
    let result = unsafe place.withUnsafeBytes { place in
        call(.mount, type) { ($0, UInt(bitPattern: place.baseAddress), $0, 0, 0) }
    }
    if let error = Errno(result: result) { fail("cannot mount \(type) at \(folder): \(error)") }
}

/// The whole content of a file of the ramdisk.
func contents(_ path: String) -> [UInt8] {
    do throws(Errno) {
        let file = try FileDescriptor.open(path)
        defer { try? file.close() }
        return try file.readAll()
    } catch {
        fail("cannot read \(path): \(error)")
    }
}

/// The strings of a file in which a NUL ends each.
func strings(_ path: String) -> [String] {
    contents(path).split(separator: 0, omittingEmptySubsequences: false).dropLast()
        .map { String(decoding: $0, as: UTF8.self) }
}

/// Loads the modules that the ramdisk has, in the order of their names.
func loadModules() throws(Errno) {
    for entry in try directoryEntries(at: "/.akuma/modules") {
        let module = try FileDescriptor.open("/.akuma/modules/\(entry.name)")
        let result = call(.finitModule, "") { (UInt(argument: module.rawValue), $0, 0, 0, 0) }
        if let error = Errno(result: result) { fail("cannot load \(entry.name): \(error)") }
        try module.close()
    }
}

/// The machine's port of a number, which the driver makes known some time after it was loaded.
func port(_ number: Int) -> FileDescriptor {
    for _ in 0..<1000 {
        if let port = try? FileDescriptor.open("/dev/vport0p\(number)", .readWrite) { return port }
        sleep(seconds: 0, nanoseconds: 10_000_000)
    }
    fail("there is no port \(number)")
}

/// The timer counts since the machine was switched on, as instructions.
let firstTick = Timer.count

do throws(Errno) {
    mount("devtmpfs", at: "/dev")
    mount("proc", at: "/proc")
    mount("sysfs", at: "/sys")
    mount("tmpfs", at: "/tmp")
    note("first user instruction after \(firstTick * 1_000_000_000 / Timer.frequency) instructions")
    try loadModules()
    let input = try FileDescriptor.open("/.akuma/stdin")
    let output = port(2)
    let errors = port(3)
    let path = String(decoding: contents("/.akuma/path"), as: UTF8.self)
    let arguments = strings("/.akuma/argv")
    // What a program executes cannot have a capability that is not in the bound.
    for number in 0...Capability.last where Capability.ofPrograms >> number & 1 == 0 {
        _ = unsafe systemCall(.prctl, UInt(ProcessControl.capbsetDrop.rawValue), UInt(number))
    }
    let child = try spawn(
        path, Array(arguments.dropFirst()), as: arguments.first, environment: strings("/.akuma/environ"),
        input: input, output: output, error: errors)
    // Whoever loses its parent becomes a child of this process.
    while true {
        let (process, status) = try waitForAnyChild()
        guard process == child else { continue }
        note("status \(status.shellStatus)")
        break
    }
    _ = unsafe systemCall(.reboot, Linux.rebootMagic.0, Linux.rebootMagic.1, Linux.powerOff)
    fail("the machine could not be switched off")
} catch {
    fail("\(error)")
}
