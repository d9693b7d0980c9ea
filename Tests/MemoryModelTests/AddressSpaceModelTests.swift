import FakeMachine
import MemoryModel
import Testing

/// What a program's memory is, obviously: a dictionary from page to rights and content.
struct ReferenceModel {
    struct Page: Equatable {
        var protection: Protection
        var value: UInt64 = 0
    }

    var pages: [UInt64: Page] = [:]

    static func each(_ start: UInt64, _ length: UInt64) -> StrideTo<UInt64> {
        stride(from: start, to: start + (length + page - 1) / page * page, by: Int(page))
    }

    mutating func map(_ start: UInt64, _ length: UInt64, _ protection: Protection) {
        for address in Self.each(start, length) { pages[address] = Page(protection: protection) }
    }

    mutating func unmap(_ start: UInt64, _ length: UInt64) {
        for address in Self.each(start, length) { pages[address] = nil }
    }

    /// Linux changes what lies before the first hole, then fails.
    mutating func protect(_ start: UInt64, _ length: UInt64, _ protection: Protection) -> MapError? {
        for address in Self.each(start, length) {
            guard pages[address] != nil else { return .outOfMemory }
            pages[address]?.protection = protection
        }
        return nil
    }

    func isFree(_ start: UInt64, _ length: UInt64) -> Bool {
        Self.each(start, length).allSatisfy { pages[$0] == nil }
    }

    func error(of access: Access, at address: UInt64) -> FaultError? {
        guard let found = pages[address] else { return .notMapped }
        let right: Protection = access == .write ? .write : access == .execute ? .execute : .all
        return found.protection.isDisjoint(with: right) ? .accessDenied : nil
    }
}

/// Random operations on one address space, each compared with the reference model.
private struct ModelRun: ~Copyable {
    var test: TestSpace
    var model = ReferenceModel()
    var random: SplitMix
    var log: [String] = []

    init(seed: UInt64, options: FakeMachine.Options) throws {
        test = try TestSpace(frames: 6000, options: options)
        random = SplitMix(seed: seed)
    }

    mutating func pick<T>(_ choices: T...) -> T { choices[Int(random.next() % UInt64(choices.count))] }

    /// A window that spans three level-3 tables, so that ranges cross them.
    mutating func address() -> UInt64 {
        let base: UInt64 = pick(0x1000_0000, 0x1000_0000, 0x3000_0000, 0x80_0000_0000)
        return base + random.next() % 1300 * page
    }

    mutating func length() -> UInt64 {
        let whole = pick(page, page, 2 * page, 3 * page, 17 * page, 200 * page, 2 * megabyte, 3 * megabyte)
        return whole - pick(0, 0, 1, 4095)
    }

    mutating func step() throws {
        switch random.next() % 16 {
        case 0, 1, 2: try mapAnywhere()
        case 3, 4: try mapFixed()
        case 5: try mapNew()
        case 6, 7, 8: try unmap()
        case 9, 10: try protect()
        default: try touch()
        }
    }

    mutating func mapAnywhere() throws {
        let (length, protection) = (length(), pick(Protection.readWrite, .read, .none, .all, .execute, .write))
        let hint: UInt64 = pick(0, address(), address() + 5)
        let start = try test.map(length, protection, hint: hint)
        log.append("map \(start) \(length) \(protection)")
        #expect(model.isFree(start, length), "a mapping where something was")
        let rounded = hint & ~(page - 1)
        if rounded != 0 && model.isFree(rounded, length) && rounded + length < 0x3F00_0000 { #expect(start == rounded) }
        model.map(start, length, protection)
    }

    mutating func mapFixed() throws {
        let (start, length, protection) = (address(), length(), pick(Protection.readWrite, .read, .none))
        log.append("map fixed \(start) \(length) \(protection)")
        #expect(try test.map(fixed: start, length, protection) == start)
        model.map(start, length, protection)
    }

    mutating func mapNew() throws {
        let (start, length) = (address(), length())
        log.append("map new \(start) \(length)")
        let isFree = model.isFree(start, length)
        do throws(MapError) {
            _ = try test.mapNew(at: start, length)
            #expect(isFree)
            model.map(start, length, .readWrite)
        } catch {
            #expect(error == .exists && !isFree)
        }
    }

    mutating func unmap() throws {
        let (start, length) = (address(), length())
        log.append("unmap \(start) \(length)")
        try test.unmap(start, length)
        model.unmap(start, length)
    }

    mutating func protect() throws {
        let (start, length) = (somePage(), pick(page, 2 * page, length()))
        let protection = pick(Protection.readWrite, .read, .none, .all, .readExecute)
        log.append("protect \(start) \(length) \(protection)")
        let expected = model.protect(start, length, protection)
        do throws(MapError) {
            try test.protect(start, length, protection)
            #expect(expected == nil)
        } catch {
            #expect(error == expected)
        }
    }

    mutating func somePage() -> UInt64 {
        guard random.next() % 4 > 0, !model.pages.isEmpty else { return address() }
        let index = Int(random.next() % UInt64(min(model.pages.count, 64)))
        return model.pages.keys[model.pages.keys.index(model.pages.keys.startIndex, offsetBy: index)]
    }

    mutating func touch() throws {
        let (address, access, cpu) = (somePage(), pick(Access.read, .write, .write, .execute), Int(random.next() % 2))
        log.append("\(access) \(address) cpu \(cpu)")
        let value = random.next()
        do throws(FaultError) {
            _ = try test.access(address, access, cpu: cpu)
            #expect(model.error(of: access, at: address) == nil)
        } catch {
            #expect(error == model.error(of: access, at: address))
            return
        }
        if access == .write {
            try test.write(value, at: address, cpu: cpu)
            model.pages[address]?.value = value
        } else if access == .read {
            #expect(try test.read(address, cpu: cpu) == model.pages[address]?.value)
        }
    }

    /// No translation that any TLB may hold allows more than the program has asked for.
    mutating func checkSample() {
        for _ in 0..<8 {
            let address = somePage()
            let protection = model.pages[address]?.protection ?? .none
            let space = test.space.context.asid
            for found in test.machine.allPossibleTranslations(VirtualAddress(address), asid: space) {
                #expect(!found.el0Write || protection.contains(.write), "a TLB may let EL0 write \(address)")
                #expect(!found.el0Execute || protection.contains(.execute), "a TLB may let EL0 execute \(address)")
                #expect(!found.el0Read || protection != .none, "a TLB may let EL0 read \(address)")
                #expect(!found.el1Execute, "EL1 may execute \(address)")
            }
        }
    }

    mutating func run(steps: Int) throws {
        for step in 0..<steps {
            try self.step()
            checkSample()
            if step % 64 == 0 { try test.space.validate() }
            let problems = test.machine.takeViolations()
            #expect(problems.isEmpty, "step \(step) after \(log.suffix(8))")
            if !problems.isEmpty { break }
        }
        try test.space.validate()
        #expect(test.space.statistics.mappedPages == UInt64(model.pages.count))
        for (address, found) in model.pages
        where !found.protection.isEmpty && (found.value != 0 || address / page % 61 == 0) {
            #expect(try test.read(address) == found.value)
        }
    }

    consuming func finish() throws { try test.finish() }
}

@Suite(.leakLedger) struct AddressSpaceModelTests {
    @Test("random operations have the effects that a dictionary of pages has", arguments: 1...6 as ClosedRange<UInt64>)
    func randomOperations(seed: UInt64) throws {
        let interferes = seed % 2 == 0
        let options = FakeMachine.Options(
            asidBits: seed % 3 == 0 ? 8 : 16, setsAccessFlag: interferes, setsDirtyState: interferes,
            interferenceSeed: interferes ? seed : nil)
        var run = try ModelRun(seed: seed, options: options)
        try run.run(steps: 800)
        try run.finish()
    }
}
