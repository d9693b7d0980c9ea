import SystemPackage

/// One of the two Embedded Swift builds of the package; `Package.swift` explains them.
public enum World: String, CaseIterable, Sendable {
    case kernel
    case user

    /// What a line of progress calls it.
    var title: String {
        switch self {
        case .kernel: "the kernel"
        case .user: "the programs"
        }
    }

    /// The folders that its sources live in.
    var sourceFolders: [FilePath] {
        switch self {
        case .kernel:
            [
                "Sources/MachineAssembly", "Sources/Machine", "Sources/Kernel", "Sources/MemoryModel",
                "Sources/Formats",
                "Sources/LinuxABI",
            ]
        case .user:
            [
                "Sources/ProgramAssembly", "Sources/libakuma", "Sources/LinuxABI", "Sources/ProgramTesting",
                "Sources/ProgramTestingAssembly", "Programs",
            ]
        }
    }

    /// The compiler and linker flags of this world.
    var toolset: FilePath { FilePath("Toolsets/\(rawValue).json") }

    /// SwiftPM's folder for this world; worlds never share object files.
    func scratch(in project: Project) -> FilePath { project.root.appending(".build-\(rawValue)") }

    /// Where the linked executables are.
    func products(in project: Project) -> FilePath {
        scratch(in: project).appending("aarch64-none-none-elf").appending("release")
    }
}
