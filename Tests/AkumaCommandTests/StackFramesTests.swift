import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("What functions take of the kernel's stacks")
struct StackFramesTests {
    @Test("the instructions that lower the stack pointer are known by their bits")
    func bytes() {
        #expect(StackFrames.bytesTaken(by: 0xD102_83FF) == 160)  // sub sp, sp, #160
        #expect(StackFrames.bytesTaken(by: 0xD140_07FF) == 4096)  // sub sp, sp, #1, lsl #12
        #expect(StackFrames.bytesTaken(by: 0xA9BA_7BFD) == 96)  // stp x29, x30, [sp, #-96]!
        #expect(StackFrames.bytesTaken(by: 0xF81F_0FFE) == 16)  // str x30, [sp, #-16]!
        for other in [0x9102_83FF, 0xA901_7BFD, 0xA8C6_7BFD, 0xD102_8108, 0xD65F_03C0] as [UInt32] {
            #expect(StackFrames.bytesTaken(by: other) == 0)
        }
        #expect(StackFrames.target(of: 0x9400_0002, at: 0x1000) == 0x1008)
        #expect(StackFrames.target(of: 0x17FF_FFFF, at: 0x1000) == 0xFFC)
        #expect(StackFrames.target(of: 0xD65F_03C0, at: 0x1000) == nil)
    }

    @Test("the deepest path goes through the fault of a copy, and what is too large is told")
    func path() {
        // Each function: takes so much, calls the one behind, returns.
        func code(_ taken: UInt32, call: UInt32?) -> [UInt32] { [taken, call ?? 0xD503_201F, 0xD65F_03C0] }
        let image = [
            code(0xD102_83FF, call: 0x9400_0002),  // akuma_system_call: 160
            code(0xD102_83FF, call: nil),  // akuma_copy_to_user: 160 and a trap frame
            code(0xD140_07FF, call: nil),  // akuma_kernel_exception: 4096
        ].joined().flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        let symbols = """
            0000000040080000 T akuma_system_call
            0000000040080000 t $x
            000000004008000c T akuma_copy_to_user
            0000000040080018 T akuma_kernel_exception
            0000000040080024 D data
            """
        let frames = StackFrames(image: image + [0, 0, 0, 0], symbols: symbols)
        let (bytes, path) = frames.deepestPath()
        #expect(path.map(\.name) == ["akuma_system_call", "akuma_copy_to_user", "akuma_kernel_exception"])
        #expect(bytes == 288 + 160 + 160 + 288 + 4096)
        #expect(frames.complaint() == nil)
        var large = image
        large[24 + 1] |= 0x1C  // sub sp, sp, #7 (rather than 1), lsl #12
        let complaint = StackFrames(image: large + [0, 0, 0, 0], symbols: symbols).complaint()
        #expect(complaint?.hasPrefix("akuma_kernel_exception takes") == true)
    }

    @Test("the kernel that was built keeps to its stacks")
    func kernel() async throws {
        let project = Project.current()
        try #require(project.kernelSymbols.exists)
        let symbols = try await Tool.toolchain("llvm-nm").check(
            ["--defined-only", "--numeric-sort", project.kernelSymbols.string], saying: "reading the kernel's symbols")
        let frames = StackFrames(image: try project.kernelImage.contents(), symbols: symbols)
        #expect(frames.functions.count > 500)
        #expect(frames.complaint() == nil)
        #expect(frames.deepestPath().functions.count > 5)
    }
}
