import LinuxABI
import Testing

/// A structure and the size of Linux's own on AArch64, as `sizeof` says with Debian's headers.
struct StructureSize: CustomTestStringConvertible, Sendable {
    let name: String
    let size: Int
    let stride: Int
    let expected: Int

    init<Structure: BitwiseCopyable>(_ type: Structure.Type, is expected: Int) {
        name = "\(type)"
        size = MemoryLayout<Structure>.size
        stride = MemoryLayout<Structure>.stride
        self.expected = expected
    }

    var testDescription: String { name }
}

@Test(
    "a structure that crosses the system-call boundary has the size of Linux's",
    arguments: [
        StructureSize(TimeSpecification.self, is: 16),
        StructureSize(TimeValue.self, is: 16),
        StructureSize(FileStatus.self, is: 128),
        StructureSize(ExtendedTimestamp.self, is: 16),
        StructureSize(ExtendedFileStatus.self, is: 256),
        StructureSize(FileSystemStatus.self, is: 120),
        StructureSize(SystemName.self, is: 390),
        StructureSize(IOVector.self, is: 16),
        StructureSize(ResourceLimit.self, is: 16),
        StructureSize(ResourceUsage.self, is: 144),
        StructureSize(SystemInformation.self, is: 112),
        StructureSize(SignalAction.self, is: 32),
        StructureSize(SignalStack.self, is: 24),
        StructureSize(PollDescriptor.self, is: 8),
        StructureSize(DirectoryEntryHeader.self, is: 19),
        StructureSize(WindowSize.self, is: 8),
        StructureSize(SignalInformation.self, is: 128),
        StructureSize(SignalContext.self, is: 280),
        StructureSize(VectorRecord.self, is: 528),
        StructureSize(FaultRecord.self, is: 16),
    ])
func hasLinuxSize(_ structure: StructureSize) {
    #expect(structure.size == structure.expected)
}

@Test("the parts of a signal frame lie where Linux has them")
func signalFrameLayout() {
    // offsetof in struct rt_sigframe: uc 128, uc_mcontext 304, __reserved 592; then FPSIMD, ESR and the terminator.
    #expect(MemoryLayout<SignalFrame>.offset(of: \.flags) == 128)
    #expect(MemoryLayout<SignalFrame>.offset(of: \.mask) == 168)
    #expect(MemoryLayout<SignalFrame>.offset(of: \.context) == 304)
    #expect(MemoryLayout<SignalFrame>.offset(of: \.vectors) == 592)
    #expect(MemoryLayout<SignalFrame>.offset(of: \.fault) == 1120)
    #expect(MemoryLayout<SignalFrame>.offset(of: \.end) == 1136)
    #expect(MemoryLayout<SignalFrame>.size <= 4096)
}

@Test("error names and messages are those of Linux", arguments: [(1, "EPERM"), (12, "ENOMEM"), (14, "EFAULT"), (38, "ENOSYS")])
func errorNames(number: Int, name: String) {
    #expect("\(Errno(rawValue: Int32(number)).name)" == name)
}
