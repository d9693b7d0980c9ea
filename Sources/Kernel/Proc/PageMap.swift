import LinuxABI
import Machine
import MemoryModel

/// A page full of words on their way to a program.
private struct PageMapWords: BitwiseCopyable {
    var words: InlineArray<512, UInt64>
}

extension ProcNode {
    /// `/proc/PID/pagemap`: a word for each page of the address space (fs/proc/task_mmu.c, pagemap_read).
    /// - Throws: EINVAL for what is not of whole words, ENOMEM, EFAULT.
    func readPageMap(from offset: UInt64, into buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        guard offset % 8 == 0, buffer.count % 8 == 0 else { throw .invalidArgument }
        let limit = (AddressSpaceLayout.addressLimit - VirtualAddress(0)).wholePages
        let asked = buffer.count
        var page = offset / 8
        return try withScratch(PageMapWords.self) { (scratch) throws(Errno) in
            while buffer.count > 0, page < limit {
                // Whoever is no more has no memory (fs/proc/task_mmu.c, pagemap_read).
                guard let space = (try? memory()) ?? nil else { break }
                let count = min(min(buffer.count / 8, 512), limit - page)
                let start = VirtualAddress(page << Granule.shift)
                var index = 0
                kernel.frames.withLock { _ in
                    space.value.memory.forEachPage(of: VirtualRange(start, to: start + ByteCount.pages(count))) { word in
                        scratch.value.words[index] = word
                        index += 1
                    }
                }
                let copied = buffer.write(KernelMemory.bytes(at: scratch.address, count: count * 8))
                guard copied == count * 8 else {
                    if buffer.count + copied == asked { throw .badAddress }
                    break
                }
                page += count
                giveTurnIfOver()
            }
            return asked - buffer.count
        }
    }
}
