import FakeMachine
import MemoryModel

/// What the kernel does with objects beside mapping them.
extension World {
    func makeObject(_ slot: Int, _ size: UInt64) throws {
        guard held[slot] == nil else { return }
        machine.forgetScarcity()
        do throws(ObjectError) {
            let number = try objects.create(.file, size: ByteCount(size), frames: &frames)
            held[slot] = modelObjects.objects.count
            modelObjects.objects.append(ModelObjects.Object(size: size))
            objectNumbers.append(number)
        } catch {
            try expectScarcity(error)
        }
    }

    func releaseObject(_ slot: Int) {
        guard let object = held[slot] else { return }
        objects.release(objectNumbers[object], frames: &frames)
        modelObjects[object].isHeld = false
        held[slot] = nil
    }

    func writeObject(_ slot: Int, _ index: UInt64, _ value: UInt64) throws {
        guard let object = held[slot], index < modelObjects[object].pageCount else { return }
        machine.forgetScarcity()
        do throws(ObjectError) {
            let frame = try objects.makePage(PageIndex(UInt32(index)), of: objectNumbers[object], frames: &frames)
            machine.hardware.store(value, at: frame.address)
            machine.hardware.clean(frame)
            machine.hardware.completeCleaning()
            objects.markDirty(frame)
            modelObjects[object].values[index] = value
        } catch {
            try expectScarcity(error)
        }
    }

    /// In the order that the module asks for: the size, everybody's entries, the frames.
    func truncate(_ slot: Int, _ size: UInt64) {
        guard let object = held[slot] else { return }
        let number = objectNumbers[object]
        let isShrinking = size < modelObjects[object].size
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

    private func expectScarcity(_ error: ObjectError) throws {
        guard error == .outOfMemory, machine.leastFreeFrames == 0 else {
            throw Disagreement("an object's page: \(error), with \(machine.leastFreeFrames) frames left")
        }
        failures += 1
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
            for (index, value) in modelObjects[object].values where value != 0 {
                guard let frame = objects.page(PageIndex(UInt32(index)), of: number),
                    machine.peek(frame.address) == value
                else { throw Disagreement("page \(index) of object \(number.rawValue) has lost what was written") }
            }
        }
    }
}
