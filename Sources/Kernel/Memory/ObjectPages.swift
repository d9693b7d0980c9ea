import Machine
import MemoryModel

/// Takes pages away from an object, by index: first from every address space that shows them, then their frames are free.
/// - Parameters:
///   - end: the index behind the last; nil for all from `first` on.
///   - includingCopies: whether private copies go too: those of a truncated file do, those of a hole not (mm/truncate.c;
///     mm/shmem.c, shmem_fallocate).
func takePages(from first: PageIndex, to end: PageIndex?, of object: ObjectNumber, includingCopies: Bool) {
    withObjects { objects, frames in
        if objects.mappedPages(of: object) > 0 {
            kernel.spaces.forEach { space in
                space.value.memory.forget(object, from: first, to: end, includingCopies: includingCopies, frames: &frames)
            }
        }
        objects.dropPages(from: first, to: end, of: object, frames: &frames)
    }
}
