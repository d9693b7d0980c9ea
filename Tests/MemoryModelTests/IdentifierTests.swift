import FakeMachine
import MemoryModel
import Testing

@Suite("ASIDs", .leakLedger)
struct IdentifierTests {
    @Test("are handed out once in a generation, never 0", arguments: [8, 16] as [UInt64])
    func once(bits: UInt64) {
        let machine = FakeMachine(frames: 4)
        var allocator = ASIDAllocator(bits: bits)
        var seen: Set<ASID> = []
        for _ in 1..<(1 << bits) {
            var context = AddressSpaceContext.none
            allocator.activate(&context, on: 0, machine.hardware)
            guard context.generation == 1, seen.insert(context.asid).inserted else {
                Issue.record("\(context.asid) in generation \(context.generation)")
                break
            }
        }
        #expect(seen.count == (1 << bits) - 1 && !seen.contains(.kernelOnly))
        #expect(machine.maintenance.wholeInvalidations == 0)
        var context = AddressSpaceContext.none
        allocator.activate(&context, on: 0, machine.hardware)
        #expect(allocator.generation == 2 && context.generation == 2)
        #expect(machine.maintenance.wholeInvalidations == 1)
    }

    @Test("stay with their address space while the generation lasts")
    func stable() {
        let machine = FakeMachine(frames: 4)
        var allocator = ASIDAllocator(bits: 8)
        var contexts = Array(repeating: AddressSpaceContext.none, count: 50)
        for index in contexts.indices { allocator.activate(&contexts[index], on: index % 8, machine.hardware) }
        let first = contexts
        for index in contexts.indices.reversed() {
            allocator.activate(&contexts[index], on: index % 3, machine.hardware)
        }
        #expect(contexts == first)
    }

    @Test("stay with an address space that a CPU runs on, though another has left it and come back")
    func leftAndTakenUp() {
        let machine = FakeMachine(frames: 4)
        var allocator = ASIDAllocator(bits: 8)
        var running = AddressSpaceContext.none
        var other = AddressSpaceContext.none
        allocator.activate(&running, on: 1, machine.hardware)
        allocator.activate(&running, on: 2, machine.hardware)
        let kept = running.asid
        for generation: UInt64 in 2...4 {
            while allocator.generation < generation {
                var context = AddressSpaceContext.none
                allocator.activate(&context, on: 0, machine.hardware)
            }
            // CPU 2 never switches; CPU 1 does, and comes back.
            allocator.activate(&running, on: 1, machine.hardware)
            allocator.activate(&other, on: 1, machine.hardware)
            #expect(running.asid == kept)
        }
    }

    @Test("of what CPUs run are kept over a new generation, and given to nobody else")
    func reserved() {
        let machine = FakeMachine(frames: 4)
        var allocator = ASIDAllocator(bits: 8)
        var running = AddressSpaceContext.none
        allocator.activate(&running, on: 1, machine.hardware)
        allocator.activate(&running, on: 2, machine.hardware)
        let kept = running.asid
        // Three generations pass while CPUs 1 and 2 run on without a switch.
        while allocator.generation < 4 {
            var context = AddressSpaceContext.none
            allocator.activate(&context, on: 0, machine.hardware)
            #expect(context.asid != kept)
        }
        allocator.activate(&running, on: 1, machine.hardware)
        #expect(running.asid == kept && running.generation == 4)
        allocator.deactivate(on: 1)
        allocator.deactivate(on: 2)
        var seen: Set<ASID> = []
        while allocator.generation < 6 {
            var context = AddressSpaceContext.none
            allocator.activate(&context, on: 0, machine.hardware)
            if context.generation == 5 { seen.insert(context.asid) }
        }
        #expect(seen.contains(kept), "an ASID that nobody runs any more comes back")
    }

    @Test("of 8 or 16 bits only")
    func widths() async {
        await #expect(processExitsWith: .failure) { _ = ASIDAllocator(bits: 12) }
    }

    /// An address space with one page that holds its own number.
    private struct Tenant {
        var context = AddressSpaceContext.none
        let tables: [FrameNumber]
        let page: FrameNumber
    }

    @Test("never show one address space another's page (LESSONS 8)", arguments: [1, 2, 3] as [UInt64])
    func isolation(seed: UInt64) throws {
        let machine = FakeMachine(frames: 2048, cpus: 4, options: .init(asidBits: 8))
        let hardware = machine.hardware
        var frames = machine.makeAllocator()
        var asids = ASIDAllocator(bits: 8)
        var random = SplitMix(seed: seed)
        let address = VirtualAddress(0x1000_0000)
        var tenants: [Tenant] = []
        for number in 0..<300 {
            var tables: [FrameNumber] = []
            for _ in 0..<4 { tables.append(frames.takeZeroedNumber(.table)) }
            let page = frames.takeZeroedNumber(.anonymous)
            hardware.store(UInt64(number), at: page.address)
            hardware.clean(page)
            hardware.completeCleaning()
            for level in 0..<4 {
                let index = address.rawValue >> (12 + 9 * UInt64(3 - level)) & 511
                let target = level < 3 ? tables[level + 1].address.rawValue | 3 : page.address.rawValue
                let bits = level < 3 ? 0 : HandMadeSpace.readOnly
                hardware.store(target | bits, at: tables[level].address + ByteCount(index * 8))
            }
            hardware.orderTableWrites()
            tenants.append(Tenant(tables: tables, page: page))
        }
        for cpu in machine.cpus { cpu.memory = .adversarial }
        for _ in 0..<2000 {
            let index = Int(random.next(upperBound: 300))
            let cpu = machine.cpus[Int(random.next(upperBound: 4))]
            if random.next(upperBound: 10) == 0 {
                cpu.uninstall()
                asids.deactivate(on: cpu.index)
                continue
            }
            asids.activate(&tenants[index].context, on: cpu.index, hardware)
            cpu.install(root: tenants[index].tables[0], asid: tenants[index].context.asid)
            #expect(try cpu.read(address) == UInt64(index))
        }
        #expect(asids.generation > 3)
        for cpu in machine.cpus { cpu.uninstall() }
        hardware.invalidateAll()
        hardware.completeInvalidation()
        for tenant in tenants {
            for table in tenant.tables { frames.release(number: table) }
            frames.release(number: tenant.page)
        }
    }
}
