internal import ProgramAssembly
nonisolated(unsafe) var bump: UInt = 0
@c(posix_memalign)
func posixAlign(_ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ alignment: UInt, _ size: UInt) -> Int32 {
    let base = unsafe UInt(bitPattern: akuma_arena_start())
    unsafe bump = unsafe (bump + alignment - 1) & ~(alignment - 1)
    unsafe result!.pointee = unsafe UnsafeMutableRawPointer(bitPattern: base + bump)
    unsafe bump += size
    return 0
}
@c(akuma_free)
func cFree(_ p: UnsafeMutableRawPointer?) {}
