import FakeMachine
import Testing

@testable import MemoryModel

/// Random operations on address spaces that fork from one another, each compared with a reference model of its own.
private final class ForkRun {
    /// An address space and what it should be.
    struct Process {
        var member: Family.Member
        var model = ReferenceModel()
    }

    let family: Family
    var processes: [Process]
    var random: SplitMix
    var log: [String] = []

    init(seed: UInt64, options: FakeMachine.Options) throws {
        family = try Family(frames: 8000, options: options)
        processes = [Process(member: family.first)]
        random = SplitMix(seed: seed)
    }

    func pick<T>(_ choices: T...) -> T { choices[Int(random.next() % UInt64(choices.count))] }

    /// Two windows, each across the border of two level-3 tables.
    func address() -> UInt64 {
        let base: UInt64 = pick(0x1018_0000, 0x1018_0000, 0x1018_0000, 0x80_0018_0000)
        return base + random.next() % 300 * page
    }

    func length() -> UInt64 {
        pick(page, page, 3 * page, 31 * page, 33 * page, 60 * page, 200 * page) - pick(0, 0, 1)
    }

    func somePage(of index: Int) -> UInt64 {
        let pages = processes[index].model.pages
        guard random.next() % 4 > 0, !pages.isEmpty else { return address() }
        let offset = Int(random.next() % UInt64(min(pages.count, 64)))
        return pages.keys[pages.keys.index(pages.keys.startIndex, offsetBy: offset)]
    }

    /// - Returns: addresses that the step was about.
    func step() throws -> UInt64 {
        let index = Int(random.next() % UInt64(processes.count))
        let member = processes[index].member
        switch random.next() % 16 {
        case 0 where processes.count < 5:
            log.append("fork \(index)")
            processes.append(Process(member: try family.fork(member), model: processes[index].model))
            return address()
        case 1 where processes.count > 1 && random.next() & 1 == 0:
            log.append("destroy \(index)")
            family.destroy(member)
            processes.remove(at: index)
            return address()
        case 2, 3:
            let (start, length) = (address(), length())
            let protection = pick(Protection.readWrite, .readWrite, .read, .none)
            log.append("map \(index) \(start) \(length) \(protection)")
            try family.map(member, fixed: start, length, protection)
            processes[index].model.map(start, length, protection)
            return start
        case 4:
            let length = length()
            let start = try family.map(member, length)
            log.append("map anywhere \(index) \(length)")
            #expect(processes[index].model.isFree(start, length), "a mapping where something was")
            processes[index].model.map(start, length, .readWrite)
            return start
        case 5:
            let (start, length) = (address(), length())
            log.append("unmap \(index) \(start) \(length)")
            try family.unmap(member, start, length)
            processes[index].model.unmap(start, length)
            return start
        case 6, 7:
            return try protect(index)
        default:
            return try touch(index)
        }
    }

    func protect(_ index: Int) throws -> UInt64 {
        let (start, length) = (somePage(of: index), length())
        let protection = pick(Protection.readWrite, .readWrite, .read, .none, .all)
        log.append("protect \(index) \(start) \(length) \(protection)")
        let expected = processes[index].model.protect(start, length, protection)
        do throws(MapError) {
            try family.protect(processes[index].member, start, length, protection)
            #expect(expected == nil)
        } catch {
            #expect(error == expected)
        }
        return start
    }

    func touch(_ index: Int) throws -> UInt64 {
        let (address, cpu) = (somePage(of: index), Int(random.next() % 2))
        let access = pick(Access.read, .write, .write, .execute)
        log.append("\(access) \(index) \(address) cpu \(cpu)")
        let member = processes[index].member
        let expected = processes[index].model.error(of: access, at: address)
        do throws(FaultError) {
            _ = try family.access(member, address, access, cpu: cpu)
            #expect(expected == nil)
        } catch {
            #expect(error == expected)
            return address
        }
        if access == .write {
            let value = random.next()
            try family.write(member, value, at: address, cpu: cpu)
            processes[index].model.pages[address]?.value = value
        } else if access == .read {
            #expect(try family.read(member, address, cpu: cpu) == processes[index].model.pages[address]?.value)
        }
        return address
    }

    /// No translation that a TLB may hold allows more than its program asked for, or writes what others see.
    func check(_ address: UInt64) {
        family.expectPrivate(address)
        for process in processes where process.member.context != .none {
            let protection = process.model.pages[address & ~(page - 1)]?.protection ?? .none
            let asid = process.member.asid
            for found in family.machine.allPossibleTranslations(VirtualAddress(address), asid: asid) {
                #expect(!found.el0Write || protection.contains(.write), "a TLB may let EL0 write \(address)")
                #expect(!found.el0Read || protection != .none, "a TLB may let EL0 read \(address)")
            }
            // Everybody still sees what was theirs.
            guard let content = process.model.pages[address & ~(page - 1)]?.value else {
                #expect(process.member.state(address) == .free)
                continue
            }
            let frame = process.member.frame(of: address)
            #expect((frame.map { family.machine.peek($0.address) } ?? 0) == content, "content of \(address)")
        }
    }

    func run(steps: Int) throws {
        for step in 0..<steps {
            let address = try self.step()
            check(address)
            for _ in 0..<3 { check(somePage(of: 0)) }
            if step % 16 == 0 {
                for process in processes { try process.member.validate() }
            }
            let problems = family.machine.takeViolations()
            #expect(problems.isEmpty, "step \(step) after \(log.suffix(8))")
            if !problems.isEmpty { break }
        }
        for process in processes {
            #expect(process.member.statistics.mappedPages == UInt64(process.model.pages.count))
            for address in process.model.pages.keys { check(address) }
        }
        try family.finish()
    }
}

@Suite(.leakLedger) struct AddressSpaceForkModelTests {
    @Test(
        "random operations on forked address spaces have the effects that a dictionary for each has",
        arguments: 1...8 as ClosedRange<UInt64>)
    func randomOperations(seed: UInt64) throws {
        let interferes = seed % 2 == 0
        let options = FakeMachine.Options(
            asidBits: seed % 3 == 0 ? 8 : 16, setsAccessFlag: interferes, setsDirtyState: interferes,
            interferenceSeed: interferes ? seed : nil)
        try ForkRun(seed: seed, options: options).run(steps: 600)
    }
}
