import Machine
import MemoryModel

/// Has this CPU run on a program's address space, or on the kernel-only one.
func install(_ space: Handle<ProgramSpace>?) {
    let processor = ProcessorState.current
    guard processor.value.installedSpace != space else { return }
    processor.value.installedSpace = space
    let cpu = Processor.number
    guard let space else {
        Translation.install(rootTable: IdentityMap.rootTable, asid: UInt64(ASID.kernelOnly.rawValue))
        kernel.identifiers.withLock { $0.deactivate(on: cpu) }
        return
    }
    kernel.identifiers.withLock { $0.activate(&space.value.memory.context, on: cpu, kernel.machine) }
    Translation.install(
        rootTable: space.value.memory.rootAddress.rawValue, asid: UInt64(space.value.memory.context.asid.rawValue))
}

/// Drops a process's use of an address space; the last one gives back every frame. No CPU has it installed then.
func releaseSpace(_ space: Handle<ProgramSpace>) {
    space.value.users -= 1
    guard space.value.users == 0 else { return }
    kernel.frames.withLock(consuming: kernel.spaces.take(space)) { frames, ended in
        ended.memory.destroy(frames: &frames)
    }
}
