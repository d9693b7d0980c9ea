import Formats
import Machine
import MemoryModel

/// Which of RAM is free at boot: all of it, less what is in use and what the device tree keeps back.
struct MemoryPlan {
    private let memory: BoundedList<16, PhysicalRegion>
    /// In no order, possibly overlapping, whole frames.
    private var taken = BoundedList<48, PhysicalRegion>(filler: PhysicalRegion(start: 0, size: 0))

    init(_ description: Handle<MachineDescription>) {
        memory = description.value.memory
        for index in description.value.reservations.indices { take(description.value.reservations[index].region) }
    }

    /// Marks a region as not free, widened to whole frames.
    mutating func take(_ region: PhysicalRegion) {
        guard region.size > 0 else { return }
        let mask = Granule.size.rawValue - 1
        let start = region.start & ~mask
        // A reservation may reach to the end of 64 bits, where no RAM is.
        let end = region.end > ~mask ? ~mask : (region.end + mask) & ~mask
        guard taken.append(PhysicalRegion(start: start, size: end - start)) else {
            panic("the device tree reserves more regions of memory than the kernel keeps track of")
        }
    }

    /// Finds a free place for `size` bytes, the lowest one, and marks it as taken; nil where there is none.
    mutating func allocate(_ size: UInt64) -> PhysicalRegion? {
        var found: PhysicalRegion?
        forEachFreeRegion { region in
            if found == nil && region.size >= size { found = PhysicalRegion(start: region.start, size: size) }
        }
        if let found { take(found) }
        return found
    }

    /// The lowest and the highest address of RAM, the end exclusive.
    var hull: PhysicalRegion {
        let start = memory[0].start
        return PhysicalRegion(start: start, size: memory[memory.count - 1].end - start)
    }

    /// Visits the free regions in ascending order: whole frames, disjoint.
    @_addressableSelf func forEachFreeRegion(_ body: (PhysicalRegion) -> Void) {
        let mask = Granule.size.rawValue - 1
        for index in memory.indices {
            let end = memory[index].end & ~mask
            var position = (memory[index].start + mask) & ~mask
            while position < end {
                // Skip what is taken here; otherwise the region reaches to the next thing taken.
                if let obstacle = taken(at: position) {
                    position = obstacle.end
                    continue
                }
                let next = min(firstTaken(after: position), end)
                body(PhysicalRegion(start: position, size: next - position))
                position = next
            }
        }
    }

    @_addressableSelf private func taken(at address: UInt64) -> PhysicalRegion? {
        for index in taken.indices where taken[index].start <= address && address < taken[index].end {
            return taken[index]
        }
        return nil
    }

    @_addressableSelf private func firstTaken(after address: UInt64) -> UInt64 {
        var lowest = UInt64.max
        for index in taken.indices where taken[index].start > address { lowest = min(lowest, taken[index].start) }
        return lowest
    }
}
