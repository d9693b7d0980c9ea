import LinuxABI
import Machine
import MemoryModel

/// Bytes that the kernel holds for a while, as many as turn out to be needed. Who makes a buffer gives it back.
struct KernelBuffer {
    let start: UInt64
    /// Bytes: whole pages.
    let size: UInt64

    /// A buffer of at least so many bytes; ENOMEM where there are no frames for it. More than a page's lie in the kernel's
    /// window: no two frames have to lie side by side.
    init(atLeast count: UInt64) throws(Errno) {
        let pages = max(1, (count + Granule.size.rawValue - 1) >> Granule.shift)
        size = pages << Granule.shift
        if pages > 1 {
            start = try kernel.window.makeInLast(size: size)
        } else {
            guard let page = KernelPages.take() else { throw .noMemory }
            start = page
        }
    }

    func giveBack() {
        if KernelWindow.range.contains(start) {
            kernel.window.destroy(at: start, size: size)
        } else {
            KernelPages.giveBack(start)
        }
    }
}
