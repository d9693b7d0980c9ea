import Formats
import LinuxABI
import Machine
import MemoryModel

/// Finds the entry of a name in a directory, among all directories' entries: linear hashing (Litwin, VLDB 1980), which
/// grows and shrinks by one bucket at a time. Buckets lie in frames of 512, found from one frame.
struct NameTable: ~Copyable {
    private struct Words: BitwiseCopyable {
        var words: InlineArray<512, UInt64>
    }

    /// The addresses of the frames of buckets.
    private let root: Handle<Words>
    /// Between ``bucketsPerFrame`` and ``maximumBuckets``.
    private var bucketCount: UInt32
    private(set) var count: UInt32 = 0

    private static var bucketsPerFrame: UInt32 { 512 }
    private static var maximumBuckets: UInt32 { 512 * 512 }

    /// An empty table; ENOMEM.
    init() throws(Errno) {
        guard let root = NameTable.makeFrame(), let first = NameTable.makeFrame() else { throw .noMemory }
        root.value.words[0] = first.address
        self.root = root
        bucketCount = NameTable.bucketsPerFrame
    }

    /// The hash of a name in a directory (FNV-1a).
    static func hash(_ name: Span<UInt8>, in directory: Handle<Inode>) -> UInt32 {
        var hash = directory.address &* 0x9E37_79B9_7F4A_7C15
        for index in name.indices { hash = (hash ^ UInt64(name[index])) &* 0x100_0000_01B3 }
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    func entry(_ name: Span<UInt8>, in directory: Handle<Inode>) -> Handle<DirectoryEntry>? {
        let hash = NameTable.hash(name, in: directory)
        var candidate = self[bucket(of: hash)]
        while let entry = candidate {
            if entry.value.hash == hash, entry.value.directory == directory, entry.value.name.bytes.equals(name) {
                return entry
            }
            candidate = entry.value.nextInBucket
        }
        return nil
    }

    mutating func insert(_ entry: Handle<DirectoryEntry>) {
        push(entry)
        count += 1
        if count > bucketCount { split() }
    }

    mutating func remove(_ entry: Handle<DirectoryEntry>) {
        let index = bucket(of: entry.value.hash)
        if self[index] == entry {
            self[index] = entry.value.nextInBucket
        } else {
            var previous = self[index]
            while let candidate = previous, candidate.value.nextInBucket != entry {
                previous = candidate.value.nextInBucket
            }
            guard let previous else { fatalError("the entry is in its bucket") }
            previous.value.nextInBucket = entry.value.nextInBucket
        }
        entry.value.nextInBucket = nil
        count -= 1
        // Two at a time: who removes as many as he added finds the table as it was.
        for _ in 0..<2 where count < bucketCount / 2 && bucketCount > NameTable.bucketsPerFrame { merge() }
    }

    // MARK: Buckets

    /// Buckets below the next power of two that there are use one bit of the hash more than the rest.
    private func bucket(of hash: UInt32) -> UInt32 {
        let mask = UInt32.max >> UInt32((bucketCount - 1).leadingZeroBitCount)
        let index = hash & mask
        return index < bucketCount ? index : index & mask >> 1
    }

    private subscript(index: UInt32) -> Handle<DirectoryEntry>? {
        get {
            let word = frame(of: index).value.words[Int(index % NameTable.bucketsPerFrame)]
            // The setter put the address of an entry there.
            return word == 0 ? nil : unsafe Handle(unsafeAddress: word)
        }
        nonmutating set {
            frame(of: index).value.words[Int(index % NameTable.bucketsPerFrame)] = newValue?.address ?? 0
        }
    }

    private func frame(of index: UInt32) -> Handle<Words> {
        // The table's own frames, which it keeps as long as they have buckets.
        unsafe Handle(unsafeAddress: root.value.words[Int(index / NameTable.bucketsPerFrame)])
    }

    private func push(_ entry: Handle<DirectoryEntry>) {
        let index = bucket(of: entry.value.hash)
        entry.value.nextInBucket = self[index]
        self[index] = entry
    }

    /// Adds a bucket, and moves there what belongs there. Without a frame for it the table stays as it is.
    private mutating func split() {
        guard bucketCount < NameTable.maximumBuckets else { return }
        if bucketCount % NameTable.bucketsPerFrame == 0, !addFrame() { return }
        let source = bucket(of: bucketCount)
        bucketCount += 1
        redistribute(source)
    }

    /// Takes the last bucket away, and puts what was there where it belongs now.
    private mutating func merge() {
        let last = bucketCount - 1
        var next = self[last]
        self[last] = nil
        bucketCount = last
        while let entry = next {
            next = entry.value.nextInBucket
            push(entry)
        }
        if last % NameTable.bucketsPerFrame == 0 {
            let slot = Int(last / NameTable.bucketsPerFrame)
            KernelPages.giveBack(root.value.words[slot])
            root.value.words[slot] = 0
        }
    }

    private func redistribute(_ index: UInt32) {
        var next = self[index]
        self[index] = nil
        while let entry = next {
            next = entry.value.nextInBucket
            push(entry)
        }
    }

    private mutating func addFrame() -> Bool {
        guard let frame = NameTable.makeFrame() else { return false }
        root.value.words[Int(bucketCount / NameTable.bucketsPerFrame)] = frame.address
        return true
    }

    /// A frame of zeroes.
    private static func makeFrame() -> Handle<Words>? {
        guard let page = KernelPages.take() else { return nil }
        PhysicalPage.clear(page)
        return unsafe Handle(unsafeAddress: page)
    }
}
