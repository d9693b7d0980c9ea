import FakeMachine
import MemoryModel

/// Names of mappings, as what makes many attribute sets: the model has none.
extension World {
    /// Gives a page of private anonymous memory many names, and takes the last one away.
    func wearOutClasses(_ process: Process, _ address: UInt64, _ names: Int) throws {
        let page = address & ~(pageSize - 1)
        // As `madvise` does with what is not there, or not the program's own.
        guard let found = process.model.pages[page / pageSize], found.source == nil else {
            result = "nothing"
            return
        }
        machine.forgetScarcity()
        var failure = setName(Self.name(0), of: page, process)
        for number in 1..<max(names, 1) where failure == nil { failure = setName(Self.name(number), of: page, process) }
        let last = setName(nil, of: page, process)
        if failure == nil, last == nil { return }
        // The first name splits what the page is a part of; after that, nothing can be lacking.
        guard failure == .tryAgain || failure == .outOfMemory, machine.leastFreeFrames == 0 else {
            throw Disagreement("a name for \(page.hex): \(String(describing: failure)), \(String(describing: last))")
        }
        failures += 1
        result = "EAGAIN"
    }

    private func setName(_ name: MappingName?, of page: UInt64, _ process: Process) -> MapError? {
        do throws(MapError) {
            try process.space!.setName(name, of: VirtualAddress(page), length: Granule.size, frames: &frames)
            return nil
        } catch {
            return error
        }
    }

    /// Names of two characters.
    private static func name(_ number: Int) -> MappingName {
        var name = MappingName()
        for digit in [number / 26 % 26, number % 26] { _ = name.append(UInt8(97 + digit)) }
        return name
    }
}
