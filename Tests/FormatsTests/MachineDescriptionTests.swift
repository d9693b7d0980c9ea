import Formats
import Testing

@Suite("The machine's description")
struct MachineDescriptionTests {
    private func describe(_ builder: TreeBuilder) throws(DeviceTreeError) -> MachineDescription {
        let bytes = builder.bytes()
        return try MachineDescription(try DeviceTree(bytes.span))
    }

    private func error(_ builder: TreeBuilder) -> DeviceTreeError? {
        do throws(DeviceTreeError) {
            _ = try describe(builder)
            return nil
        } catch { return error }
    }

    @Test("fits on a boot stack")
    func size() { #expect(MemoryLayout<MachineDescription>.size <= 4096) }

    @Test("has RAM ascending and merged, whatever the order of the nodes")
    func memory() throws {
        let machine = try describe(
            .machine {
                $0.node("memory@c0000000") {
                    $0.property("device_type", strings: "memory")
                    $0.property("reg", cells: 0, 0xc000_0000, 0, 0x1000, 0, 0x1000, 0, 0x1000, 0, 0, 0, 0)
                }
                $0.node("memory@80000000") {
                    $0.property("device_type", strings: "memory")
                    $0.property("reg", cells: 0, 0x8000_0000, 0, 0x4000_0000)
                }
            })
        #expect(
            machine.memory.indices.map { machine.memory[$0] } == [
                PhysicalRegion(start: 0x1000, size: 0x1000), PhysicalRegion(start: 0x4000_0000, size: 0x8000_1000),
            ])
    }

    @Test("reads addresses with the cells that the parent asks for")
    func cells() throws {
        var builder = TreeBuilder()
        builder.node("") {
            $0.property("#address-cells", cells: 1)
            $0.property("#size-cells", cells: 1)
            $0.node("memory") {
                $0.property("device_type", strings: "memory")
                $0.property("reg", cells: 0x4000_0000, 0x1000)
            }
        }
        #expect(try describe(builder).memory.first == PhysicalRegion(start: 0x4000_0000, size: 0x1000))
    }

    @Test("translates a device's address through the buses above it, and leaves out what they hide")
    func buses() throws {
        let machine = try describe(
            .machine {
                $0.node("soc") {
                    $0.property("#address-cells", cells: 1)
                    $0.property("#size-cells", cells: 1)
                    $0.property("ranges", cells: 0x7e00_0000, 0, 0xfe00_0000, 0x180_0000)
                    $0.node("serial@7e201000") {
                        $0.property("compatible", strings: "arm,pl011", "arm,primecell")
                        $0.property("reg", cells: 0x7e20_1000, 0x200)
                    }
                    $0.node("rtc@1000") {
                        $0.property("compatible", strings: "arm,pl031")
                        $0.property("reg", cells: 0x1000, 0x200)
                    }
                }
                $0.node("hidden") {
                    $0.node("rtc@1000") {
                        $0.property("compatible", strings: "arm,pl031")
                        $0.property("reg", cells: 0, 0x1000, 0x200)
                    }
                }
            })
        #expect(machine.uart?.registers == PhysicalRegion(start: 0xfe20_1000, size: 0x200))
        #expect(machine.realTimeClock == nil)
    }

    @Test(
        "takes the UART that stdout-path names, by path or alias, options aside",
        arguments: ["/uart@2000", "serial0:115200n8"])
    func console(path: String) throws {
        let machine = try describe(
            .machine {
                $0.node("uart@1000") {
                    $0.property("compatible", strings: "arm,pl011")
                    $0.property("reg", cells: 0, 0x1000, 0, 0x1000)
                }
                $0.node("uart@2000") {
                    $0.property("compatible", strings: "arm,pl011")
                    $0.property("reg", cells: 0, 0x2000, 0, 0x1000)
                }
                $0.node("uart@3000") {
                    $0.property("compatible", strings: "arm,pl011")
                    $0.property("reg", cells: 0, 0x3000, 0, 0x1000)
                }
                $0.node("aliases") { $0.property("serial0", strings: "/uart@2000") }
                $0.node("chosen") { $0.property("stdout-path", strings: path) }
            })
        #expect(machine.uart?.registers.start == 0x2000)
    }

    @Test("keeps every reservation, and which may not be mapped")
    func reservations() throws {
        var builder = TreeBuilder.machine {
            $0.node("reserved-memory") {
                $0.property("#address-cells", cells: 2)
                $0.property("#size-cells", cells: 2)
                $0.property("ranges")
                $0.node("firmware@50000000") {
                    $0.property("reg", cells: 0, 0x5000_0000, 0, 0x1000, 0, 0x6000_0000, 0, 0x2000)
                    $0.property("no-map")
                }
                $0.node("logs@70000000") { $0.property("reg", cells: 0, 0x7000_0000, 0, 0x1000) }
                $0.node("pool") { $0.property("size", cells: 0, 0x1000) }
            }
        }
        builder.reservations = [(0x4800_0000, 0x10_0000)]
        let machine = try describe(builder)
        #expect(
            machine.reservations.indices.map { machine.reservations[$0].region.start }
                == [0x4800_0000, 0x5000_0000, 0x6000_0000, 0x7000_0000])
        #expect(
            machine.reservations.indices.map { machine.reservations[$0].isUnmapped } == [false, true, true, false])
    }

    @Test("reads the ramdisk's bounds in one cell or two, and refuses half of them")
    func ramdisk() throws {
        func ramdisk(_ body: (inout TreeBuilder) -> Void) -> TreeBuilder { .machine { $0.node("chosen", body) } }
        let narrow = ramdisk {
            $0.property("linux,initrd-start", cells: 0x4800_0000)
            $0.property("linux,initrd-end", cells: 0x4900_0000)
        }
        #expect(try describe(narrow).initialRamdisk == PhysicalRegion(start: 0x4800_0000, size: 0x100_0000))
        let wide = ramdisk {
            $0.property("linux,initrd-start", cells: 1, 0)
            $0.property("linux,initrd-end", cells: 1, 4)
        }
        #expect(try describe(wide).initialRamdisk == PhysicalRegion(start: 0x1_0000_0000, size: 4))
        for wrong in [
            ramdisk { $0.property("linux,initrd-start", cells: 4) },
            ramdisk { $0.property("linux,initrd-end", cells: 4) },
            ramdisk {
                $0.property("linux,initrd-start", cells: 4)
                $0.property("linux,initrd-end", cells: 3)
            },
            ramdisk {
                $0.property("linux,initrd-start", [4])
                $0.property("linux,initrd-end", cells: 3)
            },
        ] {
            guard case .malformedProperty(.initialRamdisk, _) = error(wrong) else {
                Issue.record("half a ramdisk was accepted")
                continue
            }
        }
    }

    @Test("has the timer's interrupts by position or by name")
    func timer() throws {
        func machine(_ body: (inout TreeBuilder) -> Void) -> TreeBuilder {
            .machine {
                // Before the controller: the order must not matter.
                $0.node("timer") {
                    $0.property("compatible", strings: "arm,armv8-timer")
                    body(&$0)
                }
                $0.node("intc@8000000") {
                    $0.property("compatible", strings: "arm,gic-400")
                    $0.property("interrupt-controller")
                    $0.property("#interrupt-cells", cells: 3)
                    $0.property("phandle", cells: 1)
                    $0.property("reg", cells: 0, 0x1000, 0, 0x1000, 0, 0x3000, 0, 0x2000)
                }
            }
        }
        let positioned = try describe(machine { $0.property("interrupts", cells: 1, 13, 4, 1, 14, 4, 1, 11, 4) })
        #expect(positioned.timer?.virtual == Interrupt27.level)
        #expect(positioned.timer?.hypervisorPhysical == nil)
        let named = try describe(
            machine {
                $0.property("interrupt-names", strings: "virt", "phys")
                $0.property("interrupts", cells: 1, 11, 4, 1, 14, 1)
            })
        #expect(named.timer?.virtual == Interrupt27.level)
        #expect(named.timer?.physical?.identifier == 30)
        #expect(named.timer?.physical?.isEdgeTriggered == true)
        #expect(named.timer?.securePhysical == nil)
        let elsewhere = try describe(
            machine {
                $0.property("interrupt-parent", cells: 9)
                $0.property("interrupts", cells: 1, 11, 4, 1, 14, 4, 1, 11, 4)
            })
        #expect(elsewhere.timer?.virtual == nil)
        for (kind, number): (UInt32, UInt32) in [(2, 0), (1, 16), (0, 988), (0, .max)] {
            guard
                case .malformedProperty(.interrupts, _) = error(
                    machine { $0.property("interrupts", cells: kind, number, 4) })
            else {
                Issue.record("interrupt \(kind) \(number) was accepted")
                continue
            }
        }
    }

    /// The virtual timer's usual interrupt, PPI 11.
    private enum Interrupt27 {
        static var level: Interrupt? {
            var builder = TreeBuilder.machine {
                $0.node("intc") {
                    $0.property("compatible", strings: "arm,gic-400")
                    $0.property("interrupt-controller")
                    $0.property("#interrupt-cells", cells: 3)
                    $0.property("phandle", cells: 1)
                    $0.property("reg", cells: 0, 0x1000, 0, 0x1000, 0, 0x3000, 0, 0x2000)
                }
                $0.node("uart") {
                    $0.property("compatible", strings: "arm,pl011")
                    $0.property("reg", cells: 0, 0x1000, 0, 0x1000)
                    $0.property("interrupts", cells: 1, 11, 4)
                }
            }
            builder.reservations = []
            let bytes = builder.bytes()
            guard let tree = try? DeviceTree(bytes.span), let machine = try? MachineDescription(tree) else {
                return nil
            }
            guard machine.uart?.interrupt?.identifier == 27 else { return nil }
            return machine.uart?.interrupt
        }
    }

    @Test("knows how PSCI is called, in its old form too")
    func powerControl() throws {
        let new = try describe(
            .machine {
                $0.node("psci") {
                    $0.property("compatible", strings: "arm,psci-1.0", "arm,psci-0.2", "arm,psci")
                    $0.property("method", strings: "smc")
                }
            })
        #expect(new.powerControl?.conduit == .secureMonitorCall)
        #expect(new.powerControl?.cpuOn == 0xC400_0003)
        #expect(new.powerControl?.hasSystemFunctions == true)
        let old = try describe(
            .machine {
                $0.node("psci") {
                    $0.property("compatible", strings: "arm,psci")
                    $0.property("method", strings: "hvc")
                    $0.property("cpu_on", cells: 0x95c1_ba60)
                    $0.property("cpu_off", cells: 0x95c1_ba5e)
                }
            })
        #expect(old.powerControl?.conduit == .hypervisorCall)
        #expect(old.powerControl?.cpuOn == 0x95c1_ba60)
        #expect(old.powerControl?.hasSystemFunctions == false)
        let wrong = TreeBuilder.machine {
            $0.node("psci") {
                $0.property("compatible", strings: "arm,psci-0.2")
                $0.property("method", strings: "abc")
            }
        }
        guard case .malformedProperty(.method, _) = error(wrong) else {
            Issue.record("an unknown conduit was accepted")
            return
        }
    }

    @Test("leaves out disabled devices")
    func disabled() throws {
        let machine = try describe(
            .machine {
                $0.node("uart@1000") {
                    $0.property("compatible", strings: "arm,pl011")
                    $0.property("reg", cells: 0, 0x1000, 0, 0x1000)
                    $0.property("status", strings: "disabled")
                }
            })
        #expect(machine.uart == nil)
    }

    @Test("of a tree without memory, or with more than is kept, is an error; more transports are counted")
    func capacities() throws {
        var empty = TreeBuilder()
        empty.node("") { _ in }
        #expect(error(empty) == .noMemory)
        var many = TreeBuilder.machine()
        many.reservations = (1...33).map { ($0 << 16, 0x1000) }
        #expect(error(many) == .tooManyReservations(capacity: 32))
        let regions = TreeBuilder.machine {
            for index: UInt32 in 1...16 {
                $0.node("memory@\(index)") {
                    $0.property("device_type", strings: "memory")
                    $0.property("reg", cells: index, 0, 0, 0x1000)
                }
            }
        }
        #expect(error(regions) == .tooManyMemoryRegions(capacity: 16))
        let transports = try describe(
            .machine {
                for index: UInt32 in 0..<50 {
                    $0.node("virtio_mmio@\(index)") {
                        $0.property("compatible", strings: "virtio,mmio")
                        $0.property("reg", cells: 0, index * 0x200, 0, 0x200)
                    }
                }
            })
        #expect(transports.transports.count == 48)
        #expect(transports.unlistedTransportCount == 2)
    }

    @Test("of malformed registers or a range beyond 64 bits is an error")
    func malformed() {
        func memory(_ cells: [UInt32]) -> TreeBuilder {
            .machine {
                $0.node("memory@1") {
                    $0.property("device_type", strings: "memory")
                    $0.property("reg", cells.flatMap(bigEndian))
                }
            }
        }
        guard case .malformedProperty(.registers, _) = error(memory([0, 1, 2])) else {
            Issue.record("three cells were accepted")
            return
        }
        guard case .addressOverflow = error(memory([.max, .max, 0, 1])) else {
            Issue.record("a wrapping region was accepted")
            return
        }
        var cells = TreeBuilder()
        cells.node("") { $0.property("#address-cells", cells: .max) }
        guard case .malformedProperty(.cells, _) = error(cells) else {
            Issue.record("4294967295 address cells were accepted")
            return
        }
    }
}
