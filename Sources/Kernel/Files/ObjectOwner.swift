import Machine
import MemoryModel

extension Handle where T == Inode {
    /// The file whose content an object is; nil for shared memory without a file.
    ///
    /// Here alone an object's owner, a plain word to the memory model, becomes an inode again. It is one as long as the
    /// object exists: a file whose object is still mapped stays as an orphan (``FileSystem/sweepOrphans(limit:)``). Who goes
    /// on with it while others have their turn retains it.
    init?(ownerOf object: ObjectNumber) {
        let owner = withObjects { objects, _ in objects.owner(of: object) }
        guard owner != 0 else { return nil }
        unsafe self.init(unsafeAddress: owner)
    }
}
