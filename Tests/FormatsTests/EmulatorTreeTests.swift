import Formats
import Foundation
import Testing

/// Trees as QEMU's `virt` really makes them: the emulator writes them at test time, so they can't grow old.
enum EmulatorTree {
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    static func dump(_ machine: String, memory: String, cpu: String = "max", cpus: Int = 1) throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("akuma-\(UUID().uuidString).dtb")
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "qemu-system-aarch64", "-M", "virt,\(machine),dumpdtb=\(file.path)", "-cpu", cpu, "-m", memory, "-smp",
            "\(cpus)",
            "-nic", "none", "-display", "none",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw Missing(description: "qemu-system-aarch64 wrote no device tree; ./akuma test installs it")
        }
        return [UInt8](data)
    }
}

@Suite("QEMU's device tree")
struct EmulatorTreeTests {
    @Test("is described in full", arguments: [2, 3], ["64M", "256M", "3G", "8G"])
    func virt(version: Int, memory: String) throws {
        let bytes = try EmulatorTree.dump("gic-version=\(version)", memory: memory)
        let tree = try DeviceTree(bytes.span)
        let machine = try MachineDescription(tree)

        let sizes: [String: UInt64] = ["64M": 64 << 20, "256M": 256 << 20, "3G": 3 << 30, "8G": 8 << 30]
        #expect(machine.memory.count == 1)
        #expect(machine.memory.first == PhysicalRegion(start: 0x4000_0000, size: try #require(sizes[memory])))
        #expect(machine.reservations.isEmpty)
        #expect(machine.uart == Device.expected(0x900_0000, 0x1000, 33))
        #expect(machine.realTimeClock == Device.expected(0x901_0000, 0x1000, 34))
        #expect(machine.timer?.virtual?.identifier == 27)
        #expect(machine.timer?.physical?.identifier == 30)
        #expect(machine.timer?.securePhysical?.identifier == 29)
        #expect(machine.timer?.hypervisorPhysical?.identifier == 26)
        #expect(machine.powerControl?.conduit == .hypervisorCall)
        #expect(machine.powerControl?.hasSystemFunctions == true)
        #expect(machine.cpuCount == 1)
        #expect(machine.cpus.first == 0)
        #expect(machine.randomSeed?.count == 32)
        #expect(machine.layoutSeed?.count == 8)
        #expect(machine.initialRamdisk == nil)

        #expect(machine.transports.count == 32)
        #expect(machine.unlistedTransportCount == 0)
        for index in machine.transports.indices {
            let transport = machine.transports[index]
            #expect(transport.registers.size == 0x200)
            let place = (transport.registers.start - 0xa00_0000) / 0x200
            #expect(transport.interrupt?.identifier == 48 + UInt32(place))
            #expect(transport.interrupt?.isEdgeTriggered == true)
        }

        switch machine.interruptController {
        case .version2(let distributor, let cpuInterface):
            #expect(version == 2)
            #expect(distributor == PhysicalRegion(start: 0x800_0000, size: 0x1_0000))
            #expect(cpuInterface == PhysicalRegion(start: 0x801_0000, size: 0x1_0000))
        case .version3(let distributor, let redistributors, let stride):
            #expect(version == 3)
            #expect(distributor == PhysicalRegion(start: 0x800_0000, size: 0x1_0000))
            #expect(redistributors.count == 1)
            #expect(redistributors.first == PhysicalRegion(start: 0x80a_0000, size: 0xf6_0000))
            #expect(stride == 0)
        case nil:
            Issue.record("no interrupt controller")
        }
    }

    @Test("lists every CPU, and a PSCI conduit of its own where EL2 is the kernel's")
    func options() throws {
        let bytes = try EmulatorTree.dump("gic-version=3,virtualization=on", memory: "256M", cpu: "cortex-a72", cpus: 4)
        let machine = try MachineDescription(try DeviceTree(bytes.span))
        #expect(machine.cpuCount == 4)
        #expect(machine.cpus.indices.map { machine.cpus[$0] } == [0, 1, 2, 3])
        #expect(machine.powerControl?.conduit == .secureMonitorCall)
    }

    @Test("has a second redistributor range where there are many CPUs")
    func redistributors() throws {
        let bytes = try EmulatorTree.dump("gic-version=3", memory: "256M", cpus: 200)
        let machine = try MachineDescription(try DeviceTree(bytes.span))
        #expect(machine.cpuCount == 200)
        #expect(machine.cpus.count == 64)
        guard case .version3(_, let redistributors, _) = machine.interruptController else {
            Issue.record("no GICv3")
            return
        }
        #expect(redistributors.count == 2)
    }

    @Test("mutated or cut in thousands of ways never ends a reader but by a value or an error")
    func mutations() throws {
        let full = try EmulatorTree.dump("gic-version=3", memory: "256M")
        // The emulator pads the tree to 1 MiB: cut to what is used, so that mutations hit something.
        var used = full.count
        while used > 0, full[used - 1] == 0 { used -= 1 }
        let original = Array(full.prefix(used + 1)).replacing(word: UInt32(used + 1), at: 4)
        _ = try MachineDescription(try DeviceTree(original.span))

        var random = SplitMix(seed: 0x414B_554D_41)
        var outcomes = (described: 0, refused: 0)
        for round in 0..<6000 {
            var bytes = original
            if round % 4 == 0 {
                bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)))
                if round % 8 == 0, bytes.count >= 40 { bytes = bytes.replacing(word: UInt32(bytes.count), at: 4) }
            } else {
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                    case 1: bytes[place] = .random(in: 0...255, using: &random)
                    case 2 where place & ~3 + 4 <= bytes.count:
                        let words: [UInt32] = [0, 1, 2, 3, 4, 9, 0x7fff_ffff, .max]
                        bytes = bytes.replacing(word: words[Int.random(in: 0..<8, using: &random)], at: place & ~3)
                    default: bytes[place % 40] = .random(in: 0...255, using: &random)
                    }
                }
            }
            do throws(DeviceTreeError) {
                _ = try MachineDescription(try DeviceTree(bytes.span))
                outcomes.described += 1
            } catch {
                outcomes.refused += 1
            }
        }
        #expect(outcomes.described > 100 && outcomes.refused > 100, "the mutations reach both outcomes")
    }
}

extension Device {
    fileprivate static func expected(_ start: UInt64, _ size: UInt64, _ identifier: UInt32) -> Device {
        Device(
            registers: PhysicalRegion(start: start, size: size),
            interrupt: Interrupt(identifier: identifier, isEdgeTriggered: false))
    }
}

/// A small repeatable generator (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
