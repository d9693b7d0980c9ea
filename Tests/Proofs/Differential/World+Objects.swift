import FakeMachine
import MemoryModel

/// What the kernel does with objects beside mapping them.
extension World {
    func makeObject(_ slot: Int, _ size: UInt64, backed: UInt64) throws {
        guard held[slot] == nil else { return skip() }
        machine.forgetScarcity()
        do throws(ObjectError) {
            let backing = backed > 0 ? ObjectBacking(start: backing, size: ByteCount(backed)) : nil
            let number = try objects.create(.file, size: ByteCount(size), backing: backing, frames: &frames)
            held[slot] = modelObjects.objects.count
            var object = ModelObjects.Object(size: size)
            object.backedSize = min(backed, size)
            modelObjects.objects.append(object)
            objectNumbers.append(number)
        } catch {
            try expectScarcity(error)
        }
    }

    func releaseObject(_ slot: Int) {
        guard let object = held[slot] else { return skip() }
        objects.release(objectNumbers[object], frames: &frames)
        held[slot] = nil
    }

    func writeObject(_ slot: Int, _ place: UInt64, _ value: UInt64) throws {
        let (index, offset) = (place / pageSize, place % pageSize & ~7)
        guard let object = held[slot], index < modelObjects[object].pageCount,
            modelObjects[object].seals.isDisjoint(with: [.write, .futureWrite])
        else { return skip() }
        machine.forgetScarcity()
        do throws(ObjectError) {
            let frame = try objects.makePage(PageIndex(UInt32(index)), of: objectNumbers[object], frames: &frames)
            machine.hardware.store(value, at: frame.address + ByteCount(offset))
            machine.hardware.clean(frame)
            machine.hardware.completeCleaning()
            objects.markDirty(frame)
            modelObjects.change(index, of: object) { $0.words[offset] = value }
        } catch {
            try expectScarcity(error)
        }
    }

    /// A page that lies beyond the end is nobody's to see until the object grows.
    func keepRoom(_ slot: Int, _ index: UInt64) throws {
        guard let object = held[slot] else { return skip() }
        machine.forgetScarcity()
        do throws(ObjectError) {
            let number = objectNumbers[object]
            _ = try objects.makePageEvenBeyondEnd(PageIndex(UInt32(index)), of: number, frames: &frames)
            machine.hardware.completeCleaning()
        } catch {
            try expectScarcity(error)
        }
    }

    /// What is locked stays (mlock(2)).
    func giveUpCleanPages(_ slot: Int, sparingUsed: Bool) throws {
        guard let process = processes[slot] else { return skip() }
        let locked = process.model.pages.filter { $0.value.attributes.contains(.locked) }.keys.filter {
            process.space!.isResident($0)
        }
        _ = process.space!.giveUpCleanPages(sparingUsed: sparingUsed, frames: &frames)
        if let lost = locked.first(where: { !process.space!.isResident($0) }) {
            throw Disagreement("the page at \((lost * pageSize).hex) is locked, and was given up")
        }
    }

    /// In the order that the module asks for: the size, everybody's entries, the frames.
    func truncate(_ slot: Int, _ size: UInt64) {
        guard let object = held[slot] else { return skip() }
        let number = objectNumbers[object]
        let isShrinking = size < modelObjects[object].size
        let isGrowing = size > modelObjects[object].size
        guard !(isShrinking && modelObjects[object].seals.contains(.shrink)),
            !(isGrowing && modelObjects[object].seals.contains(.grow))
        else { return skip() }
        objects.setSize(ByteCount(size), of: number)
        modelObjects.truncate(object, to: size)
        guard isShrinking else { return }
        let first = PageIndex(UInt32(modelObjects[object].pageCount))
        for process in processes {
            process?.space!.forget(number, from: first, includingCopies: true, frames: &frames)
            process?.model.forget(object, from: UInt64(first.rawValue))
        }
        objects.dropPages(from: first, of: number, frames: &frames)
    }

    /// Takes pages out of an object, and out of all memory that shows them; private copies stay.
    func punch(_ object: Int, _ indices: Range<UInt64>) {
        // What comes from elsewhere would come back: the kernel clears such pages instead (`punchHole`).
        guard indices.lowerBound >= modelObjects[object].backedPages else { return skip() }
        let (first, end) = (PageIndex(UInt32(indices.lowerBound)), PageIndex(UInt32(indices.upperBound)))
        for process in processes {
            process?.space!.forget(objectNumbers[object], from: first, to: end, includingCopies: false, frames: &frames)
        }
        objects.dropPages(from: first, to: end, of: objectNumbers[object], frames: &frames)
        modelObjects.punch(object, indices)
    }

    /// `madvise(MADV_REMOVE)`: run by run, as the kernel does.
    func removeContent(_ slot: Int, _ range: VirtualRange) throws {
        guard let process = processes[slot] else { return skip() }
        var found: MapError?
        var expected: MapError?
        var removed: [Source] = []
        do throws(MapError) {
            var start = range.start
            var isWhole = true
            while start < range.end, let run = try process.space!.firstRemovable(in: VirtualRange(start, to: range.end)) {
                if run.pages.start > start { isWhole = false }
                start = run.pages.end
                // Numbers are given out again: the last one is the one that is there.
                guard let object = objectNumbers.lastIndex(of: run.object.number) else { throw .badAddress }
                let first = UInt64(run.object.firstPage.rawValue)
                for index in first..<first + run.pages.pageCount { removed.append(Source(object: object, index: index)) }
            }
            if !isWhole || start < range.end { throw .outOfMemory }
        } catch {
            found = error
        }
        do throws(MapError) {
            var next = 0
            try process.model.removeContent(range.pageNumbers) { (source) throws(MapError) in
                guard next < removed.count, removed[next] == source else { throw .exists }
                next += 1
            }
            if next < removed.count { expected = .exists }
        } catch {
            expected = error
        }
        if let found { result = found.resultName }
        guard found == expected else {
            throw Disagreement("the module removes \(removed) and says \(found as Any), the model \(expected as Any)")
        }
        for source in removed { punch(source.object, source.index..<source.index + 1) }
    }

    // MARK: Seals

    /// A write seal is refused while somebody may write what he shares (fcntl(2)): the module and the model must agree
    /// whether anyone may.
    func addSeals(_ slot: Int, _ seals: ModelObjects.Seals) throws {
        guard let object = held[slot] else { return skip() }
        let number = objectNumbers[object]
        var maps = false
        var shouldMap = false
        for process in processes {
            guard let process else { continue }
            if process.space!.mapsWritably(number) { maps = true }
            for page in process.model.pages.values where page.source?.object == object {
                if page.attributes.contains(.shared | .mayWrite) { shouldMap = true }
            }
        }
        guard maps == shouldMap else {
            throw Disagreement("object \(number.rawValue) is \(maps ? "" : "not ")mapped writably, says the module")
        }
        if seals.contains(.write) && maps {
            result = "EBUSY"
            return
        }
        modelObjects[object].seals.formUnion(seals)
    }

    /// What seals leave of a request, as the kernel does it: who shares what is sealed may never write it.
    /// - Returns: whether it may be mapped at all.
    func obeysSeals(of object: Int, _ request: inout MapRequest) -> Bool {
        guard request.options.contains(.shared),
            !modelObjects[object].seals.isDisjoint(with: [.write, .futureWrite])
        else { return true }
        request.grantable = request.grantable.subtracting(.write)
        return !request.protection.contains(.write)
    }

    private typealias Source = ModelSpace.Source

    /// The operation does not apply.
    private func skip() { result = "nothing" }

    private func expectScarcity(_ error: ObjectError) throws {
        guard error == .outOfMemory, machine.leastFreeFrames == 0 else {
            throw Disagreement("an object's page: \(error), with \(machine.leastFreeFrames) frames left")
        }
        failures += 1
        result = "ENOMEM"
    }

    /// An object is there as long as somebody names it, and no longer.
    func checkObjects() throws {
        var named = Set(held.compactMap { $0 })
        for process in processes {
            for page in process?.model.pages.values ?? [:].values {
                if let source = page.source { named.insert(source.object) }
            }
        }
        guard objects.count == named.count else {
            throw Disagreement("\(objects.count) objects are there, and \(named.count) should be")
        }
        for object in named {
            let number = objectNumbers[object]
            guard objects.exists(number), objects.size(of: number).rawValue == modelObjects[object].size else {
                throw Disagreement("object \(number.rawValue) is not what it should be")
            }
            // Every page that is in memory, and none that was written is not.
            var written = modelObjects[object].pages
            var next = objects.nextPage(from: PageIndex(0), of: number)
            while let (page, frame) = next {
                let index = UInt64(page.rawValue)
                try compare(frame, with: written.removeValue(forKey: index) ?? modelObjects[object].content(index)) {
                    "page \(index) of object \(number.rawValue)"
                }
                next = objects.nextPage(from: PageIndex(page.rawValue + 1), of: number)
            }
            for (index, content) in written where content != .zero {
                throw Disagreement("page \(index) of object \(number.rawValue) has lost what was written")
            }
        }
    }
}

extension AddressSpace {
    /// Whether a page has a frame.
    fileprivate func isResident(_ number: UInt64) -> Bool {
        switch state(of: VirtualAddress(number * pageSize)) {
        case .resident, .residentWithoutAccess: true
        case .free, .reserved, .reservedFile, nil: false
        }
    }
}
